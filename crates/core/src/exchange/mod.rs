//! Token exchange (RFC 8693): a token for less than the one that it was exchanged for, held by the app that exchanged it
//! (`docs/spec/token-exchange.md`).

mod act;
mod narrow;

use crate::org::{KeyPermission, KeyPermissions};

pub use act::{ActClaim, MOST_ACTORS};
pub use narrow::{Narrowing, narrow};

/// The `grant_type` (§2.1).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A type of token (§3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// An access token of this server.
    AccessToken,
    /// A JWT, whoever issued it.
    Jwt,
    /// An ID token.
    IdToken,
    /// A refresh token.
    RefreshToken,
    /// An API key of a workspace.
    ApiKey,
    /// The id of a user: no credential, but whom the new token is about.
    UserId,
    /// An identity assertion for another server.
    IdJag,
}

impl TokenType {
    /// Every type.
    pub const ALL: [Self; 7] =
        [Self::AccessToken, Self::Jwt, Self::IdToken, Self::RefreshToken, Self::ApiKey, Self::UserId, Self::IdJag];

    /// The identifier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::RefreshToken => "urn:ietf:params:oauth:token-type:refresh_token",
            Self::ApiKey => "urn:sigma:params:oauth:token-type:api-key",
            Self::UserId => "urn:sigma:params:oauth:token-type:user-id",
            Self::IdJag => "urn:ietf:params:oauth:token-type:id-jag",
        }
    }

    /// The type with this exact identifier.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Whether a caller of a workspace with these permissions may have a scope of its APIs: one that is called like a permission, such
/// as `read` or `notes:read`.
pub fn permitted(scope: &str, permissions: KeyPermissions) -> bool {
    let name = scope.rsplit(':').next().unwrap_or(scope);
    KeyPermission::parse(name).is_some_and(|permission| permissions.contains(permission))
}

/// Why a token cannot be exchanged (§2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeProblem {
    /// The subject token was neither issued to the app nor names it as audience.
    #[error("the subject token was neither issued to this client nor is it for a resource that this client serves")]
    NotForApp,
    /// The subject token is bound to a key, and its possession was not proven.
    #[error("the subject token is bound to a key whose possession was not proven")]
    Unproven,
    /// Too many exchanges led to the token, or too many apps took part in them.
    #[error("the subject token came of too many exchanges")]
    TooOften,
    /// A scope that the subject token does not have, or that the app may not request.
    #[error("the subject token does not have this scope")]
    Scope,
    /// An audience that the subject token does not have, or that the app may not request.
    #[error("the subject token is not for this resource")]
    Target,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_of_a_workspace_has_the_scopes_that_are_called_like_a_permission_and_no_others() {
        for held in KeyPermission::ALL {
            let permissions: KeyPermissions = [held].into_iter().collect();
            for named in KeyPermission::ALL {
                for scope in [named.to_string(), format!("notes:{named}"), format!("a:b:{named}")] {
                    assert_eq!(permitted(&scope, permissions), held == named, "{scope}");
                }
            }
            for scope in ["", "notes", "notes:", "openid", "read:notes", "READ", "notes:read "] {
                assert!(!permitted(scope, permissions), "{scope:?}");
            }
        }
    }

    #[test]
    fn types_of_tokens_are_compared_exactly() {
        for kind in TokenType::ALL {
            assert_eq!(TokenType::parse(kind.as_str()), Some(kind));
            assert_eq!(TokenType::parse(&kind.as_str().to_uppercase()), None);
        }
    }
}
