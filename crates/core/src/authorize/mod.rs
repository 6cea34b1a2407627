//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1): parses raw parameters into a type that is
//! always valid, or an error that knows where it may be sent.

mod claims;
mod consent;
mod device;
mod next;
mod org;
mod prompt;
pub mod request_object;
#[cfg(test)]
mod tests;

pub use claims::{AcrRequest, ClaimsRequest, covered};
pub use consent::{Consent, Consents};
pub use device::{DeviceRequest, parse_device};
pub use next::{Interaction, NextStep, SessionFacts, Visitor, choose_identity, next_step};
pub use org::{AskedOrg, OrgStanding, choose_org};
pub use prompt::{Prompt, PromptValue};

use serde::{Deserialize, Serialize};
use sigma_bitcoin::BapId;

use crate::app::{App, GrantType};
use crate::dpop::Thumbprint;
use crate::ids::OrgId;
use crate::params::Params;
use crate::pkce::CodeChallenge;
use crate::redirect::MatchedRedirectUri;
use crate::resource::{AskedResource, Resource, Targets};
use crate::scope::Scopes;

/// The longest `nonce`, in bytes: it is returned in the ID token, which is limited itself.
const LONGEST_NONCE: usize = 1_024;

/// The most audiences of one token.
pub const MOST_RESOURCES: usize = 16;

/// How the response is sent to the app (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a redirect.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// An error of an authorization request that is sent to the app (RFC 6749 §4.1.2.1, Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizeError {
    /// The request is malformed.
    InvalidRequest,
    /// The app may not use this grant type.
    UnauthorizedClient,
    /// The user denied the request.
    AccessDenied,
    /// Only `code` is supported.
    UnsupportedResponseType,
    /// The audience is not registered (RFC 8707 §2).
    InvalidTarget,
    /// Nobody is signed in, and no page may be shown.
    LoginRequired,
    /// Consent is missing, and no page may be shown.
    ConsentRequired,
    /// An account must be chosen, and no page may be shown.
    AccountSelectionRequired,
    /// Something else is missing, and no page may be shown.
    InteractionRequired,
    /// A required authentication class cannot be met (OpenID Connect Core Error Code
    /// `unmet_authentication_requirements`).
    UnmetAuthenticationRequirements,
    /// The request object is invalid (RFC 9101 §6.2).
    InvalidRequestObject,
    /// The `request_uri` is unknown, expired or used, or nothing can be fetched from it (RFC 9101 §5.2.3, RFC 9126 §2.2).
    InvalidRequestUri,
    /// Our fault.
    ServerError,
    /// A temporary internal error.
    TemporarilyUnavailable,
}

impl AuthorizeError {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidTarget => "invalid_target",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::InteractionRequired => "interaction_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// Where the response goes, known once the redirect URI was matched; errors may be sent there too. Only
/// [`return_address`] creates one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReturnAddress {
    /// The matched URI.
    pub redirect_uri: MatchedRedirectUri,
    /// The response mode.
    pub response_mode: ResponseMode,
    /// The app's `state`, exactly as sent, even if empty.
    pub state: Option<String>,
}

/// A refusal that is sent to the app.
#[derive(Clone, Debug)]
pub struct ErrorResponse {
    /// The code.
    pub error: AuthorizeError,
    /// The cause, for developers.
    pub description: String,
}

impl ErrorResponse {
    /// A refusal with its reason.
    pub fn new(error: AuthorizeError, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }
}

/// An error that is shown to the user and never sent to an app, because no redirect URI can be trusted (RFC 6749
/// §4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// The app is missing or unknown.
    #[error("client_id is required")]
    UnknownApp,
    /// The app is disabled.
    #[error("client is disabled")]
    DisabledApp,
    /// The redirect URI is missing.
    #[error("redirect_uri is required")]
    NoRedirectUri,
    /// The redirect URI is not registered.
    #[error("invalid redirect uri")]
    RedirectUri,
    /// The app or the redirect URI is repeated.
    #[error("client_id and redirect_uri must not be repeated")]
    Repeated,
    /// The `request_uri` is unknown, expired or used: so is the redirect URI.
    #[error("the request has expired or was answered before; start again at the app")]
    RequestUri,
    /// The request object, which names the redirect URI, is invalid.
    #[error("invalid request object")]
    RequestObject,
}

