//! `/api/admin/v1/sessions`: the browser sessions of everybody, and the end of one.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use sigma_core::ids::{SessionId, UserId};
use sigma_core::operator::OperatorRefusal;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::sessions::{self, SessionLine};
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(end))]
}

/// A live session of a browser.
#[derive(Debug, Serialize, ToSchema)]
struct AdminLiveSession {
    id: String,
    person: String,
    name: String,
    /// The network address at its start.
    address: String,
    /// The `User-Agent` at its start.
    user_agent: String,
    created_at: String,
    /// The last authentication, or the day on which an app was last given something, whichever is later.
    last_used_at: String,
    expires_at: String,
    /// The ids of the apps that the person is signed in to by it.
    apps: Vec<String>,
}

impl From<&SessionLine> for AdminLiveSession {
    fn from(line: &SessionLine) -> Self {
        Self {
            id: line.id.to_string(),
            person: line.user_id.to_string(),
            name: line.name.clone(),
            address: line.address.clone(),
            user_agent: line.user_agent.clone(),
            created_at: line.created_at.to_string(),
            last_used_at: line.last_used_at.to_string(),
            expires_at: line.expires_at.to_string(),
            apps: line.apps.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Lists the browser sessions in which somebody is signed in, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/v1/sessions",
    operation_id = "adminListSessions",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:people:read"])),
    params(
        ("person" = Option<String>, Query, description = "The id of a person"),
        ("limit" = Option<u32>, Query, description = "1 to 200, 50 by default"),
        ("after" = Option<String>, Query, description = "`next` of the previous page"),
    ),
    responses(
        (status = 200, description = "A page of sessions", body = Listed<AdminLiveSession>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminLiveSession>>, AdminError> {
    let person = query.parsed("person", "person must be the id of a person", UserId::parse)?;
    let before = query.parsed("after", "after must be next of the previous page", SessionId::parse)?;
    let (caller, now, limit) = (admin.caller, sigma.now(), query.one_more());
    let read = sigma.store.look_up(move |tx| sessions::list(tx, &caller, person.as_ref(), before.as_ref(), now, limit));
    Ok(Json(query.listed(read.await?, |last| last.id.to_string())))
}

/// Ends a session, with the tokens that were issued in it.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/sessions/{session}",
    operation_id = "adminEndSession",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(("session" = String, Path, description = "The id of the session")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such session: it has ended, or expired"),
    )
)]
async fn end(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    let id = SessionId::parse(&id).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    let (caller, now) = (admin.caller.clone(), sigma.now());
    admin.store(&sigma).decide(move |tx| sessions::end(tx, &caller, &id, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}
