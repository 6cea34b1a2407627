//! `/console/doctor`: what is wrong with the installation.

use axum::extract::State;
use axum::response::Response;
use sigma_core::operator::OperatorRight;
use sigma_platform::doctor::Status;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::operator::may;

use crate::doctor::{Finding, examine};
use crate::operator::Operator;
use crate::outcome::PageError;
use crate::view::{DoctorPage, FindingRow, Tab};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, "/console/doctor", show)
}

async fn show(State(sigma): State<AppState>, operator: Operator) -> Result<Response, PageError> {
    let caller = operator.caller();
    operator.read(&sigma, move |tx| may(tx, &caller, OperatorRight::ReadSettings)).await?;
    let findings = examine(&sigma, operator.language).await?;
    let view = DoctorPage { findings: findings.into_iter().map(row).collect() };
    Ok(view.render(&operator.frame(Tab::Doctor, None), &operator.page(&sigma)))
}

fn row(finding: Finding) -> FindingRow {
    FindingRow {
        check: match finding.check {
            "store" => "console-engine",
            "proxy" => "console-doctor-check-proxy",
            "certificate" => "console-doctor-check-certificate",
            "disk" => "console-doctor-check-disk",
            "connections" => "console-doctor-check-connections",
            "limits" => "console-doctor-check-limits",
            "mail" => "console-mail",
            _ => "console-doctor-check-jobs",
        },
        state: match finding.status {
            Status::Fine => ("good", "console-doctor-fine"),
            Status::Note => ("waiting", "console-doctor-note"),
            Status::Wrong => ("bad", "console-doctor-wrong"),
        },
        message: finding.message,
    }
}
