//! Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): an app whose `client_id` is the https URL of
//! a document that describes it, and which nobody registered here.
//!
//! What a document says is believed as little as what an app says that registers itself: see
//! `docs/spec/clients.md#client-id-metadata-documents`.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

use crate::app::{App, AuthMethod, GrantType};
use crate::client_metadata::ClientMetadata;
use crate::ids::{AppId, ClientId};
use crate::jose::{Algorithm, JwkSet};
use crate::redirect::{ApplicationType, RedirectProblem, RedirectUri, RegisteredRedirectUris, Registrar};
use crate::registration::is_web_uri;
use crate::scope::Scopes;
use crate::time::Timestamp;
use crate::unicode::is_unseen;

/// The longest document, in bytes.
pub const LONGEST_DOCUMENT: usize = 16 * 1_024;
/// The longest client id, in bytes.
const LONGEST_URL: usize = 512;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// The most redirect URIs of each kind.
const MOST_REDIRECT_URIS: usize = 20;
/// The scopes of an app whose document lists none, and the only ones that any may request.
const SCOPES: &str = "openid profile email offline_access";

/// A `client_id` that is the address of a document (§3).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientIdUrl(String);

impl ClientIdUrl {
    /// The client id that `text` is: an https URL with a host name and a path, written as browsers write it, without user
    /// info, fragment and dot segments. Documents have one address, so that none has two client ids.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.starts_with("https://")
            || text.len() > LONGEST_URL
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return None;
        }
        let url = Url::parse(text).ok()?;
        let is_named = matches!(url.host(), Some(Host::Domain(name)) if name.contains('.') && !name.ends_with('.'));
        let has_userinfo = !url.username().is_empty() || url.password().is_some();
        (url.as_str() == text && is_named && !has_userinfo && url.path() != "/" && !text.contains('#'))
            .then(|| Self(text.to_owned()))
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, with the port if it has one: who vouches for the document.
    pub fn host(&self) -> &str {
        let rest = self.0.strip_prefix("https://").unwrap_or(&self.0);
        rest.split(['/', '?']).next().unwrap_or(rest)
    }

    /// The host without its port.
    pub fn host_name(&self) -> &str {
        self.host().split(':').next().unwrap_or_default()
    }
}

impl fmt::Debug for ClientIdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for ClientIdUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl App {
    /// The address of the document that describes it; none for a registered app.
    pub fn document(&self) -> Option<ClientIdUrl> {
        ClientIdUrl::parse(self.client_id.as_str())
    }

    /// Its name, with the host that says so if nobody registered it.
    pub fn name_and_host(&self) -> String {
        self.document().map_or_else(|| self.name.clone(), |url| format!("{} ({})", self.name, url.host()))
    }
}

/// The hosts whose documents this server reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentHosts(Vec<String>);

impl DocumentHosts {
    /// All hosts.
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// These: `*`, names, or `*.` and a name for all below it.
    pub fn of(hosts: impl IntoIterator<Item = String>) -> Self {
        Self(hosts.into_iter().collect())
    }

    /// Whether any is permitted.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether documents of `url`'s host are read.
    pub fn permit(&self, url: &ClientIdUrl) -> bool {
        let name = url.host_name();
        self.0.iter().any(|host| match host.strip_prefix('*') {
            Some("") => true,
            Some(below) => name.len() > below.len() && name.ends_with(below),
            None => host == name,
        })
    }

    /// The first entry that no host can match.
    pub fn malformed(&self) -> Option<&str> {
        let is_good = |host: &str| host == "*" || is_host_name(host.strip_prefix("*.").unwrap_or(host));
        self.0.iter().map(String::as_str).find(|host| !is_good(host))
    }
}

/// Whether a document can be at a host of that name.
fn is_host_name(name: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(of_name))
        && ClientIdUrl::parse(&format!("https://{name}/x")).is_some_and(|url| url.host() == name)
}

/// What the operator blocks: one document, or all of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentBlock {
    /// The documents of the host of that name, at any port.
    Host(String),
    /// One document.
    Document(ClientIdUrl),
}

impl DocumentBlock {
    /// The block that `text` names: a host, or the address of a document.
    pub fn parse(text: &str) -> Option<Self> {
        if is_host_name(text) {
            return Some(Self::Host(text.to_owned()));
        }
        ClientIdUrl::parse(text).map(Self::Document)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Host(name) => name,
            Self::Document(url) => url.as_str(),
        }
    }
}

