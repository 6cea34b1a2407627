//! `/api/admin/v1/keys`: the signing keys, rotating and revoking them.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::jose::Promptness;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::keys::{self, KeyLine};
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use crate::rotation::Asked;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(rotate_keys)),
        Endpoint::new(POLICY, routes!(revoke)),
    ]
}

/// A signing key, without its private key.
#[derive(Debug, Serialize, ToSchema)]
struct AdminKey {
    kid: String,
    /// `RS256`, `ES256` or `EdDSA`.
    alg: &'static str,
    /// `signs`, `published` (it signs later) or `retired` (it only verifies).
    state: &'static str,
    created_at: String,
    active_from: String,
    retired_at: Option<String>,
    delete_after: Option<String>,
}

impl From<&KeyLine> for AdminKey {
    fn from(key: &KeyLine) -> Self {
        Self {
            kid: key.record.kid.clone(),
            alg: key.record.algorithm.as_str(),
            state: key.state.as_str(),
            created_at: key.record.created_at.to_string(),
            active_from: key.record.active_from.to_string(),
            retired_at: key.record.retired_at.map(|at| at.to_string()),
            delete_after: key.record.delete_after.map(|at| at.to_string()),
        }
    }
}

/// How long keys live, in seconds.
#[derive(Debug, Serialize, ToSchema)]
struct AdminKeySchedule {
    /// How long a key signs.
    rotation_age: u64,
    /// How long it is published before.
    publication: u64,
    /// How long it verifies afterwards.
    kept: u64,
}

/// The signing keys.
#[derive(Debug, Serialize, ToSchema)]
struct AdminKeys {
    /// Oldest first; all of them.
    items: Vec<AdminKey>,
    schedule: AdminKeySchedule,
}

impl AdminKeys {
    fn of(sigma: &AppState, found: &[KeyLine]) -> Self {
        let policy = sigma.keys.policy();
        Self {
            items: found.iter().map(AdminKey::from).collect(),
            schedule: AdminKeySchedule {
                rotation_age: policy.rotation_age.as_secs(),
                publication: policy.publication.as_secs(),
                kept: policy.longest_token_life.as_secs(),
            },
        }
    }
}

/// Which keys are rotated, and when the new ones sign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyRotation {
    /// `RS256`, `ES256`, `EdDSA`; all by default.
    #[serde(default)]
    algorithms: Vec<String>,
    /// Whether the new keys sign at once, for a key that may have leaked. Otherwise they are published a day before.
    #[serde(default)]
    now: bool,
}

/// Lists the signing keys.
#[utoipa::path(
    get,
    path = "/api/admin/v1/keys",
    operation_id = "adminListKeys",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:keys:read"])),
    params(("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has")),
    responses(
        (status = 200, description = "The keys and their schedule", body = AdminKeys,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "They are of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
) -> Result<Response, AdminError> {
    let (caller, now) = (admin.caller, sigma.now());
    let found = sigma.store.look_up(move |tx| keys::list(tx, &caller, now)).await?;
    Ok(conditions.show(AdminKeys::of(&sigma, &found)))
}

/// Rotates signing keys early, as `sigma keys rotate` does.
#[utoipa::path(
    post,
    path = "/api/admin/v1/keys/rotate",
    operation_id = "adminRotateKeys",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:keys:write"])),
    params(("If-Match" = Option<String>, Header, description = "Tags of the versions of `keys` that may be changed")),
    request_body = KeyRotation,
    responses(
        (status = 200, description = "The keys after it", body = AdminKeys,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 409, description = "As many keys of an algorithm are published as may be"),
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn rotate_keys(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Body(body): Body<KeyRotation>,
) -> Result<Tagged<AdminKeys>, AdminError> {
    let promptness = if body.now { Promptness::Now } else { Promptness::AfterPublication };
    let asked = Asked::of(body.algorithms.iter().map(String::as_str), promptness);
    let asked = asked.ok_or(AdminError::Invalid("algorithms must be some of RS256, ES256 and EdDSA"))?;
    let caller = admin.caller.clone();
    let records = sigma.store.look_up(move |tx| keys::records(tx, &caller)).await?;
    let rotation = sigma.prepare_rotation(records, asked.algorithms, asked.promptness).await?;
    let (caller, now) = (admin.caller.clone(), sigma.now());
    let shown = sigma.clone();
    let carried_out = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminKeys::of(&shown, &keys::list(tx, &caller, now)?));
        conditions.require(tx, &[Owner::Installation], read)?;
        keys::rotate(tx, &caller, |records| rotation.plan(records), rotation.fresh())?;
        read(tx)
    };
    Ok(Tagged(admin.store(&sigma).decide(carried_out).await?))
}

/// Revokes a key: every token that it signed becomes invalid at once.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/keys/{kid}",
    operation_id = "adminRevokeKey",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:keys:write"])),
    params(
        ("kid" = String, Path, description = "The id of the key"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions of `keys` that may be changed"),
    ),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 412, description = "They are of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such key"),
        (status = 409, description = "It signs at present"),
    )
)]
async fn revoke(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(kid): Path<String>,
) -> Result<StatusCode, AdminError> {
    let (caller, now, store) = (admin.caller.clone(), sigma.now(), admin.store(&sigma));
    let revoke = move |tx: &mut dyn Tx| {
        let read = |tx: &mut dyn Tx| Ok(AdminKeys::of(&sigma, &keys::list(tx, &caller, now)?));
        conditions.require(tx, &[Owner::Installation], read)?;
        keys::revoke(tx, &caller, &kid, now)
    };
    let revoked = store.decide(revoke).await?;
    if revoked { Ok(StatusCode::NO_CONTENT) } else { Err(AdminError::KeySigns) }
}
