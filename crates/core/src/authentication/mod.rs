//! Authentication: who authenticated, and how. Every sign-in method ends in an [`Authentication`], the only source of
//! `acr`, `amr` and `auth_time` (OpenID Connect Core §2). [`progress`] decides what a sign-in still needs.

mod method;
mod progress;
#[cfg(test)]
mod tests;

use sigma_bitcoin::PublicKey;
use std::fmt;

use crate::ids::UserId;
use crate::provider::{ProviderId, Subject};
use crate::time::Timestamp;

pub use method::{CredentialKind, Method, Methods};
pub use progress::{AccountCredentials, Progress, Requirement, progress};

/// An authentication class (`acr`, OpenID Connect Core §2), weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// Nothing was proven: a quick login.
    Zero,
    /// One factor.
    One,
    /// Two factors, or a passkey with user verification.
    Two,
}

impl Acr {
    /// Every class, weakest first.
    pub const ALL: [Self; 3] = [Self::Zero, Self::One, Self::Two];

    /// The value in tokens and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "0",
            Self::One => "1",
            Self::Two => "2",
        }
    }

    /// The class that a session of an account with these credentials needs before it counts: who set up one-time codes is
    /// asked for them at every sign-in.
    pub fn demanded_by(credentials: &[CredentialKind]) -> Self {
        if credentials.contains(&CredentialKind::Totp) { Self::Two } else { Self::One }
    }

    /// The strongest class that an account with these credentials can reach without those of last resort.
    pub fn strongest_of(credentials: &[CredentialKind]) -> Self {
        let is_strong = |kind: &CredentialKind| CredentialKind::SECOND_FACTORS.contains(kind);
        if credentials.iter().any(is_strong) { Self::Two } else { Self::One }
    }

    /// The class that an app names. Classes of other servers are unknown here.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A credential of an account. Its id is unique within its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credential {
    /// Its kind.
    pub kind: CredentialKind,
    /// For a key, the public key in lower-case hex; for a passkey, its credential id in base64url; for a password or
    /// recovery codes, the id of their user; for an account at a provider, `provider|subject`.
    pub id: String,
}

impl Credential {
    /// The key `pubkey`.
    pub fn key(pubkey: &PublicKey) -> Self {
        Self { kind: CredentialKind::Key, id: pubkey.to_hex() }
    }

    /// The password of `user_id`: an account has at most one.
    pub fn password(user_id: &UserId) -> Self {
        Self { kind: CredentialKind::Password, id: user_id.to_string() }
    }

    /// The account `subject` at a provider.
    pub fn provider_account(provider: &ProviderId, subject: &Subject) -> Self {
        Self { kind: CredentialKind::Provider, id: format!("{provider}|{}", subject.as_str()) }
    }

    /// The passkey whose credential id is `id` (WebAuthn §4), in base64url.
    pub fn passkey(id: &str) -> Self {
        Self { kind: CredentialKind::Passkey, id: id.to_owned() }
    }

    /// The generator of one-time codes called `id`.
    pub fn totp(id: &str) -> Self {
        Self { kind: CredentialKind::Totp, id: id.to_owned() }
    }

    /// The recovery codes of `user_id`: an account has at most one list.
    pub fn recovery(user_id: &UserId) -> Self {
        Self { kind: CredentialKind::Recovery, id: user_id.to_string() }
    }
}

/// An authenticated user, and how they authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    user_id: UserId,
    methods: Methods,
    auth_time: Timestamp,
    credential: Option<Credential>,
}

impl Authentication {
    /// An authentication by a signature of `pubkey`.
    pub fn by_key(user_id: UserId, pubkey: &PublicKey, now: Timestamp) -> Self {
        Self::new(user_id, Method::Key, Some(Credential::key(pubkey)), now)
    }

    /// An authentication by the password of `user_id`, just verified or set.
    pub fn by_password(user_id: UserId, now: Timestamp) -> Self {
        let credential = Credential::password(&user_id);
        Self::new(user_id, Method::Password, Some(credential), now)
    }

    /// An authentication at a provider, where the user authenticated at `auth_time`.
    pub fn by_provider(user_id: UserId, account: Credential, auth_time: Timestamp) -> Self {
        Self::new(user_id, Method::Provider, Some(account), auth_time)
    }

    /// A quick login, which proves nothing.
    pub fn by_quick_login(user_id: UserId, now: Timestamp) -> Self {
        Self::new(user_id, Method::QuickLogin, None, now)
    }

    /// An authentication by one method and its credential.
    pub fn new(user_id: UserId, method: Method, credential: Option<Credential>, now: Timestamp) -> Self {
        Self { user_id, methods: Methods::of(method), auth_time: now, credential }
    }

    /// The authentication stored with a session: its credential is no longer known.
    pub fn stored(user_id: UserId, methods: Methods, auth_time: Timestamp) -> Self {
        Self { user_id, methods, auth_time, credential: None }
    }

    /// Adds a second factor. `auth_time` stays that of the first: `max_age` and `prompt=login` require both again.
    #[must_use]
    pub fn and(mut self, method: Method, credential: Credential) -> Self {
        self.methods.add(method);
        self.credential = Some(credential);
        self
    }

    /// The user.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The methods, in order of use.
    pub fn methods(&self) -> &Methods {
        &self.methods
    }

    /// `auth_time`: when the user proved the first factor.
    pub fn auth_time(&self) -> Timestamp {
        self.auth_time
    }

    /// `acr`.
    pub fn acr(&self) -> Acr {
        self.methods.acr()
    }

    /// `amr`, space-separated.
    pub fn amr(&self) -> String {
        self.methods.amr()
    }

    /// The credential used last, unless this was read from a session or nothing was proven.
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }
}
