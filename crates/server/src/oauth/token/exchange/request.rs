//! The parameters of a token exchange (RFC 8693 §2.1).

use std::collections::HashSet;

use secrecy::SecretString;
use sigma_core::authorize::MOST_RESOURCES;
use sigma_core::exchange::TokenType;
use sigma_core::scope::Scopes;

use crate::oauth::forms::TokenForm;
use crate::oauth::token::TokenError;

/// The type of token that is wanted is none that this server issues, or is off.
pub const UNKNOWN_REQUESTED: TokenError = TokenError::InvalidRequest("this requested_token_type is not supported");

/// The type of token that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requested {
    /// An access token.
    AccessToken,
    /// An identity assertion for another server.
    IdJag,
}

/// A well-formed request.
pub struct ExchangeRequest {
    /// The token of whoever the new one is about.
    pub subject_token: SecretString,
    /// Its type.
    pub subject_token_type: TokenType,
    /// The token of whoever acts, with its type.
    pub actor: Option<(SecretString, TokenType)>,
    /// The type of the new token.
    pub requested: Requested,
    /// The distinct values of `resource` and `audience`.
    pub audiences: Vec<String>,
    /// Those of `audience`.
    pub audience: Vec<String>,
    /// Those of `resource`.
    pub resource: Vec<String>,
    /// The requested scopes.
    pub scope: Option<Scopes>,
}

impl ExchangeRequest {
    /// Checks the parameters.
    ///
    /// # Errors
    /// `invalid_request` for what is missing or unknown, `invalid_target` for too many audiences.
    pub fn parse(form: TokenForm) -> Result<Self, TokenError> {
        let invalid = TokenError::InvalidRequest;
        let subject_token = form.subject_token.ok_or(invalid("subject_token is required"))?;
        let kind = form.subject_token_type.ok_or(invalid("subject_token_type is required"))?;
        let subject_token_type = TokenType::parse(&kind).ok_or(invalid("this subject_token_type is not supported"))?;
        let actor = match (form.actor_token, form.actor_token_type) {
            (None, None) => None,
            (Some(token), Some(kind)) => {
                Some((token, TokenType::parse(&kind).ok_or(invalid("this actor_token_type is not supported"))?))
            }
            (Some(_), None) => return Err(invalid("actor_token_type is required with actor_token")),
            (None, Some(_)) => return Err(invalid("actor_token_type is not allowed without actor_token")),
        };
        let requested = match form.requested_token_type.as_deref().map(TokenType::parse) {
            None | Some(Some(TokenType::AccessToken)) => Requested::AccessToken,
            Some(Some(TokenType::IdJag)) => Requested::IdJag,
            Some(_) => return Err(UNKNOWN_REQUESTED),
        };
        let (resource, audience) = (form.resource, form.audience);
        let mut seen = HashSet::new();
        let both = resource.iter().chain(&audience).cloned();
        let audiences: Vec<String> = both.filter(|uri| seen.insert(uri.clone())).collect();
        if audiences.len() > MOST_RESOURCES {
            return Err(TokenError::InvalidTarget);
        }
        let scope = form.scope.as_deref().map(Scopes::parse);
        Ok(Self { subject_token, subject_token_type, actor, requested, audiences, audience, resource, scope })
    }
}
