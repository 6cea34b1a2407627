//! Sign-in methods and the credentials that they use.

use std::fmt;

use super::Acr;

/// The kind of a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialKind {
    /// A Bitcoin key.
    Key,
    /// A password.
    Password,
    /// A WebAuthn credential.
    Passkey,
    /// An account at an upstream OpenID provider.
    Provider,
    /// A generator of one-time codes (RFC 6238).
    Totp,
    /// A list of recovery codes, each for one use.
    Recovery,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Key, Self::Password, Self::Passkey, Self::Provider, Self::Totp, Self::Recovery];

    /// The kinds that a user can add as a second factor while they sign in.
    pub const SECOND_FACTORS: [Self; 2] = [Self::Passkey, Self::Totp];

    /// The kind, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
            Self::Totp => "totp",
            Self::Recovery => "recovery",
        }
    }

    /// Parses a stored kind.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it can be a first factor.
    pub const fn is_first_factor(self) -> bool {
        !matches!(self, Self::Totp | Self::Recovery)
    }

    /// Whether it raises a session of one factor to [`Acr::Two`]; a passkey does so with user verification.
    pub const fn is_second_factor(self) -> bool {
        matches!(self, Self::Passkey | Self::Totp | Self::Recovery)
    }
}

/// One method by which a user authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// The signature of a Bitcoin key.
    Key,
    /// A password.
    Password,
    /// A passkey with user presence only (WebAuthn §6.1, UP).
    Passkey,
    /// A passkey with user verification by PIN or biometrics (WebAuthn §6.1, UV).
    VerifiedPasskey,
    /// An upstream OpenID provider.
    Provider,
    /// A one-time code (RFC 6238).
    Totp,
    /// A recovery code.
    RecoveryCode,
    /// Quick login, where a workspace allows it.
    QuickLogin,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 8] = [
        Self::Key,
        Self::Password,
        Self::Passkey,
        Self::VerifiedPasskey,
        Self::Provider,
        Self::Totp,
        Self::RecoveryCode,
        Self::QuickLogin,
    ];

    /// The method, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::VerifiedPasskey => "verified-passkey",
            Self::Provider => "provider",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery-code",
            Self::QuickLogin => "quick-login",
        }
    }

    /// The kind of credential that it uses.
    pub const fn credential(self) -> Option<CredentialKind> {
        match self {
            Self::Key => Some(CredentialKind::Key),
            Self::Password => Some(CredentialKind::Password),
            Self::Passkey | Self::VerifiedPasskey => Some(CredentialKind::Passkey),
            Self::Provider => Some(CredentialKind::Provider),
            Self::Totp => Some(CredentialKind::Totp),
            Self::RecoveryCode => Some(CredentialKind::Recovery),
            Self::QuickLogin => None,
        }
    }

    /// Its values of `amr` (RFC 8176 §2, and `fed` for a provider). A recovery code is a one-time password, too.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Key => &["pop", "swk"],
            Self::Password => &["pwd"],
            Self::Passkey => &["pop", "hwk"],
            Self::VerifiedPasskey => &["pop", "hwk", "user"],
            Self::Provider => &["fed"],
            Self::Totp | Self::RecoveryCode => &["otp"],
            Self::QuickLogin => &[],
        }
    }
}

/// The methods of one authentication, in order of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods(Vec<Method>);

impl Methods {
    /// Whether nothing but a provider's word was given.
    pub fn is_federated_alone(&self) -> bool {
        self.0.iter().all(|method| *method == Method::Provider)
    }

    /// One method.
    pub fn of(method: Method) -> Self {
        Self(vec![method])
    }

    /// Adds a method used afterwards.
    pub fn add(&mut self, method: Method) {
        if !self.0.contains(&method) {
            self.0.push(method);
        }
    }

    /// Parses stored methods; `None` if one of them is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        let known = |word: &str| Method::ALL.into_iter().find(|method| method.as_str() == word);
        text.split(' ').map(known).collect::<Option<Vec<_>>>().map(Self)
    }

    /// The class that they reach together. Two first factors are one factor, except that a passkey is one more than a
    /// password, a key or a provider.
    pub fn acr(&self) -> Acr {
        if self.0.contains(&Method::VerifiedPasskey) {
            return Acr::Two;
        }
        let kinds = || self.0.iter().filter_map(|method| method.credential());
        let first = kinds().find(|kind| kind.is_first_factor());
        let is_second = |first: CredentialKind| kinds().any(|kind| kind != first && kind.is_second_factor());
        let after_passkey =
            |first| first == CredentialKind::Passkey && kinds().any(|kind| kind != first && kind.is_first_factor());
        match first {
            None => Acr::Zero,
            Some(first) if is_second(first) || after_passkey(first) => Acr::Two,
            Some(_) => Acr::One,
        }
    }

    /// Their values of `amr`, space-separated, each once.
    pub fn amr(&self) -> String {
        let mut values: Vec<&str> = Vec::new();
        for value in self.0.iter().flat_map(|method| method.amr()) {
            if !values.contains(value) {
                values.push(value);
            }
        }
        values.join(" ")
    }
}

impl fmt::Display for Methods {
    /// Writes their stored form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|method| method.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}
