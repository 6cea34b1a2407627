//! `GET /api/user/last-oauth-identity`: the identity that the user last showed an app.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_bitcoin::PublicKey;
use sigma_core::authentication::Credential;
use sigma_core::params::Params;
use sigma_store::{consent, credential};
use utoipa::ToSchema;

use super::bap_ids::Identities;
use crate::error::{API, bad_request};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(last_identity))
}

/// The identity that an app was shown last.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastIdentity {
    /// `null` if the user never agreed to the app, or has no identity.
    last_selected_bap_id: Option<String>,
}

/// Returns the identity with which the user last agreed to an app.
#[utoipa::path(
    get,
    path = "/api/user/last-oauth-identity",
    operation_id = "getLastIdentity",
    tag = "Identities",
    security(("session" = []), ("key" = [])),
    params(
        ("clientId" = String, Query, description = "The app"),
        ("pubkey" = Option<String>, Query, description = "A key of the account; another one leads to `null`"),
    ),
    responses(
        (status = 200, description = "The identity, or `null`", body = LastIdentity),
        (status = 400, description = "No `clientId`, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice"),
    )
)]
pub async fn last_identity(
    State(sigma): State<AppState>,
    RawQuery(query): RawQuery,
    request: OwnApi<Identities>,
) -> Result<Json<LastIdentity>, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let client_id = params.get("clientId").ok_or_else(|| bad_request("invalid_request", "clientId is required"))?;
    let nothing = Json(LastIdentity { last_selected_bap_id: None });
    let Some(app) = sigma.find_named_app(client_id).await? else { return Ok(nothing) };
    let (user_id, app_id) = (request.caller.user_id().clone(), app.id.clone());
    let pubkey = match params.get("pubkey") {
        Some(text) => match PublicKey::parse(text) {
            Ok(pubkey) => Some(pubkey),
            Err(_) => return Ok(nothing),
        },
        None => None,
    };
    let last = sigma.store.read(move |tx| {
        if let Some(pubkey) = &pubkey {
            let held = credential::find(tx, &Credential::key(pubkey))?;
            if held.is_none_or(|held| held.user_id != user_id) {
                return Ok(None);
            }
        }
        consent::find_last_identity(tx, &user_id, &app_id)
    });
    let last = last.await?.filter(|bap_id| request.caller.identity_named(bap_id).is_some());
    Ok(Json(LastIdentity { last_selected_bap_id: last.map(|bap_id| bap_id.to_string()) }))
}
