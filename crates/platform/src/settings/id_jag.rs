//! `[id_jag]`: the identity assertion authorization grant. Experimental: its specification is a draft.

use serde::{Deserialize, Serialize};
use sigma_core::ids::AppRef;
use sigma_core::provider::{ProviderId, is_endpoint};
use sigma_core::scope::{KNOWN, Scopes};

use super::{Provider, ProviderKind};

/// The server's own scopes that an assertion can lead to: what names the user, never what changes an account.
pub const READABLE: [&str; 3] = ["openid", "profile", "email"];
/// The most entries of each list.
const MOST: usize = 100;

/// Assertions of and for other authorization servers. Off unless one is listed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdJag {
    /// The servers for which assertions are issued.
    pub issue: Vec<IdJagTarget>,
    /// The providers whose assertions are accepted.
    pub accept: Vec<IdJagSource>,
}

/// An authorization server elsewhere whose users sign in with this one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdJagTarget {
    /// Its issuer, byte for byte.
    pub audience: String,
    /// The apps that act for users there.
    pub apps: Vec<IdJagTargetApp>,
}

/// An app that acts for users at another server.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdJagTargetApp {
    /// The app, by its client id here.
    pub app: String,
    /// Its client id there; by default the same.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The scopes there that it gets at most, space-separated.
    #[serde(default)]
    pub scope: String,
    /// The APIs there that it may name.
    #[serde(default)]
    pub resources: Vec<String>,
}

/// A provider whose word is enough for apps to act for users here.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdJagSource {
    /// The provider, by its id in `[[providers]]`: users have linked their accounts there.
    pub provider: ProviderId,
    /// The apps that may use its assertions.
    pub apps: Vec<IdJagSourceApp>,
}

/// An app that acts for users here.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IdJagSourceApp {
    /// The app, by its client id.
    pub app: String,
    /// The scopes that it gets at most, space-separated.
    pub scope: String,
}

impl IdJag {
    /// What makes no sense in it.
    ///
    /// # Errors
    /// The first problem.
    pub fn check(&self, own_issuer: &str, providers: &[Provider]) -> Result<(), String> {
        if self.issue.len() > MOST || self.accept.len() > MOST {
            return Err(format!("there may be at most {MOST} of each"));
        }
        for (place, target) in self.issue.iter().enumerate() {
            let name = &target.audience;
            if !is_endpoint(name, name) {
                return Err(format!("issue: \"{name}\" is not an https URL"));
            }
            if name == own_issuer || self.issue.iter().take(place).any(|other| other.audience == *name) {
                return Err(format!("issue: \"{name}\" is this server, or listed twice"));
            }
            apps(name, target.apps.iter().map(|app| app.app.as_str()))?;
        }
        for (place, source) in self.accept.iter().enumerate() {
            let name = source.provider.as_str();
            let provider = providers.iter().find(|provider| provider.id == source.provider);
            if !provider.is_some_and(|provider| provider.kind != ProviderKind::GitHub) {
                return Err(format!("accept: there is no OpenID provider \"{name}\""));
            }
            if self.accept.iter().take(place).any(|other| other.provider == source.provider) {
                return Err(format!("accept: \"{name}\" is listed twice"));
            }
            apps(name, source.apps.iter().map(|app| app.app.as_str()))?;
            let beyond = |scope: &str| KNOWN.contains(&scope) && !READABLE.contains(&scope);
            for app in &source.apps {
                if let Some(scope) = Scopes::parse(&app.scope).iter().find(|scope| beyond(scope)) {
                    return Err(format!("accept: \"{name}\": {}: {scope} is never given by an assertion", app.app));
                }
            }
        }
        Ok(())
    }
}

fn apps<'a>(place: &str, apps: impl ExactSizeIterator<Item = &'a str>) -> Result<(), String> {
    if !(1..=MOST).contains(&apps.len()) {
        return Err(format!("\"{place}\": there must be 1 to {MOST} apps"));
    }
    for app in apps {
        if AppRef::parse(app).is_none() {
            return Err(format!("\"{place}\": \"{app}\" is not a client id"));
        }
    }
    Ok(())
}
