//! Checks the background jobs: whether they run, and succeed.

use std::time::Duration;

use sigma_store::job_queue::{self, JobRow};

use super::Finding;
use crate::opened::Opened;

/// Jobs looked at.
const MOST: u32 = 500;
/// Failures in a row that are no coincidence.
const PERSISTENT: i64 = 3;
/// How late a job may be.
const LATE: Duration = Duration::from_mins(5);

/// Reports jobs that fail, were given up or are not run.
pub fn jobs(opened: &Opened) -> Finding {
    const CHECK: &str = "jobs";
    let now = opened.now();
    let jobs = match opened.read(|tx| job_queue::list(tx, MOST)) {
        Ok(jobs) if jobs.is_empty() => {
            return Finding::note(CHECK, "there are none yet", "The server creates them on first start.");
        }
        Ok(jobs) => jobs,
        Err(failure) => return Finding::wrong(CHECK, failure.to_string(), "Check the store first."),
    };
    let reason = |job: &JobRow| job.error.clone().unwrap_or_else(|| "it was interrupted".to_owned());
    if let Some(job) =
        jobs.iter().find(|job| job.holder.is_none() && job.next_at.is_some() && job.attempts >= PERSISTENT)
    {
        let message = format!("{} failed {} times in a row: {}", job.id, job.attempts, reason(job));
        return Finding::wrong(CHECK, message, "Fix the cause; it is retried. `sigma jobs` lists all.");
    }
    if let Some(job) = jobs.iter().find(|job| job.next_at.is_none()) {
        let message = format!("{} was given up: {}", job.id, reason(job));
        return Finding::note(CHECK, message, "`sigma jobs` lists all.");
    }
    if let Some(job) = jobs.iter().find(|job| job.next_at.is_some_and(|at| at.plus(LATE) < now)) {
        let message = format!("{} should have run at {}", job.id, job.next_at.unwrap_or_default());
        return Finding::note(CHECK, message, "Expected while no server runs; else look at the log of the server.");
    }
    Finding::fine(CHECK, format!("{} jobs, none of them late or failing", jobs.len()))
}
