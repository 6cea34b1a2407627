//! `sigma doctor`: what is wrong with this installation, and how to mend it.

mod database;
mod jobs;
mod limits;
mod local;
mod mail;
mod outside;

use std::path::Path;

use serde::Serialize;
use sigma_server::doctor::Status;

use crate::config;
use crate::failure::Failure;
use crate::output::Output;
use crate::style::Style;

/// Where the lines of a finding begin, but the first.
const INDENT: &str = "\n                       ";

/// A check and its result.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    message: String,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    fn fine(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Status::Fine, message: message.into(), mend: None }
    }

    fn note(check: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, status: Status::Note, message: message.into(), mend: Some(mend.into()) }
    }

    fn wrong(check: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, status: Status::Wrong, message: message.into(), mend: Some(mend.into()) }
    }

    /// A result as the server judges it.
    fn judged(check: &'static str, status: Status, message: impl Into<String>, mend: impl Into<String>) -> Self {
        let mend = (status != Status::Fine).then(|| mend.into());
        Self { check, status, message: message.into(), mend }
    }

    fn text(&self) -> String {
        let word = match self.status {
            Status::Fine => Style::Good.on("fine "),
            Status::Note => Style::Note.on("note "),
            Status::Wrong => Style::Bad.on("WRONG"),
        };
        // Whatever a server answered is no finding of its own.
        let hanging = |text: &str| text.replace('\n', INDENT);
        let mend = self.mend.as_ref().map(|mend| format!("{INDENT}{}", hanging(mend))).unwrap_or_default();
        format!("{word}  {:14}  {}{mend}", self.check, hanging(&self.message))
    }
}

/// The whole examination.
#[derive(Serialize)]
struct Report {
    ok: bool,
    checks: Vec<Finding>,
}

/// Diagnoses the installation; exit code 1 if something is wrong.
pub fn doctor(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let checks = examine(file);
    let wrong = checks.iter().filter(|finding| finding.status == Status::Wrong).count();
    let report = Report { ok: wrong == 0, checks };
    output.answer(&report, |report| {
        let lines: Vec<String> = report.checks.iter().map(Finding::text).collect();
        let verdict = match wrong {
            0 => "No problems found.".to_owned(),
            1 => "1 problem found.".to_owned(),
            count => format!("{count} problems found."),
        };
        format!("{}\n\n{verdict}", lines.join("\n"))
    })?;
    if report.ok { Ok(()) } else { Err(Failure::Reported) }
}

fn examine(file: Option<&Path>) -> Vec<Finding> {
    let settings = match config::load(file) {
        Ok(loaded) => loaded.settings,
        Err(failure) => {
            let mend = "Fix this first; nothing else can be checked before. `sigma config show` prints all keys.";
            return vec![Finding::wrong("configuration", failure.to_string(), mend)];
        }
    };
    let mut findings = local::configuration(&settings);
    if findings.iter().any(|finding| finding.status == Status::Wrong) {
        return findings;
    }
    findings.extend(local::certificate(&settings));
    findings.extend(local::proxy(&settings));
    findings.extend(local::disk(&settings));
    findings.push(mail::mail(&settings));
    findings.extend(limits::limits(&settings));
    let exposed = local::exposed(&settings);
    if !exposed.iter().any(|finding| finding.check == "master key") {
        findings.push(local::master_key(&settings));
    }
    findings.extend(exposed);
    let (stored, kids) = local::store(&settings);
    findings.extend(stored);
    findings.extend(outside::issuer(&settings, &kids));
    findings
}
