//! The bearer token of a connection: `sigma_scim_` and 43 random letters and digits.

use std::fmt;

use zeroize::Zeroizing;

use crate::digest::Digest;
use crate::random::{Rng, alphanumeric};

/// The prefix of every token; secret scanners look for it.
const PREFIX: &str = "sigma_scim_";
/// Random letters and digits: 256 bits.
const RANDOM: usize = 43;

/// A token as its holder has it. `Debug` does not show it.
#[derive(Clone)]
pub struct ScimToken(Zeroizing<String>);

impl ScimToken {
    /// A new token.
    pub fn generate(rng: &dyn Rng) -> Self {
        let random = Zeroizing::new(alphanumeric(rng, RANDOM));
        let mut token = Zeroizing::new(String::with_capacity(PREFIX.len().saturating_add(RANDOM)));
        token.push_str(PREFIX);
        token.push_str(&random);
        Self(token)
    }

    /// Parses a token: its form must be right.
    pub fn parse(text: &str) -> Option<Self> {
        let random = text.strip_prefix(PREFIX)?;
        let is_token = random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_token.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The stored form: the SHA-256 of the whole token.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The token itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ScimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScimToken(…)")
    }
}