/// Why a document does not describe an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    /// It is longer than [`LONGEST_DOCUMENT`].
    #[error("the document is longer than 16 KiB")]
    TooLong,
    /// It is not a JSON object with members of the types of RFC 7591 §2.
    #[error("the document is not client metadata (RFC 7591 §2) in JSON")]
    Malformed,
    /// Its `client_id` is not its own address, character by character (§4).
    #[error("the client_id of the document is not its address")]
    OtherClientId,
    /// It names a method of authentication with a shared secret, or has a secret: both would be public (§4.1).
    #[error("a document has no shared secret: token_endpoint_auth_method must be none or private_key_jwt")]
    SharedSecret,
    /// There are no redirect URIs, or more than 20.
    #[error("the document must list 1 to 20 redirect_uris")]
    RedirectUris,
    /// A redirect URI could not be registered.
    #[error("a redirect URI of the document is not acceptable: {0}")]
    RedirectUri(RedirectProblem),
    /// `private_key_jwt` without usable public keys, or with both kinds of them.
    #[error("private_key_jwt needs either jwks, with public keys, or jwks_uri")]
    Keys,
    /// The app cannot use the authorization code flow.
    #[error("the document must allow the grant type authorization_code and the response type code")]
    Flow,
    /// The signing algorithm of ID tokens is none of ours.
    #[error("id_token_signed_response_alg is not supported")]
    Algorithm,
}

/// What a document says, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientDocument {
    name: Option<String>,
    application_type: ApplicationType,
    auth_method: AuthMethod,
    jwks: Option<String>,
    jwks_uri: Option<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    offline: bool,
    scope: String,
    id_token_alg: Algorithm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tos_uri: Option<String>,
}

/// The members of a document that are read (RFC 7591 §2, OpenID Connect Registration §2).
#[derive(Deserialize)]
struct Members {
    client_id: String,
    client_secret: Option<IgnoredAny>,
    client_secret_expires_at: Option<IgnoredAny>,
    client_name: Option<String>,
    application_type: Option<ApplicationType>,
    token_endpoint_auth_method: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
    redirect_uris: Option<Vec<String>>,
    post_logout_redirect_uris: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    scope: Option<String>,
    id_token_signed_response_alg: Option<String>,
    // For display: of whatever type, they keep no app out.
    logo_uri: Option<Value>,
    policy_uri: Option<Value>,
    tos_uri: Option<Value>,
}

impl ClientDocument {
    /// Reads the document that was served at `url`.
    ///
    /// # Errors
    /// [`DocumentProblem`]
    pub fn read(url: &ClientIdUrl, body: &[u8]) -> Result<Self, DocumentProblem> {
        if body.len() > LONGEST_DOCUMENT {
            return Err(DocumentProblem::TooLong);
        }
        let read: Members = serde_json::from_slice(body).map_err(|_| DocumentProblem::Malformed)?;
        if read.client_id != url.as_str() {
            return Err(DocumentProblem::OtherClientId);
        }
        let auth_method = match read.token_endpoint_auth_method.as_deref() {
            None | Some("none") => AuthMethod::None,
            Some("private_key_jwt") => AuthMethod::PrivateKeyJwt,
            Some(_) => return Err(DocumentProblem::SharedSecret),
        };
        if read.client_secret.is_some() || read.client_secret_expires_at.is_some() {
            return Err(DocumentProblem::SharedSecret);
        }
        let may = |list: &Option<Vec<String>>, wanted: &str| {
            list.as_ref().is_none_or(|listed| listed.iter().any(|known| known == wanted))
        };
        if !may(&read.grant_types, GrantType::AuthorizationCode.as_str()) || !may(&read.response_types, "code") {
            return Err(DocumentProblem::Flow);
        }
        let (jwks, jwks_uri) = keys(auth_method, read.jwks, read.jwks_uri)?;
        let uris = read.redirect_uris.unwrap_or_default();
        let application_type = application_type(read.application_type, auth_method, &uris);
        let redirect_uris = registrable(uris, application_type)?;
        if redirect_uris.is_empty() {
            return Err(DocumentProblem::RedirectUris);
        }
        let id_token_alg = match read.id_token_signed_response_alg.as_deref() {
            None => Algorithm::RS256,
            Some(name) => Algorithm::parse(name).ok_or(DocumentProblem::Algorithm)?,
        };
        let scopes = Scopes::parse(read.scope.as_deref().unwrap_or(SCOPES)).within(&Scopes::parse(SCOPES));
        Ok(Self {
            name: read.client_name.as_deref().and_then(name),
            application_type,
            auth_method,
            jwks,
            jwks_uri,
            redirect_uris,
            post_logout_redirect_uris: registrable(
                read.post_logout_redirect_uris.unwrap_or_default(),
                application_type,
            )?,
            offline: read.grant_types.is_some() && may(&read.grant_types, GrantType::RefreshToken.as_str()),
            scope: scopes.to_string(),
            id_token_alg,
            logo_uri: shown_uri(read.logo_uri),
            policy_uri: shown_uri(read.policy_uri),
            tos_uri: shown_uri(read.tos_uri),
        })
    }

    /// Where its logo is.
    pub fn logo_uri(&self) -> Option<&str> {
        self.logo_uri.as_deref()
    }

