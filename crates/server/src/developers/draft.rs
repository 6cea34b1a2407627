//! What a person says of an app of theirs, read once for both ways in.

use sigma_bitcoin::PublicKey;
use sigma_core::app::{App, ApplicationType, AuthMethod, GrantType};
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, ClientId, OrgId};
use sigma_core::jose::Algorithm;
use sigma_core::random::alphanumeric;
use sigma_core::redirect::{RedirectUri, RegisteredRedirectUris, Registrar};
use sigma_core::registration::{MOST_URIS, is_name};
use sigma_core::slug::Slug;
use sigma_core::time::Timestamp;

use super::SECRET_LENGTH;
use crate::state::AppState;

/// How an app authenticates, as people choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A server: with a secret.
    Server,
    /// In a browser or on a device: without one.
    Public,
    /// By the signature of a Bitcoin key.
    Bitcoin,
}

impl Kind {
    /// Its value in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Public => "public",
            Self::Bitcoin => "bitcoin",
        }
    }

    /// The kind of that value.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Server, Self::Public, Self::Bitcoin].into_iter().find(|kind| kind.as_str() == text)
    }

    /// The kind of an app.
    pub const fn of(method: AuthMethod) -> Self {
        match method {
            AuthMethod::None => Self::Public,
            AuthMethod::SigmaBitcoinAuth => Self::Bitcoin,
            _ => Self::Server,
        }
    }
}

/// What somebody entered.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// The client id that they chose, if any.
    pub client_id: Option<String>,
    /// The display name.
    pub name: String,
    /// The redirect URIs.
    pub redirect_uris: Vec<String>,
    /// The URIs after sign-out.
    pub post_logout_redirect_uris: Vec<String>,
    /// The Bitcoin key, hex.
    pub pubkey: Option<String>,
}

/// What is wrong with it: a key of the catalogue, and the value concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field.
    pub field: &'static str,
    /// The key of the text.
    pub text: &'static str,
    /// For programs.
    pub description: String,
}

impl Wrong {
    fn new(field: &'static str, text: &'static str, description: impl Into<String>) -> Self {
        Self { field, text, description: description.into() }
    }
}

/// A new app of that kind, and its secret if it has one.
///
/// # Errors
/// [`Wrong`]
pub fn new(sigma: &AppState, entered: &Entered, kind: Kind, now: Timestamp) -> Result<(App, Option<String>), Wrong> {
    let id = AppId::new(now, &*sigma.rng);
    let client_id = match entered.client_id.as_deref().filter(|text| !text.is_empty()) {
        None => ClientId::of(&id),
        Some(chosen) => Slug::for_app(chosen)
            .map(ClientId::from)
            .map_err(|problem| Wrong::new("clientId", "developers-wrong-client-id", format!("clientId {problem}")))?,
    };
    let method = match kind {
        Kind::Server => AuthMethod::ClientSecret,
        Kind::Public => AuthMethod::None,
        Kind::Bitcoin => AuthMethod::SigmaBitcoinAuth,
    };
    let is_bitcoin = kind == Kind::Bitcoin;
    let app = App {
        id,
        client_id,
        auth_method: method,
        dynamic: true,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: sigma.settings.registration.allowed_scopes(),
        id_token_alg: if is_bitcoin { Algorithm::ES256 } else { Algorithm::RS256 },
        require_pkce: false,
        org_id: OrgId::operator(),
        metadata: ClientMetadata {
            remember_consent: sigma.settings.registration.remember_consent,
            ..ClientMetadata::default()
        },
        created_at: now,
        ..App::sigma()
    };
    let mut app = changed(app, entered, now)?;
    if is_bitcoin && app.pubkey.is_none() {
        return Err(Wrong::new("accountPubkey", "developers-wrong-key", "accountPubkey is required"));
    }
    let secret = renewed_secret(sigma, &mut app);
    Ok((app, secret))
}

/// `app` with what was entered. It is shown as unverified again if people would see another app.
///
/// # Errors
/// [`Wrong`]
pub fn changed(app: App, entered: &Entered, now: Timestamp) -> Result<App, Wrong> {
    if !is_name(&entered.name) {
        let description = "name must be 1 to 100 characters without control characters";
        return Err(Wrong::new("name", "developers-wrong-name", description));
    }
    let application_type = application_type(&entered.redirect_uris);
    let redirect_uris = register(&entered.redirect_uris, application_type)?;
    if redirect_uris.iter().next().is_none() {
        let description = "redirectUris must hold at least one URI";
        return Err(Wrong::new("redirectUris", "developers-wrong-redirects", description));
    }
    let pubkey = match entered.pubkey.as_deref().filter(|text| !text.is_empty()) {
        Some(key) if app.auth_method == AuthMethod::SigmaBitcoinAuth => {
            let wrong = |_| Wrong::new("accountPubkey", "developers-wrong-key", "accountPubkey is no public key");
            Some(PublicKey::parse(key).map_err(wrong)?)
        }
        _ => app.pubkey,
    };
    let is_another = app.name != entered.name || app.redirect_uris != redirect_uris;
    Ok(App {
        name: entered.name.clone(),
        application_type,
        redirect_uris,
        post_logout_redirect_uris: register(&entered.post_logout_redirect_uris, application_type)?,
        pubkey,
        dynamic: app.dynamic || is_another,
        updated_at: now,
        ..app
    })
}

/// Gives `app` a new secret, if its method has one.
pub fn renewed_secret(sigma: &AppState, app: &mut App) -> Option<String> {
    let secret = app.auth_method.has_secret().then(|| alphanumeric(&*sigma.rng, SECRET_LENGTH));
    app.secret = secret.as_ref().map(Digest::of);
    secret
}

/// Native if it can be nothing else. Somebody with an account stands for the app, so a web app may be tried on its developer's
/// machine.
fn application_type(uris: &[String]) -> ApplicationType {
    let fits_web = |uri: &String| RedirectUri::register(uri, ApplicationType::Web, Registrar::Administrator).is_ok();
    if uris.is_empty() || uris.iter().all(fits_web) { ApplicationType::Web } else { ApplicationType::Native }
}

fn register(uris: &[String], application_type: ApplicationType) -> Result<RegisteredRedirectUris, Wrong> {
    if uris.len() > MOST_URIS {
        let description = format!("there can be at most {MOST_URIS} URIs");
        return Err(Wrong::new("redirectUris", "developers-wrong-redirects", description));
    }
    let registered = uris.iter().map(|uri| {
        RedirectUri::register(uri, application_type, Registrar::Administrator)
            .map_err(|problem| Wrong::new("redirectUris", "developers-wrong-redirects", format!("{uri}: {problem}")))
    });
    registered.collect()
}
