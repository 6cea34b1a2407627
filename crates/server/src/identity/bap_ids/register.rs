//! `POST /api/user/bap-ids`: registers an identity of a signed-in account.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::bap_record::BapRecord;
use sigma_core::profile::Field;
use sigma_store::identity_key::{self, KeyProof, NewIdentity};
use utoipa::ToSchema;

use super::{ENROLLMENT_PROOF, Identities, POLICY, key_proof, malformed, refused};
use crate::extract::OwnApi;
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::state::AppState;

/// The path that the proof signs.
const PATH: &str = "/api/user/bap-ids";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(register))
}

/// The identity to register.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterBody {
    /// base58 of 20 bytes.
    bap_id: String,
    /// Its display name.
    name: Option<String>,
    /// Whether it is used where none was chosen.
    is_primary: Option<bool>,
    /// Its key, hex; it counts if it is a key of the account, or signed the proof.
    account_pubkey: Option<String>,
    /// The client's own counter, returned as it is.
    counter: Option<u32>,
}

/// A registered identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Registered {
    /// `true`.
    success: bool,
    #[serde(rename = "bapId")]
    bap_id: RegisteredBapId,
}

/// The identity.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegisteredBapId {
    bap_id: String,
    user_id: String,
    /// As it was sent.
    account_pubkey: Option<String>,
    /// As it was sent; `null` for 0.
    counter: Option<u32>,
    /// Whether apps see it.
    proven: bool,
}

/// Registers an identity of the account.
///
/// It is proven if its id is the hash of the address of a key of the account, or of the key that signed
/// `X-Sigma-Enrollment-Proof` over the issuer, this path and the body.
#[utoipa::path(
    post,
    path = PATH,
    operation_id = "registerBapId",
    tag = "Identities",
    security(("session" = []), ("key" = [])),
    params(("X-Sigma-Enrollment-Proof" = Option<String>, Header, description = "Signed over {issuer}, this path and the body, by the identity's own key")),
    request_body(content = RegisterBody, content_type = "application/json"),
    responses(
        (status = 200, description = "It is the account's", body = Registered),
        (status = 400, description = "A token or the body is malformed, or two credentials"),
        (status = 401, description = "No credential, or an invalid one"),
        (status = 403, description = "`BAP_OWNERSHIP_FAILED`, `TOO_MANY_IDENTITIES`, `TOO_MANY_KEYS`, `KEY_UNUSABLE`, `SESSION_NOT_FRESH`, `ORIGIN_BOUND_REQUIRED`, or from another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn register(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: OwnApi<Identities>,
) -> Result<Json<Registered>, ApiError> {
    let body: RegisterBody = request.object()?;
    let bap_id = BapId::parse(&body.bap_id).map_err(|_| malformed("bapId must be base58 of 20 bytes"))?;
    let name = Field::AlternateName.check(body.name.as_deref().unwrap_or_default());
    let name = name.map_err(|_| malformed("name is too long, or cannot be shown"))?;
    let pubkey = body.account_pubkey.as_deref().map(PublicKey::parse).transpose();
    let pubkey = pubkey.map_err(|_| malformed("accountPubkey is not a public key"))?;
    let caller = &request.caller;
    let proof = proof(&sigma, &context, &request)?;
    let record = record_for(&sigma, &bap_id, proof.as_ref()).await;
    let new = NewIdentity {
        user_id: caller.user_id().clone(),
        bap_id: bap_id.clone(),
        name,
        is_primary: body.is_primary.unwrap_or(false),
        pubkey,
        proof,
        record,
        is_fresh: caller.may_change_credentials(&sigma),
        signed: caller.signed().cloned(),
        now: sigma.now(),
    };
    let store = sigma.store_for(&context, caller.actor());
    let held = store.decide(move |tx| identity_key::register(tx, &new)).await.map_err(refused)?;
    sigma.renew_record(&held.bap_id, held.resolved_at);
    Ok(Json(Registered {
        success: true,
        bap_id: RegisteredBapId {
            bap_id: bap_id.to_string(),
            user_id: caller.user_id().to_string(),
            account_pubkey: body.account_pubkey,
            counter: body.counter.filter(|counter| *counter > 0),
            proven: held.proof.is_proven(),
        },
    }))
}

/// The proof, if one was sent. It does not name the account that it was made for, so it must name our origin: otherwise another
/// server that received one could bind the identity to an account of its own here.
fn proof(
    sigma: &AppState,
    context: &RequestContext,
    request: &OwnApi<Identities>,
) -> Result<Option<KeyProof>, ApiError> {
    if !request.headers.contains_key(ENROLLMENT_PROOF) {
        return Ok(None);
    }
    let token = key_proof(sigma, context, &request.headers, ENROLLMENT_PROOF, PATH, &request.body)?;
    if !token.origin_bound {
        let words = "Sign the path prefixed with this server's origin.";
        let error = ApiError::new(StatusCode::FORBIDDEN, "origin_bound_required", words);
        return Err(error.with_code("ORIGIN_BOUND_REQUIRED"));
    }
    Ok(Some(KeyProof { pubkey: token.pubkey, once: token.once }))
}

/// The published record of the identity, unless the proof suffices. Without a resolver, or without its answer, there is none.
async fn record_for(sigma: &AppState, bap_id: &BapId, proof: Option<&KeyProof>) -> Option<Arc<BapRecord>> {
    let is_hashed = proof.is_some_and(|proof| BapId::of_public_key(&proof.pubkey) == *bap_id);
    if is_hashed { None } else { sigma.resolver.find(bap_id, sigma.now()).await.ok().flatten() }
}
