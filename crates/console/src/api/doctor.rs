//! `GET /api/admin/v1/doctor`: what is wrong with the installation.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::operator::OperatorRight;
use sigma_platform::doctor::Status;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::i18n::Language;
use sigma_platform::state::AppState;
use sigma_store::operator::may;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use crate::doctor::examine;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(show))
}

/// A check and its result.
#[derive(Debug, Serialize, ToSchema)]
struct AdminFinding {
    /// `store`, `proxy`, `certificate`, `disk`, `connections`, `mail`, `limits` or `jobs`.
    check: &'static str,
    /// `fine`, `note` (it works, but needs attention) or `wrong`.
    #[schema(value_type = String)]
    status: Status,
    /// For people; not stable.
    message: String,
}

/// What is wrong with the installation.
#[derive(Debug, Serialize, ToSchema)]
struct AdminExamination {
    /// Whether nothing is wrong.
    ok: bool,
    checks: Vec<AdminFinding>,
}

/// Examines the installation, as the instance that answers sees it: part of what `sigma doctor` checks. Connects to the mail server.
#[utoipa::path(
    get,
    path = "/api/admin/v1/doctor",
    operation_id = "adminExamine",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    responses(
        (status = 200, description = "The results", body = AdminExamination),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn show(State(sigma): State<AppState>, admin: Admin<Reads>) -> Result<Json<AdminExamination>, AdminError> {
    let caller = admin.caller;
    sigma.store.look_up(move |tx| may(tx, &caller, OperatorRight::ReadSettings)).await?;
    let findings = examine(&sigma, Language::English).await?;
    let checks = findings.into_iter().map(|finding| AdminFinding {
        check: finding.check,
        status: finding.status,
        message: finding.message,
    });
    let checks: Vec<AdminFinding> = checks.collect();
    Ok(Json(AdminExamination { ok: checks.iter().all(|finding| finding.status != Status::Wrong), checks }))
}
