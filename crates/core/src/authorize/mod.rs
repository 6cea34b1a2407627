//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1): raw parameters become a type that cannot
//! be built wrong, or an error that knows where it may be sent.

mod claims;
mod consent;
mod next;
mod prompt;
mod request_object;
#[cfg(test)]
mod tests;

pub use claims::{AcrRequest, ClaimsRequest, covered};
pub use consent::{Consent, Consents};
pub use next::{Interaction, NextStep, SessionFacts, Visitor, choose_identity, next_step};
pub use prompt::{Prompt, PromptValue};

use serde::{Deserialize, Serialize};

use crate::app::{App, GrantType};
use crate::params::Params;
use crate::pkce::CodeChallenge;
use crate::redirect::MatchedRedirectUri;
use crate::resource::{AskedResource, Resource, Targets};
use crate::scope::Scopes;

/// Longest `nonce`, in bytes: it comes back in the id token, which has a longest length itself.
const LONGEST_NONCE: usize = 1_024;

/// Most audiences of one token.
pub const MOST_RESOURCES: usize = 16;

/// How the answer travels to the app (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a redirect.
    #[default]
    Query,
    /// In a form that the browser posts.
    FormPost,
}

/// What an authorization request can be refused with, to the app (RFC 6749 §4.1.2.1, Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizeError {
    /// The request is malformed.
    InvalidRequest,
    /// The app may not ask this way.
    UnauthorizedClient,
    /// The person said no.
    AccessDenied,
    /// Only `code` is spoken.
    UnsupportedResponseType,
    /// The audience is not registered (RFC 8707 §2).
    InvalidTarget,
    /// Nobody is signed in, and nobody may be asked.
    LoginRequired,
    /// Consent is missing, and nobody may be asked.
    ConsentRequired,
    /// An account must be chosen, and nobody may be asked.
    AccountSelectionRequired,
    /// Something else must be asked, and nobody may be.
    InteractionRequired,
    /// A required authentication class cannot be reached (OpenID Connect Core Error Code
    /// `unmet_authentication_requirements`).
    UnmetAuthenticationRequirements,
    /// Request objects by value are not taken.
    RequestNotSupported,
    /// Request objects by reference are not taken.
    RequestUriNotSupported,
    /// Our fault.
    ServerError,
    /// Our fault, and it will pass.
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
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// Where an answer goes, known once the redirect URI was matched: even an error may travel there. Only [`return_address`]
/// makes one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReturnAddress {
    /// The matched URI.
    pub redirect_uri: MatchedRedirectUri,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// What the app wants back, exactly, an empty text too.
    pub state: Option<String>,
}

/// A refusal that the app is told of.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The code.
    pub error: AuthorizeError,
    /// What went wrong, for the developer.
    pub description: String,
}

impl Refusal {
    /// A refusal with its reason.
    pub fn new(error: AuthorizeError, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }
}

/// An error that is shown to the person and never sent to an app, because no redirect URI can be trusted (RFC 6749
/// §4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// The app is missing or unknown.
    #[error("client_id is required")]
    UnknownApp,
    /// The app is switched off.
    #[error("client is disabled")]
    DisabledApp,
    /// The redirect URI is missing or not registered.
    #[error("invalid redirect uri")]
    RedirectUri,
    /// The app or the address stands twice.
    #[error("client_id and redirect_uri must not be repeated")]
    Repeated,
}

impl Untrusted {
    /// The `error` that `/error` is shown with.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownApp => "invalid_client",
            Self::DisabledApp => "client_disabled",
            Self::RedirectUri => "invalid_redirect",
            Self::Repeated => "invalid_request",
        }
    }
}

/// An authorization request that can be answered with a code, once the person is known and agrees. Only [`parse`] makes
/// one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// What is asked for, cut to what the server or a resource of the request knows and the app may ask.
    pub scope: Scopes,
    /// Enforced at the token endpoint whenever it was sent.
    pub code_challenge: Option<CodeChallenge>,
    /// Returned in the id token.
    pub nonce: Option<String>,
    /// What the person must be asked again.
    pub prompt: Prompt,
    /// How long ago the person may have authenticated, in seconds.
    pub max_age: Option<u32>,
    /// Who the app thinks it is.
    pub login_hint: Option<String>,
    /// An id token of ours that names who must answer.
    pub id_token_hint: Option<String>,
    /// Claims asked for one by one.
    pub claims: ClaimsRequest,
    /// What the access token is for, each with the scopes asked of it.
    pub resources: Vec<AskedResource>,
    /// An identity to preselect.
    pub bap_id: Option<String>,
}

impl AuthorizationRequest {
    /// All that the person has to agree to.
    pub fn wanted(&self) -> Consent {
        let scope = self.scope.own().union(&self.claims.scopes());
        let named = |asked: &AskedResource| {
            let mut scopes = Scopes::default();
            asked.scopes.iter().for_each(|scope| scopes.insert(&scope.name));
            (asked.uri.clone(), scopes)
        };
        Consent { scope, resources: self.resources.iter().map(named).collect() }
    }
}

