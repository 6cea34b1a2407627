//! An authorization request, validated against what is registered.

use std::sync::Arc;

use sigma_core::app::App;
use sigma_core::authorize::{
    AuthorizationRequest, AuthorizeError, ErrorResponse, ReturnAddress, Untrusted, parse, return_address,
};
use sigma_core::client_document::ClientIdUrl;
use sigma_core::digest::Digest;
use sigma_core::jose::{TokenKind, UnverifiedJws};
use sigma_core::params::Params;
use sigma_core::token::IdClaims;
use sigma_store::StoreError;

use crate::http::{ApiError, Exceeded};
use crate::interaction::LONGEST_REQUEST;
use crate::state::AppState;

/// Names that published clients send. `sigma` is a key; a server without the others offers what it has.
const KNOWN_PROVIDERS: [&str; 3] = ["sigma", "google", "github"];

/// A request with a trusted response address.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The parameters as received.
    pub params: Params,
    /// The requesting app.
    pub app: Arc<App>,
    /// Where the response goes.
    pub address: ReturnAddress,
    /// The digest of the `request_uri`, if the app pushed it (RFC 9126).
    pub pushed: Option<Digest>,
}

/// Why a request cannot even be refused to its app.
#[derive(Debug)]
pub enum Unanswerable {
    /// There is no trusted address.
    Untrusted {
        /// The cause.
        error: Untrusted,
        /// The named app.
        client_id: Option<String>,
        /// The requested address.
        redirect_uri: Option<String>,
    },
    /// The app is described by a document that is not known here, and that is read once somebody signed in.
    Unread(ClientIdUrl),
    /// Too many request objects were fetched.
    TooMany(Exceeded),
    /// The store did not answer.
    Internal(ApiError),
}

impl Unanswerable {
    /// The refusal of a request with these parameters.
    pub fn of(params: &Params, error: Untrusted) -> Self {
        let text = |name: &str| params.get(name).map(str::to_owned);
        Self::Untrusted { error, client_id: text("client_id"), redirect_uri: text("redirect_uri") }
    }
}

/// The app that a request names.
///
/// # Errors
/// [`Unanswerable`]
pub async fn find_app(sigma: &AppState, params: &Params) -> Result<Arc<App>, Unanswerable> {
    let untrusted = |error| Unanswerable::of(params, error);
    let client_id = params.get("client_id").ok_or_else(|| untrusted(Untrusted::UnknownApp))?;
    let app = sigma.find_named_app(client_id).await;
    let app = app.map_err(|error| Unanswerable::Internal(error.into()))?;
    let Some(app) = app else {
        let url = sigma.document_url(client_id).filter(|_| params.all("client_id").count() == 1);
        return Err(url.map_or_else(|| untrusted(Untrusted::UnknownApp), Unanswerable::Unread));
    };
    if app.disabled {
        return Err(untrusted(Untrusted::DisabledApp));
    }
    Ok(app)
}

impl Requested {
    /// Reads the app and the address, which come first, of a request that goes on: from outside it comes through
    /// [`arrive`](super::arrive).
    ///
    /// # Errors
    /// [`Unanswerable`]
    pub async fn read(sigma: &AppState, params: Params) -> Result<Self, Unanswerable> {
        let app = find_app(sigma, &params).await?;
        Self::of(sigma, params, app)
    }

    /// The request of `app`.
    ///
    /// # Errors
    /// [`Unanswerable`]
    pub fn of(sigma: &AppState, params: Params, app: Arc<App>) -> Result<Self, Unanswerable> {
        let address = return_address(&params, &app).map_err(|error| {
            if let (Untrusted::RedirectUri, Some(uri)) = (error, params.get("redirect_uri")) {
                sigma.redirect_refusals.note(&app.id, app.dynamic, uri, sigma.now());
            }
            Unanswerable::of(&params, error)
        })?;
        let pushed = params.get("request_uri").map(Digest::of);
        Ok(Self { params, app, address, pushed })
    }

    /// Refuses a request longer than the limit, signed in or not.
    ///
    /// # Errors
    /// The refusal for the app.
    pub fn check_length(&self) -> Result<(), ErrorResponse> {
        if is_short_enough(&self.params) {
            return Ok(());
        }
        let description = "the request is longer than 4 KiB";
        Err(ErrorResponse::new(AuthorizeError::InvalidRequest, description))
    }

    /// Reads the rest, against the currently registered resources.
    ///
    /// # Errors
    /// Inner: the refusal for the app. Outer: the store does not answer.
    pub async fn parse(&self, sigma: &AppState) -> Result<Result<AuthorizationRequest, ErrorResponse>, ApiError> {
        if let Some(provider) = self.params.get("provider")
            && !KNOWN_PROVIDERS.contains(&provider)
            && sigma.providers.find(provider).is_none()
        {
            let description = "unknown provider";
            return Ok(Err(ErrorResponse::new(AuthorizeError::InvalidRequest, description)));
        }
        let registered = sigma.find_resources(&self.params.resources()).await?;
        Ok(parse(&self.params, &self.app, &registered))
    }
}

/// Whether a request can become an interaction.
pub fn is_short_enough(params: &Params) -> bool {
    // Encoding at most triples a byte.
    let most: usize = params.pairs().iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    most <= LONGEST_REQUEST || params.to_query().len() <= LONGEST_REQUEST
}

/// The subject of an ID token that we issued to that app, possibly expired; `None` for anything else.
///
/// # Errors
/// As [`read_hint`].
pub async fn subject_of_hint(sigma: &AppState, hint: &str, app: &App) -> Result<Option<IdClaims>, StoreError> {
    let claims = read_hint(sigma, hint).await?;
    Ok(claims.filter(|claims| claims.aud.iter().any(|audience| app.is_called(audience))))
}

/// The claims of an ID token of ours, for any app, expired or not.
///
/// # Errors
/// The signing key is unknown here, and the store does not answer whether it exists.
pub async fn read_hint(sigma: &AppState, hint: &str) -> Result<Option<IdClaims>, StoreError> {
    let Ok(jws) = UnverifiedJws::parse(hint) else { return Ok(None) };
    let Some(kid) = jws.header().kid.as_deref() else { return Ok(None) };
    let ring = sigma.keys.ring_with(&sigma.master_key, kid).await?;
    let payload = ring.verifier(kid).and_then(|key| jws.verify_as(TokenKind::Id, key).ok());
    let claims = payload.and_then(|payload| serde_json::from_slice::<IdClaims>(payload).ok());
    Ok(claims.filter(|claims| claims.iss == sigma.issuer()))
}