impl Untrusted {
    /// The `error` that `/error` is shown with.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownApp => "invalid_client",
            Self::DisabledApp => "client_disabled",
            Self::NoRedirectUri => "missing_redirect",
            Self::RedirectUri => "invalid_redirect",
            Self::Repeated => "invalid_request",
            Self::RequestUri => "invalid_request_uri",
            Self::RequestObject => "invalid_request_object",
        }
    }
}

/// A valid authorization request, which can be answered with a code once the user is known and consents. Only [`parse`]
/// creates one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// The requested scopes, limited to known ones that the app may request.
    pub scope: Scopes,
    /// Enforced at the token endpoint if it was sent.
    pub code_challenge: Option<CodeChallenge>,
    /// Returned in the ID token.
    pub nonce: Option<String>,
    /// What the user must be asked again.
    pub prompt: Prompt,
    /// The maximum age of the authentication, in seconds.
    pub max_age: Option<u32>,
    /// A hint about the user.
    pub login_hint: Option<String>,
    /// An ID token of ours that names the expected user.
    pub id_token_hint: Option<String>,
    /// Authentication classes, in the order of preference (OpenID Connect Core §3.1.2.1).
    pub acr_values: Vec<String>,
    /// Claims asked for one by one.
    pub claims: ClaimsRequest,
    /// The resources of the access token, with the requested scopes of each.
    pub resources: Vec<AskedResource>,
    /// An identity to preselect.
    pub bap_id: Option<BapId>,
    /// The org that the user is to act for.
    pub org: Option<AskedOrg>,
    /// The key that the code is bound to (RFC 9449 §10).
    pub dpop_jkt: Option<Thumbprint>,
}

impl AuthorizationRequest {
    /// Everything that the user has to consent to, who acts for `org_id`.
    pub fn wanted(&self, org_id: Option<&OrgId>) -> Consent {
        let consent = Consent::to(self.scope.own().union(&self.claims.scopes()), &self.resources);
        Consent { orgs: org_id.into_iter().cloned().collect(), ..consent }
    }
}

/// Finds where the response goes: the first check of a request, since every later error is sent there (RFC 6749
/// §4.1.2.1).
///
/// # Errors
/// [`Untrusted`] when the redirect URI is missing, repeated or not one of `app`'s.
pub fn return_address(params: &Params, app: &App) -> Result<ReturnAddress, Untrusted> {
    if params.all("redirect_uri").count() > 1 || params.all("client_id").count() > 1 {
        return Err(Untrusted::Repeated);
    }
    let wanted = params.get("redirect_uri").ok_or(Untrusted::NoRedirectUri)?;
    let redirect_uri = app.redirect_uris.find(wanted, app.application_type).ok_or(Untrusted::RedirectUri)?;
    let object = params.get("request").map(request_object::read_unverified).unwrap_or_default();
    let response_mode = match params.get("response_mode").or(object.response_mode.as_deref()) {
        Some("form_post") => ResponseMode::FormPost,
        _ => ResponseMode::Query,
    };
    // A state with NUL cannot be stored or returned.
    let state = params.raw("state").or(object.state.as_deref()).filter(|state| !state.contains('\0'));
    Ok(ReturnAddress { redirect_uri, response_mode, state: state.map(str::to_owned) })
}

