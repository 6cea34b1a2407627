//! Why signing in with a provider failed: the codes that clients of Better Auth know, and a few of ours.

/// Why nothing came of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFailure {
    /// The state is not ours, expired, was used before, or belongs to another browser or provider.
    #[error("the state is not that of a sign-in in this browser")]
    StateNotFound,
    /// There is no provider of that id.
    #[error("no such provider")]
    ProviderNotFound,
    /// It returned no code.
    #[error("the provider returned no code")]
    NoCode,
    /// The user declined, or the provider refused.
    #[error("the provider refused the sign-in")]
    AccessDenied,
    /// It does not redeem the code.
    #[error("the provider did not redeem the code")]
    InvalidCode,
    /// It does not answer.
    #[error("the provider does not answer")]
    Unavailable,
    /// What it tells is not acceptable: no valid ID token, or no account.
    #[error("what the provider told is not acceptable")]
    UnableToGetUserInfo,
    /// It names another issuer.
    #[error("the answer is that of another provider")]
    IssuerMismatch,
    /// The user should have authenticated anew, and did not.
    #[error("the user did not authenticate anew at the provider")]
    NotFresh,
    /// The account has no address.
    #[error("the account has no e-mail address")]
    EmailNotFound,
    /// Its address is not verified.
    #[error("the account's e-mail address is not verified")]
    EmailNotVerified,
    /// Its address is at none of the allowed domains.
    #[error("the account's e-mail address is at none of the allowed domains")]
    EmailDoesNotMatch,
    /// Nobody has linked the account, and it does not become one.
    #[error("nobody has linked the account")]
    SignUpDisabled,
    /// The account here is disabled.
    #[error("the account is disabled")]
    UserDisabled,
    /// Linking needs the session that asked for it, and a recent sign-in.
    #[error("the session that asked to link is gone or too old")]
    UnableToLink,
    /// The account at the provider is linked to somebody else.
    #[error("the account is linked to another user")]
    LinkedToAnother,
    /// The user has linked as many accounts as they can.
    #[error("the user has linked too many accounts")]
    TooManyLinked,
    /// Too many attempts from this network.
    #[error("too many attempts")]
    TooManyRequests,
}

impl ProviderFailure {
    /// Every failure.
    pub const ALL: [Self; 18] = [
        Self::StateNotFound,
        Self::ProviderNotFound,
        Self::NoCode,
        Self::AccessDenied,
        Self::InvalidCode,
        Self::Unavailable,
        Self::UnableToGetUserInfo,
        Self::IssuerMismatch,
        Self::NotFresh,
        Self::EmailNotFound,
        Self::EmailNotVerified,
        Self::EmailDoesNotMatch,
        Self::SignUpDisabled,
        Self::UserDisabled,
        Self::UnableToLink,
        Self::LinkedToAnother,
        Self::TooManyLinked,
        Self::TooManyRequests,
    ];

    /// The code, as `error` in addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::StateNotFound => "state_not_found",
            Self::ProviderNotFound => "oauth_provider_not_found",
            Self::NoCode => "no_code",
            Self::AccessDenied => "access_denied",
            Self::InvalidCode => "invalid_code",
            Self::Unavailable => "provider_unavailable",
            Self::UnableToGetUserInfo => "unable_to_get_user_info",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::NotFresh => "not_fresh",
            Self::EmailNotFound => "email_not_found",
            Self::EmailNotVerified => "email_not_verified",
            Self::EmailDoesNotMatch => "email_does_not_match",
            Self::SignUpDisabled => "signup_disabled",
            Self::UserDisabled => "user_disabled",
            Self::UnableToLink => "unable_to_link_account",
            Self::LinkedToAnother => "account_already_linked_to_different_user",
            Self::TooManyLinked => "too_many_accounts",
            Self::TooManyRequests => "too_many_requests",
        }
    }

    /// The failure of that code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.code() == code)
    }

    /// What pages say: a key of the catalogue.
    pub const fn text(self) -> &'static str {
        match self {
            Self::StateNotFound => "provider-state-not-found",
            Self::ProviderNotFound => "provider-not-found",
            Self::NoCode => "provider-no-code",
            Self::AccessDenied => "provider-access-denied",
            Self::InvalidCode => "provider-invalid-code",
            Self::Unavailable => "provider-unavailable",
            Self::UnableToGetUserInfo => "provider-no-user-info",
            Self::IssuerMismatch => "provider-issuer-mismatch",
            Self::NotFresh => "provider-not-fresh",
            Self::EmailNotFound => "provider-email-not-found",
            Self::EmailNotVerified => "provider-email-not-verified",
            Self::EmailDoesNotMatch => "provider-email-does-not-match",
            Self::SignUpDisabled => "provider-sign-up-disabled",
            Self::UserDisabled => "provider-user-disabled",
            Self::UnableToLink => "provider-unable-to-link",
            Self::LinkedToAnother => "provider-linked-to-another",
            Self::TooManyLinked => "provider-too-many-linked",
            Self::TooManyRequests => "provider-too-many-requests",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_failures_are_unique() {
        for failure in ProviderFailure::ALL {
            assert_eq!(ProviderFailure::parse(failure.code()), Some(failure));
        }
        assert_eq!(ProviderFailure::parse("<script>"), None);
    }
}
