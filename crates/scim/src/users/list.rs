//! `GET /scim/v2/Users`: lists people, or searches them.

use axum::extract::State;
use axum::response::Response;
use sigma_core::scim::ResourceType;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use crate::caller::ScimCaller;
use crate::service::searched;
use crate::wire::ScimList;
use crate::{POLICY, query};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(list))
}

/// Returns a page of the people that a filter lets through, or of all.
#[utoipa::path(
    get,
    path = "/scim/v2/Users",
    operation_id = "scimListUsers",
    tag = "Provisioning",
    security(("scim_token" = [])),
    params(
        ("filter" = Option<String>, Query, description = "RFC 7644 §3.4.2.2; at most 100 comparisons"),
        ("sortBy" = Option<String>, Query, description = "An attribute"),
        ("sortOrder" = Option<String>, Query, description = "`ascending` or `descending`"),
        ("startIndex" = Option<i64>, Query, description = "The first one, counted from 1"),
        ("count" = Option<i64>, Query, description = "Default 100, at most 200"),
        ("attributes" = Option<String>, Query, description = "Only these, separated by commas"),
        ("excludedAttributes" = Option<String>, Query, description = "All but these"),
    ),
    responses(
        (status = 200, description = "A page", body = ScimList, content_type = "application/scim+json"),
        (status = 400, description = "A malformed filter, or a search that examines too much"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn list(State(sigma): State<AppState>, caller: ScimCaller) -> Response {
    let answered = match query::search(ResourceType::User, &caller.query) {
        Ok(search) => searched(&sigma, &caller, vec![search]).await,
        Err(problem) => Err(problem.into()),
    };
    caller.answer(&sigma, answered).await
}
