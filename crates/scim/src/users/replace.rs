//! `PUT /scim/v2/Users/{id}`: replaces a person.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use sigma_core::ids::ScimUserId;
use sigma_core::scim::{Document, ResourceType};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::scim::user::Wish;

use super::save;
use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;
use crate::wire::ScimUser;
use crate::{POLICY, body, query};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(replace))
}

/// Replaces what the directory wrote of a person. Attributes that are not sent are removed.
#[utoipa::path(
    put,
    path = "/scim/v2/Users/{id}",
    operation_id = "scimReplaceUser",
    tag = "Provisioning",
    security(("scim_token" = [])),
    params(("id" = String, Path, description = "The id of the person")),
    request_body(content = ScimUser, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "The person", body = ScimUser, content_type = "application/scim+json"),
        (status = 400, description = "A malformed or missing attribute"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "Another person has the name, or the org refuses it"),
        (status = 412, description = "It is of another version than `If-Match` says"),
        (status = 413, description = "Too large"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many requests, or invitations"),
    )
)]
async fn replace(
    State(sigma): State<AppState>,
    caller: ScimCaller,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let answered = answer(&sigma, &caller, id, request).await;
    caller.answer(&sigma, answered).await
}

async fn answer(sigma: &AppState, caller: &ScimCaller, id: String, request: Request) -> Result<Answer, ScimError> {
    let body = body::read(request).await?;
    run(sigma, caller, id, &body, caller.if_match()).await
}

/// Does what this endpoint does, for a bulk request too.
///
/// # Errors
/// Why not.
pub async fn run(
    sigma: &AppState,
    caller: &ScimCaller,
    id: String,
    body: &Map<String, Value>,
    if_match: Option<String>,
) -> Result<Answer, ScimError> {
    let projection = query::projection(ResourceType::User, &caller.query)?;
    let document = Document::of_body(ResourceType::User, body)?;
    let replaced = save(sigma, caller, Wish::Replace(ScimUserId::from_text(id), document), if_match).await?;
    Ok(Answer::resource(sigma, StatusCode::OK, &replaced, &projection))
}
