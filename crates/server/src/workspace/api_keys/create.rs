//! `POST /api/v1/api-keys`: a new key, shown once.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::ApiKeyId;
use sigma_core::time::Timestamp;
use sigma_core::workspace::{ApiKeySecret, KeyPermission, KeyPermissions, text};
use sigma_store::workspace::api_key::{self, NewApiKey};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime, Time};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::Sigma;
use crate::workspace::api_keys::ApiKeyView;
use crate::workspace::body::{Body, Wanted};
use crate::workspace::caller::WorkspaceCaller;
use crate::workspace::decide::decide;
use crate::workspace::error::WorkspaceError;

/// The routes of this endpoint.
pub fn router() -> OpenApiRouter<Sigma> {
    OpenApiRouter::new().routes(routes!(create))
}

/// A key as somebody wants it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewKeyBody {
    /// What it is for.
    name: String,
    /// `read`, `update-data`, `delete-data`, `update-model`, `delete-model`: one at least.
    permissions: Vec<String>,
    /// When it stops working (RFC 3339); never where this is left out.
    #[serde(default)]
    expires_at: Option<String>,
}

impl Wanted for NewKeyBody {}

/// A new key.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeKey {
    #[serde(flatten)]
    item: ApiKeyView,
    /// The key itself. It is shown now and never again.
    key: String,
}

/// Makes an API key, which can do no more than whoever makes it.
#[utoipa::path(
    post,
    path = "/api/v1/api-keys",
    tag = "Workspaces",
    security(("workspace_token" = []), ("api_key" = [])),
    request_body = NewKeyBody,
    responses(
        (status = 201, description = "The key, shown once", body = MadeKey),
        (status = 400, description = "A field is missing or malformed, or two credentials at once"),
        (status = 401, description = "No credential, or one that does not work"),
        (status = 403, description = "The caller may not manage API keys, or not give these permissions"),
        (status = 409, description = "500 keys are there already"),
        (status = 413, description = "More than 1 MiB"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures"),
        (status = 503, description = "The store does not answer"),
    )
)]
pub async fn create(
    State(sigma): State<Sigma>,
    WorkspaceCaller(caller): WorkspaceCaller,
    Body(body): Body<NewKeyBody>,
) -> Result<(StatusCode, Json<MadeKey>), WorkspaceError> {
    let now = sigma.now();
    let name = text::name(&body.name).map_err(|problem| WorkspaceError::invalid(format!("name {problem}")))?;
    let permissions = read_permissions(&body.permissions)?;
    let expires_at = body.expires_at.map(|expiry| read_expiry(&expiry, now)).transpose()?;
    let secret = ApiKeySecret::generate(&*sigma.rng);
    let id = ApiKeyId::new(now, &*sigma.rng);
    let new = NewApiKey { id, name, hash: secret.digest(), permissions, expires_at };
    let (org_id, actor) = (caller.org_id.clone(), caller.actor());
    let key = decide(&sigma, move |tx| api_key::add(tx, &org_id, &actor, &new, now)).await?;
    Ok((StatusCode::CREATED, Json(MadeKey { item: (&key).into(), key: secret.expose().to_owned() })))
}

fn read_permissions(names: &[String]) -> Result<KeyPermissions, WorkspaceError> {
    let permissions: Option<KeyPermissions> = names.iter().map(|name| KeyPermission::parse(name)).collect();
    permissions.filter(|permissions| !permissions.is_empty()).ok_or_else(|| {
        WorkspaceError::invalid(
            "permissions must be a list of one or more of read, update-data, delete-data, update-model, delete-model",
        )
    })
}

fn read_expiry(text: &str, now: Timestamp) -> Result<Timestamp, WorkspaceError> {
    let invalid = || WorkspaceError::invalid("expiresAt must be a time like 2030-01-31T12:00:00Z, in the future");
    let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| invalid())?;
    let micros = i64::try_from(moment.unix_timestamp_nanos() / 1_000).map_err(|_| invalid())?;
    // A year of five digits would be no time of RFC 3339.
    let last = OffsetDateTime::new_utc(
        Date::from_calendar_date(9999, Month::December, 31).map_err(|_| invalid())?,
        Time::MIDNIGHT,
    );
    if moment >= last {
        return Err(invalid());
    }
    Some(Timestamp::from_micros(micros)).filter(|expiry| *expiry > now).ok_or_else(invalid)
}
