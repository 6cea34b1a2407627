//! The first refresh token of a grant. Its successors are derived from it.

use std::sync::Arc;

use sigma_core::digest::Digest;
use sigma_core::grant::first_refresh_token;
use sigma_core::ids::GrantId;
use sigma_core::random::{alphanumeric, bytes};
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::refresh_token::{FirstRefreshToken, NewFamily};
use zeroize::Zeroizing;

use super::refresh_token::FAMILY_CONTEXT;
use crate::state::AppState;

/// Length of the secret of a refresh token: 256 bits, like those of its successors.
const REFRESH_LENGTH: usize = 43;

/// What the first refresh token of a grant is made of, should the code turn out to be for one.
#[derive(Clone)]
pub(super) struct FirstToken {
    family_key: Zeroizing<[u8; 32]>,
    secret: Zeroizing<String>,
    grant_id: GrantId,
}

impl FirstToken {
    /// A token for the grant of that id.
    pub(super) fn new(sigma: &AppState, grant_id: &GrantId) -> Self {
        Self {
            family_key: Zeroizing::new(bytes::<32>(&*sigma.rng)),
            secret: Zeroizing::new(alphanumeric(&*sigma.rng, REFRESH_LENGTH)),
            grant_id: grant_id.clone(),
        }
    }

    /// The token itself.
    pub(super) fn to_text(&self) -> String {
        first_refresh_token(self.family_key.as_slice(), &self.grant_id, &self.secret)
    }

    /// The family that it begins, which lapses at `expires_at` unless it goes on.
    pub(super) fn family(&self, sigma: &AppState, expires_at: Timestamp) -> NewFamily {
        let (first, master_key, rng) = (self.clone(), Arc::clone(&sigma.master_key), Arc::clone(&sigma.rng));
        NewFamily::new(expires_at, move || {
            let context = format!("{FAMILY_CONTEXT}{}", first.grant_id);
            let sealed = master_key.seal(&context, first.family_key.as_slice(), &*rng);
            Ok(FirstRefreshToken {
                hash: Digest::of(first.to_text()),
                sealed_family_key: sealed.map_err(|error| StoreError::Failed(error.to_string()))?,
            })
        })
    }
}
