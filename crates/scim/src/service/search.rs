//! `POST /scim/v2/.search`: searches people and groups (RFC 7644 §3.4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use sigma_core::scim::ResourceType;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use super::searched;
use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;
use crate::wire::{ScimList, ScimSearch};
use crate::{POLICY, body, query};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(search))
}

/// Returns a page of the people and groups that a filter lets through, people first. A filter by an attribute that only people
/// have, or only groups, finds only those.
#[utoipa::path(
    post,
    path = "/scim/v2/.search",
    operation_id = "scimSearch",
    tag = "Provisioning",
    security(("scim_token" = [])),
    request_body(content = ScimSearch, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "A page", body = ScimList, content_type = "application/scim+json"),
        (status = 400, description = "A malformed filter, or a search that examines too much"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 413, description = "Too large"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn search(State(sigma): State<AppState>, caller: ScimCaller, request: Request) -> Response {
    let answered = answer(&sigma, &caller, request).await;
    caller.answer(&sigma, answered).await
}

async fn answer(sigma: &AppState, caller: &ScimCaller, request: Request) -> Result<Answer, ScimError> {
    let body = body::read(request).await?;
    let parsed = ResourceType::ALL.map(|of| query::posted(of, &body));
    let [users, groups] = parsed;
    let searches = match (users, groups) {
        (Err(problem), Err(_)) => return Err(problem.into()),
        (users, groups) => users.into_iter().chain(groups).collect(),
    };
    searched(sigma, caller, searches).await
}
