//! The forms of the OAuth endpoints. The extractor reads client credentials, and authorization requests are read by
//! parameter name: those fields and forms exist only for the OpenAPI document.
#![expect(dead_code, reason = "only the schemas of some are used")]

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::distinct;

/// A token request (RFC 6749 §4.1.3, §4.4.2, §6, RFC 8693 §2.1).
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TokenForm {
    /// `authorization_code`, `refresh_token`, `client_credentials`, `urn:ietf:params:oauth:grant-type:device_code`,
    /// `urn:ietf:params:oauth:grant-type:token-exchange` or, where it is on, `urn:ietf:params:oauth:grant-type:jwt-bearer`.
    #[schema(value_type = String)]
    pub grant_type: Option<String>,
    /// The assertion of another server, for `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 §2.1).
    #[schema(value_type = Option<String>)]
    pub assertion: Option<SecretString>,
    /// The code, for `authorization_code`.
    #[schema(value_type = Option<String>)]
    pub code: Option<SecretString>,
    /// The same as in the authorization request, for `authorization_code`.
    pub redirect_uri: Option<String>,
    /// RFC 7636, for `authorization_code`.
    #[schema(value_type = Option<String>)]
    pub code_verifier: Option<SecretString>,
    /// The token, for `refresh_token`.
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<SecretString>,
    /// The code of the device, for `urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4).
    #[schema(value_type = Option<String>)]
    pub device_code: Option<SecretString>,
    /// A subset of the granted scopes, or the scopes of a client-credentials token.
    pub scope: Option<String>,
    /// Audiences of the access token (RFC 8707).
    #[serde(default, deserialize_with = "distinct")]
    #[schema(value_type = Option<Vec<String>>)]
    pub resource: Vec<String>,
    /// Audiences too, for a token exchange (RFC 8693 §2.1).
    #[serde(default, deserialize_with = "distinct")]
    #[schema(value_type = Option<Vec<String>>)]
    pub audience: Vec<String>,
    /// The token to exchange (RFC 8693 §2.1).
    #[schema(value_type = Option<String>)]
    pub subject_token: Option<SecretString>,
    /// Its type, such as `urn:ietf:params:oauth:token-type:access_token`.
    pub subject_token_type: Option<String>,
    /// A token of whoever acts for the subject.
    #[schema(value_type = Option<String>)]
    pub actor_token: Option<SecretString>,
    /// Its type.
    pub actor_token_type: Option<String>,
    /// The type of token to issue: an access token without it.
    pub requested_token_type: Option<String>,
    /// The app, unless it authenticates with Basic or an assertion.
    client_id: Option<String>,
    /// `client_secret_post`.
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretString>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, with `private_key_jwt`.
    client_assertion_type: Option<String>,
    /// A JWT signed by the app, with `private_key_jwt`.
    #[schema(value_type = Option<String>)]
    client_assertion: Option<SecretString>,
}

/// The token to introspect (RFC 7662 §2.1) or revoke (RFC 7009 §2.1).
#[derive(Debug, Deserialize, ToSchema)]
pub struct TokenReference {
    /// The token.
    #[schema(value_type = String)]
    pub token: SecretString,
    /// `access_token` or `refresh_token`.
    token_type_hint: Option<String>,
    /// The app, unless it authenticates with Basic or an assertion.
    client_id: Option<String>,
    /// `client_secret_post`.
    #[schema(value_type = Option<String>)]
    client_secret: Option<SecretString>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, with `private_key_jwt`.
    client_assertion_type: Option<String>,
    /// A JWT signed by the app, with `private_key_jwt`.
    #[schema(value_type = Option<String>)]
    client_assertion: Option<SecretString>,
}

/// The access token, if it is not in the header (RFC 6750 §2.2).
#[derive(ToSchema)]
pub struct UserinfoForm {
    /// The token.
    access_token: Option<String>,
}

/// An authorization request as a form; the parameters are those of the GET.
#[derive(ToSchema)]
pub struct AuthorizationForm {
    /// The app.
    client_id: String,
    /// A registered redirect URI.
    redirect_uri: String,
    /// `code`.
    response_type: String,
    /// `openid profile email offline_access …`.
    scope: Option<String>,
    /// Returned unchanged.
    state: Option<String>,
    /// Returned in the ID token.
    nonce: Option<String>,
    /// RFC 7636, 43 characters.
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
}

/// A request to sign out as a form (RP-Initiated Logout §2).
#[derive(ToSchema)]
pub struct EndSessionForm {
    /// An ID token of ours, expired or not.
    id_token_hint: Option<String>,
    /// The app.
    client_id: Option<String>,
    /// Where to go: exactly as registered.
    post_logout_redirect_uri: Option<String>,
    /// Returned unchanged.
    state: Option<String>,
}

/// The answer to whether to sign out.
#[derive(ToSchema)]
pub struct EndSessionConfirmation {
    /// `true` or `false`.
    confirm: String,
}

/// One audience, or several (RFC 7519 §4.1.3).
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum AudienceSchema {
    /// A single value.
    One(String),
    /// Several values.
    Many(Vec<String>),
}

/// The key that a token is bound to (RFC 9449 §6.1).
#[derive(Serialize, ToSchema)]
pub struct ConfirmationSchema {
    /// The thumbprint of the key (RFC 7638).
    jkt: String,
}

/// The user's claims (OpenID Connect Core §5.3.2), depending on the scopes. Others may be added.
#[derive(ToSchema)]
pub struct UserinfoSchema {
    /// The user.
    sub: String,
    /// With `profile`.
    name: Option<String>,
    /// With `profile`.
    given_name: Option<String>,
    /// With `profile`.
    family_name: Option<String>,
    /// With `profile`.
    picture: Option<String>,
    /// With `email`.
    email: Option<String>,
    /// With `email`.
    email_verified: Option<bool>,
}

/// An authorization request that its app pushes (RFC 9126 §2.1), with the parameters of the authorization endpoint.
#[derive(ToSchema)]
pub struct PushedForm {
    /// `code`.
    response_type: Option<String>,
    /// A registered redirect URI.
    redirect_uri: Option<String>,
    /// `openid profile email offline_access …`.
    scope: Option<String>,
    /// Returned unchanged.
    state: Option<String>,
    /// RFC 7636, 43 characters.
    code_challenge: Option<String>,
    /// `S256`.
    code_challenge_method: Option<String>,
    /// The thumbprint of the key that the code is bound to (RFC 9449 §10).
    dpop_jkt: Option<String>,
    /// All of the above in an object signed by the app (RFC 9101).
    request: Option<String>,
    /// The app, unless it authenticates with Basic or an assertion.
    client_id: Option<String>,
    /// `client_secret_post`.
    client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`, with `private_key_jwt`.
    client_assertion_type: Option<String>,
    /// A JWT signed by the app, with `private_key_jwt`.
    client_assertion: Option<String>,
}
