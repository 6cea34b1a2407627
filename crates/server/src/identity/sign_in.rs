//! `POST /api/auth/sign-in/sigma`: signs a user in by a signature of their key (`docs/spec/keys.md#sign-in`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use sigma_bitcoin::{BapId, PublicKey};
use sigma_core::actor::Actor;
use sigma_core::ids::UserId;
use sigma_core::person::IdentityProof;
use sigma_store::key_sign_in::{self, KeySignIn, KeySignedIn, NamedIdentity, NewlySignedIn, UnknownKey, sign_in};
use sigma_store::replay_guard::Once;
use sigma_store::session::BrowserSession;
use sigma_store::user::{self, User};
use sigma_store::{StoreError, identity};
use utoipa::ToSchema;

use crate::error::bad_request;
use crate::extract::{Browser, KeyToken, KeyTokenError, NewBrowserSession, SIGN_IN_PATH, read_object};
use crate::http::{ApiError, Endpoint, Exceeded, RequestContext, Rule, routes};
use crate::identity::SIGN_IN;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(SIGN_IN, routes!(sign_in_with_key))
}

/// The code of a refusal for an unknown key.
pub const UNKNOWN_KEY: &str = "USER_NOT_FOUND";

/// Optional parameters of a sign-in.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct SignInBody {
    /// The identity to act as: one of the account's, or one that the key itself proves.
    #[serde(default, rename = "bapId")]
    pub bap_id: Option<String>,
}

/// The signed-in user.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignInAnswer {
    /// The session's secret, as in the cookie.
    token: String,
    /// The user.
    user: SignedInUser,
}

/// The user, as this surface shows them.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignedInUser {
    /// User id.
    pub id: String,
    /// Public key, hex.
    pub pubkey: String,
    /// Display name.
    pub name: String,
}

/// Signs a user in with their key.
///
/// `X-Auth-Token` is a bitcoin-auth token over this path, optionally prefixed with the issuer, with or without the body.
#[utoipa::path(
    post,
    path = SIGN_IN_PATH,
    operation_id = "signInWithKey",
    tag = "Sign-in",
    params(("X-Auth-Token" = String, Header, description = "pubkey|scheme|timestamp|path|signature")),
    request_body(content = SignInBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Signed in; the session cookie is set", body = SignInAnswer),
        (status = 400, description = "The token or the body is malformed"),
        (status = 401, description = "Missing or invalid token"),
        (status = 403, description = "`USER_NOT_FOUND`, `RESTORE_PROFILE_NOT_FOUND` where the body names a bapId, `BAP_OWNERSHIP_FAILED`, `USER_DISABLED`, `ORIGIN_BOUND_REQUIRED`, or from another origin"),
        (status = 429, description = "Too many failures, or too many new accounts"),
    )
)]
pub async fn sign_in_with_key(
    State(sigma): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    let token = KeyToken::of_header(&sigma, &headers, "x-auth-token", SIGN_IN_PATH, &body);
    let token = accept(&sigma, &context, Rule::SignIn, token).await?;
    let unknown = if sigma.settings.sign_in.implicit_sign_up { UnknownKey::Welcome } else { UnknownKey::Refuse };
    let wanted = read_bap_id(&body).map_err(IntoResponse::into_response)?;
    let names_identity = wanted.is_some();
    let signed_in = Attempt { token, bap_id: wanted, more: Vec::new(), identity_key: None, unknown }
        .run(&sigma, &context, &headers)
        .await
        .map_err(|response| if names_identity { restorable(response) } else { response })?;
    Ok(signed_in.respond(&sigma))
}

/// The refusal of an unknown key that names its identity: only after this code does the published command-line client
/// enrol the key.
fn restorable(response: Response) -> Response {
    let error = response.extensions().get::<ApiError>().filter(|error| error.code() == Some(UNKNOWN_KEY));
    match error {
        Some(error) => error.clone().with_code("RESTORE_PROFILE_NOT_FOUND").into_response(),
        None => response,
    }
}

/// A sign-in by key, from any endpoint.
pub struct Attempt {
    /// The signature.
    pub token: KeyToken,
    /// The identity it names.
    pub bap_id: Option<BapId>,
    /// Further single-use signatures.
    pub more: Vec<Once>,
    /// The key that proves the identity, if there is one.
    pub identity_key: Option<PublicKey>,
    /// What to do with an unknown key.
    pub unknown: UnknownKey,
}

