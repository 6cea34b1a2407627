//! `POST /scim/v2/Users/.search`: searches people (RFC 7644 §3.4.3).

use axum::extract::{Request, State};
use axum::response::Response;
use sigma_core::scim::ResourceType;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;
use crate::service::searched;
use crate::wire::{ScimList, ScimSearch};
use crate::{POLICY, body, query};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(search))
}

/// Returns a page of the people that a filter lets through, or of all.
#[utoipa::path(
    post,
    path = "/scim/v2/Users/.search",
    operation_id = "scimSearchUsers",
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
    searched(sigma, caller, vec![query::posted(ResourceType::User, &body)?]).await
}
