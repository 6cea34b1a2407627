//! `/api/admin/v1/webhooks/{id}`: one webhook, and what is done with it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::{EventId, OrgId, WebhookId};
use sigma_core::time::Timestamp;
use sigma_platform::http::{ApiError, Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_platform::webhooks::{make, to_verify};
use sigma_store::operator::{Caller, Decision, webhooks};
use sigma_store::webhook::{Act, Change, StoredSecret, Webhook};
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged, failed};
use super::error::AdminError;
use super::webhooks::{AdminWebhook, description, events, url};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(change)),
        Endpoint::new(POLICY, routes!(remove)),
        Endpoint::new(POLICY, routes!(rotate)),
        Endpoint::new(POLICY, routes!(test)),
    ]
}

/// A webhook with its secrets.
#[derive(Debug, Serialize, ToSchema)]
struct AdminWebhookDetails {
    #[serde(flatten)]
    webhook: AdminWebhook,
    /// What signs, the newest first.
    secrets: Vec<AdminWebhookSecret>,
}

impl AdminWebhookDetails {
    fn of(sigma: &AppState, webhook: &Webhook, stored: &[StoredSecret]) -> Result<Self, ApiError> {
        let mut secrets = Vec::with_capacity(stored.len());
        for one in stored {
            secrets.push(AdminWebhookSecret {
                created_at: one.created_at.to_string(),
                expires_at: one.expires_at.map(|at| at.to_string()),
                public_key: to_verify(sigma, &webhook.org_id, &webhook.id, one)?,
            });
        }
        Ok(Self { webhook: AdminWebhook::from(webhook), secrets })
    }
}

/// One webhook, and who asks for it.
struct Wanted {
    sigma: AppState,
    caller: Caller,
    id: WebhookId,
    now: Timestamp,
}

impl Wanted {
    fn new(sigma: &AppState, caller: &Caller, id: String) -> Self {
        Self { sigma: sigma.clone(), caller: caller.clone(), id: WebhookId::from_text(id), now: sigma.now() }
    }

    /// The webhook, as it is shown.
    fn read(&self, tx: &mut dyn Tx) -> Decision<AdminWebhookDetails> {
        let (webhook, stored) = webhooks::find(tx, &self.caller, &self.id, self.now)?;
        AdminWebhookDetails::of(&self.sigma, &webhook, &stored).map_err(|error| failed(&error))
    }

    /// Refuses a change of a version that the request does not name.
    fn require(&self, tx: &mut dyn Tx, conditions: &Conditions) -> Decision<()> {
        conditions.require(tx, &[Owner::Org(&OrgId::operator())], |tx| self.read(tx))
    }
}

/// A secret that signs.
#[derive(Debug, Serialize, ToSchema)]
struct AdminWebhookSecret {
    created_at: String,
    /// Until when it signs, if it was replaced.
    expires_at: Option<String>,
    /// The public key of an Ed25519 one, `whpk_…`. A shared secret is never shown again.
    public_key: Option<String>,
}

/// What is changed. What is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookChange {
    url: Option<String>,
    description: Option<String>,
    events: Option<Vec<String>>,
    /// Switched on, it is told of what happens from then on, and of what waited.
    enabled: Option<bool>,
}

/// A secret that was just made.
#[derive(Debug, Serialize, ToSchema)]
struct RotatedSecret {
    /// What the receiver verifies with: `whsec_…`, shown this once, or the public key `whpk_…`.
    secret: String,
    /// Until when the earlier one signs too.
    previous_expires_at: String,
}

/// An event that was sent as a test.
#[derive(Debug, Serialize, ToSchema)]
struct TestedWebhook {
    /// Its id: `webhook-id` of the delivery.
    event_id: String,
}

