//! `/api/admin/v1/webhooks/{id}/deliveries`: what a webhook was told, and telling it again.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::ids::{EventId, WebhookId};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::webhooks;
use sigma_store::webhook::Act;
use sigma_store::webhook::delivery::{DeliveryLine, LogPlace};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::events::moment;
use super::list::ListQuery;

/// How often a batch of deliveries is repeated.
const MOST_BATCHES: u32 = 100;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(replay)),
        Endpoint::new(POLICY, routes!(replay_failed)),
    ]
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDelivery {
    /// The event, which is `webhook-id` of the requests.
    event_id: String,
    action: String,
    /// `waiting`, `delivered` or `failed`.
    state: &'static str,
    attempts: i64,
    created_at: String,
    /// When it is tried next.
    next_attempt_at: Option<String>,
    /// The last attempt.
    attempted_at: Option<String>,
    duration_ms: Option<i64>,
    status: Option<i64>,
    /// Why it failed.
    error: Option<String>,
    /// The beginning of the receiver's answer, at most 1,024 bytes.
    response: Option<String>,
}

impl From<DeliveryLine> for AdminDelivery {
    fn from(line: DeliveryLine) -> Self {
        Self {
            event_id: line.event_id.to_string(),
            action: line.action,
            state: match line.delivered {
                None => "waiting",
                Some(true) => "delivered",
                Some(false) => "failed",
            },
            attempts: line.attempts,
            created_at: line.created_at.to_string(),
            next_attempt_at: line.next_at.map(|at| at.to_string()),
            attempted_at: line.attempted_at.map(|at| at.to_string()),
            duration_ms: line.duration_ms,
            status: line.status,
            error: line.error,
            response: line.answer,
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDeliveries {
    items: Vec<AdminDelivery>,
    /// `after` of the next page; null on the last one.
    next: Option<String>,
}

/// Which deliveries are repeated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FailedSince {
    /// Those that failed of events since that time, RFC 3339.
    since: String,
}

/// How much is repeated.
#[derive(Debug, Serialize, ToSchema)]
struct Repeated {
    /// Deliveries.
    repeated: u64,
}

/// Lists the deliveries of a webhook of the last 14 days, the latest first.
#[utoipa::path(
    get,
    path = "/api/admin/v1/webhooks/{webhook}/deliveries",
    operation_id = "adminListWebhookDeliveries",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:webhooks:read"])),
    params(
        ("webhook" = String, Path, description = "The id of the webhook"),
        ("state" = Option<String>, Query, description = "`failed` for those alone"),
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of deliveries", body = AdminDeliveries),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such webhook"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    Path(id): Path<String>,
    query: ListQuery,
) -> Result<Json<AdminDeliveries>, AdminError> {
    let only_failed =
        query.parsed("state", "state can only be failed", |text| (text == "failed").then_some(()))?.is_some();
    let place = query.parsed("after", "after must be the next of a page before", LogPlace::parse)?;
    let place = place.unwrap_or_else(LogPlace::end);
    let (id, caller, limit) = (WebhookId::from_text(id), admin.caller, query.one_more());
    let find = move |tx: &mut dyn sigma_store::Tx| webhooks::log(tx, &caller, &id, only_failed, &place, limit);
    let found = sigma.store.look_up(find).await?;
    let (found, next) = query.page(found, |line| LogPlace::of(line).to_string());
    Ok(Json(AdminDeliveries { items: found.into_iter().map(AdminDelivery::from).collect(), next }))
}

/// Repeats one delivery, whether or not it succeeded, with the same `webhook-id`.
#[utoipa::path(
    post,
    path = "/api/admin/v1/webhooks/{webhook}/deliveries/{event}/replay",
    operation_id = "adminReplayWebhookDelivery",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:webhooks:write"])),
    params(
        ("webhook" = String, Path, description = "The id of the webhook"),
        ("event" = String, Path, description = "The id of the event"),
    ),
    responses(
        (status = 202, description = "It is queued", body = Repeated),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such delivery"),
    )
)]
async fn replay(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path((id, event)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Repeated>), AdminError> {
    let (id, act) = (WebhookId::from_text(id), Act::Replay(EventId::from_text(event)));
    let (caller, now) = (admin.caller.clone(), sigma.present());
    admin.store(&sigma).decide(move |tx| webhooks::act(tx, &caller, &id, &act, now)).await?;
    Ok((StatusCode::ACCEPTED, Json(Repeated { repeated: 1 })))
}

/// Repeats everything that failed since a time.
#[utoipa::path(
    post,
    path = "/api/admin/v1/webhooks/{webhook}/replay",
    operation_id = "adminReplayFailedWebhookDeliveries",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:webhooks:write"])),
    params(("webhook" = String, Path, description = "The id of the webhook")),
    request_body = FailedSince,
    responses(
        (status = 202, description = "They are queued", body = Repeated),
        (status = 400, description = "A malformed body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such webhook"),
    )
)]
async fn replay_failed(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
    Body(body): Body<FailedSince>,
) -> Result<(StatusCode, Json<Repeated>), AdminError> {
    let since = moment(&body.since).ok_or(AdminError::Invalid("since must be a time as RFC 3339 writes it"))?;
    let (id, store, mut repeated) = (WebhookId::from_text(id), admin.store(&sigma), 0_u64);
    let act = Act::ReplayFailed { since, before: sigma.store.database_now() };
    for _ in 0..MOST_BATCHES {
        let (id, caller, act, now) = (id.clone(), admin.caller.clone(), act.clone(), sigma.present());
        match store.decide(move |tx| webhooks::act(tx, &caller, &id, &act, now)).await? {
            0 => break,
            batch => repeated = repeated.saturating_add(batch),
        }
    }
    Ok((StatusCode::ACCEPTED, Json(Repeated { repeated })))
}
