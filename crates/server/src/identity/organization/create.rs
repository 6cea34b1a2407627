//! `POST /api/auth/organization/create`: an organization here is an identity, which its keys prove.

use axum::Json;
use axum::body::Bytes;
use http::HeaderMap;
use serde::Deserialize;
use sigma_bitcoin::BapId;
use utoipa::ToSchema;

use super::Organization;
use crate::error::{API, bad_request};
use crate::extract::{JSON, SignedIn, is_content_type, read_object, wrong_content_type};
use crate::http::{ApiError, Endpoint, routes};
use crate::profiles::not_theirs;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(create))
}

/// The organization that a client wants.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateBody {
    /// The BAP id.
    slug: String,
}

/// Returns the identity of the user that has this id. Nothing is created: whoever may name any id could take those of others.
#[utoipa::path(
    post,
    path = "/api/auth/organization/create",
    operation_id = "createOrganization",
    tag = "Identities",
    request_body(content = CreateBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The identity", body = Organization),
        (status = 400, description = "Not a BAP id"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "`BAP_OWNERSHIP_FAILED`, or from another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn create(signed_in: SignedIn, headers: HeaderMap, body: Bytes) -> Result<Json<Organization>, ApiError> {
    if !is_content_type(&headers, JSON) {
        return Err(wrong_content_type("the body must be JSON"));
    }
    let malformed = || bad_request("invalid_request", "slug must be a BAP id");
    let body: CreateBody = read_object(&body).ok_or_else(malformed)?;
    let bap_id = BapId::parse(&body.slug).map_err(|_| malformed())?;
    let held = signed_in.account.identities.iter().find(|identity| identity.bap_id == bap_id).ok_or_else(not_theirs)?;
    Ok(Json(Organization::of(&signed_in.account, held)))
}