/// Parses the rest of the request, whose request object was opened. `registered` holds those of [`Params::resources`] that are registered.
///
/// # Errors
/// The [`ErrorResponse`] to send to the app.
pub fn parse(params: &Params, app: &App, registered: &[Resource]) -> Result<AuthorizationRequest, ErrorResponse> {
    let invalid = |description: &str| ErrorResponse::new(AuthorizeError::InvalidRequest, description);
    if let Some(name) = params.repeated() {
        // The plugin sends two spellings of the identity parameter, never one of them twice.
        return Err(invalid(&format!("parameter '{}' must not be repeated", printable(name))));
    }
    if params.with_nul().is_some() {
        return Err(invalid("parameters must not hold NUL"));
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(other) => {
            let description = format!("Response type '{}' is not supported", printable(other));
            return Err(ErrorResponse::new(AuthorizeError::UnsupportedResponseType, description));
        }
        None => return Err(invalid("response_type is required")),
    }
    if !matches!(params.get("response_mode"), None | Some("query" | "form_post")) {
        return Err(invalid("response_mode must be query or form_post"));
    }
    if !app.may_use(GrantType::AuthorizationCode) {
        return Err(ErrorResponse::new(
            AuthorizeError::UnauthorizedClient,
            "the client may not use authorization_code",
        ));
    }
    let code_challenge = code_challenge(params, app)?;
    let prompt = Prompt::parse(params.get("prompt").unwrap_or_default()).map_err(invalid)?;
    let max_age = params
        .get("max_age")
        .map(|text| text.parse::<u32>().map_err(|_| invalid("max_age must be a number of seconds")))
        .transpose()?
        .or(app.metadata.default_max_age);
    let targets = targets(params, app, registered)?;
    let nonce = params.get("nonce").map(str::to_owned);
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return Err(invalid("nonce is too long"));
    }
    let dpop_jkt = params
        .get("dpop_jkt")
        .map(|text| Thumbprint::parse(text).ok_or_else(|| invalid("dpop_jkt must be the thumbprint of a key")))
        .transpose()?;
    let claims = ClaimsRequest::parse(params.get("claims")).map_err(invalid)?.within(&app.askable());
    let mut scope = scope(params, app, &targets);
    let org = org::asked(params, &app.askable(), &mut scope)?;
    let resources = targets.asked(&scope);
    Ok(AuthorizationRequest {
        scope,
        code_challenge,
        nonce,
        prompt,
        max_age,
        login_hint: params.get("login_hint").map(str::to_owned),
        id_token_hint: params.get("id_token_hint").map(str::to_owned),
        acr_values: match params.get("acr_values") {
            Some(values) => values.split(' ').map(str::to_owned).collect(),
            None => app.metadata.default_acr_values.clone(),
        },
        claims,
        resources,
        bap_id: params.get("bapId").or_else(|| params.get("bap_id")).and_then(|text| BapId::parse(text).ok()),
        org,
        dpop_jkt,
    })
}

/// The requested resources (RFC 8707 §2.1). Unregistered resources and disallowed ones get the same error.
fn targets(params: &Params, app: &App, registered: &[Resource]) -> Result<Targets, ErrorResponse> {
    let refused = |description: &str| ErrorResponse::new(AuthorizeError::InvalidTarget, description);
    let uris = params.resources();
    if uris.len() > MOST_RESOURCES {
        return Err(refused("too many resources"));
    }
    let found: Option<Vec<Resource>> =
        uris.iter().map(|uri| registered.iter().find(|resource| resource.uri == *uri).cloned()).collect();
    let targets = found.and_then(|resources| Targets::of_grant(resources, app));
    targets.ok_or_else(|| refused("the client may not ask for this resource"))
}

/// The requested scopes without unknown ones; `openid profile` if none remain (RFC 6749 §3.3 leaves this to us).
fn scope(params: &Params, app: &App, targets: &Targets) -> Scopes {
    let askable = app.askable();
    let asked = Scopes::parse(params.get("scope").unwrap_or_default());
    let registered = targets.registered(&asked);
    let known = asked.retain(|scope| askable.contains(scope) || registered.contains(scope));
    if known.is_empty() { Scopes::parse("openid profile").within(&askable) } else { known }
}

/// The challenge, S256 only; required where [`App::needs_pkce`] says so.
fn code_challenge(params: &Params, app: &App) -> Result<Option<CodeChallenge>, ErrorResponse> {
    let invalid = |description: &str| ErrorResponse::new(AuthorizeError::InvalidRequest, description);
    match (params.get("code_challenge"), params.get("code_challenge_method")) {
        (None, None) if app.needs_pkce() => Err(invalid(if app.auth_method.is_confidential() {
            "pkce is required for this client"
        } else {
            "pkce is required for public clients"
        })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => {
            Err(invalid("code_challenge and code_challenge_method must both be provided"))
        }
        (Some(challenge), Some("S256")) => CodeChallenge::parse(challenge)
            .map(Some)
            .map_err(|_| invalid("code_challenge must be 43 characters of base64url")),
        (Some(_), Some(_)) => Err(invalid("invalid code_challenge method, only S256 is supported")),
    }
}

/// A reflected value, limited to the characters that RFC 6749 §4.1.2.1 allows in a description.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter(|letter| matches!(letter, '\u{20}'..='\u{21}' | '\u{23}'..='\u{5B}' | '\u{5D}'..='\u{7E}'))
        .take(80)
        .collect()
}
