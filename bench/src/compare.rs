//! Runs two builds of this server on the same work, alternating, so that other load on the machine affects both alike.
//! Each is driven by the bench of its own commit: schema and commands differ between commits.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::system::Failure;

/// A workload counts as slower when it costs more than this share of the old build's CPU and more than [`NOISE`].
const SHARE: f64 = 0.05;
/// Microseconds of CPU per answer below which a difference is noise.
const NOISE: f64 = 3.0;

/// A bench and the server that it drives.
#[derive(Clone, Copy)]
pub struct Build<'p> {
    /// `sigma-bench`.
    pub bench: &'p Path,
    /// `sigma`.
    pub binary: &'p Path,
}

/// Microseconds of CPU per answer, one value per round.
#[derive(Default)]
struct Line {
    old: Vec<f64>,
    new: Vec<f64>,
}

/// Runs both builds with `arguments` alternately, `rounds` times, and prints the medians of each workload.
pub fn compare(old: Build<'_>, new: Build<'_>, arguments: &[String], rounds: u32) -> Result<(), Failure> {
    let mut lines = BTreeMap::<String, Line>::new();
    let mut order = Vec::new();
    for round in 1..=rounds {
        // The order within a round alternates too.
        for is_old in [round % 2 == 1, round % 2 == 0] {
            let build = if is_old { old } else { new };
            println!("Round {round} of {rounds}: {} …", build.binary.display());
            for (work, cpu) in figures(&run(build, arguments)?) {
                if !lines.contains_key(&work) {
                    order.push(work.clone());
                }
                let line = lines.entry(work).or_default();
                if is_old { &mut line.old } else { &mut line.new }.push(cpu);
            }
        }
    }
    println!("\n| work | old, µs of CPU | new | difference | |\n|---|---|---|---|---|");
    for work in order {
        if let Some(line) = lines.get(&work) {
            println!("{}", row(&work, median(&line.old), median(&line.new)));
        }
    }
    Ok(())
}

fn run(build: Build<'_>, arguments: &[String]) -> Result<String, Failure> {
    let mut command = Command::new(build.bench);
    command.arg("--no-peer").arg("--binary").arg(build.binary).args(arguments);
    let output = command.stderr(Stdio::inherit()).output()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(format!("{}: {}", build.bench.display(), printed.lines().last().unwrap_or_default()).into());
    }
    Ok(printed)
}

/// The CPU of each workload in a bench's output: `| work | sigma | answers/s | p50 | p99 | CPU |`.
fn figures(printed: &str) -> Vec<(String, f64)> {
    let measuring = printed.split("## Figures").next().unwrap_or_default();
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let figure = |line: &str| match cells(line).as_slice() {
        [_, work, server, _, _, _, cpu, _] if server == "sigma" => Some((work.clone(), cpu.parse().ok()?)),
        _ => None,
    };
    measuring.lines().filter_map(figure).collect()
}

fn row(work: &str, old: f64, new: f64) -> String {
    let more = new - old;
    let verdict = if is_slower(old, new) { "slower" } else { "" };
    format!("| {work} | {old:.1} | {new:.1} | {more:+.1} ({:+.1} %) | {verdict} |", 100.0 * more / old.max(1e-9))
}

fn is_slower(old: f64, new: f64) -> bool {
    new - old > NOISE && new - old > SHARE * old
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slower_is_what_costs_more_than_both_the_share_and_the_noise() {
        assert!(!is_slower(100.0, 105.0), "five per cent");
        assert!(is_slower(100.0, 106.0));
        assert!(!is_slower(10.0, 12.9), "noise");
        assert!(!is_slower(100.0, 50.0));
    }

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert!((median(&[3.0, 1.0, 100.0, 2.0, 2.5]) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn figures_are_those_of_the_server_once_each() {
        let printed = "head\n| userinfo | sigma | 50000 | 0.60 | 1.20 | 24.5 |\n| userinfo | bare handler | 9 | 1 | 1 | 7.0 |\n\
                       | beside | sigma | 5 | 1 | 1 |  |\n\n## Figures\n\n| userinfo | sigma | 50000 | 0.60 | 1.20 | 24.5 |\n";
        assert_eq!(figures(printed), [("userinfo".to_owned(), 24.5)]);
    }
}
