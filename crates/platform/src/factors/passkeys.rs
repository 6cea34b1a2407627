//! What browsers are told about passkeys, and what they answer (WebAuthn §5.1 and §5.8, in JSON as their script writes it).

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::authentication::{CredentialKind, Method, Methods};
use sigma_core::time::Timestamp;
use sigma_core::webauthn::{RelyingParty, WebauthnError};
use sigma_store::passkey::StoredPasskey;
use sigma_store::session::BrowserSession;

use super::challenge::{ChallengeError, Issued, LIFE};
use crate::extract::read_object;
use crate::http::ApiError;
use crate::i18n::Language;
use crate::interaction::with_cookie;
use crate::state::AppState;

/// How soon after a sign-in with a password a passkey is offered, while the password manager remembers it.
const OFFERED: Duration = Duration::from_mins(5);

/// Whether the browser may create a passkey without asking (Web Authentication, Level 3, conditional create): the user just
/// signed in with a password alone, and has no passkey.
pub fn is_offered(session: &BrowserSession, credentials: &[CredentialKind], now: Timestamp) -> bool {
    let by_password = session.methods == Methods::of(Method::Password);
    by_password && !credentials.contains(&CredentialKind::Passkey) && now.since(session.auth_time) <= OFFERED
}

impl AppState {
    /// Who asks browsers for passkeys: the issuer, where browsers have passkeys for such an address.
    pub fn relying_party(&self) -> Option<RelyingParty> {
        RelyingParty::of_issuer(self.issuer())
    }
}

/// A passkey, as options name it.
#[derive(Clone, Debug, Serialize)]
pub struct Descriptor {
    r#type: &'static str,
    id: String,
}

impl Descriptor {
    /// The passkeys of an account.
    pub fn list(passkeys: &[StoredPasskey]) -> Vec<Self> {
        passkeys.iter().map(|passkey| Self { r#type: "public-key", id: passkey.id.clone() }).collect()
    }
}

/// The options for proving a passkey.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOptions<'a> {
    challenge: &'a str,
    rp_id: &'a str,
    timeout: u128,
    user_verification: &'static str,
    allow_credentials: Vec<Descriptor>,
}

/// The options for proving one of the passkeys in `allowed`, or any if there are none.
pub fn request_options(party: &RelyingParty, issued: &Issued, allowed: Vec<Descriptor>) -> Response {
    let options = RequestOptions {
        challenge: &issued.challenge,
        rp_id: party.id(),
        timeout: LIFE.as_millis(),
        user_verification: "preferred",
        allow_credentials: allowed,
    };
    with_cookie(Json(options).into_response(), issued.set_cookie.as_deref())
}

/// A credential that a browser answers with, its bytes in base64url.
#[derive(Debug, Deserialize)]
pub struct Credential<R> {
    /// The credential id.
    pub id: Bytes,
    /// The response of the authenticator.
    pub response: R,
    /// The name for a new passkey.
    #[serde(default)]
    pub name: Option<String>,
}

/// The response that registers a passkey.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// What the browser signed along.
    #[serde(rename = "clientDataJSON")]
    pub client_data: Bytes,
    /// The new key.
    pub attestation_object: Bytes,
}

/// The response that proves a passkey.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assertion {
    /// What the browser signed along.
    #[serde(rename = "clientDataJSON")]
    pub client_data: Bytes,
    /// What the authenticator says.
    pub authenticator_data: Bytes,
    /// Its signature.
    pub signature: Bytes,
    /// The account that it is of.
    #[serde(default)]
    pub user_handle: Option<Bytes>,
}

/// Bytes in base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The text, in its only spelling.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(text.as_bytes()).map(Self).map_err(|_| serde::de::Error::custom("not base64url"))
    }
}

/// Reads what the browser answered.
///
/// # Errors
/// [`PasskeyError::Malformed`]
pub fn read<R: serde::de::DeserializeOwned>(body: &[u8]) -> Result<Credential<R>, PasskeyError> {
    read_object(body).ok_or(PasskeyError::Malformed)
}

