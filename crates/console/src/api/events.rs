//! `/api/admin/v1/events`: the audit trail, newest first, by page or as a file.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use sigma_core::event::{Action, belongs};
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
use crate::trail::{AdminEvent, ndjson};

/// Characters of the id of an actor at most.
const LONGEST_ID: usize = 64;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(export))]
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
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:events:read"])),
    params(
        ("person" = Option<String>, Query, description = "What a person did, or what happened to them: an id"),
        ("app" = Option<String>, Query, description = "What happened to an app: an id"),
        ("org" = Option<String>, Query, description = "What happened in an org: an id"),
        ("action" = Option<String>, Query, description = "Actions such as `user.sign_in`, or groups such as `user`, separated by commas"),
        ("actor" = Option<String>, Query, description = "What somebody did: the id of a person or app, or a kind of actor such as `operator`"),
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
    let (filter, until) = wanted(&query)?;
    let after = query.parsed("after", "after must be the next of a page before", Place::parse)?;
    let place = after.unwrap_or(until);
    let (caller, limit) = (admin.caller, query.limit);
    let events = sigma.store.look_up(move |tx| audit::list(tx, &caller, &filter, &place, limit)).await?;
    let items = events.found.into_iter().map(AdminEvent::from).collect();
    Ok(Json(AdminEvents { items, next: events.next.map(|place| place.to_string()) }))
}

/// The filter of a query, and the place where the newest of its events may be.
fn wanted(query: &ListQuery) -> Result<(Filter, Place), AdminError> {
    let filter = Filter {
        person: query.parsed("person", "person must be an id", UserId::parse)?,
        app: query.parsed("app", "app must be an id", AppId::parse)?,
        org: query.parsed("org", "org must be an id", OrgId::parse)?,
        actions: query.parsed("action", "action must be names of actions or groups", actions)?.unwrap_or_default(),
        actor: query.parsed("actor", "actor must be an id, or a kind of actor", actor)?,
        since: query.parsed("since", "since must be a time as RFC 3339 writes it", moment)?,
    };
    let until = query.parsed("until", "until must be a time as RFC 3339 writes it", moment)?;
    Ok((filter, until.map_or_else(Place::end, Place::at)))
}

/// Names of actions, or of groups of them.
fn actions(text: &str) -> Option<Vec<String>> {
    let is_known = |name: &str| Action::ALL.iter().any(|action| belongs(action.as_str(), name));
    text.split(',').map(|name| is_known(name).then(|| name.to_owned())).collect()
}

/// The id or kind of an actor.
fn actor(text: &str) -> Option<String> {
    let is_id = text.len() <= LONGEST_ID && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_id.then(|| text.to_owned())
}

/// Returns the audit trail, newest first, a line of JSON for each event, of any number. All filters apply. An answer that ends before
/// its last chunk is not whole.
#[utoipa::path(
    get,
    path = "/api/admin/v1/events/export",
    operation_id = "adminExportEvents",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:events:read"])),
    params(
        ("person" = Option<String>, Query, description = "What a person did, or what happened to them: an id"),
        ("app" = Option<String>, Query, description = "What happened to an app: an id"),
        ("org" = Option<String>, Query, description = "What happened in an org: an id"),
        ("action" = Option<String>, Query, description = "Actions such as `user.sign_in`, or groups such as `user`, separated by commas"),
        ("actor" = Option<String>, Query, description = "What somebody did: the id of a person or app, or a kind of actor such as `operator`"),
        ("since" = Option<String>, Query, description = "Not before that time, RFC 3339"),
        ("until" = Option<String>, Query, description = "Before that time, RFC 3339"),
    ),
    responses(
        (status = 200, description = "Events as `events` lists them", body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn export(State(sigma): State<AppState>, admin: Admin<Reads>, query: ListQuery) -> Result<Response, AdminError> {
    let (filter, place) = wanted(&query)?;
    Ok(ndjson(sigma, admin.caller, filter, place).await?)
}

/// A time as RFC 3339 writes it.
pub fn moment(text: &str) -> Option<Timestamp> {
    let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    i64::try_from(nanos / 1_000).ok().map(Timestamp::from_micros)
}
