//! `DELETE /scim/v2/Groups/{id}`: deletes a group.

use axum::extract::{Path, State};
use axum::response::Response;
use sigma_core::ids::ScimGroupId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::scim::group;

use crate::POLICY;
use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(remove))
}

/// Deletes a group. Who was in it loses the role that it gave.
#[utoipa::path(
    delete,
    path = "/scim/v2/Groups/{id}",
    operation_id = "scimDeleteGroup",
    tag = "Provisioning",
    security(("scim_token" = [])),
    params(("id" = String, Path, description = "The id of the group")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "The group cannot be deleted by one request"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 404, description = "There is no such group"),
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
    let (directory, id, now) = (caller.directory.clone(), ScimGroupId::from_text(id), sigma.now());
    let remove = move |tx: &mut dyn sigma_store::Tx| group::remove(tx, &directory, &id, if_match.as_deref(), now);
    caller.store(sigma).decide(remove).await?;
    Ok(Answer::nothing())
}