/// Why a passkey was refused, for the script of the page to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyError {
    /// Browsers have no passkeys for the address of this server.
    Unavailable,
    /// It is not what a browser answers.
    Malformed,
    /// It was made for another page, site or purpose.
    Foreign,
    /// The challenge is not this browser's.
    OtherBrowser,
    /// The challenge took too long, or was used before.
    Expired,
    /// The signature is wrong.
    Invalid,
    /// The authenticator did not verify its user, which a new passkey needs.
    NotVerified,
    /// The authenticator has a kind of key that is not supported.
    UnsupportedKey,
    /// No account has the passkey.
    Unknown,
    /// There is a copy of the passkey.
    Cloned,
    /// The account is disabled.
    Disabled,
    /// It is another account's than the one that is signed in.
    OtherAccount,
    /// An account has it already.
    Known,
    /// The account has as many as it may.
    TooMany,
    /// The last sign-in was too long ago, or too weak, for changing credentials.
    SignInAgain,
}

impl PasskeyError {
    /// Status, code, and the key of the text.
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unavailable => (StatusCode::NOT_FOUND, "PASSKEYS_UNAVAILABLE", "passkey-unavailable"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "PASSKEY_MALFORMED", "passkey-malformed"),
            Self::Foreign => (StatusCode::BAD_REQUEST, "PASSKEY_FOREIGN", "passkey-foreign"),
            Self::OtherBrowser => (StatusCode::BAD_REQUEST, "CHALLENGE_UNKNOWN", "passkey-other-browser"),
            Self::Expired => (StatusCode::BAD_REQUEST, "CHALLENGE_EXPIRED", "passkey-expired"),
            Self::Invalid => (StatusCode::UNAUTHORIZED, "PASSKEY_INVALID", "passkey-invalid"),
            Self::NotVerified => (StatusCode::BAD_REQUEST, "PASSKEY_NOT_VERIFIED", "passkey-not-verified"),
            Self::UnsupportedKey => (StatusCode::BAD_REQUEST, "PASSKEY_UNSUPPORTED", "passkey-unsupported"),
            Self::Unknown => (StatusCode::UNAUTHORIZED, "PASSKEY_UNKNOWN", "passkey-unknown"),
            Self::Cloned => (StatusCode::UNAUTHORIZED, "PASSKEY_CLONED", "passkey-cloned"),
            Self::Disabled => (StatusCode::FORBIDDEN, "USER_DISABLED", "passkey-disabled"),
            Self::OtherAccount => (StatusCode::FORBIDDEN, "PASSKEY_OF_ANOTHER", "passkey-of-another"),
            Self::Known => (StatusCode::CONFLICT, "PASSKEY_KNOWN", "passkey-known"),
            Self::TooMany => (StatusCode::CONFLICT, "TOO_MANY_PASSKEYS", "passkey-too-many"),
            Self::SignInAgain => (StatusCode::FORBIDDEN, "SIGN_IN_AGAIN", "sign-in-again-first"),
        }
    }

    /// The answer, in the language of the page.
    pub fn respond(self, language: Language) -> Response {
        let (status, code, text) = self.parts();
        let error = match status {
            StatusCode::UNAUTHORIZED => "unauthorized",
            StatusCode::FORBIDDEN => "access_denied",
            _ => "invalid_request",
        };
        ApiError::new(status, error, language.text(text).to_string()).with_code(code).into_response()
    }
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::Malformed | WebauthnError::NotPresent => Self::Malformed,
            WebauthnError::OtherCeremony | WebauthnError::OtherOrigin | WebauthnError::OtherRelyingParty => {
                Self::Foreign
            }
            WebauthnError::NotVerified => Self::NotVerified,
            WebauthnError::UnsupportedKey => Self::UnsupportedKey,
            WebauthnError::Signature => Self::Invalid,
        }
    }
}

impl From<ChallengeError> for PasskeyError {
    fn from(error: ChallengeError) -> Self {
        match error {
            ChallengeError::NotOurs => Self::OtherBrowser,
            ChallengeError::Expired => Self::Expired,
        }
    }
}
