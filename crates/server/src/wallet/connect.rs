//! `POST /api/wallet/connect`: connects a wallet whose key signed.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sigma_bitcoin::{AuthToken, VerifiedAuthToken};
use sigma_core::profile::Field;
use sigma_store::wallet::{self, Connection};
use utoipa::ToSchema;

use super::{WalletWrites, identity_of, invalid_signature, refused};
use crate::error::{API, bad_request};
use crate::extract::{OwnApi, once};
use crate::http::{Endpoint, Refusal, RequestContext, Rule, routes};
use crate::state::AppState;

/// The paths that wallets sign: ours at both prefixes, and one that published instructions give.
const PATHS: [&str; 3] = ["/api/wallet/connect", "/api/auth/wallet/connect", "/wallet/connect"];

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(connect)).aliases(["/api/auth/wallet/connect"])
}

/// The wallet to connect.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectBody {
    /// A token that the wallet's key signed over this path, without a body.
    auth_token: String,
    /// The identity, if it is not the one that the caller acts as.
    bap_id: Option<String>,
    /// What the wallet is called; `yours` by default.
    provider: Option<String>,
}

/// A connected wallet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those on the wire")]
pub struct Connected {
    /// `true`.
    success: bool,
    wallet_address: String,
    pubkey: String,
    /// ISO 8601.
    connected_at: String,
}

/// Connects a wallet to the identity that the caller acts as.
#[utoipa::path(
    post,
    path = "/api/wallet/connect",
    operation_id = "connectWallet",
    tag = "Wallets",
    security(("session" = []), ("access_token" = ["sigma:wallet"]), ("key" = [])),
    request_body(content = ConnectBody, content_type = "application/json"),
    responses(
        (status = 200, description = "It is connected", body = Connected),
        (status = 400, description = "`invalid_token`, another body, two credentials, or a malformed one"),
        (status = 401, description = "`invalid_signature`; no credential, or an invalid one"),
        (status = 403, description = "The credential does not suffice; `BAP_OWNERSHIP_FAILED`"),
        (status = 409, description = "`too_many_wallets`"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn connect(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: OwnApi<WalletWrites>,
) -> Result<Json<Connected>, Refusal> {
    let body: ConnectBody = request.object()?;
    let caller = &request.caller;
    let bap_id = identity_of(caller, body.bap_id.as_deref())?;
    let provider = Field::Nickname.check(body.provider.as_deref().unwrap_or_default());
    let provider = provider.map_err(|_| bad_request("invalid_request", "provider is not a name"))?;
    let token = AuthToken::parse(&body.auth_token).map_err(|_| bad_request("invalid_token", "Malformed auth token"))?;
    let Some(verified) = verify(&sigma, &token) else {
        context.charge_shared(Rule::SignIn, context.client()).await?;
        return Err(invalid_signature().into());
    };
    let new = Connection {
        user_id: caller.user_id().clone(),
        bap_id,
        pubkey: verified.pubkey,
        provider: provider.unwrap_or_else(|| "yours".to_owned()),
        once: once(&sigma, &verified).ok_or_else(invalid_signature)?,
        signed: caller.signed().cloned(),
        now: sigma.now(),
    };
    let store = sigma.store_for(&context, caller.actor());
    let wallet = store.decide(move |tx| wallet::connect(tx, &new)).await.map_err(refused)?;
    Ok(Json(Connected {
        success: true,
        wallet_address: wallet.address,
        pubkey: wallet.pubkey.to_hex(),
        connected_at: wallet.connected_at.iso8601(),
    }))
}

/// Verifies a wallet's signature. Wallets differ in the path, and in whether they hash the body that is not there: these
/// variants are accepted here only.
fn verify(sigma: &AppState, token: &AuthToken) -> Option<VerifiedAuthToken> {
    let signed = token.request_path();
    let bare = signed.strip_prefix(sigma.issuer()).unwrap_or(signed);
    let path = PATHS.iter().find(|path| **path == bare)?;
    let expected = if bare == signed { (*path).to_owned() } else { format!("{}{path}", sigma.issuer()) };
    let now = sigma.now().millis();
    token.verify(&expected, b"", now).or_else(|_| token.verify_hash_of_nothing(&expected, now)).ok()
}
