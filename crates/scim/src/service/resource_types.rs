//! `GET /scim/v2/ResourceTypes` and `GET /scim/v2/ResourceTypes/{id}`: the types of resources (RFC 7643 §6).

use axum::extract::{Path, State};
use axum::response::Response;
use sigma_core::scim::{self, Problem};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use super::{all, refuse_filter};
use crate::POLICY;
use crate::answer::{Answer, base};
use crate::caller::ScimCaller;
use crate::wire::ScimList;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(show))]
}

/// Returns all types of resources.
#[utoipa::path(
    get,
    path = "/scim/v2/ResourceTypes",
    operation_id = "scimListResourceTypes",
    tag = "Provisioning",
    security(("scim_token" = [])),
    responses(
        (status = 200, description = "All of them", body = ScimList, content_type = "application/scim+json"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 403, description = "A filter"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn list(State(sigma): State<AppState>, caller: ScimCaller) -> Response {
    let answered = refuse_filter(&caller).map(|()| Answer::of(all(scim::resource_types(&base(&sigma)))));
    caller.answer(&sigma, answered).await
}

/// Returns one of the types of resources.
#[utoipa::path(
    get,
    path = "/scim/v2/ResourceTypes/{id}",
    operation_id = "scimShowResourceType",
    tag = "Provisioning",
    security(("scim_token" = [])),
    params(("id" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "It", body = Object, content_type = "application/scim+json"),
        (status = 401, description = "No token, or one that does not work"),
        (status = 404, description = "There is none of that name"),
        (status = 429, description = "Too many requests"),
    )
)]
async fn show(State(sigma): State<AppState>, caller: ScimCaller, Path(id): Path<String>) -> Response {
    let found = scim::resource_type(&id, &base(&sigma)).map(Answer::of);
    caller.answer(&sigma, found.ok_or_else(|| Problem::not_found().into())).await
}
