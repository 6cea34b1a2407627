//! `/api/admin/v1/webhooks`: the operator's webhooks, and a new one.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::callback_url::CallbackUrl;
use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::webhook::{EventFilter, LONGEST_DESCRIPTION, SecretKind};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_platform::webhooks::make;
use sigma_store::operator::webhooks;
use sigma_store::webhook::{NewWebhook, Webhook};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(create))]
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminWebhook {
    id: String,
    /// Where events are posted to.
    url: String,
    description: String,
    /// Actions of the audit trail, and groups of them such as `user.*`; empty for everything.
    events: Vec<String>,
    /// How requests are signed: `hmac` or `ed25519`.
    signature: &'static str,
    enabled: bool,
    /// Why it is switched off: `choice`, `failures`, or `gone` if the receiver answered 410.
    disabled_reason: Option<&'static str>,
    disabled_at: Option<String>,
    /// Since when no delivery succeeded.
    failing_since: Option<String>,
    created_at: String,
    updated_at: String,
}

impl From<&Webhook> for AdminWebhook {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.as_str().to_owned(),
            description: webhook.description.clone(),
            events: webhook.events.names().to_vec(),
            signature: webhook.secret_kind.as_str(),
            enabled: webhook.disabled.is_none(),
            disabled_reason: webhook.disabled.map(|(_, reason)| reason.as_str()),
            disabled_at: webhook.disabled.map(|(at, _)| at.to_string()),
            failing_since: webhook.failing_since.map(|at| at.to_string()),
            created_at: webhook.created_at.to_string(),
            updated_at: webhook.updated_at.to_string(),
        }
    }
}

/// A webhook to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAdminWebhook {
    /// An https address, or http on this machine.
    url: String,
    /// What it is for, at most 200 characters.
    #[serde(default)]
    description: String,
    /// Actions of the audit trail, and groups of them such as `user.*`; everything by default.
    #[serde(default)]
    events: Vec<String>,
    /// `hmac`, the default, or `ed25519`.
    #[serde(default)]
    signature: Option<String>,
}

/// A webhook that was just created.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedWebhook {
    #[serde(flatten)]
    webhook: AdminWebhook,
    /// What its receiver verifies with: `whsec_…`, shown this once, or the public key `whpk_…`.
    secret: String,
}

/// The address in a body.
pub fn url(sigma: &AppState, text: &str) -> Result<CallbackUrl, AdminError> {
    let url = CallbackUrl::register(text).map_err(|problem| AdminError::malformed(format!("url {problem}")))?;
    match sigma.webhook_fetcher(true).admit(url.as_str()) {
        Ok(_) => Ok(url),
        Err(problem) => Err(AdminError::malformed(format!("url: {problem}"))),
    }
}

/// The description in a body.
pub fn description(text: &str) -> Result<String, AdminError> {
    let text = text.trim();
    let is_fine = text.chars().count() <= LONGEST_DESCRIPTION && !text.chars().any(char::is_control);
    if is_fine {
        Ok(text.to_owned())
    } else {
        Err(AdminError::Invalid("description must be a line of at most 200 characters"))
    }
}

/// The events in a body.
pub fn events(names: &[String]) -> Result<EventFilter, AdminError> {
    let parsed = EventFilter::parse(names.iter().map(String::as_str));
    parsed.map_err(|problem| AdminError::malformed(format!("events: {problem}")))
}

/// Lists the operator's webhooks, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/v1/webhooks",
    operation_id = "adminListWebhooks",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:webhooks:read"])),
    params(
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of webhooks", body = Listed<AdminWebhook>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminWebhook>>, AdminError> {
    let (caller, after, limit) = (admin.caller, query.after_id(WebhookId::parse)?, query.one_more());
    let found = sigma.store.look_up(move |tx| webhooks::list(tx, &caller, &after, limit)).await?;
    Ok(Json(query.listed(found, |webhook| webhook.id.to_string())))
}

/// Creates a webhook, which is told of every event from now on that its filter takes.
#[utoipa::path(
    post,
    path = "/api/admin/v1/webhooks",
    operation_id = "adminCreateWebhook",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:webhooks:write"])),
    request_body = NewAdminWebhook,
    responses(
        (status = 201, description = "The webhook, with what its receiver verifies with", body = CreatedWebhook),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 409, description = "There are as many webhooks as the configuration allows"),
    )
)]
async fn create(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Body(body): Body<NewAdminWebhook>,
) -> Result<(StatusCode, Json<CreatedWebhook>), AdminError> {
    let kind = body.signature.as_deref().map_or(Some(SecretKind::default()), SecretKind::parse);
    let kind = kind.ok_or(AdminError::Invalid("signature must be hmac or ed25519"))?;
    let (org_id, now) = (OrgId::operator(), sigma.now());
    let id = WebhookId::new(now, &*sigma.rng);
    let made = make(&sigma, &org_id, &id, kind)?;
    let new = NewWebhook {
        url: url(&sigma, &body.url)?,
        description: description(&body.description)?,
        events: events(&body.events)?,
        secret_kind: kind,
        secret: made.stored,
        active_from: sigma.store.database_now(),
        org_id,
        id,
        now,
    };
    let (caller, most) = (admin.caller.clone(), sigma.settings.webhooks.per_org);
    let created = admin.store(&sigma).decide(move |tx| webhooks::add(tx, &caller, &new, most)).await?;
    let created = created.ok_or(AdminError::TooMany(
        "There are as many webhooks as webhooks.per_org, or a quota of the operator's org, allows",
    ))?;
    let created = CreatedWebhook { webhook: AdminWebhook::from(&created), secret: made.to_verify.to_string() };
    Ok((StatusCode::CREATED, Json(created)))
}
