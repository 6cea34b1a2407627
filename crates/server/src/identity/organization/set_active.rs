//! `POST /api/auth/organization/set-active`: chooses the identity that the session acts as.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use serde::Deserialize;
use sigma_bitcoin::BapId;
use sigma_store::{identity, session};
use utoipa::ToSchema;

use super::{Organization, not_theirs};
use crate::error::{API, bad_request};
use crate::extract::{JSON, SignedIn, is_content_type, read_object, wrong_content_type};
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(set_active))
}

/// The identity to choose.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetActiveBody {
    /// The BAP id.
    organization_id: Option<String>,
    /// The BAP id, as an alternative.
    organization_slug: Option<String>,
}

/// Chooses the identity that the session acts as.
#[utoipa::path(
    post,
    path = "/api/auth/organization/set-active",
    operation_id = "setActiveOrganization",
    tag = "Identities",
    request_body(content = SetActiveBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The identity", body = Organization),
        (status = 400, description = "No such identity"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "The identity is not the user's, or the request is from another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn set_active(
    State(sigma): State<AppState>,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Organization>, ApiError> {
    if !is_content_type(&headers, JSON) {
        return Err(wrong_content_type("the body must be JSON"));
    }
    let unknown =
        || bad_request("organization_not_found", "Organization not found").with_code("ORGANIZATION_NOT_FOUND");
    let body: SetActiveBody = read_object(&body).ok_or_else(unknown)?;
    let wanted = body.organization_id.or(body.organization_slug).ok_or_else(unknown)?;
    let wanted = BapId::parse(&wanted).map_err(|_| unknown())?;
    let Some(identity) = signed_in.account.identities.iter().find(|identity| identity.bap_id == wanted) else {
        let exists = sigma.store.read(move |tx| identity::find(tx, &wanted)).await?;
        return Err(if exists.is_some() { not_theirs() } else { unknown() });
    };
    let (id, bap_id, now) = (signed_in.session.id.clone(), identity.bap_id.clone(), sigma.now());
    let chosen = sigma.store.write(move |tx| session::choose_identity(tx, &id, &bap_id, now));
    chosen.await?;
    Ok(Json(Organization::of(&signed_in.account, identity)))
}
