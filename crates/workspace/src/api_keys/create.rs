//! `POST /api/v1/api-keys`: creates a key, shown once.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::ApiKeyId;
use sigma_core::org::{ApiKeyDraft, ApiKeySecret};
use sigma_core::time::Timestamp;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::org::api_key::{self, NewApiKey};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use utoipa::ToSchema;

use crate::POLICY;
use crate::api_keys::ApiKeyView;
use crate::body::{Body, Wanted};
use crate::caller::WorkspaceCaller;
use crate::decide::decide;
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use sigma_platform::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(create))
}

/// The key to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewKeyBody {
    /// Description of its purpose.
    name: String,
    /// `read`, `update-data`, `delete-data`, `update-model`, `delete-model`; at least one.
    permissions: Vec<String>,
    /// When it expires (RFC 3339); never if omitted.
    #[serde(default)]
    expires_at: Option<String>,
}

impl Wanted for NewKeyBody {}

/// A new key.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeKey {
    #[serde(flatten)]
    item: ApiKeyView,
    /// The key itself, returned only here.
    key: String,
}

/// Creates an API key with at most the caller's own permissions.
#[utoipa::path(
    post,
    path = "/api/v1/api-keys",
    operation_id = "createApiKey",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    request_body = NewKeyBody,
    responses(
        (status = 201, description = "The key, which is shown only once", body = MadeKey),
        (status = 400, description = "Missing or malformed field, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage API keys, or lacks these permissions"),
        (status = 409, description = "There are 500 keys already"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn create(
    State(sigma): State<AppState>,
    context: RequestContext,
    WorkspaceCaller(caller): WorkspaceCaller,
    Body(body): Body<NewKeyBody>,
) -> Result<(StatusCode, Json<MadeKey>), WorkspaceError> {
    let now = sigma.now();
    let expires_at = body.expires_at.map(|expiry| read_expiry(&expiry)).transpose()?;
    let draft = ApiKeyDraft::new(&body.name, body.permissions.iter().map(String::as_str), expires_at, now);
    let ApiKeyDraft { name, permissions, expires_at } =
        draft.map_err(|problem| WorkspaceError::invalid(problem.to_string()))?;
    let secret = ApiKeySecret::generate(&*sigma.rng);
    let id = ApiKeyId::new(now, &*sigma.rng);
    let new = NewApiKey { id, name, hash: secret.digest(), permissions, expires_at };
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let key = decide(&sigma, &context, move |tx| api_key::add(tx, &org_id, &actor, &new, now)).await?;
    Ok((StatusCode::CREATED, Json(MadeKey { item: (&key).into(), key: secret.expose().to_owned() })))
}

fn read_expiry(text: &str) -> Result<Timestamp, WorkspaceError> {
    let malformed = || WorkspaceError::invalid("expiresAt must be a time of RFC 3339, like 2030-01-31T12:00:00Z");
    let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| malformed())?;
    // An offset may move it beyond the years that RFC 3339 can express.
    let utc = moment.checked_to_offset(UtcOffset::UTC);
    let utc = utc.ok_or_else(|| WorkspaceError::invalid("expiresAt must not be after 9999-12-31T23:59:59Z"))?;
    let micros = i64::try_from(utc.unix_timestamp_nanos() / 1_000).map_err(|_| malformed())?;
    Ok(Timestamp::from_micros(micros))
}