/// A user who signed in.
pub struct Entered {
    /// The user.
    pub user: User,
    /// The session.
    pub session: BrowserSession,
    /// The session's secret for the browser.
    begins: NewBrowserSession,
    /// The key that signed.
    pub pubkey: PublicKey,
}

/// Takes a verified token. A valid one is accepted whatever failed before: a signature cannot be guessed. Invalid ones
/// are counted by address, and delayed there, whichever key they claim, so that the delay does not reveal whether an
/// account has the key.
pub async fn accept(
    sigma: &AppState,
    context: &RequestContext,
    rule: Rule,
    token: Result<KeyToken, KeyTokenError>,
) -> Result<KeyToken, Response> {
    let error = match token {
        Ok(token) => {
            // Only for the headers of the response.
            let _ = context.peek(rule, context.client());
            return Ok(token);
        }
        Err(error) => error,
    };
    context.charge_shared(rule, context.client()).await.map_err(IntoResponse::into_response)?;
    if error == KeyTokenError::Invalid {
        let (network, now, delays) = (context.client().network(), sigma.now(), sigma.settings.limits.delays);
        let store = sigma.store_for(context, Actor::Anonymous);
        let delayed = if delays {
            store.write(move |tx| key_sign_in::reject_signature(tx, &network, now)).await
        } else {
            store.write(move |tx| key_sign_in::record_bad_signature(tx, now)).await.map(|()| None)
        };
        if let Some(until) = delayed.map_err(|error| ApiError::from(error).into_response())? {
            return Err(Exceeded::delayed(until, now).into_response());
        }
    }
    Err(ApiError::from(error).into_response())
}

/// The identity that a body names.
pub fn read_bap_id(body: &Bytes) -> Result<Option<BapId>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let malformed = || bad_request("invalid_request", "the body must be a JSON object with an optional bapId");
    let body: SignInBody = read_object(body).ok_or_else(malformed)?;
    body.bap_id
        .map(|text| BapId::parse(&text).map_err(|_| bad_request("invalid_request", "bapId must be base58 of 20 bytes")))
        .transpose()
}

impl Attempt {
    /// Signs in, in one transaction.
    pub async fn run(
        self,
        sigma: &AppState,
        context: &RequestContext,
        headers: &HeaderMap,
    ) -> Result<Entered, Response> {
        let now = sigma.now();
        // Counted in advance and taken back unless an account was created, so that concurrent requests all count. Users
        // who have an account do not wait for others who created too many.
        let quota = match self.unknown {
            UnknownKey::Refuse => Ok(()),
            UnknownKey::Welcome | UnknownKey::SignUp => context.charge_shared(Rule::SignUp, context.client()).await,
        };
        let unknown = if quota.is_ok() { self.unknown } else { UnknownKey::Refuse };
        let begins = NewBrowserSession::of(sigma, context, &Browser::of(headers));
        let pubkey = self.token.pubkey;
        let mut once = vec![self.token.once.clone()];
        once.extend(self.more);
        let identity = match self.bap_id {
            None => None,
            Some(bap_id) => {
                let mut named = prove(bap_id, &pubkey, self.identity_key);
                if !named.proof.is_proven() && sigma.resolver.is_on() {
                    let looked_up = prove_by_record(sigma, &mut named, pubkey, unknown).await;
                    looked_up.map_err(|error| ApiError::from(error).into_response())?;
                }
                Some(named)
            }
        };
        let request = KeySignIn {
            address: pubkey.address(),
            pubkey,
            once,
            identity,
            new_user: UserId::new(now, &*sigma.rng),
            unknown,
            origin_bound: self.token.origin_bound,
            require_origin_bound: sigma.settings.sign_in.require_origin_bound,
            session: begins.new.clone(),
        };
        let store = sigma.store_for(context, Actor::Anonymous);
        let outcome = store.write(move |tx| sign_in(tx, &request)).await;
        let outcome = outcome.map_err(|error| ApiError::from(error).into_response())?;
        let made_account = matches!(&outcome, KeySignedIn::SignedIn(entered) if entered.is_new);
        if unknown != UnknownKey::Refuse && !made_account {
            context.refund(Rule::SignUp, context.client());
        }
        match outcome {
            KeySignedIn::UnknownKey | KeySignedIn::NotTheirs if let Err(exceeded) = quota => {
                Err(exceeded.into_response())
            }
            KeySignedIn::SignedIn(entered) => {
                let NewlySignedIn { user, session, .. } = *entered;
                if sigma.resolver.is_on() {
                    renew_records(sigma, &user.id).await;
                }
                Ok(Entered { user, session, begins, pubkey })
            }
            refused => Err(refusal(&refused).into_response()),
        }
    }
}