/// Finds where answers may go: the first check of a request, since every later error is sent there (RFC 6749 §4.1.2.1).
///
/// # Errors
/// [`Untrusted`] when the redirect URI is missing, repeated or not one of `app`'s.
pub fn return_address(params: &Params, app: &App) -> Result<ReturnAddress, Untrusted> {
    if params.all("redirect_uri").count() > 1 || params.all("client_id").count() > 1 {
        return Err(Untrusted::Repeated);
    }
    let wanted = params.get("redirect_uri").ok_or(Untrusted::RedirectUri)?;
    let redirect_uri = app.redirect_uris.find(wanted, app.application_type).ok_or(Untrusted::RedirectUri)?;
    let object = params.get("request").map(request_object::read).unwrap_or_default();
    let response_mode = match params.get("response_mode").or(object.response_mode.as_deref()) {
        Some("form_post") => ResponseMode::FormPost,
        _ => ResponseMode::Query,
    };
    // A state that could not be stored or sent back is not the app's own.
    let state = params.raw("state").or(object.state.as_deref()).filter(|state| !state.contains('\0'));
    Ok(ReturnAddress { redirect_uri, response_mode, state: state.map(str::to_owned) })
}

/// Reads the rest of the request. `registered` holds those of [`Params::resources`] that are registered.
///
/// # Errors
/// The [`Refusal`] that goes to the app.
pub fn parse(params: &Params, app: &App, registered: &[Resource]) -> Result<AuthorizationRequest, Refusal> {
    let invalid = |description: &str| Refusal::new(AuthorizeError::InvalidRequest, description);
    if let Some(name) = params.repeated() {
        // The plugin names the identity by two spellings of the same parameter, never by one twice.
        return Err(invalid(&format!("parameter '{}' must not be repeated", printable(name))));
    }
    if params.with_nul().is_some() {
        return Err(invalid("parameters must not hold NUL"));
    }
    if params.get("request").is_some() {
        return Err(Refusal::new(AuthorizeError::RequestNotSupported, "request objects are not supported"));
    }
    if params.get("request_uri").is_some() {
        return Err(Refusal::new(AuthorizeError::RequestUriNotSupported, "request_uri is not supported"));
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(other) => {
            let description = format!("Response type '{}' is not supported", printable(other));
            return Err(Refusal::new(AuthorizeError::UnsupportedResponseType, description));
        }
        None => return Err(invalid("response_type is required")),
    }
    if !matches!(params.get("response_mode"), None | Some("query" | "form_post")) {
        return Err(invalid("response_mode must be query or form_post"));
    }
    if !app.may_use(GrantType::AuthorizationCode) {
        return Err(Refusal::new(AuthorizeError::UnauthorizedClient, "the client may not use authorization_code"));
    }
    let code_challenge = code_challenge(params, app)?;
    let prompt = Prompt::parse(params.get("prompt").unwrap_or_default()).map_err(invalid)?;
    let max_age = params
        .get("max_age")
        .map(|text| text.parse::<u32>().map_err(|_| invalid("max_age must be a number of seconds")))
        .transpose()?;
    if !matches!(params.get("provider"), None | Some("sigma" | "google" | "github")) {
        return Err(invalid("unknown provider"));
    }
    let targets = targets(params, app, registered)?;
    let nonce = params.get("nonce").map(str::to_owned);
    if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
        return Err(invalid("nonce is too long"));
    }
    let claims = ClaimsRequest::parse(params.get("claims")).map_err(invalid)?.within(&app.askable());
    let scope = scope(params, app, &targets);
    let resources = targets.asked(&scope);
    Ok(AuthorizationRequest {
        scope,
        code_challenge,
        nonce,
        prompt,
        max_age,
        login_hint: params.get("login_hint").map(str::to_owned),
        id_token_hint: params.get("id_token_hint").map(str::to_owned),
        claims,
        resources,
        bap_id: params.get("bapId").or_else(|| params.get("bap_id")).map(str::to_owned),
    })
}

/// The resources asked for (RFC 8707 §2.1). Whether one is not registered or only not for this app is not told apart.
fn targets(params: &Params, app: &App, registered: &[Resource]) -> Result<Targets, Refusal> {
    let refused = |description: &str| Refusal::new(AuthorizeError::InvalidTarget, description);
    let uris = params.resources();
    if uris.len() > MOST_RESOURCES {
        return Err(refused("too many resources"));
    }
    let found: Option<Vec<Resource>> =
        uris.iter().map(|uri| registered.iter().find(|resource| resource.uri == *uri).cloned()).collect();
    let targets = found.and_then(|resources| Targets::of_grant(resources, app));
    targets.ok_or_else(|| refused("the client may not ask for this resource"))
}

/// What is asked for, without what nobody knows; `openid profile` when nothing is left (RFC 6749 §3.3 lets us choose).
fn scope(params: &Params, app: &App, targets: &Targets) -> Scopes {
    let askable = app.askable();
    let asked = Scopes::parse(params.get("scope").unwrap_or_default());
    let registered = targets.registered(&asked);
    let known = asked.retain(|scope| askable.contains(scope) || registered.contains(scope));
    if known.is_empty() { Scopes::parse("openid profile").within(&askable) } else { known }
}

/// The challenge, S256 only; required where [`App::needs_pkce`] says so.
fn code_challenge(params: &Params, app: &App) -> Result<Option<CodeChallenge>, Refusal> {
    let invalid = |description: &str| Refusal::new(AuthorizeError::InvalidRequest, description);
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

/// A reflected value, cut to the characters that RFC 6749 §4.1.2.1 lets a description hold.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter(|letter| matches!(letter, '\u{20}'..='\u{21}' | '\u{23}'..='\u{5B}' | '\u{5D}'..='\u{7E}'))
        .take(80)
        .collect()
}
