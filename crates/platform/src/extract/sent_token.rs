//! The access token that a request carries, with its proof of possession.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::extract::authorization::{Repeated, Scheme, access_token};
use crate::extract::{BearerError, SentProof};
use crate::state::AppState;

/// A token as it was sent, with the scheme that it was sent by.
#[derive(Clone, Debug)]
pub struct SentToken {
    token: Result<Option<(Scheme, String)>, Repeated>,
    /// The proof beside it.
    pub proof: SentProof,
}

impl SentToken {
    /// The token.
    ///
    /// # Errors
    /// There is none, or more than one.
    pub fn get(&self) -> Result<(Scheme, &str), BearerError> {
        match &self.token {
            Ok(Some((scheme, token))) => Ok((*scheme, token)),
            Ok(None) => Err(BearerError::Missing),
            Err(repeated) => Err((*repeated).into()),
        }
    }
}

impl FromRequestParts<AppState> for SentToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        let token = access_token(&parts.headers).map(|sent| sent.map(|(scheme, token)| (scheme, token.to_owned())));
        Ok(Self { token, proof: SentProof::of(&parts.headers, &parts.method, parts.uri.path()) })
    }
}
