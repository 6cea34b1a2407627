//! Checks the background jobs: whether they run, and succeed.

use sigma_server::doctor::{Jobs, MOST_JOBS};
use sigma_store::job_queue::{self, JobRow};

use super::Finding;
use crate::opened::Opened;

/// Reports jobs that fail, were given up or are not run.
pub fn jobs(opened: &Opened) -> Finding {
    const CHECK: &str = "jobs";
    let jobs = match opened.read(|tx| job_queue::list(tx, MOST_JOBS)) {
        Ok(jobs) => jobs,
        Err(failure) => return Finding::wrong(CHECK, failure.to_string(), "Check the store first."),
    };
    let reason = |job: &JobRow| job.error.clone().unwrap_or_else(|| "it was interrupted".to_owned());
    let judged = Jobs::of(&jobs, opened.now());
    let (message, mend) = match judged {
        Jobs::None => ("there are none yet".to_owned(), "The server creates them on first start."),
        Jobs::Failing(job) => (
            format!("{} failed {} times in a row: {}", job.id, job.attempts, reason(job)),
            "Fix the cause; it is retried. `sigma jobs` lists all.",
        ),
        Jobs::GivenUp(job) => (format!("{} was given up: {}", job.id, reason(job)), "`sigma jobs` lists all."),
        Jobs::Late(job) => (
            format!("{} should have run at {}", job.id, job.next_at.unwrap_or_default()),
            "Expected while no server runs; else look at the log of the server.",
        ),
        Jobs::Fine(count) => (format!("{count} jobs, none of them late or failing"), ""),
    };
    Finding::judged(CHECK, judged.status(), message, mend)
}