    /// The app that it describes: never verified, always asking, and a public one if it names no keys.
    pub fn app(&self, id: AppId, url: &ClientIdUrl, created_at: Timestamp, updated_at: Timestamp) -> App {
        let mut grant_types = vec![GrantType::AuthorizationCode];
        grant_types.extend(self.offline.then_some(GrantType::RefreshToken));
        let stored = |uris: &[String]| RegisteredRedirectUris::from_stored(uris.iter().cloned());
        App {
            id,
            client_id: ClientId::from_text(url.as_str()),
            name: self.name.clone().unwrap_or_else(|| url.host().to_owned()),
            application_type: self.application_type,
            auth_method: self.auth_method,
            jwks: self.jwks.clone(),
            jwks_uri: self.jwks_uri.clone(),
            redirect_uris: stored(&self.redirect_uris),
            post_logout_redirect_uris: stored(&self.post_logout_redirect_uris),
            grant_types,
            scopes: Scopes::parse(&self.scope),
            require_pkce: true,
            id_token_alg: self.id_token_alg,
            dynamic: true,
            metadata: ClientMetadata {
                logo_uri: self.logo_uri.clone(),
                policy_uri: self.policy_uri.clone(),
                tos_uri: self.tos_uri.clone(),
                ..ClientMetadata::default()
            },
            created_at,
            updated_at,
            ..App::sigma()
        }
    }

    /// The names of the members that differ in `later`.
    pub fn changes(&self, later: &Self) -> Vec<&'static str> {
        let changed = [
            ("name", self.name != later.name),
            ("application_type", self.application_type != later.application_type),
            ("auth_method", self.auth_method != later.auth_method),
            ("jwks", self.jwks != later.jwks),
            ("jwks_uri", self.jwks_uri != later.jwks_uri),
            ("redirect_uris", self.redirect_uris != later.redirect_uris),
            ("post_logout_redirect_uris", self.post_logout_redirect_uris != later.post_logout_redirect_uris),
            ("grant_types", self.offline != later.offline),
            ("scopes", self.scope != later.scope),
            ("id_token_alg", self.id_token_alg != later.id_token_alg),
            ("logo_uri", self.logo_uri != later.logo_uri),
            ("policy_uri", self.policy_uri != later.policy_uri),
            ("tos_uri", self.tos_uri != later.tos_uri),
        ];
        changed.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
    }
}

/// An address that pages may show: one that anybody could register. Others are left out.
fn shown_uri(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(uri)) if is_web_uri(&uri) => Some(uri),
        _ => None,
    }
}

/// The public keys of a `private_key_jwt` app, or their address.
fn keys(
    method: AuthMethod,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
) -> Result<(Option<String>, Option<String>), DocumentProblem> {
    if method != AuthMethod::PrivateKeyJwt {
        return Ok((None, None));
    }
    match (jwks, jwks_uri) {
        (Some(jwks), None) => {
            let jwks = jwks.to_string();
            let usable = JwkSet::parse(jwks.as_bytes()).is_ok_and(|set| !set.keys().is_empty());
            if usable { Ok((Some(jwks), None)) } else { Err(DocumentProblem::Keys) }
        }
        (None, Some(uri)) if uri.starts_with("https://") && uri.len() <= LONGEST_URL && Url::parse(&uri).is_ok() => {
            Ok((None, Some(uri)))
        }
        _ => Err(DocumentProblem::Keys),
    }
}

/// What the document says, or for public apps what their redirect URIs show: only native apps return to the user's own device.
fn application_type(named: Option<ApplicationType>, method: AuthMethod, uris: &[String]) -> ApplicationType {
    let is_web = |uri: &String| uri.starts_with("https://");
    named.unwrap_or(if method == AuthMethod::None && !uris.iter().all(is_web) {
        ApplicationType::Native
    } else {
        ApplicationType::Web
    })
}

/// Those of `uris`, if anybody could register each of them.
fn registrable(uris: Vec<String>, application: ApplicationType) -> Result<Vec<String>, DocumentProblem> {
    if uris.len() > MOST_REDIRECT_URIS {
        return Err(DocumentProblem::RedirectUris);
    }
    for uri in &uris {
        RedirectUri::register(uri, application, Registrar::Anyone).map_err(DocumentProblem::RedirectUri)?;
    }
    Ok(uris)
}

/// A name that a page can show: short, and without what hides or turns letters.
fn name(text: &str) -> Option<String> {
    let is_shown =
        |letter: &char| !letter.is_control() && !is_unseen(*letter) && (*letter == ' ' || !letter.is_whitespace());
    let seen = text.chars().filter(is_shown);
    let short: String = seen.take(LONGEST_NAME).collect();
    let short = short.trim();
    (!short.is_empty()).then(|| short.to_owned())
}

#[cfg(test)]
mod tests;
