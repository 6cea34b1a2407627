//! Passkeys: the relying party's side of Web Authentication, Level 3 (§7.1 and §7.2), without attestation: which model of
//! authenticator holds a passkey is never asked, and nothing depends on it.
//!
//! Why this is ours and no crate: `docs/adr/0010-passkeys.md`.

mod authenticator;
mod public_key;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::digest::Digest;
use crate::jose::base64url;

pub use authenticator::{Asserted, NewPasskey};
pub use public_key::{ALGORITHMS, PasskeyKey};

/// The longest credential id (§5.8.3 lets authenticators choose up to 1,023 bytes).
pub const LONGEST_ID: usize = 1_023;

/// Who asks for passkeys: the domain that they are bound to, and the only origin whose pages may use them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    id_hash: Digest,
    origin: String,
}

impl RelyingParty {
    /// The relying party of an issuer: its host and its origin. `None` where browsers have no passkeys: the host is an
    /// address, or the connection is not secure (§5.1.3, Secure Contexts §3.1).
    pub fn of_issuer(issuer: &str) -> Option<Self> {
        let url = url::Url::parse(issuer).ok()?;
        let url::Host::Domain(domain) = url.host()? else { return None };
        let is_local = domain == "localhost" || domain.ends_with(".localhost");
        let is_secure = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        is_secure.then(|| Self {
            id: domain.to_owned(),
            id_hash: Digest::of(domain),
            origin: url.origin().ascii_serialization(),
        })
    }

    /// Its id: a domain.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why a response of an authenticator is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebauthnError {
    /// It has another form than the specification says.
    #[error("the response of the authenticator is malformed")]
    Malformed,
    /// It answers another kind of request.
    #[error("the response belongs to another ceremony")]
    OtherCeremony,
    /// The page that asked is not one of ours, or was shown in a frame of another site.
    #[error("the response was made for another origin")]
    OtherOrigin,
    /// It was made for another domain.
    #[error("the response was made for another relying party")]
    OtherRelyingParty,
    /// Nobody touched the authenticator.
    #[error("nobody was present at the authenticator")]
    NotPresent,
    /// The authenticator did not verify its user, which is required.
    #[error("the authenticator did not verify its user")]
    NotVerified,
    /// The passkey's algorithm or key is not supported.
    #[error("the key of the passkey is not supported")]
    UnsupportedKey,
    /// The signature is wrong.
    #[error("the signature of the authenticator is invalid")]
    Signature,
}

/// What an authenticator is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    /// A new passkey.
    Registration,
    /// A proof of an existing one.
    Authentication,
}

impl Ceremony {
    const fn client_data_type(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Authentication => "webauthn.get",
        }
    }
}

/// What the browser signed along (§5.8.1), checked to come from a page of ours.
#[derive(Clone, Debug)]
pub struct ClientData {
    challenge: Vec<u8>,
    hash: Digest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

impl ClientData {
    /// Reads `clientDataJSON` for a ceremony of `party`.
    ///
    /// # Errors
    /// [`WebauthnError`]
    pub fn read(party: &RelyingParty, ceremony: Ceremony, json: &[u8]) -> Result<Self, WebauthnError> {
        crate::json::check(json).map_err(|_| WebauthnError::Malformed)?;
        let raw: RawClientData = serde_json::from_slice(json).map_err(|_| WebauthnError::Malformed)?;
        if raw.r#type != ceremony.client_data_type() {
            return Err(WebauthnError::OtherCeremony);
        }
        if raw.origin != party.origin || raw.cross_origin || raw.top_origin.is_some_and(|top| top != party.origin) {
            return Err(WebauthnError::OtherOrigin);
        }
        let challenge = base64url::decode(&raw.challenge).ok_or(WebauthnError::Malformed)?;
        Ok(Self { challenge, hash: Digest::of(json) })
    }

    /// The challenge that it answers: whether that was ours, for this browser, and unused, is up to the caller.
    pub fn challenge(&self) -> &[u8] {
        &self.challenge
    }
}

/// Whether a signature counter shows no sign of a copy of the passkey (§6.1.1): it grows with each use, or the
/// authenticator has none and always says 0.
pub const fn counter_advances(stored: u32, received: u32) -> bool {
    (stored == 0 && received == 0) || received > stored
}