/// How an identity is proven for the key: its id is the hash of that key's address, or of the address of the identity's
/// own key, which signed too (`docs/spec/keys.md#identities`).
fn prove(bap_id: BapId, pubkey: &PublicKey, key: Option<PublicKey>) -> NamedIdentity {
    let is_of = |key: &PublicKey| BapId::of_public_key(key) == bap_id;
    let (proof, root_address) = match &key {
        _ if is_of(pubkey) => (IdentityProof::Address, Some(pubkey.address())),
        Some(key) if is_of(key) => (IdentityProof::IdentityKey, Some(key.address())),
        _ => (IdentityProof::None, None),
    };
    NamedIdentity { bap_id, proof, root_address, key }
}

/// Looks up whether the published record of the identity names one of the keys that signed. Only those wait who could gain by it: the
/// holder of an account, or who may create one, as long as the identity is not proven.
async fn prove_by_record(
    sigma: &AppState,
    named: &mut NamedIdentity,
    pubkey: PublicKey,
    unknown: UnknownKey,
) -> Result<(), StoreError> {
    let wanted = named.bap_id.clone();
    let looked_up =
        sigma.store.read(move |tx| Ok((identity::find(tx, &wanted)?, user::find_by_pubkey(tx, &pubkey)?.is_some())));
    let (held, is_known) = looked_up.await?;
    let is_proven = held.is_some_and(|held| held.proof.is_proven());
    if is_proven || (!is_known && unknown == UnknownKey::Refuse) {
        return Ok(());
    }
    if let Ok(Some(record)) = sigma.resolver.find(&named.bap_id, sigma.now()).await
        && (record.names(&pubkey) || named.key.is_some_and(|key| record.names(&key)))
    {
        named.proof = IdentityProof::Record;
        named.root_address = record.root_address().map(str::to_owned);
    }
    Ok(())
}

/// Renews the published records of a user who signed in, so that apps find them. Should the store not answer, they stay as they are.
async fn renew_records(sigma: &AppState, user_id: &UserId) {
    if let Ok(Some(account)) = sigma.find_account(user_id).await {
        account.identities.iter().for_each(|identity| sigma.renew_record(&identity.bap_id, identity.resolved_at));
    }
}

fn refusal(outcome: &KeySignedIn) -> ApiError {
    let forbidden = |error: &'static str, description: &'static str, code: &'static str| {
        ApiError::new(StatusCode::FORBIDDEN, error, description).with_code(code)
    };
    match outcome {
        KeySignedIn::UnknownKey => {
            forbidden("user_not_found", "Account not found. Sign up is required before signing in.", UNKNOWN_KEY)
        }
        KeySignedIn::Disabled => forbidden("user_disabled", "This account is disabled.", "USER_DISABLED"),
        KeySignedIn::NotTheirs => {
            forbidden("bap_ownership_failed", "The identity does not belong to this key.", "BAP_OWNERSHIP_FAILED")
        }
        KeySignedIn::TooMany => forbidden(
            "too_many_identities",
            "This account has the maximum number of identities.",
            "TOO_MANY_IDENTITIES",
        ),
        KeySignedIn::OriginRequired => forbidden(
            "origin_bound_required",
            "Sign the path prefixed with this server's origin.",
            "ORIGIN_BOUND_REQUIRED",
        ),
        KeySignedIn::Replayed | KeySignedIn::SignedIn(_) => ApiError::from(KeyTokenError::Invalid),
    }
}

impl Entered {
    /// Gives the browser the session.
    pub fn set_cookies(&self, sigma: &AppState, response: Response) -> Response {
        self.begins.set_cookies(sigma, response)
    }

    /// The user, as this surface shows them.
    pub fn user(&self) -> SignedInUser {
        SignedInUser { id: self.user.id.to_string(), pubkey: self.pubkey.to_hex(), name: self.user.name.clone() }
    }

    fn respond(&self, sigma: &AppState) -> Response {
        let answer = SignInAnswer { token: self.begins.secret().to_owned(), user: self.user() };
        self.set_cookies(sigma, Json(answer).into_response())
    }
}
