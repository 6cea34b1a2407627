//! `GET /api/bap/profile`: what is public of an identity.

use axum::Json;
use axum::extract::{RawQuery, State};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sigma_bitcoin::BapId;
use sigma_core::params::Params;
use sigma_core::profile::Field;
use sigma_store::identity;
use utoipa::ToSchema;

use crate::error::API;
use crate::http::policy::CorsPolicy;
use crate::http::{ApiError, Endpoint, Policy, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(Policy { cors: CorsPolicy::Anyone, ..API }, routes!(bap_profile))
}

/// The public profile of an identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BapProfile {
    /// `OK`.
    status: &'static str,
    /// The published record; without one, `idKey`, the addresses, and the name, picture and description that the user filled in.
    #[schema(value_type = Object)]
    result: Value,
}

/// Returns what is public of a proven identity.
#[utoipa::path(
    get,
    path = "/api/bap/profile",
    operation_id = "getBapProfile",
    tag = "Identities",
    params(("bapId" = String, Query, description = "The BAP id")),
    responses(
        (status = 200, description = "The profile", body = BapProfile),
        (status = 404, description = "No such identity, or it is not proven, or nothing is public of it"),
    )
)]
pub async fn bap_profile(
    State(sigma): State<AppState>,
    RawQuery(query): RawQuery,
) -> Result<Json<BapProfile>, ApiError> {
    let nothing = || ApiError::new(StatusCode::NOT_FOUND, "Profile not found", "Profile not found");
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let bap_id = params.get("bapId").and_then(|text| BapId::parse(text).ok()).ok_or_else(nothing)?;
    let wanted = bap_id.clone();
    let held = sigma.store.read(move |tx| identity::find(tx, &wanted)).await?;
    let held = held.filter(|held| held.proof.is_proven()).ok_or_else(nothing)?;
    let account = sigma.find_account(&held.user_id).await?;
    let account = account.filter(|account| !account.user.disabled).ok_or_else(nothing)?;
    if let Some(record) = held.profile.as_deref().and_then(|record| serde_json::from_str(record).ok()) {
        return Ok(Json(BapProfile { status: "OK", result: record }));
    }
    let profile = account.profile_of(Some(&bap_id)).ok_or_else(nothing)?;
    let mut public =
        Map::from_iter([("@context".to_owned(), json!("https://schema.org")), ("@type".to_owned(), json!("Person"))]);
    // What published clients show of an identity. The rest is for apps that the user agreed to.
    for field in [Field::AlternateName, Field::Image, Field::Description] {
        if let Some(text) = profile.profile.get(field) {
            public.insert(field.as_str().to_owned(), text.into());
        }
    }
    let person = account.person(Some(&bap_id));
    let result = json!({
        "idKey": bap_id.as_str(),
        "rootAddress": held.root_address,
        "currentAddress": person.bitcoin_address(),
        "addresses": [],
        "identity": public,
    });
    Ok(Json(BapProfile { status: "OK", result }))
}
