//! `POST /api/user/bap-ids/keys`: registers the key that an identity rotates to.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::actor::Actor;
use sigma_store::identity_key::{self, KeyProof, Rotation};
use utoipa::ToSchema;

use super::{ENROLLMENT_PROOF, POLICY, key_proof, malformed, refused};
use crate::extract::{JSON, KeyToken, KeyTokenError, SignedIn, is_content_type, read_object, wrong_content_type};
use crate::http::{ApiError, Endpoint, Refusal, RequestContext, Rule, routes};
use crate::state::AppState;

/// The path that both keys sign.
const PATH: &str = "/api/user/bap-ids/keys";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(rotate))
}

/// The new key.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RotateBody {
    /// The identity.
    #[serde(rename = "bapId")]
    bap_id: String,
    /// Its new key, hex.
    pubkey: String,
}

/// A registered key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Rotated {
    /// `true`.
    success: bool,
    #[serde(rename = "bapId")]
    bap_id: String,
    pubkey: String,
}

/// Registers the key that an identity rotates to. Needs a session that began in the last 15 minutes, a signature of a key that the
/// identity has, and one of the new key; both over this path and the body.
#[utoipa::path(
    post,
    path = PATH,
    operation_id = "rotateBapKey",
    tag = "Identities",
    security(("session" = [], "key" = [])),
    params(
        ("X-Auth-Token" = String, Header, description = "By a key that the identity has, over this path and the body"),
        ("X-Sigma-Enrollment-Proof" = String, Header, description = "By the new key, over this path and the body"),
    ),
    request_body(content = RotateBody, content_type = "application/json"),
    responses(
        (status = 200, description = "The identity has the key", body = Rotated),
        (status = 400, description = "A token or the body is malformed"),
        (status = 401, description = "Nobody is signed in, or a token is missing or invalid"),
        (status = 403, description = "`BAP_OWNERSHIP_FAILED`, `KEY_UNUSABLE`, `TOO_MANY_KEYS`, `SESSION_NOT_FRESH`, or from another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn rotate(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Rotated>, Refusal> {
    if !is_content_type(&headers, JSON) {
        return Err(wrong_content_type("the body must be JSON").into());
    }
    let user_id = signed_in.account.user.id.clone();
    context.charge(Rule::OwnApi, user_id.as_str())?;
    let named: RotateBody =
        read_object(&body).ok_or_else(|| malformed(r#"the body must be {"bapId":"…","pubkey":"…"}"#))?;
    let bap_id = BapId::parse(&named.bap_id).map_err(|_| malformed("bapId must be base58 of 20 bytes"))?;
    let pubkey = PublicKey::parse(&named.pubkey).map_err(|_| malformed("pubkey is not a public key"))?;
    let signed_by = |name| key_proof(&sigma, &context, &headers, name, PATH, &body).map(proof);
    let (by, to) = (signed_by("x-auth-token")?, signed_by(ENROLLMENT_PROOF)?);
    if to.pubkey != pubkey {
        return Err(ApiError::from(KeyTokenError::Invalid).into());
    }
    let (is_fresh, now) = (signed_in.may_change_credentials(&sigma), sigma.now());
    let rotation = Rotation { user_id: user_id.clone(), bap_id: bap_id.clone(), by, to, is_fresh, now };
    let store = sigma.store_for(&context, Actor::User(user_id));
    store.decide(move |tx| identity_key::rotate(tx, &rotation)).await.map_err(refused)?;
    Ok(Json(Rotated { success: true, bap_id: bap_id.to_string(), pubkey: pubkey.to_hex() }))
}

fn proof(token: KeyToken) -> KeyProof {
    KeyProof { pubkey: token.pubkey, once: token.once }
}
