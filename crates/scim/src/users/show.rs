//! `GET /scim/v2/Users/{id}`: a person.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::ScimUserId;
use sigma_core::scim::ResourceType;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::scim::user;

use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;
use crate::wire::ScimUser;
use crate::{POLICY, query};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(show))
}

/// Returns a person with their groups.
#[utoipa::path(
    get,
    path = "/scim/v2/Users/{id}",
    operation_id = "scimShowUser",
    tag = "Provisioning",
    security(("scim_token" = [])),
    params(
        ("id" = String, Path, description = "The id of the person"),
        ("attributes" = Option<String>, Query, description = "Only these, separated by commas"),
        ("excludedAttributes" = Option<String>, Query, description = "All but these"),
    ),
    responses(
        (status = 200, description = "The person", body = ScimUser, content_type = "application/scim+json"),
        (status = 304, description = "It is of the version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 404, description = "There is no such person"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn show(State(sigma): State<AppState>, caller: ScimCaller, Path(id): Path<String>) -> Response {
    let answered = answer(&sigma, &caller, id).await;
    caller.answer(&sigma, answered).await
}

async fn answer(sigma: &AppState, caller: &ScimCaller, id: String) -> Result<Answer, ScimError> {
    let projection = query::projection(ResourceType::User, &caller.query)?;
    let (directory, id) = (caller.directory.clone(), ScimUserId::from_text(id));
    let found = sigma.store.look_up(move |tx| user::load(tx, &directory, &id)).await?;
    Ok(Answer::resource(sigma, StatusCode::OK, &found, &projection).unless_known(&caller.headers))
}
