//! How long the server takes from process start to its first answer.

use std::time::Duration;

use crate::findings::Findings;
use crate::run::Plan;
use crate::sigma::{AccessLog, Installation};
use crate::system::Failure;
use crate::users;

/// Starts, of which the median counts.
const STARTS: usize = 7;

/// Measures the very first start, starts with a small database, and with a large one.
pub fn measure(plan: &Plan, findings: &mut Findings) -> Result<(), Failure> {
    let installation = Installation::new(&plan.binary, &plan.directory, "starts")?;
    let (process, first) = installation.serve(AccessLog::Off)?;
    process.kill()?;
    findings.first_start = Some(millis(first));
    findings.start = Some(median_start(&installation)?);
    if plan.users > 0 {
        println!("{} users …", plan.users);
        users::add(&installation.database(), plan.users)?;
        findings.start_with_users = Some((plan.users, median_start(&installation)?));
    }
    Ok(())
}

/// Milliseconds from process start to the first answer.
pub fn median_start(installation: &Installation) -> Result<f64, Failure> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let (process, start) = installation.serve(AccessLog::Off)?;
        process.kill()?;
        starts.push(millis(start));
    }
    starts.sort_by(f64::total_cmp);
    starts.get(STARTS / 2).copied().ok_or_else(|| "no start was measured".into())
}

/// Milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
