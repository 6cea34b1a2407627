//! `POST /scim/v2/Groups`: creates a group.

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use sigma_core::ids::ScimGroupId;
use sigma_core::scim::{Document, ResourceType};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::scim::group::Wish;

use super::save;
use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;
use crate::wire::ScimGroup;
use crate::{LARGE, body, query};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(LARGE, routes!(create))
}

/// Creates a group.
#[utoipa::path(
    post,
    path = "/scim/v2/Groups",
    operation_id = "scimCreateGroup",
    tag = "Provisioning",
    security(("scim_token" = [])),
    request_body(content = ScimGroup, content_type = "application/scim+json"),
    responses(
        (status = 201, description = "The group, with its address in `Location`", body = ScimGroup, content_type = "application/scim+json"),
        (status = 400, description = "A malformed or missing attribute"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 409, description = "Another group has the name, or the org refuses it"),
        (status = 413, description = "Too large"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn create(State(sigma): State<AppState>, caller: ScimCaller, request: Request) -> Response {
    let answered = answer(&sigma, &caller, request).await;
    caller.answer(&sigma, answered).await
}

async fn answer(sigma: &AppState, caller: &ScimCaller, request: Request) -> Result<Answer, ScimError> {
    let body = body::read(request).await?;
    run(sigma, caller, &body).await
}

/// Does what this endpoint does, for a bulk request too.
///
/// # Errors
/// Why not.
pub async fn run(sigma: &AppState, caller: &ScimCaller, body: &Map<String, Value>) -> Result<Answer, ScimError> {
    let projection = query::projection(ResourceType::Group, &caller.query)?;
    let document = Document::of_body(ResourceType::Group, body)?;
    let id = ScimGroupId::new(sigma.now(), &*sigma.rng);
    let created = save(sigma, caller, Wish::Create(id, document), None).await?;
    Ok(Answer::resource(sigma, StatusCode::CREATED, &created, &projection))
}
