//! `GET /orgs/{org}/status/{list}`: which credentials of an org were revoked (Bitstring Status List 1.0), as a signed
//! credential.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use sigma_core::ids::OrgId;
use sigma_core::jose::sign_credential;
use sigma_core::merits::proof::{issuer_did, status_list_claims};
use sigma_platform::http::{ApiError, Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::merits::credential::{self, LIST_LENGTH};

use super::bits::encode;
use super::{PUBLIC, issuer_key};

/// The media type of credentials as JWT (VC-JOSE-COSE §6.1.1).
pub const VC_JWT: HeaderValue = HeaderValue::from_static("application/vc+jwt");

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(PUBLIC, routes!(status_list))
}

/// Returns a status list of an org.
#[utoipa::path(
    get,
    path = "/orgs/{org}/status/{list}",
    operation_id = "getStatusList",
    tag = "Credentials",
    params(
        ("org" = String, Path, description = "The id of the org, 24 hex digits"),
        ("list" = i64, Path, description = "The number of the list, from 0"),
    ),
    responses(
        // Without the type, which generators of clients do not know.
        (status = 200, description = "A BitstringStatusListCredential as JWT (`application/vc+jwt`)"),
        (status = 404, description = "There is no such list"),
    )
)]
pub async fn status_list(
    State(sigma): State<AppState>,
    Path((org, list)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let org_id = OrgId::parse(&org).filter(|id| id.digits() == org).ok_or_else(ApiError::not_found)?;
    let number = list.parse::<i64>().ok().filter(|number| *number >= 0 && number.to_string() == list);
    let number = number.ok_or_else(ApiError::not_found)?;
    let wanted = org_id.clone();
    let found = sigma.store.read(move |tx| {
        let places = credential::places(tx, &wanted)?;
        if number.saturating_mul(LIST_LENGTH) >= places {
            return Ok(None);
        }
        credential::revoked(tx, &wanted, number).map(Some)
    });
    let revoked = found.await?.ok_or_else(ApiError::not_found)?;
    let key = issuer_key::find(&sigma, &org_id).await?.ok_or_else(ApiError::not_found)?;
    let encoded = encode(&revoked).map_err(ApiError::internal)?;
    let claims = status_list_claims(sigma.issuer(), &org_id, number, &encoded, sigma.now());
    let signed = sign_credential(&key, &issuer_did(sigma.issuer(), &org_id), &claims).map_err(ApiError::internal)?;
    Ok(([(header::CONTENT_TYPE, VC_JWT)], signed).into_response())
}
