//! Proofs of possession (RFC 9449, `docs/spec/sender-constrained.md#dpop`): verified, judged as recent, and used once.

mod nonce;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use sigma_core::digest::Digest;
use sigma_core::dpop::{ALGORITHMS, CLOCK_SKEW, Proof, ProofKey, ProofProblem, ProvenRequest, Thumbprint};
use sigma_core::time::Timestamp;
use sigma_store::{Memory, StoreError};

use self::nonce::Nonces;
use crate::error::bad_request;
use crate::http::ApiError;
use crate::state::AppState;

/// The header with the proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");
/// The header with the server's nonce.
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// Keys of clients that are kept parsed, and the bytes that they may take: those of RSA are ten times as large as others.
const KEYS: usize = 10_000;
const BYTES_OF_KEYS: usize = 16 * 1_024 * 1_024;

/// What the server remembers of proofs.
pub struct Dpop {
    nonces: Nonces,
    /// By the digest of the header: all proofs of a client have the same one.
    keys: Memory<Digest, Arc<ProofKey>>,
}

impl Dpop {
    /// A memory without proofs; nonces are derived from `secret`.
    pub fn new(secret: &[u8]) -> Self {
        Self { nonces: Nonces::new(secret), keys: Memory::weighed_for(KEYS, BYTES_OF_KEYS) }
    }

    /// Keeps the key of a proof, by the digest of its header. Only of one that was verified: whoever cannot sign would fill the memory.
    fn keep(&self, header: Digest, key: &Arc<ProofKey>) {
        self.keys.insert_weighed(header, Arc::clone(key), key.weight());
    }

    /// A nonce for clients.
    pub fn nonce(&self, now: Timestamp) -> String {
        self.nonces.issue(now)
    }
}

/// A proof that was accepted.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The thumbprint of its key.
    pub jkt: Thumbprint,
    /// The nonce that the client should use from now on.
    pub next_nonce: Option<String>,
}

/// Why a proof is refused.
#[derive(Clone, Debug)]
pub enum DpopError {
    /// It is invalid.
    Invalid(ProofProblem),
    /// It needs this nonce (RFC 9449 §8).
    UseNonce(String),
    /// The store did not answer.
    Store(StoreError),
}

impl From<ProofProblem> for DpopError {
    fn from(problem: ProofProblem) -> Self {
        Self::Invalid(problem)
    }
}

impl From<StoreError> for DpopError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<DpopError> for ApiError {
    fn from(error: DpopError) -> Self {
        let (code, description) = (error.code(), error.description());
        match error {
            DpopError::Store(error) => error.into(),
            DpopError::Invalid(_) | DpopError::UseNonce(_) => bad_request(code, description),
        }
    }
}

impl DpopError {
    const fn code(&self) -> &'static str {
        match self {
            Self::UseNonce(_) => "use_dpop_nonce",
            Self::Invalid(_) | Self::Store(_) => "invalid_dpop_proof",
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Invalid(problem) => problem.to_string(),
            Self::UseNonce(_) => "the DPoP proof must contain this server's nonce".to_owned(),
            Self::Store(_) => String::new(),
        }
    }

    /// The nonce to send along.
    fn nonce(&self) -> Option<&str> {
        if let Self::UseNonce(nonce) = self { Some(nonce) } else { None }
    }

    /// The response of an endpoint that apps authenticate at (RFC 9449 §5, §8).
    pub fn at_endpoint(self) -> Response {
        let nonce = self.nonce().map(str::to_owned);
        with_nonce(ApiError::from(self).into_response(), nonce.as_deref())
    }

    /// The response of a protected resource (RFC 9449 §7.1, §9).
    pub fn at_resource(self) -> Response {
        let (code, description) = (self.code(), self.description());
        let nonce = self.nonce().map(str::to_owned);
        let error = match self {
            Self::Store(error) => return ApiError::from(error).into_response(),
            Self::Invalid(_) | Self::UseNonce(_) => ApiError::new(StatusCode::UNAUTHORIZED, code, description.clone()),
        };
        let mut response = with_nonce(error.into_response(), nonce.as_deref());
        let challenge =
            format!(r#"DPoP error="{code}", error_description="{description}", algs="{}""#, ALGORITHMS.join(" "));
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// `response` with the nonce that the client should use from now on.
pub fn with_nonce(mut response: Response, nonce: Option<&str>) -> Response {
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(nonce).ok()) {
        response.headers_mut().insert(DPOP_NONCE, nonce);
    }
    response
}

/// The proof `text`: valid for `request`, recent, and used for the first time.
///
/// # Errors
/// [`DpopError`]
pub async fn verify(sigma: &AppState, text: &str, request: &ProvenRequest<'_>) -> Result<Proven, DpopError> {
    let (dpop, now) = (&sigma.dpop, sigma.now());
    let header = Proof::header_of(text)?;
    let digest = Digest::of(header);
    let (key, is_new) = match dpop.keys.get(&digest) {
        Some(key) => (key, false),
        None => (Arc::new(ProofKey::parse(header)?), true),
    };
    let proof = Proof::verify(text, &key, request, now)?;
    if is_new {
        dpop.keep(digest, &key);
    }
    let use_nonce = || DpopError::UseNonce(dpop.nonce(now));
    let (expires_at, is_old) = match &proof.nonce {
        Some(text) => {
            let nonce = dpop.nonces.open(text, now).ok_or_else(use_nonce)?;
            if sigma.used_once.may_have_forgotten(nonce.issued_at) {
                return Err(use_nonce());
            }
            (nonce.issued_at.plus(nonce::LIFE), nonce.is_old)
        }
        None if sigma.settings.authorization.require_dpop_nonce => return Err(use_nonce()),
        None => {
            let expires_at = proof.expires_at(now)?;
            // The client's clock may be ahead: the proof may be older than it says.
            if sigma.used_once.may_have_forgotten(proof.made_at().minus(CLOCK_SKEW)) {
                return Err(use_nonce());
            }
            (expires_at, false)
        }
    };
    if !sigma.used_once.spend(&sigma.store, proof.id, expires_at, now).await? {
        return Err(ProofProblem::Replayed.into());
    }
    Ok(Proven { jkt: key.thumbprint.clone(), next_nonce: is_old.then(|| dpop.nonce(now)) })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    /// How many of 12,000 clients' keys are kept, and what each weighs.
    fn kept(alg: &str, jwk: &Value) -> (usize, usize) {
        let header = json!({"typ": "dpop+jwt", "alg": alg, "jwk": jwk}).to_string();
        let key = Arc::new(ProofKey::parse(&URL_SAFE_NO_PAD.encode(header)).unwrap());
        let dpop = Dpop::new(b"secret");
        let clients: Vec<Digest> = (0..12_000).map(|number| Digest::of(format!("client {number}"))).collect();
        for client in &clients {
            dpop.keep(*client, &key);
        }
        (clients.iter().filter(|client| dpop.keys.contains(*client)).count(), key.weight())
    }

    #[test]
    fn keys_of_clients_take_so_many_bytes_whatever_their_kind() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let (small, _) = kept("EdDSA", &json!({"kty": "OKP", "crv": "Ed25519", "x": x}));
        assert!(small > 8_000, "{small}");
        let n = URL_SAFE_NO_PAD.encode([0xc5; 512]);
        let (large, weight) = kept("PS256", &json!({"kty": "RSA", "n": n, "e": "AQAB"}));
        assert!(large > 500 && large * weight <= BYTES_OF_KEYS, "{large} of {weight} bytes");
    }
}
