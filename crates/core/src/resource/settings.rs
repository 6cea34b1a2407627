//! The settings of an API as an operator writes them: one form for commands, files, the management API and the console.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use super::{MOST_SCOPES, Resource, ResourceScope, ScopeProblem};
use crate::app::{ProblemKind, display_name};
use crate::ids::OrgId;
use crate::time::Timestamp;

/// The longest URI, in bytes.
const LONGEST_URI: usize = 2_000;

/// Settings of an API; what is left out stays as it is, or gets its default. An empty list means none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResourceSettings {
    /// The URI of a new API: absolute, without fragment. It cannot be changed.
    pub uri: Option<String>,
    /// The org that owns it, by id or slug; a new one is the operator's if it is left out.
    pub org: Option<String>,
    /// Display name; the host of the URI if it is left out.
    pub name: Option<String>,
    /// Its scopes.
    pub scopes: Option<Vec<ResourceScope>>,
    /// Whether any app may request it with the user's consent.
    pub open: Option<bool>,
    /// The apps that serve it and may introspect its tokens, by client id or id.
    pub servers: Option<Vec<String>>,
}

/// What is wrong with the settings of an API. Displayed are the setting and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {reason}")]
pub struct ResourceProblem {
    /// The setting: a member of [`ResourceSettings`].
    pub field: &'static str,
    /// What is wrong.
    pub reason: ResourceReason,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResourceReason {
    /// There is no such API, or none any more.
    #[error("there is no such API")]
    NoResource,
    /// Not an absolute URI.
    #[error("\"{0}\" must be an absolute URI without fragment (RFC 8707 §2)")]
    Uri(String),
    /// The issuer is the audience of its own tokens already.
    #[error("the issuer already is the audience of its own tokens")]
    Issuer,
    /// It is registered.
    #[error("{0} is registered already")]
    UriTaken(String),
    /// It cannot be changed.
    #[error("the URI of an API cannot be changed")]
    UriFixed,
    /// Not a display name.
    #[error("1 to 100 characters, without control characters")]
    Name,
    /// Not a scope that can be registered.
    #[error("\"{0}\": {1}")]
    Scope(String, ScopeProblem),
    /// A scope is named twice.
    #[error("\"{0}\" is given twice")]
    ScopeTwice(String),
    /// More scopes than an API may have.
    #[error("an API has at most {MOST_SCOPES} scopes")]
    TooManyScopes,
    /// There is no such app.
    #[error("there is no app {0}")]
    NoApp(String),
    /// There is no such org.
    #[error("there is no org {0}")]
    NoOrg(String),
}

impl ResourceReason {
    /// What kind of problem it is.
    pub const fn kind(&self) -> ProblemKind {
        match self {
            Self::NoResource | Self::NoApp(_) | Self::NoOrg(_) => ProblemKind::NotFound,
            Self::Issuer | Self::UriTaken(_) | Self::UriFixed | Self::Scope(_, ScopeProblem::Reserved) => {
                ProblemKind::Refused
            }
            _ => ProblemKind::Malformed,
        }
    }

    /// The problem of that setting.
    pub const fn of(self, field: &'static str) -> ResourceProblem {
        ResourceProblem { field, reason: self }
    }
}

impl ResourceSettings {
    /// A new API of `org_id`, named after the host of its URI, without the apps that serve it.
    ///
    /// # Errors
    /// The first setting that is wrong, or missing.
    pub fn new_resource(&self, issuer: &str, org_id: OrgId, now: Timestamp) -> Result<Resource, ResourceProblem> {
        let uri = self.uri.clone().unwrap_or_default();
        let wrong = || ResourceReason::Uri(uri.clone()).of("uri");
        let url = Url::parse(&uri).map_err(|_| wrong())?;
        if uri.contains('#') || uri.len() > LONGEST_URI || uri.chars().any(|c| c.is_control() || c == ' ') {
            return Err(wrong());
        }
        if uri == issuer {
            return Err(ResourceReason::Issuer.of("uri"));
        }
        let name = url.host_str().unwrap_or(&uri).to_owned();
        let bare =
            Resource { uri, org_id, name, scopes: Vec::new(), open: false, servers: Vec::new(), created_at: now };
        self.applied_to(bare)
    }

    /// The API with these settings, apart from its owner and the apps that serve it.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn applied_to(&self, mut resource: Resource) -> Result<Resource, ResourceProblem> {
        if self.uri.as_ref().is_some_and(|uri| *uri != resource.uri) {
            return Err(ResourceReason::UriFixed.of("uri"));
        }
        if let Some(name) = &self.name {
            resource.name = display_name(name).map_err(|_| ResourceReason::Name.of("name"))?;
        }
        resource.open = self.open.unwrap_or(resource.open);
        if let Some(scopes) = &self.scopes {
            resource.scopes = registered(scopes)?;
        }
        Ok(resource)
    }
}

fn registered(wanted: &[ResourceScope]) -> Result<Vec<ResourceScope>, ResourceProblem> {
    let of = |reason: ResourceReason| reason.of("scopes");
    let mut scopes: Vec<ResourceScope> = Vec::new();
    for scope in wanted {
        let scope = ResourceScope::register(&scope.name, &scope.description)
            .map_err(|problem| of(ResourceReason::Scope(scope.name.clone(), problem)))?;
        if scopes.iter().any(|known| known.name == scope.name) {
            return Err(of(ResourceReason::ScopeTwice(scope.name)));
        }
        scopes.push(scope);
    }
    if scopes.len() > MOST_SCOPES { Err(of(ResourceReason::TooManyScopes)) } else { Ok(scopes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(settings: &ResourceSettings) -> Result<Resource, ResourceProblem> {
        settings.new_resource("https://id.example.org", OrgId::from_text("org_1"), Timestamp::from_seconds(0))
    }

    fn api() -> ResourceSettings {
        ResourceSettings { uri: Some("https://api.example.org/v1".to_owned()), ..ResourceSettings::default() }
    }

    #[test]
    fn an_api_is_named_after_its_host_and_a_setting_that_breaks_a_rule_is_named() {
        use ProblemKind::{Malformed, Refused};
        assert_eq!(build(&api()).unwrap().name, "api.example.org");
        let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "Read".to_owned() };
        let at = |uri: &str| ResourceSettings { uri: Some(uri.to_owned()), ..api() };
        let with = |scopes: &[ResourceScope]| ResourceSettings { scopes: Some(scopes.to_vec()), ..api() };
        for (settings, field, kind) in [
            (ResourceSettings::default(), "uri", Malformed),
            (at("api"), "uri", Malformed),
            (at("https://api.example.org/#x"), "uri", Malformed),
            (at("https://id.example.org"), "uri", Refused),
            (ResourceSettings { name: Some(" ".to_owned()), ..api() }, "name", Malformed),
            (with(&[scope("openid")]), "scopes", Refused),
            (with(&[scope("a b")]), "scopes", Malformed),
            (with(&[scope("a"), scope("a")]), "scopes", Malformed),
        ] {
            let problem = build(&settings).unwrap_err();
            assert_eq!((problem.field, problem.reason.kind()), (field, kind), "{settings:?}");
        }
    }
}
