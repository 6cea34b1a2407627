//! `sigma jobs`: what the server does in the background.

use std::path::Path;

use serde::Serialize;
use sigma_core::time::Timestamp;
use sigma_store::job_queue::{self, JobRow};

use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};

/// Jobs listed at most.
const MOST: u32 = 500;

/// A job as printed.
#[derive(Debug, Serialize)]
struct JobView {
    id: String,
    kind: String,
    org_id: Option<String>,
    state: &'static str,
    /// The instance that runs it.
    holder: Option<String>,
    last_run_at: Option<String>,
    next_run_at: Option<String>,
    /// Starts since it last succeeded; while it waits, those that failed.
    attempts: i64,
    error: Option<String>,
}

impl JobView {
    fn of(job: JobRow) -> Self {
        let text = |at: Timestamp| at.to_string();
        let state = match (&job.holder, job.next_at) {
            (_, None) => "given up",
            (Some(_), _) => "running",
            (None, _) if job.attempts > 0 => "failing",
            (None, _) => "waiting",
        };
        Self {
            id: job.id.to_string(),
            kind: job.kind,
            org_id: job.org_id.map(|org_id| org_id.to_string()),
            state,
            next_run_at: job.next_at.filter(|_| job.holder.is_none()).map(text),
            holder: job.holder,
            last_run_at: job.started_at.map(text),
            attempts: job.attempts,
            error: job.error,
        }
    }

    fn row(&self) -> [String; 6] {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let failures = if self.state == "failing" || self.state == "given up" { self.attempts } else { 0 };
        [
            self.id.clone(),
            self.state.to_owned(),
            text(&self.last_run_at),
            text(&self.next_run_at),
            failures.to_string(),
            text(&self.error),
        ]
    }
}

/// The answer of the command.
#[derive(Serialize)]
struct Answer {
    items: Vec<JobView>,
}

/// Lists the jobs.
pub fn list(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let items = opened.read(|tx| job_queue::list(tx, MOST))?.into_iter().map(JobView::of).collect();
    output.answer(&Answer { items }, |answer| {
        if answer.items.is_empty() {
            return "There are no jobs yet: the server creates them on first start.".to_owned();
        }
        let rows: Vec<_> = answer.items.iter().map(JobView::row).collect();
        table(["JOB", "STATE", "LAST RUN", "NEXT RUN", "FAILURES", "ERROR"], &rows)
    })
}
