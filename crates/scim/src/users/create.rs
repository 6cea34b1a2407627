//! `POST /scim/v2/Users`: provisions a person.

use axum::extract::{Request, State};
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
    Endpoint::new(POLICY, routes!(create))
}

/// Provisions a person. They are invited by mail, unless they are a member by that address already.
#[utoipa::path(
    post,
    path = "/scim/v2/Users",
    operation_id = "scimCreateUser",
    tag = "Provisioning",
    security(("scim_token" = [])),
    request_body(content = ScimUser, content_type = "application/scim+json"),
    responses(
        (status = 201, description = "The person, with its address in `Location`", body = ScimUser, content_type = "application/scim+json"),
        (status = 400, description = "A malformed or missing attribute"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 409, description = "Another person has the name, or the org refuses it"),
        (status = 413, description = "Too large"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many requests, or invitations"),
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
    let projection = query::projection(ResourceType::User, &caller.query)?;
    let document = Document::of_body(ResourceType::User, body)?;
    let id = ScimUserId::new(sigma.now(), &*sigma.rng);
    let created = save(sigma, caller, Wish::Create(id, document), None).await?;
    Ok(Answer::resource(sigma, StatusCode::CREATED, &created, &projection))
}
