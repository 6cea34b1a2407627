//! The parameters of a token exchange (RFC 8693 §2.1).

use std::collections::HashSet;

use secrecy::SecretString;
use sigma_core::authorize::MOST_RESOURCES;
use sigma_core::exchange::TokenType;
use sigma_core::scope::Scopes;

use crate::oauth::forms::TokenForm;
use crate::oauth::token::TokenError;

/// A well-formed request.
pub struct ExchangeRequest {
    /// The token of whoever the new one is about.
    pub subject_token: SecretString,
    /// Its type.
    pub subject_token_type: TokenType,
    /// The token of whoever acts, with its type.
    pub actor: Option<(SecretString, TokenType)>,
    /// The distinct values of `resource` and `audience`.
    pub audiences: Vec<String>,
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
        if form.requested_token_type.is_some_and(|kind| kind != TokenType::AccessToken.as_str()) {
            return Err(invalid("this requested_token_type is not supported"));
        }
        let mut seen = HashSet::new();
        let both = form.resource.into_iter().chain(form.audience);
        let audiences: Vec<String> = both.filter(|uri| seen.insert(uri.clone())).collect();
        if audiences.len() > MOST_RESOURCES {
            return Err(TokenError::InvalidTarget);
        }
        let scope = form.scope.as_deref().map(Scopes::parse);
        Ok(Self { subject_token, subject_token_type, actor, audiences, scope })
    }
}
