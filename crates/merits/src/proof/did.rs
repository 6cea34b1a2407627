//! `GET /orgs/{org}/did.json`: the document of an org's DID, with the keys that verify its credentials (did:web §3.2).

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde_json::Value;
use sigma_core::ids::OrgId;
use sigma_core::merits::proof::{did_document, issuer_did};
use sigma_platform::http::{ApiError, Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::merits::credential;

use super::PUBLIC;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(PUBLIC, routes!(did))
}

/// Returns the DID document of an org that has issued credentials.
#[utoipa::path(
    get,
    path = "/orgs/{org}/did.json",
    operation_id = "getIssuerDid",
    tag = "Credentials",
    params(("org" = String, Path, description = "The id of the org, 24 hex digits")),
    responses(
        (status = 200, description = "A DID document", body = Object),
        (status = 404, description = "The org has issued no credentials"),
    )
)]
pub async fn did(State(sigma): State<AppState>, Path(org): Path<String>) -> Result<Response, ApiError> {
    let org_id = OrgId::parse(&org).filter(|id| id.digits() == org).ok_or_else(ApiError::not_found)?;
    let wanted = org_id.clone();
    let keys = sigma.store.read(move |tx| credential::keys(tx, &wanted)).await?;
    if keys.is_empty() {
        return Err(ApiError::not_found());
    }
    let jwks: Result<Vec<(String, Value)>, _> =
        keys.into_iter().map(|key| Ok((key.kid, serde_json::from_str(&key.public_jwk)?))).collect();
    let jwks = jwks.map_err(|error: serde_json::Error| ApiError::internal(error))?;
    let document = did_document(&issuer_did(sigma.issuer(), &org_id), &jwks).to_string();
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/did+json"))], document).into_response())
}
