//! How an app proves who it is at the token, revocation and introspection endpoints: exactly one of five methods each
//! (ruling 13).

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sigma_bitcoin::AuthToken;
use sigma_core::app::{App, AuthMethod};
use sigma_core::authorize::Params;
use sigma_core::client_assertion::ClientAssertion;
use sigma_core::digest::Digest;
use sigma_core::ids::ClientId;
use sigma_core::jose::JwkSet;
use sigma_store::StoreError;
use sigma_store::spent::Once;

use crate::error::{bad_request, internal};
use crate::extract::key_token::once;
use crate::extract::{AuthenticatedApp, header as header_value};
use crate::http::Envelope;
use crate::oauth::TOKEN_PATH;
use crate::state::Sigma;

/// The one type of assertion (RFC 7523 §2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why an app was not taken for the one it says it is (contract 1.4, RFC 6749 §5.2).
#[derive(Clone, Debug)]
pub enum ClientAuthError {
    /// No `client_id` anywhere.
    MissingId,
    /// Two methods at once.
    TwoMethods,
    /// There is no such app.
    Unregistered(String),
    /// It is switched off.
    Disabled,
    /// It names itself twice, differently.
    Disagreement,
    /// It used another method than its own.
    WrongMethod,
    /// The secret or assertion does not hold. `basic` says whether the `Authorization` header was tried.
    Invalid {
        /// Basic was tried.
        basic: bool,
    },
    /// `sigma_bitcoin_auth`: no token.
    MissingSignature,
    /// `sigma_bitcoin_auth`: not a token.
    MalformedSignature,
    /// `sigma_bitcoin_auth`: the app has no key.
    NoKey {
        /// The app.
        client_id: String,
        /// A refresh was asked for, which has words of its own.
        refresh: bool,
    },
    /// `sigma_bitcoin_auth`: another key.
    OtherKey,
    /// `sigma_bitcoin_auth`: the signature does not hold.
    InvalidSignature,
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for ClientAuthError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for ClientAuthError {
    fn into_response(self) -> Response {
        let refused = |description: String| Envelope::new(StatusCode::UNAUTHORIZED, "invalid_client", description);
        let basic = matches!(self, Self::Invalid { basic: true });
        let envelope = match self {
            Self::MissingId => bad_request("invalid_request", "Missing client_id in request body"),
            Self::TwoMethods => bad_request("invalid_request", "use one client authentication method"),
            Self::Unregistered(id) => refused(format!("OAuth client not registered: {id}")),
            Self::Disabled => refused("OAuth client is disabled".to_owned()),
            Self::Disagreement => refused("the client_id values differ".to_owned()),
            Self::WrongMethod => refused("another client authentication method is registered".to_owned()),
            Self::Invalid { .. } => refused("client authentication failed".to_owned()),
            Self::MissingSignature => refused("Missing X-Auth-Token header for client authentication".to_owned()),
            Self::MalformedSignature => {
                refused("Invalid Bitcoin auth token format - unable to extract pubkey".to_owned())
            }
            Self::NoKey { client_id, refresh } => {
                let key = if refresh { "memberPubkey" } else { "account pubkey" };
                refused(format!("Client {client_id} has no {key} configured"))
            }
            Self::OtherKey => refused(
                "Signature pubkey does not match registered member key - check SIGMA_MEMBER_PRIVATE_KEY matches the \
                 public key registered for this OAuth client"
                    .to_owned(),
            ),
            Self::InvalidSignature => refused(
                "Bitcoin signature verification failed - signature expired or request body was modified".to_owned(),
            ),
            Self::Store(error) => internal(error),
        };
        let mut response = envelope.into_response();
        if basic {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="sigma", charset="UTF-8""#));
        }
        response
    }
}

/// What an app sent to prove who it is.
struct Proof<'a> {
    basic: Option<(String, String)>,
    secret: Option<&'a str>,
    assertion: Option<&'a str>,
    signature: Option<&'a str>,
}

/// Authenticates the app of a request to `path` with `body`.
///
/// # Errors
/// [`ClientAuthError`]
pub async fn authenticate(
    sigma: &Sigma,
    headers: &HeaderMap,
    path: &str,
    body: &[u8],
    params: &Params,
) -> Result<AuthenticatedApp, ClientAuthError> {
    let proof = read_proof(headers, params)?;
    let assertion = match proof.assertion {
        Some(text) => Some(ClientAssertion::parse(text).map_err(|_| ClientAuthError::Invalid { basic: false })?),
        None => None,
    };
    let in_body = params.get("client_id");
    let named = match (&proof.basic, &assertion, in_body) {
        (Some((id, _)), _, _) => id.clone(),
        (None, Some(assertion), _) => assertion.client_id().to_string(),
        (None, None, Some(id)) => id.to_owned(),
        (None, None, None) => return Err(ClientAuthError::MissingId),
    };
    if in_body.is_some_and(|id| id != named) {
        return Err(ClientAuthError::Disagreement);
    }
    let client_id = ClientId::from_text(named.as_str());
    let Some(app) = sigma.find_app(&client_id).await? else {
        return Err(ClientAuthError::Unregistered(sigma_core::authorize::printable(&named)));
    };
    if app.disabled {
        return Err(ClientAuthError::Disabled);
    }
    let once = match app.auth_method {
        AuthMethod::None => public(&proof)?,
        AuthMethod::ClientSecretBasic => {
            let (_, secret) = proof.basic.as_ref().ok_or(ClientAuthError::WrongMethod)?;
            secret_matches(&app, secret, true)?
        }
        AuthMethod::ClientSecretPost if proof.basic.is_some() => return Err(ClientAuthError::WrongMethod),
        AuthMethod::ClientSecretPost => secret_matches(&app, proof.secret.ok_or(ClientAuthError::WrongMethod)?, false)?,
        AuthMethod::PrivateKeyJwt => {
            let assertion = assertion.ok_or(ClientAuthError::WrongMethod)?;
            Some(check_assertion(sigma, &app, &assertion).await?)
        }
        AuthMethod::SigmaBitcoinAuth => {
            let refresh = params.get("grant_type") == Some("refresh_token");
            Some(check_signature(sigma, &app, &proof, path, body, params, refresh)?)
        }
    };
    Ok(AuthenticatedApp { app, once })
}

