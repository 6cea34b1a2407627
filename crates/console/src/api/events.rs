//! `GET /api/admin/v1/events`: the audit trail, newest first.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::event::{Action, Details, Event};
use sigma_core::ids::{AppId, OrgId, UserId};
use sigma_core::time::Timestamp;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::event::Place;
use sigma_store::operator::audit::{self, Filter};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use super::list::ListQuery;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(list))
}

/// What an event names: its kind and its id.
#[derive(Debug, Serialize, ToSchema)]
struct AdminParty {
    kind: String,
    id: Option<String>,
}

/// An event (`docs/guides/audit-trail.md`).
#[derive(Debug, Serialize, ToSchema)]
struct AdminEvent {
    id: String,
    /// RFC 3339.
    at: String,
    action: String,
    count: u64,
    actor: AdminParty,
    user_id: Option<String>,
    org_id: Option<String>,
    target: Option<AdminParty>,
    address: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    #[schema(value_type = Object)]
    details: Details,
}

impl From<Event> for AdminEvent {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.to_string(),
            action: event.action,
            count: event.count,
            actor: AdminParty { kind: event.actor.kind().to_owned(), id: event.actor.id().map(str::to_owned) },
            user_id: event.user_id.map(|id| id.to_string()),
            org_id: event.org_id.map(|id| id.to_string()),
            target: event.target.map(|(kind, id)| AdminParty { kind, id: Some(id) }),
            address: event.address,
            user_agent: event.user_agent,
            request_id: event.request_id,
            details: event.details,
        }
    }
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
struct AdminEvents {
    /// Fewer than asked for, or none, if a rare combination of filters has to be searched on by `next`.
    items: Vec<AdminEvent>,
    /// `after` of the next page; null on the last one.
    next: Option<String>,
}

/// Lists the audit trail, newest first. All filters apply.
#[utoipa::path(
    get,
    path = "/api/admin/v1/events",
    operation_id = "adminListEvents",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"])),
    params(
        ("person" = Option<String>, Query, description = "What a person did, or what happened to them: an id"),
        ("app" = Option<String>, Query, description = "What happened to an app: an id"),
        ("org" = Option<String>, Query, description = "What happened in an org: an id"),
        ("action" = Option<String>, Query, description = "One action, such as `user.sign_in`"),
        ("since" = Option<String>, Query, description = "Not before that time, RFC 3339"),
        ("until" = Option<String>, Query, description = "Before that time, RFC 3339"),
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of events", body = AdminEvents),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<AdminEvents>, AdminError> {
    let filter = Filter {
        person: query.parsed("person", "person must be an id", UserId::parse)?,
        app: query.parsed("app", "app must be an id", AppId::parse)?,
        org: query.parsed("org", "org must be an id", OrgId::parse)?,
        action: query.parsed("action", "action must be the name of one", Action::parse)?,
        since: query.parsed("since", "since must be a time as RFC 3339 writes it", moment)?,
    };
    let until = query.parsed("until", "until must be a time as RFC 3339 writes it", moment)?;
    let after = query.parsed("after", "after must be the next of a page before", Place::parse)?;
    let place = after.unwrap_or_else(|| until.map_or_else(Place::end, Place::at));
    let (caller, limit) = (admin.caller, query.limit);
    let events = sigma.store.look_up(move |tx| audit::list(tx, &caller, &filter, &place, limit)).await?;
    let items = events.found.into_iter().map(AdminEvent::from).collect();
    Ok(Json(AdminEvents { items, next: events.next.map(|place| place.to_string()) }))
}

/// A time as RFC 3339 writes it.
pub fn moment(text: &str) -> Option<Timestamp> {
    let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    i64::try_from(nanos / 1_000).ok().map(Timestamp::from_micros)
}
