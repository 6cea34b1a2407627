//! `PATCH /scim/v2/Groups/{id}`: changes a group (RFC 7644 §3.5.2).

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};
use sigma_core::ids::ScimGroupId;
use sigma_core::scim::{Patch, ResourceType};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::scim::group::Wish;

use super::save;
use crate::answer::Answer;
use crate::caller::ScimCaller;
use crate::error::ScimError;
use crate::wire::{ScimGroup, ScimPatch};
use crate::{LARGE, body, query};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(LARGE, routes!(patch))
}

/// Changes a group by operations that are applied in order, all or none.
#[utoipa::path(
    patch,
    path = "/scim/v2/Groups/{id}",
    operation_id = "scimPatchGroup",
    tag = "Provisioning",
    security(("scim_token" = [])),
    params(("id" = String, Path, description = "The id of the group")),
    request_body(content = ScimPatch, content_type = "application/scim+json"),
    responses(
        (status = 200, description = "The group", body = ScimGroup, content_type = "application/scim+json"),
        (status = 400, description = "A malformed operation, or one that selects nothing"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 404, description = "There is no such group"),
        (status = 409, description = "Another group has the name, or the org refuses it"),
        (status = 412, description = "It is of another version than `If-Match` says"),
        (status = 413, description = "Too large"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn patch(
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
    let projection = query::projection(ResourceType::Group, &caller.query)?;
    let patch = Patch::parse(ResourceType::Group, body)?;
    let patched = save(sigma, caller, Wish::Patch(ScimGroupId::from_text(id), patch), if_match).await?;
    Ok(Answer::resource(sigma, StatusCode::OK, &patched, &projection))
}