/// Collects what was sent, and refuses two methods at once. A signature is one only of apps that sign: a public app
/// that sends one all the same is not refused for it (contract 1.4).
fn read_proof<'a>(headers: &'a HeaderMap, params: &'a Params) -> Result<Proof<'a>, ClientAuthError> {
    let basic = match header_value(headers, header::AUTHORIZATION).and_then(|value| value.split_once(' ')) {
        Some((scheme, value)) if scheme.eq_ignore_ascii_case("basic") => {
            Some(read_basic(value.trim()).ok_or(ClientAuthError::Invalid { basic: true })?)
        }
        _ => None,
    };
    let has_type = params.get("client_assertion_type").is_some();
    let assertion = params.get("client_assertion");
    if assertion.is_some() != has_type || params.get("client_assertion_type").is_some_and(|kind| kind != ASSERTION_TYPE)
    {
        return Err(ClientAuthError::Invalid { basic: false });
    }
    let secret = params.get("client_secret");
    let methods = [basic.is_some(), secret.is_some(), assertion.is_some()];
    if methods.into_iter().filter(|used| *used).count() > 1 {
        return Err(ClientAuthError::TwoMethods);
    }
    let signature = header_value(headers, http::HeaderName::from_static("x-auth-token"));
    Ok(Proof { basic, secret, assertion, signature })
}

/// Id and secret of Basic, both form-encoded (RFC 6749 §2.3.1).
fn read_basic(value: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decode(id), form_decode(secret)))
}

fn form_decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn public(proof: &Proof<'_>) -> Result<Option<Once>, ClientAuthError> {
    // Some libraries send an empty secret for public apps; an app that sends a real one is confused about what it is.
    let tried = proof.basic.as_ref().is_some_and(|(_, secret)| !secret.is_empty()) || proof.secret.is_some();
    if tried || proof.assertion.is_some() {
        return Err(ClientAuthError::WrongMethod);
    }
    Ok(None)
}

fn secret_matches(app: &App, secret: &str, basic: bool) -> Result<Option<Once>, ClientAuthError> {
    let wanted = app.secret.ok_or(ClientAuthError::Invalid { basic })?;
    if Digest::of(secret) == wanted { Ok(None) } else { Err(ClientAuthError::Invalid { basic }) }
}

async fn check_assertion(sigma: &Sigma, app: &App, assertion: &ClientAssertion<'_>) -> Result<Once, ClientAuthError> {
    let invalid = ClientAuthError::Invalid { basic: false };
    let now = sigma.now();
    let keys: Option<Arc<JwkSet>> = match (&app.jwks, &app.jwks_uri) {
        (Some(jwks), _) => JwkSet::parse(jwks.as_bytes()).ok().map(Arc::new),
        (None, Some(uri)) => sigma.fetcher.key_set(uri, now, |keys| assertion.names_key_of(keys)).await,
        (None, None) => None,
    };
    let keys = keys.ok_or_else(|| invalid.clone())?;
    let token_endpoint = format!("{}{TOKEN_PATH}", sigma.issuer());
    let audiences = [sigma.issuer(), token_endpoint.as_str()];
    let verified = assertion.verify(&keys, &audiences, now).map_err(|_| invalid)?;
    Ok(Once {
        key: Digest::of(format!("assertion\0{}\0{}", verified.client_id, verified.jti)),
        expires_at: verified.expires_at,
    })
}

/// Checks a Bitcoin signature: over the raw body first, then over the same fields encoded as browsers encode a form,
/// since the reference server does the latter (contract 1.4).
fn check_signature(
    sigma: &Sigma,
    app: &App,
    proof: &Proof<'_>,
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
    // Old clients of the token endpoint sign its older path; nothing else is taken from the token itself.
    let older = (path == TOKEN_PATH).then_some("/oauth2/token");
    let encoded = params.to_query();
    let now = sigma.now().millis();
    [Some(path), older]
        .into_iter()
        .flatten()
        .filter(|path| *path == token.request_path())
        .find_map(|path| token.verify(path, body, now).or_else(|_| token.verify(path, encoded.as_bytes(), now)).ok())
        .map(|verified| once(&verified))
        .ok_or(ClientAuthError::InvalidSignature)
}
