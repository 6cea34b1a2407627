//! Who signs in and signs up, by which methods, and how long what is mailed for it works.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ProviderSignUp;

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethod {
    /// A key in the browser, or in a backup file.
    Key,
    /// An e-mail address and a password.
    Password,
    /// A passkey.
    Passkey,
    /// An account at an upstream provider.
    Provider,
}

impl SignInMethod {
    /// Every way there is.
    pub const ALL: [Self; 4] = [Self::Key, Self::Password, Self::Passkey, Self::Provider];

    /// Its name in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
        }
    }

    /// Its label on the page: a key of the catalogue.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Key => "login-method-key",
            Self::Password => "login-method-password",
            Self::Passkey => "login-method-passkey",
            Self::Provider => "login-method-provider",
        }
    }
}

/// Who may sign in, and how.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignIn {
    /// The ways to sign in that the sign-in page offers, in this order until one has worked in a browser. The page takes no
    /// other.
    pub methods: Vec<SignInMethod>,
    /// An unknown key that signs in creates an account. Otherwise only `sign-up/sigma` does.
    pub implicit_sign_up: bool,
    /// Anyone may create an account by `sign-up/sigma`.
    pub sign_up: bool,
    /// Refuse tokens that sign the bare path: only `{issuer}/api/auth/sign-in/sigma` is accepted.
    pub require_origin_bound: bool,
    /// Further origins whose pages may send our cookies.
    pub trusted_origins: Vec<String>,
    /// How long a browser stays signed in, in days.
    pub session_days: u32,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            methods: SignInMethod::ALL.to_vec(),
            implicit_sign_up: false,
            sign_up: true,
            require_origin_bound: false,
            trusted_origins: Vec::new(),
            session_days: 30,
        }
    }
}

/// How people make accounts, beside those of a key: see `sign_in.sign_up`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignUp {
    /// Anyone may make an account with an e-mail address that they read and a password.
    pub email: bool,
    /// What becomes of an account at a provider that nobody has linked, where the provider says nothing else.
    pub provider: ProviderSignUp,
}

/// The cost of password hashing (argon2id, RFC 9106). When it grows, passwords are rehashed as users sign in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Passwords {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashing threads; 0 is one per core.
    pub threads: usize,
    /// Hashes that may wait for a thread; beyond that, 503.
    pub queue: usize,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, threads: 0, queue: 64 }
    }
}

/// How long the links in mails work. Each works once.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Links {
    /// Invitations to a workspace.
    pub invitation_days: u32,
    /// Links for a new password.
    pub reset_minutes: u32,
    /// Links and codes that confirm the address of a new account.
    pub sign_up_minutes: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self { invitation_days: 7, reset_minutes: 60, sign_up_minutes: 60 }
    }
}

impl Links {
    /// How long an invitation works.
    pub fn invitation(&self) -> Duration {
        Duration::from_hours(u64::from(self.invitation_days) * 24)
    }

    /// How long a link for a new password works.
    pub fn reset(&self) -> Duration {
        Duration::from_mins(u64::from(self.reset_minutes))
    }

    /// How long an address may be confirmed.
    pub fn sign_up(&self) -> Duration {
        Duration::from_mins(u64::from(self.sign_up_minutes))
    }
}
