//! `DELETE /scim/v2/Users/{id}`: deletes a person.

use axum::extract::{Path, State};
use axum::response::Response;
use sigma_core::ids::ScimUserId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::scim::user;

use crate::POLICY;
use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(remove))
}

/// Deletes a person: their membership ends with its sessions and API keys, and the tokens of the org's apps end.
#[utoipa::path(
    delete,
    path = "/scim/v2/Users/{id}",
    operation_id = "scimDeleteUser",
    tag = "Provisioning",
    security(("scim_token" = [])),
    params(("id" = String, Path, description = "The id of the person")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "The person cannot be deleted by one request"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "The org refuses it"),
        (status = 412, description = "It is of another version than `If-Match` says"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn remove(State(sigma): State<AppState>, caller: ScimCaller, Path(id): Path<String>) -> Response {
    let answered = run(&sigma, &caller, id, caller.if_match()).await;
    caller.answer(&sigma, answered).await
}

/// Does what this endpoint does, for a bulk request too.
///
/// # Errors
/// Why not.
pub async fn run(
    sigma: &AppState,
    caller: &ScimCaller,
    id: String,
    if_match: Option<String>,
) -> Result<Answer, ScimError> {
    let (directory, id, now) = (caller.directory.clone(), ScimUserId::from_text(id), sigma.now());
    let remove = move |tx: &mut dyn sigma_store::Tx| user::remove(tx, &directory, &id, if_match.as_deref(), now);
    caller.store(sigma).decide(remove).await?;
    Ok(Answer::nothing())
}
