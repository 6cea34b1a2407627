//! Dynamic client registration: the metadata that an app sends, read once (RFC 7591 §2, OpenID Connect Registration §2,
//! `docs/spec/registration.md`).

mod document;
mod information;
mod member;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::app::{App, ApplicationType, AuthMethod, GrantType};
use crate::backchannel::BackchannelLogout;
use crate::client_metadata::ClientMetadata;
use crate::ids::{AppId, ClientId};
use crate::jose::Algorithm;
use crate::json::{self, Members};
use crate::redirect::RegisteredRedirectUris;
use crate::scope::{OFFLINE_ACCESS, Scopes};
use crate::security::AppSecurity;
use crate::time::Timestamp;

pub use information::information;
pub use member::is_name;
pub(crate) use member::is_web_uri;

/// The most redirect URIs of an app, and the most of its other lists of URIs.
pub const MOST_URIS: usize = 20;
/// The largest key set that is sent inline, in bytes: rows of apps are kept in memory.
pub const LONGEST_JWKS: usize = 8 * 1_024;

/// Why metadata was refused (RFC 7591 §3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationError {
    /// `invalid_redirect_uri`
    RedirectUri,
    /// `invalid_client_metadata`
    Metadata,
}

impl RegistrationError {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RedirectUri => "invalid_redirect_uri",
            Self::Metadata => "invalid_client_metadata",
        }
    }
}

/// A refusal, with its reason for developers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationProblem {
    /// The code.
    pub error: RegistrationError,
    /// What is wrong with which member.
    pub description: String,
}

impl RegistrationProblem {
    pub(crate) fn metadata(description: impl Into<String>) -> Self {
        Self { error: RegistrationError::Metadata, description: description.into() }
    }

    fn redirect_uri(description: impl Into<String>) -> Self {
        Self { error: RegistrationError::RedirectUri, description: description.into() }
    }
}

/// What an app that registers itself may have.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The server's own scopes.
    pub scopes: Scopes,
    /// The grant types.
    pub grant_types: Vec<GrantType>,
}

/// Valid metadata of an app, with defaults for what was left out.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The display name.
    pub name: String,
    /// Where it runs.
    pub application_type: ApplicationType,
    /// The authentication method.
    pub auth_method: AuthMethod,
    /// Its redirect URIs; none only if it may not use `authorization_code`.
    pub redirect_uris: RegisteredRedirectUris,
    /// Its post-logout redirect URIs.
    pub post_logout_redirect_uris: RegisteredRedirectUris,
    /// Its grant types, of those that are allowed.
    pub grant_types: Vec<GrantType>,
    /// Its scopes, of those that are allowed.
    pub scopes: Scopes,
    /// Its key set, or …
    pub jwks: Option<String>,
    /// … where it is fetched from.
    pub jwks_uri: Option<String>,
    /// The signing algorithm of its ID tokens.
    pub id_token_alg: Algorithm,
    /// Its home page.
    pub client_uri: Option<String>,
    /// How it is told that a session ended.
    pub backchannel_logout: Option<BackchannelLogout>,
    /// What its requests and tokens must satisfy.
    pub security: AppSecurity,
    /// Everything else.
    pub metadata: ClientMetadata,
}

/// The members of a registration request.
///
/// # Errors
/// The body is no JSON object, repeats a member, or has a NUL in a string.
pub fn members(body: &[u8]) -> Result<Members, RegistrationProblem> {
    let malformed = |error: serde_json::Error| {
        RegistrationProblem::metadata(format!("the body must be a JSON object of client metadata: {error}"))
    };
    json::check(body).map_err(malformed)?;
    serde_json::from_slice(body).map_err(malformed)
}

impl Registration {
    /// Reads metadata. Unknown members are ignored (§2); a grant type or scope that is not allowed is left out, which
    /// [`information`] tells the app (§3.2.1).
    ///
    /// # Errors
    /// [`RegistrationProblem`]
    pub fn parse(members: &Members, allowed: &Allowed) -> Result<Self, RegistrationProblem> {
        document::parse(members, allowed)
    }

    /// The app, which has neither a secret nor rights beyond what was registered.
    pub fn into_app(self, id: AppId, client_id: ClientId, now: Timestamp) -> App {
        let app =
            App { id, client_id, require_pkce: false, dynamic: true, created_at: now, updated_at: now, ..App::sigma() };
        self.replace(app, now)
    }

    /// `app` with this metadata instead of its former (RFC 7592 §2.2). Its secret stays if its method has one.
    #[must_use]
    pub fn replace(self, app: App, now: Timestamp) -> App {
        App {
            name: self.name,
            application_type: self.application_type,
            auth_method: self.auth_method,
            secret: app.secret.filter(|_| self.auth_method.has_secret()),
            jwks: self.jwks,
            jwks_uri: self.jwks_uri,
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            grant_types: self.grant_types,
            scopes: self.scopes,
            id_token_alg: self.id_token_alg,
            client_uri: self.client_uri,
            backchannel_logout: self.backchannel_logout,
            // A profile is the operator's to give and to take.
            security: AppSecurity { profile: app.security.profile, ..self.security },
            metadata: ClientMetadata {
                remember_consent: app.metadata.remember_consent,
                refresh: app.metadata.refresh,
                ..self.metadata
            },
            updated_at: now,
            ..app
        }
    }
}

/// The scopes of an app that names none.
fn default_scopes(allowed: &Scopes, grant_types: &[GrantType]) -> Scopes {
    allowed.retain(|scope| scope != OFFLINE_ACCESS || grant_types.contains(&GrantType::RefreshToken))
}

/// Whether a member was left out: RFC 7592 §2.2 treats `null` alike, and some clients send empty strings.
fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}
