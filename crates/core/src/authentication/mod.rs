//! Authentication: who proved to be whom, and how. Every sign-in method ends in an [`Authentication`], and `acr`, `amr` and
//! `auth_time` (OpenID Connect Core §2) are read from it alone. [`progress`] decides what a sign-in still needs.

mod method;
mod progress;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::ids::UserId;
use crate::time::Timestamp;

pub use method::{CredentialKind, Method, Methods};
pub use progress::{AccountCredentials, Progress, Requirement, progress};

/// An authentication class (`acr`, OpenID Connect Core §2), the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acr {
    /// Nothing was proven: a quick login.
    Zero,
    /// One factor.
    One,
    /// Two factors, or a passkey that verified its user.
    Two,
}

impl Acr {
    /// Every class, the weakest first.
    pub const ALL: [Self; 3] = [Self::Zero, Self::One, Self::Two];

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "0",
            Self::One => "1",
            Self::Two => "2",
        }
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

/// A credential of an account. Its id is unique among those of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// A key's is the public key in lower-case hex, a password's the id of its user.
    pub id: String,
}

impl Credential {
    /// The key `pubkey`, in lower-case hex.
    pub fn key(pubkey: &str) -> Self {
        Self { kind: CredentialKind::Key, id: pubkey.to_owned() }
    }

    /// The password of `user_id`: an account has one at most.
    pub fn password(user_id: &UserId) -> Self {
        Self { kind: CredentialKind::Password, id: user_id.to_string() }
    }
}

/// A person who proved who they are, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    user_id: UserId,
    methods: Methods,
    auth_time: Timestamp,
    credential: Option<Credential>,
}

impl Authentication {
    /// An authentication by the signature of `pubkey`, in lower-case hex.
    pub fn by_key(user_id: UserId, pubkey: &str, now: Timestamp) -> Self {
        Self::new(user_id, Method::Key, Some(Credential::key(pubkey)), now)
    }

    /// An authentication by the password of `user_id`, which was verified or set just now.
    pub fn by_password(user_id: UserId, now: Timestamp) -> Self {
        let credential = Credential::password(&user_id);
        Self::new(user_id, Method::Password, Some(credential), now)
    }

    /// A quick login, which proves nothing.
    pub fn by_quick_login(user_id: UserId, now: Timestamp) -> Self {
        Self::new(user_id, Method::QuickLogin, None, now)
    }

    /// An authentication by one method, and by the credential that it used.
    pub fn new(user_id: UserId, method: Method, credential: Option<Credential>, now: Timestamp) -> Self {
        Self { user_id, methods: Methods::of(method), auth_time: now, credential }
    }

    /// The authentication that a session stores: its credential is no longer known.
    pub fn stored(user_id: UserId, methods: Methods, auth_time: Timestamp) -> Self {
        Self { user_id, methods, auth_time, credential: None }
    }

    /// Adds a second factor. `auth_time` stays that of the first: `max_age` and `prompt=login` ask for both anew.
    #[must_use]
    pub fn and(mut self, method: Method, credential: Credential) -> Self {
        self.methods.add(method);
        self.credential = Some(credential);
        self
    }

    /// Who it is.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// The methods, the first one first.
    pub fn methods(&self) -> &Methods {
        &self.methods
    }

    /// `auth_time`: when the person proved the first factor.
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

    /// The credential that was used last, unless this was read from a session or nothing was proven.
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }
}
