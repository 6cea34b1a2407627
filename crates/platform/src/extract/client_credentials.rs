//! Client authentication at the token, revocation and introspection endpoints: by the registered method, and one method
//! per request. A secret may come by header or in the body, unless the app insists on one of them.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sigma_bitcoin::AuthToken;
use sigma_core::app::{App, AuthMethod};
use sigma_core::client_assertion::ClientAssertion;
use sigma_core::digest::Digest;
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::replay_guard::Once;

use crate::client_documents::Unreadable;
use crate::error::bad_request;
use crate::extract::key_token::once;
use crate::extract::{AuthenticatedApp, header as header_value, keys_of};
use crate::http::ApiError;
use crate::paths::{PAR_PATH, TOKEN_ALIASES, TOKEN_PATH};
use crate::state::AppState;

/// The only supported assertion type (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why client authentication failed (RFC 6749 §5.2).
#[derive(Clone, Debug)]
pub enum ClientAuthError {
    /// No `client_id` anywhere.
    MissingId,
    /// Two methods at once.
    TwoMethods,
    /// No such app.
    Unregistered(String),
    /// The document that describes the app is gone, or describes no app any more.
    Undescribed(String),
    /// The app is disabled.
    Disabled,
    /// It names two different client ids.
    Disagreement,
    /// It used a method other than its registered one.
    WrongMethod {
        /// The app.
        client_id: String,
        /// The method used; [`AuthMethod::None`] for none.
        sent: AuthMethod,
        /// The registered method.
        registered: AuthMethod,
    },
    /// The secret or assertion is wrong.
    Invalid,
    /// `sigma_bitcoin_auth`: no token.
    MissingSignature,
    /// `sigma_bitcoin_auth`: not a token.
    MalformedSignature,
    /// `sigma_bitcoin_auth`: the app has no key registered.
    NoKey {
        /// The app.
        client_id: String,
        /// A failed refresh, which has its own message.
        refresh: bool,
    },
    /// `sigma_bitcoin_auth`: another key.
    OtherKey,
    /// `sigma_bitcoin_auth`: the signature is invalid.
    InvalidSignature,
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for ClientAuthError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ClientAuthError> for ApiError {
    fn from(error: ClientAuthError) -> Self {
        use ClientAuthError as E;
        let refused = |description: String| Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description);
        match error {
            E::MissingId => bad_request("invalid_request", "Missing client_id in request body"),
            E::TwoMethods => bad_request("invalid_request", "use one client authentication method"),
            E::Unregistered(id) => refused(format!("OAuth client not registered: {id}")),
            E::Undescribed(description) => refused(description),
            E::Disabled => refused("OAuth client is disabled".to_owned()),
            E::Disagreement => refused("the client_id values differ".to_owned()),
            E::WrongMethod { client_id, sent, registered } => refused(wrong_method(&client_id, sent, registered)),
            E::Invalid => refused("client authentication failed".to_owned()),
            E::MissingSignature => refused("Missing X-Auth-Token header for client authentication".to_owned()),
            E::MalformedSignature => refused("Invalid Bitcoin auth token format - unable to extract pubkey".to_owned()),
            E::NoKey { client_id, refresh } => {
                let key = if refresh { "memberPubkey" } else { "account pubkey" };
                refused(format!("Client {client_id} has no {key} configured"))
            }
            E::OtherKey => refused(
                "Signature pubkey does not match registered member key - check SIGMA_MEMBER_PRIVATE_KEY matches the \
                 public key registered for this OAuth client"
                    .to_owned(),
            ),
            E::InvalidSignature => refused(
                "Bitcoin signature verification failed - signature expired or request body was modified".to_owned(),
            ),
            E::Store(error) => error.into(),
        }
    }
}

/// The method used, the method registered, and the command that makes the two agree.
fn wrong_method(client_id: &str, sent: AuthMethod, registered: AuthMethod) -> String {
    let method = match sent {
        AuthMethod::None => "no client authentication was sent".to_owned(),
        sent => format!("{} was sent", sent.as_str()),
    };
    // A library that sends its secret one way may send it the other way after an update.
    let wanted = if sent.has_secret() { AuthMethod::ClientSecret } else { sent };
    let keys = match sent {
        AuthMethod::PrivateKeyJwt => " --jwks @FILE",
        AuthMethod::SigmaBitcoinAuth => " --pubkey HEX",
        _ => "",
    };
    format!(
        "{method}, but {} is registered for this client; send that, or run: sigma app set {client_id} --auth {}{keys}",
        registered.as_str(),
        wanted.as_str(),
    )
}

