//! `GET /api/user/bap-ids`: the user's identities, or the proven ones of a public key.

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use sigma_bitcoin::PublicKey;
use sigma_core::params::Params;
use sigma_core::person::Identity;
use sigma_core::profile::Field;
use sigma_store::account::Account;
use sigma_store::user;
use utoipa::ToSchema;

use super::{Identities, POLICY, malformed};
use crate::extract::OwnApi;
use crate::http::policy::CorsPolicy;
use crate::http::{ApiError, Endpoint, Policy, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(Policy { cors: CorsPolicy::Anyone, ..POLICY }, routes!(list))
}

/// Identities.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BapIds {
    #[serde(rename = "bapIds")]
    bap_ids: Vec<BapIdLine>,
}

/// An identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BapIdLine {
    /// The BAP id.
    id: String,
    /// The BAP id.
    identity_key: String,
    name: String,
    is_primary: bool,
    /// Whether apps see it.
    proven: bool,
}

impl BapIdLine {
    fn of(account: &Account, identity: &Identity) -> Self {
        let profile = account.profile_of(Some(&identity.bap_id));
        let chosen = profile.and_then(|held| held.profile.get(Field::AlternateName));
        Self {
            id: identity.bap_id.to_string(),
            identity_key: identity.bap_id.to_string(),
            name: chosen.unwrap_or(&identity.name).to_owned(),
            is_primary: identity.is_primary,
            proven: identity.proof.is_proven(),
        }
    }
}

/// Lists the user's identities; with `pubkey`, to anybody, the proven ones that this key stands for.
#[utoipa::path(
    get,
    path = "/api/user/bap-ids",
    operation_id = "listBapIds",
    tag = "Identities",
    security((), ("session" = []), ("key" = [])),
    params(("pubkey" = Option<String>, Query, description = "A public key, hex")),
    responses(
        (status = 200, description = "The identities, oldest first", body = BapIds),
        (status = 400, description = "Not a public key, two credentials, or a malformed one"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice"),
    )
)]
pub async fn list(State(sigma): State<AppState>, request: Request) -> Result<Json<BapIds>, Response> {
    let fail = |error: ApiError| error.into_response();
    let params = Params::parse(request.uri().query().unwrap_or_default());
    if let Some(pubkey) = params.get("pubkey") {
        let pubkey = PublicKey::parse(pubkey).map_err(|_| fail(malformed("pubkey is not a public key")))?;
        return public(&sigma, pubkey).await.map_err(fail);
    }
    let OwnApi { caller, .. } = OwnApi::<Identities>::from_request(request, &sigma).await?;
    let account = &caller.account;
    let bap_ids = account.identities.iter().map(|identity| BapIdLine::of(account, identity)).collect();
    Ok(Json(BapIds { bap_ids }))
}

/// The proven identities of a key. Others of its account stay unknown: whoever has several may have reasons.
async fn public(sigma: &AppState, pubkey: PublicKey) -> Result<Json<BapIds>, ApiError> {
    let user = sigma.store.read(move |tx| user::find_by_pubkey(tx, &pubkey)).await?;
    let account = match user.filter(|user| !user.disabled) {
        Some(user) => sigma.find_account(&user.id).await?,
        None => None,
    };
    let Some(account) = account else { return Ok(Json(BapIds { bap_ids: Vec::new() })) };
    let of_key = account.identities.iter().filter(|one| one.pubkey == Some(pubkey) && one.proof.is_proven());
    Ok(Json(BapIds { bap_ids: of_key.map(|identity| BapIdLine::of(&account, identity)).collect() }))
}
