//! The proof of possession that a request carries (RFC 9449 §4.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method};
use sigma_core::dpop::{ProofProblem, ProvenRequest};

use crate::dpop::{DPOP, DpopError, Proven, verify};
use crate::state::AppState;

/// A proof as it was sent, to be verified once it is known what it is for.
#[derive(Clone, Debug)]
pub enum SentProof {
    /// None.
    Absent,
    /// Several, or no text.
    Malformed(ProofProblem),
    /// One.
    Sent {
        /// The proof.
        text: String,
        /// The method of the request.
        method: Method,
        /// Where the request went.
        target: Target,
    },
}

/// Where a request went.
#[derive(Clone, Debug)]
pub enum Target {
    /// To this path here.
    Here(String),
    /// To this URL, at a proxy that asks about it.
    Elsewhere(String),
}

impl SentProof {
    /// The proof of a request to `path`.
    pub fn of(headers: &HeaderMap, method: &Method, path: &str) -> Self {
        Self::for_target(headers, method, || Target::Here(path.to_owned()))
    }

    /// The proof of a request that somebody else received at `url`.
    pub fn received_at(headers: &HeaderMap, method: &Method, url: &str) -> Self {
        Self::for_target(headers, method, || Target::Elsewhere(url.to_owned()))
    }

    fn for_target(headers: &HeaderMap, method: &Method, target: impl FnOnce() -> Target) -> Self {
        let mut values = headers.get_all(DPOP).into_iter();
        let Some(value) = values.next() else { return Self::Absent };
        if values.next().is_some() {
            return Self::Malformed(ProofProblem::Repeated);
        }
        match value.to_str() {
            Ok(text) => Self::Sent { text: text.to_owned(), method: method.clone(), target: target() },
            Err(_) => Self::Malformed(ProofProblem::Malformed),
        }
    }

    /// The proof, if there is one: valid for this request and `token`, recent, and used for the first time.
    ///
    /// # Errors
    /// [`DpopError`]
    pub async fn verify(&self, sigma: &AppState, token: Option<&str>) -> Result<Option<Proven>, DpopError> {
        match self {
            Self::Absent => Ok(None),
            Self::Malformed(problem) => Err((*problem).into()),
            Self::Sent { text, method, target } => {
                let url = match target {
                    Target::Here(path) => format!("{}{path}", sigma.issuer()),
                    Target::Elsewhere(url) => url.clone(),
                };
                let request = ProvenRequest { method: method.as_str(), url: &url, token };
                verify(sigma, text, &request).await.map(Some)
            }
        }
    }
}

impl FromRequestParts<AppState> for SentProof {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.method, parts.uri.path()))
    }
}
