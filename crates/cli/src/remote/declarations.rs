//! `sigma apply` and `export config` on a server elsewhere. Files, the secrets that they point to and logos are read here.

use std::cell::Cell;

use reqwest::StatusCode;
use serde_json::Value;
use sigma_server::declarations::{Declarations, Logos, Problem, Report, to_data_url};

use super::Members as _;
use super::client::{Client, Exchange};
use crate::args::ApplyArgs;
use crate::commands::apply::{self, Places, carry_out, changed_meanwhile};
use crate::failure::Failure;
use crate::output::Output;

/// Applies the files.
pub fn apply(client: &Client, output: Output, args: &ApplyArgs) -> Result<(), Failure> {
    let (mut document, places, logos) = apply::read(args)?;
    embed(&mut document, &logos);
    // What was planned is a version: the server brings about no other.
    let planned = Cell::new(None);
    let rehearse = || {
        let answer = client.exchange("declarations", &[("dry_run", "true")], None, &document)?;
        planned.set(answer.tag.clone());
        report(answer, &places)
    };
    let perform = |_: &Report| {
        // Without it the server would bring about whatever there is to do by now.
        let lost =
            || Failure::Failed("the answer has no ETag: something between here and the server removes it".to_owned());
        let planned = planned.take().ok_or_else(lost)?;
        report(client.exchange("declarations", &[], Some(&planned), &document)?, &places)
    };
    carry_out(output, args, rehearse, perform)
}

/// Prints the file of what is there.
pub fn export(client: &Client, output: Output) -> Result<(), Failure> {
    apply::print_document(output, &client.get("declarations", &[])?)
}

/// Puts the logos into the document.
fn embed(document: &mut Declarations, logos: &Logos) {
    for (at, logo) in document.logos() {
        if let Some(read) = logos.get(at.pointer()) {
            *logo = to_data_url(&read.png);
        }
    }
}

fn report(answer: Exchange, places: &Places) -> Result<Report, Failure> {
    if answer.status == StatusCode::PRECONDITION_FAILED {
        return Err(changed_meanwhile());
    }
    let problems: Vec<Problem> = serde_json::from_value(answer.body.at("errors").clone()).unwrap_or_default();
    if !problems.is_empty() {
        return Err(places.failure(&problems));
    }
    let report: Value = answer.accepted()?;
    serde_json::from_value(report)
        .map_err(|_| Failure::Failed("the answer is not that of a management API of this version".to_owned()))
}