/// A refusal to an app. One that tried Basic gets a Basic challenge (RFC 6749 §5.2).
#[derive(Clone, Debug)]
pub struct RefusedApp {
    /// The app that it named, if there is one.
    pub app: Option<Arc<App>>,
    error: ClientAuthError,
    tried_basic: bool,
}

impl IntoResponse for RefusedApp {
    fn into_response(self) -> Response {
        let mut response = ApiError::from(self.error).into_response();
        if self.tried_basic && response.status() == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="sigma", charset="UTF-8""#));
        }
        response
    }
}

/// The credentials that an app sent.
struct SentCredentials<'a> {
    basic: Option<(String, String)>,
    secret: Option<&'a str>,
    assertion: Option<&'a str>,
    signature: Option<&'a str>,
}

impl SentCredentials<'_> {
    fn has_other_than_signature(&self) -> bool {
        self.basic.is_some() || self.secret.is_some() || self.assertion.is_some()
    }

    /// The method used. Some libraries send an empty secret for public apps, which counts as none.
    fn method(&self) -> AuthMethod {
        match self {
            SentCredentials { basic: Some((_, secret)), .. } if !secret.is_empty() => AuthMethod::ClientSecretBasic,
            SentCredentials { secret: Some(_), .. } => AuthMethod::ClientSecretPost,
            SentCredentials { assertion: Some(_), .. } => AuthMethod::PrivateKeyJwt,
            SentCredentials { signature: Some(_), basic: None, .. } => AuthMethod::SigmaBitcoinAuth,
            SentCredentials { basic: Some(_), .. } => AuthMethod::ClientSecretBasic,
            _ => AuthMethod::None,
        }
    }

    /// The secret, if it was sent in a way that `method` permits.
    fn secret_for(&self, method: AuthMethod) -> Option<&str> {
        let in_header = self.basic.as_ref().map(|(_, secret)| secret.as_str());
        match method {
            AuthMethod::ClientSecret => in_header.or(self.secret),
            AuthMethod::ClientSecretBasic => in_header,
            AuthMethod::ClientSecretPost => self.secret,
            _ => None,
        }
    }
}

/// Authenticates the app that sent `body` to `path`.
///
/// # Errors
/// [`RefusedApp`]
pub async fn authenticate(
    sigma: &AppState,
    headers: &HeaderMap,
    path: &str,
    body: &[u8],
    params: &Params,
) -> Result<AuthenticatedApp, RefusedApp> {
    let tried_basic = headers.get_all(header::AUTHORIZATION).iter().any(|value| basic_credentials(value).is_some());
    let refused = |app, error| RefusedApp { app, error, tried_basic };
    let Attempt { app, proof, assertion } =
        read_attempt(sigma, headers, params).await.map_err(|(app, error)| refused(app, error))?;
    match check(sigma, &app, &proof, assertion, path, body, params).await {
        Ok(once) => Ok(AuthenticatedApp { app, once }),
        Err(error) => Err(refused(Some(app), error)),
    }
}

/// What an app sent, and the app that it names.
struct Attempt<'a> {
    app: Arc<App>,
    proof: SentCredentials<'a>,
    assertion: Option<ClientAssertion<'a>>,
}

