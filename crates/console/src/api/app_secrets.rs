//! `/api/admin/v1/apps/{client_id}/secrets`: another secret, and the end of the earlier one.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use sigma_core::app::{LONGEST_OVERLAP_SECONDS, USUAL_OVERLAP_SECONDS};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::apps;
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::app::{AdminAppDetails, parse, read};
use super::body::Body;
use super::caller::{Admin, Writes};
use super::conditions::Conditions;
use super::error::AdminError;
use crate::app::fresh;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(renew)), Endpoint::new(POLICY, routes!(end_former))]
}

/// How the secret is replaced.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAppSecret {
    /// Seconds for which the present secret stays valid beside the new one: 86400 unless you say otherwise, 0 to end it at once, at most
    /// 2592000. The one before it ends in any case.
    overlap_seconds: Option<u32>,
}

/// Gives an app another secret, which is shown this once.
#[utoipa::path(
    post,
    path = "/api/admin/v1/apps/{client_id}/secrets",
    operation_id = "adminRenewAppSecret",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = NewAppSecret,
    responses(
        (status = 201, description = "The app with its new secret", body = AdminAppDetails),
        (status = 412, description = "The app is of another version than `If-Match` names"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
        (status = 409, description = "The app authenticates without a secret"),
    )
)]
async fn renew(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(name): Path<String>,
    Body(body): Body<NewAppSecret>,
) -> Result<(StatusCode, Json<AdminAppDetails>), AdminError> {
    let seconds = body.overlap_seconds.unwrap_or(USUAL_OVERLAP_SECONDS);
    if seconds > LONGEST_OVERLAP_SECONDS {
        return Err(AdminError::Invalid("overlap_seconds must be 0 to 2592000"));
    }
    let overlap = Duration::from_secs(u64::from(seconds));
    let (named, caller, reach) = (parse(&name)?, admin.caller.clone(), admin.reach());
    let (secret, fresh) = fresh(&sigma);
    let renew = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Installation], |tx| read(tx, &caller, &named))?;
        apps::renew_secret(tx, (&caller, &reach), &named, overlap, &fresh)
    };
    let renewed = admin.store(&sigma).decide(renew).await??;
    Ok((StatusCode::CREATED, Json(AdminAppDetails::with_secret(renewed, secret))))
}

/// Ends the secret that was replaced, before its time.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/apps/{client_id}/secrets/former",
    operation_id = "adminEndFormerAppSecret",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 204, description = "It is no longer valid"),
        (status = 412, description = "The app is of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app, or it has no such secret"),
    )
)]
async fn end_former(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(name): Path<String>,
) -> Result<StatusCode, AdminError> {
    let (named, caller, reach, now) = (parse(&name)?, admin.caller.clone(), admin.reach(), sigma.now());
    let end = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Installation], |tx| read(tx, &caller, &named))?;
        apps::end_former_secret(tx, (&caller, &reach), &named, now)
    };
    admin.store(&sigma).decide(end).await??;
    Ok(StatusCode::NO_CONTENT)
}