/// Returns a webhook.
#[utoipa::path(
    get,
    path = "/api/admin/v1/webhooks/{webhook}",
    operation_id = "adminShowWebhook",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:webhooks:read"])),
    params(
        ("webhook" = String, Path, description = "The id of the webhook"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The webhook", body = AdminWebhookDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such webhook"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Response, AdminError> {
    let (id, caller, now) = (WebhookId::from_text(id), admin.caller, sigma.now());
    let (webhook, stored) = sigma.store.look_up(move |tx| webhooks::find(tx, &caller, &id, now)).await?;
    Ok(conditions.show(AdminWebhookDetails::of(&sigma, &webhook, &stored)?))
}

/// Changes a webhook. Repeating it changes nothing.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/webhooks/{webhook}",
    operation_id = "adminChangeWebhook",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:webhooks:write"])),
    params(
        ("webhook" = String, Path, description = "The id of the webhook"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = WebhookChange,
    responses(
        (status = 200, description = "The webhook, changed", body = AdminWebhookDetails,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such webhook"),
    )
)]
async fn change(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<WebhookChange>,
) -> Result<Tagged<AdminWebhookDetails>, AdminError> {
    let change = Change {
        url: body.url.as_deref().map(|text| url(&sigma, text)).transpose()?,
        description: body.description.as_deref().map(description).transpose()?,
        events: body.events.as_deref().map(events).transpose()?,
        enabled: body.enabled,
    };
    let (wanted, act, now) = (Wanted::new(&sigma, &admin.caller, id), Act::Change(change), sigma.present());
    let change = move |tx: &mut dyn Tx| {
        wanted.require(tx, &conditions)?;
        webhooks::act(tx, &wanted.caller, &wanted.id, &act, now)?;
        wanted.read(tx)
    };
    Ok(Tagged(admin.store(&sigma).decide(change).await?))
}

/// Removes a webhook, with what waits for it.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/webhooks/{webhook}",
    operation_id = "adminRemoveWebhook",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:webhooks:write"])),
    params(
        ("webhook" = String, Path, description = "The id of the webhook"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 204, description = "It is removed"),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such webhook"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    let (wanted, now) = (Wanted::new(&sigma, &admin.caller, id), sigma.present());
    let remove = move |tx: &mut dyn Tx| {
        wanted.require(tx, &conditions)?;
        webhooks::act(tx, &wanted.caller, &wanted.id, &Act::Remove, now)
    };
    admin.store(&sigma).decide(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new secret. The earlier one signs beside it for `webhooks.overlap_hours`, so that the receiver can be changed meanwhile.
#[utoipa::path(
    post,
    path = "/api/admin/v1/webhooks/{webhook}/rotate-secret",
    operation_id = "adminRotateWebhookSecret",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:webhooks:write"])),
    params(
        ("webhook" = String, Path, description = "The id of the webhook"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    responses(
        (status = 200, description = "The new secret", body = RotatedSecret),
        (status = 412, description = "It is of another version than `If-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such webhook"),
    )
)]
async fn rotate(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Json<RotatedSecret>, AdminError> {
    let (wanted, now) = (Wanted::new(&sigma, &admin.caller, id), sigma.present());
    let (caller, id) = (admin.caller.clone(), wanted.id.clone());
    let kind = sigma.store.look_up(move |tx| webhooks::secret_kind(tx, &caller, &id)).await?;
    let made = make(&sigma, &OrgId::operator(), &wanted.id, kind)?;
    let overlap = sigma.settings.webhooks.overlap();
    let act = Act::Rotate(made.stored, overlap);
    let rotate = move |tx: &mut dyn Tx| {
        wanted.require(tx, &conditions)?;
        webhooks::act(tx, &wanted.caller, &wanted.id, &act, now)
    };
    admin.store(&sigma).decide(rotate).await?;
    let (secret, previous_expires_at) = (made.to_verify.to_string(), now.here.plus(overlap).to_string());
    Ok(Json(RotatedSecret { secret, previous_expires_at }))
}

/// Sends an event of its own to the webhook, whatever its filter: `webhook.test`.
#[utoipa::path(
    post,
    path = "/api/admin/v1/webhooks/{webhook}/test",
    operation_id = "adminTestWebhook",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:webhooks:write"])),
    params(("webhook" = String, Path, description = "The id of the webhook")),
    responses(
        (status = 202, description = "The event is queued", body = TestedWebhook),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such webhook"),
    )
)]
async fn test(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<TestedWebhook>), AdminError> {
    let (id, caller, now) = (WebhookId::from_text(id), admin.caller.clone(), sigma.present());
    let event_id = EventId::new(now.here, &*sigma.rng);
    let act = Act::Test(event_id.clone());
    admin.store(&sigma).decide(move |tx| webhooks::act(tx, &caller, &id, &act, now)).await?;
    Ok((StatusCode::ACCEPTED, Json(TestedWebhook { event_id: event_id.to_string() })))
}