/// Reads an attempt; otherwise returns what is wrong, with the app that was named, if there is one.
async fn read_attempt<'a>(
    sigma: &AppState,
    headers: &'a HeaderMap,
    params: &'a Params,
) -> Result<Attempt<'a>, (Option<Arc<App>>, ClientAuthError)> {
    let unknown = |error: ClientAuthError| (None, error);
    let proof = match read_proof(headers, params) {
        Ok(proof) => proof,
        Err(error) => {
            let claimed = claimed_id(headers, params).unwrap_or_default();
            return Err((sigma.find_named_app(&claimed).await.ok().flatten(), error));
        }
    };
    let assertion = match proof.assertion {
        Some(text) => Some(ClientAssertion::parse(text).map_err(|_| unknown(ClientAuthError::Invalid))?),
        None => None,
    };
    let in_body = params.get("client_id");
    let named = match (&proof.basic, &assertion, in_body) {
        (Some((id, _)), _, _) => id.clone(),
        (None, Some(assertion), _) => assertion.client_id().to_owned(),
        (None, None, Some(id)) => id.to_owned(),
        (None, None, None) => return Err(unknown(ClientAuthError::MissingId)),
    };
    let app = sigma.find_named_app(&named).await.map_err(|error| unknown(error.into()))?;
    if in_body.is_some_and(|id| id != named && !app.as_ref().is_some_and(|app| app.is_called(id))) {
        return Err((app, ClientAuthError::Disagreement));
    }
    let app = match app {
        Some(app) => Some(renewed(sigma, app).await.map_err(|(app, error)| (Some(app), error))?),
        None => None,
    };
    match app {
        Some(app) => Ok(Attempt { app, proof, assertion }),
        None => Err(unknown(ClientAuthError::Unregistered(sigma_core::authorize::printable(&named)))),
    }
}

/// The app as the document that describes it says now, if it is such an app.
async fn renewed(sigma: &AppState, app: Arc<App>) -> Result<Arc<App>, (Arc<App>, ClientAuthError)> {
    sigma.renew_described(Arc::clone(&app)).await.map_err(|error| match error {
        Unreadable::Store(error) => (app, error.into()),
        error => (app, ClientAuthError::Undescribed(error.to_string())),
    })
}

/// Checks what the app sent. Returns its one-time credential, if it is one.
async fn check(
    sigma: &AppState,
    app: &App,
    proof: &SentCredentials<'_>,
    assertion: Option<ClientAssertion<'_>>,
    path: &str,
    body: &[u8],
    params: &Params,
) -> Result<Option<Once>, ClientAuthError> {
    if app.disabled {
        return Err(ClientAuthError::Disabled);
    }
    if app.auth_method.is_confidential() && proof.signature.is_some() && proof.has_other_than_signature() {
        return Err(ClientAuthError::TwoMethods);
    }
    let wrong_method = || ClientAuthError::WrongMethod {
        client_id: sigma_core::authorize::printable(app.client_id.as_str()),
        sent: proof.method(),
        registered: app.auth_method,
    };
    Ok(match app.auth_method {
        AuthMethod::None if is_public(proof) => None,
        AuthMethod::None => return Err(wrong_method()),
        method @ (AuthMethod::ClientSecret | AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost) => {
            check_secret(app, proof.secret_for(method).ok_or_else(wrong_method)?, sigma.now())?;
            None
        }
        AuthMethod::PrivateKeyJwt => {
            let assertion = assertion.ok_or_else(wrong_method)?;
            if app.metadata.token_endpoint_auth_signing_alg.is_some_and(|alg| alg != assertion.alg()) {
                return Err(ClientAuthError::Invalid);
            }
            Some(check_assertion(sigma, app, &assertion, path).await?)
        }
        AuthMethod::SigmaBitcoinAuth => {
            let refresh = params.get("grant_type") == Some("refresh_token");
            Some(check_signature(sigma, app, proof, path, body, params, refresh)?)
        }
    })
}

/// Collects the credentials, and refuses two methods at once. A signature counts only for apps registered to sign: a
/// public app that sends one is not refused for it.
fn read_proof<'a>(headers: &'a HeaderMap, params: &'a Params) -> Result<SentCredentials<'a>, ClientAuthError> {
    let signature_header = http::HeaderName::from_static("x-auth-token");
    if [&header::AUTHORIZATION, &signature_header].iter().any(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        return Err(ClientAuthError::TwoMethods);
    }
    let basic = match headers.get(header::AUTHORIZATION).and_then(basic_credentials) {
        Some(credentials) => Some(read_basic(credentials).ok_or(ClientAuthError::Invalid)?),
        None => None,
    };
    let has_type = params.get("client_assertion_type").is_some();
    let assertion = params.get("client_assertion");
    if assertion.is_some() != has_type || params.get("client_assertion_type").is_some_and(|kind| kind != ASSERTION_TYPE)
    {
        return Err(ClientAuthError::Invalid);
    }
    let secret = params.get("client_secret");
    let methods = [basic.is_some(), secret.is_some(), assertion.is_some()];
    if methods.into_iter().filter(|used| *used).count() > 1 {
        return Err(ClientAuthError::TwoMethods);
    }
    let signature = header_value(headers, signature_header);
    Ok(SentCredentials { basic, secret, assertion, signature })
}

