//! Which pages may embed the signer (`docs/spec/signer.md#who-may-embed-it`).

use http::header::REFERER;
use http::{HeaderMap, HeaderValue};
use sigma_core::signer_origin::SignerOrigin;
use sigma_store::{StoreError, signer_origin};

use crate::state::AppState;

/// The origins that one response allows.
pub struct Embedding {
    origins: Vec<SignerOrigin>,
}

impl Embedding {
    /// The declared origin that the `Referer` names, or none if it names another one. A page that hides its origin gets
    /// the declared ones, up to the number in the settings.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find(sigma: &AppState, headers: &HeaderMap) -> Result<Self, StoreError> {
        let mut named = headers.get_all(REFERER).iter();
        let origins = match (named.next(), named.next()) {
            (None, _) => {
                let limit = sigma.settings.signer.listed_origins;
                sigma.store.read(move |tx| signer_origin::list(tx, limit)).await?
            }
            (Some(referer), None) => match read(referer) {
                Some(origin) => {
                    let asked = origin.clone();
                    let is_declared = sigma.store.read(move |tx| signer_origin::is_declared(tx, &asked)).await?;
                    is_declared.then_some(origin).into_iter().collect()
                }
                None => Vec::new(),
            },
            (Some(_), Some(_)) => Vec::new(),
        };
        Ok(Self { origins })
    }

    /// The value of `frame-ancestors` (CSP 3 §6.4.2).
    pub fn frame_ancestors(&self) -> String {
        if self.origins.is_empty() { "'none'".to_owned() } else { self.listed() }
    }

    /// The origins, separated by spaces.
    pub fn listed(&self) -> String {
        self.origins.iter().map(SignerOrigin::as_str).collect::<Vec<_>>().join(" ")
    }
}

fn read(referer: &HeaderValue) -> Option<SignerOrigin> {
    referer.to_str().ok().and_then(|url| SignerOrigin::of_url(url).ok())
}
