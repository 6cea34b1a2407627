//! Sends lists of recipients in the background, step by step. It may be interrupted anywhere: each step records what it sent in
//! the same transaction.

use sigma_core::ids::{MeritBatchId, MeritId};
use sigma_platform::jobs::{JobError, JobKind};
use sigma_platform::state::AppState;
use sigma_store::Stop;
use sigma_store::job_queue::Leased;
use sigma_store::merits::batch::{self, BatchState};

/// The kind of the job; its payload is the id of the batch.
pub const JOB: &str = "merit_batch";
/// Lines of one step: the org is locked for as long as it takes.
const STEP: usize = 200;

/// The jobs of this surface.
pub fn kinds(sigma: &AppState) -> Vec<JobKind> {
    let sigma = sigma.clone();
    vec![JobKind::queued(JOB, move |job| send(sigma.clone(), job))]
}

async fn send(sigma: AppState, job: Leased) -> Result<(), JobError> {
    let org_id = job.org_id.ok_or_else(|| JobError::new("the job names no org"))?;
    let id = MeritBatchId::parse(&job.payload).ok_or_else(|| JobError::new("the job names no list"))?;
    loop {
        let now = sigma.now();
        let merit_ids: Vec<MeritId> = (0..STEP).map(|_| MeritId::new(now, &*sigma.rng)).collect();
        let (org_id, id, budget) = (org_id.clone(), id.clone(), sigma.settings.merits.sends_per_day);
        let step = sigma.store.decide(move |tx| batch::advance(tx, &org_id, &id, &merit_ids, budget, now)).await;
        match step {
            Ok(batch) if batch.state == BatchState::Running => {}
            // Finished, stopped, or removed meanwhile.
            Ok(_) | Err(Stop::Refused(_)) => return Ok(()),
            Err(Stop::Failed(error)) => return Err(error.into()),
        }
    }
}