/// The app that a refused request claimed to be; it may not exist.
pub fn claimed_id(headers: &HeaderMap, params: &Params) -> Option<String> {
    let basic = headers.get(header::AUTHORIZATION).and_then(basic_credentials).and_then(read_basic);
    basic.map(|(id, _)| id).or_else(|| params.get("client_id").map(str::to_owned))
}

/// The credentials after the scheme, if that is Basic.
fn basic_credentials(value: &HeaderValue) -> Option<&str> {
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then_some(credentials.trim())
}

/// Id and secret from Basic, both form-encoded (RFC 6749 §2.3.1).
fn read_basic(value: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decode(id), form_decode(secret)))
}

fn form_decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Whether a public app could have sent this. Some libraries send an empty secret for one; a non-empty secret means
/// that the app is misconfigured.
fn is_public(proof: &SentCredentials<'_>) -> bool {
    let tried = proof.basic.as_ref().is_some_and(|(_, secret)| !secret.is_empty()) || proof.secret.is_some();
    !tried && proof.assertion.is_none()
}

fn check_secret(app: &App, secret: &str, now: Timestamp) -> Result<(), ClientAuthError> {
    let sent = Digest::of(secret);
    if app.secrets(now).any(|wanted| wanted == sent) { Ok(()) } else { Err(ClientAuthError::Invalid) }
}

async fn check_assertion(
    sigma: &AppState,
    app: &App,
    assertion: &ClientAssertion<'_>,
    path: &str,
) -> Result<Once, ClientAuthError> {
    let invalid = ClientAuthError::Invalid;
    if app.security.is_fapi2() {
        assertion.check_fapi2(sigma.issuer()).map_err(|_| invalid.clone())?;
    }
    let now = sigma.now();
    let keys = keys_of(sigma, app, now, |keys| assertion.names_key_of(keys)).await;
    let keys = keys.ok_or_else(|| invalid.clone())?;
    let token_endpoint = format!("{}{TOKEN_PATH}", sigma.issuer());
    let par_endpoint = format!("{}{PAR_PATH}", sigma.issuer());
    let audiences = [sigma.issuer(), token_endpoint.as_str(), par_endpoint.as_str()];
    // The endpoint for pushed requests is an audience there alone (RFC 9126 §2).
    let accepted = if path == PAR_PATH { audiences.as_slice() } else { audiences.split_at(2).0 };
    let verified = assertion.verify(&keys, accepted, now).map_err(|_| invalid)?;
    let key = Digest::of(format!("assertion\0{}\0{}", app.id, verified.jti));
    Once::new(key, verified.expires_at, sigma.store.database_now()).ok_or(ClientAuthError::Invalid)
}

/// Verifies a Bitcoin signature: over the raw body first, then over the same fields encoded as browsers encode a form,
/// as the reference server does.
fn check_signature(
    sigma: &AppState,
    app: &App,
    proof: &SentCredentials<'_>,
    path: &str,
    body: &[u8],
    params: &Params,
    refresh: bool,
) -> Result<Once, ClientAuthError> {
    let token = proof.signature.ok_or(ClientAuthError::MissingSignature)?;
    let token = AuthToken::parse(token).map_err(|_| ClientAuthError::MalformedSignature)?;
    let key = app.pubkey.ok_or_else(|| ClientAuthError::NoKey { client_id: app.client_id.to_string(), refresh })?;
    if *token.pubkey() != key {
        return Err(ClientAuthError::OtherKey);
    }
    // Older clients sign the old path of the token endpoint, whichever path they post to.
    let older = (path == TOKEN_PATH || TOKEN_ALIASES.contains(&path)).then_some("/oauth2/token");
    let encoded = params.to_query();
    let now = sigma.now().millis();
    [Some(path), older]
        .into_iter()
        .flatten()
        .filter(|path| *path == token.request_path())
        .find_map(|path| token.verify(path, body, now).or_else(|_| token.verify(path, encoded.as_bytes(), now)).ok())
        .and_then(|verified| once(sigma, &verified))
        .ok_or(ClientAuthError::InvalidSignature)
}
