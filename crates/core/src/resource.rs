//! Resources: the APIs that access tokens can be issued for (RFC 8707), the apps that may request them, and their
//! scopes.

mod settings;

use serde::{Deserialize, Serialize};

pub use self::settings::{ResourceProblem, ResourceReason, ResourceSettings};

use crate::app::App;
use crate::ids::{AppId, OrgId};
use crate::scope::{KNOWN, Scopes};
use crate::time::Timestamp;

/// The most scopes of one resource.
pub const MOST_SCOPES: usize = 50;
/// The longest scope name, in bytes.
const LONGEST_NAME: usize = 64;
/// The longest scope description, in characters: one line of the consent page.
const LONGEST_DESCRIPTION: usize = 120;

/// A scope that a resource registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResourceScope {
    /// The scope token (RFC 6749 §3.3).
    pub name: String,
    /// The description on the consent page.
    pub description: String,
}

/// Why a scope cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeProblem {
    /// Not a scope token.
    #[error("a scope is 1 to 64 printable ASCII characters without space, double quote and backslash")]
    Name,
    /// It is or will be one of the server's own scopes.
    #[error("this scope belongs to the server itself")]
    Reserved,
    /// An invalid description.
    #[error("a description is 1 to 120 characters, none of them a control character")]
    Description,
}

impl ResourceScope {
    /// Validates a scope of a resource.
    ///
    /// # Errors
    /// [`ScopeProblem`]
    pub fn register(name: &str, description: &str) -> Result<Self, ScopeProblem> {
        let token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(token) {
            return Err(ScopeProblem::Name);
        }
        // `address` and `phone` are OpenID Connect's own (Core §5.4), `sigma:…` ours.
        if KNOWN.contains(&name) || ["address", "phone"].contains(&name) || name.starts_with("sigma:") {
            return Err(ScopeProblem::Reserved);
        }
        let description = description.trim();
        let length = description.chars().count();
        if !(1..=LONGEST_DESCRIPTION).contains(&length) || description.chars().any(char::is_control) {
            return Err(ScopeProblem::Description);
        }
        Ok(Self { name: name.to_owned(), description: description.to_owned() })
    }
}

/// An API: the `resource` of requests and the `aud` of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// An absolute URI without fragment.
    pub uri: String,
    /// The org that owns it.
    pub org_id: OrgId,
    /// The display name.
    pub name: String,
    /// Its scopes, besides the server's own.
    pub scopes: Vec<ResourceScope>,
    /// Whether any app may request it with the user's consent. Its tokens never have the issuer as audience.
    pub open: bool,
    /// The apps that serve it and may introspect its tokens.
    pub servers: Vec<AppId>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Resource {
    /// Whether `app` may request it from a user.
    pub fn is_for(&self, app: &App) -> bool {
        self.open || self.lists(app)
    }

    /// Whether `app` may get client-credentials tokens for it: an open resource needs a user's consent.
    pub fn is_for_itself(&self, app: &App) -> bool {
        !self.open && self.lists(app)
    }

    fn lists(&self, app: &App) -> bool {
        app.resources.contains(&self.uri)
    }

    /// Whether the app serves it.
    pub fn is_served_by(&self, app_id: &AppId) -> bool {
        self.servers.contains(app_id)
    }

    /// Whether it defines `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known.name == scope)
    }

    /// This resource in a request for `scope`.
    pub fn asked(&self, scope: &Scopes) -> AskedResource {
        AskedResource {
            uri: self.uri.clone(),
            name: self.name.clone(),
            scopes: self.scopes.iter().filter(|known| scope.contains(&known.name)).cloned().collect(),
        }
    }
}

/// A resource of an authorization request, with the requested ones of its scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedResource {
    /// Its URI.
    pub uri: String,
    /// The display name.
    pub name: String,
    /// The requested scopes.
    pub scopes: Vec<ResourceScope>,
}

/// The resources of one access token, all of which its app may request; none if it is for the issuer.
#[derive(Clone, Debug, Default)]
pub struct Targets(Vec<Resource>);

impl Targets {
    /// The resources of a user's token, if `app` may request all of them.
    pub fn of_grant(resources: Vec<Resource>, app: &App) -> Option<Self> {
        resources.iter().all(|resource| resource.is_for(app)).then_some(Self(resources))
    }

    /// The resources of a client-credentials token (RFC 6749 §4.4), if `app` may get all of them.
    pub fn of_app(resources: Vec<Resource>, app: &App) -> Option<Self> {
        resources.iter().all(|resource| resource.is_for_itself(app)).then_some(Self(resources))
    }

    /// The resources of an exchanged token, which are among those of the token that it was exchanged for.
    pub(crate) fn of_exchange(resources: impl IntoIterator<Item = Resource>) -> Self {
        Self(resources.into_iter().collect())
    }

    /// Their URIs, in requested order.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|resource| resource.uri.as_str())
    }

    /// Each resource in a request for `scope`.
    pub fn asked(&self, scope: &Scopes) -> Vec<AskedResource> {
        self.0.iter().map(|resource| resource.asked(scope)).collect()
    }

    /// All of their scopes.
    pub fn scopes(&self) -> Scopes {
        let mut scopes = Scopes::default();
        self.0.iter().flat_map(|resource| &resource.scopes).for_each(|scope| scopes.insert(&scope.name));
        scopes
    }

    /// Whether any of them is open: such a token does not include the issuer.
    pub fn any_open(&self) -> bool {
        self.0.iter().any(|resource| resource.open)
    }

    /// The part of `scope` that these targets define: the server's own scopes, and theirs. A token for one API never
    /// lists scopes that were granted for another.
    #[must_use]
    pub fn bound(&self, scope: &Scopes) -> Scopes {
        scope.retain(|name| KNOWN.contains(&name) || self.0.iter().any(|resource| resource.has_scope(name)))
    }

    /// The part of `scope` that the targets define.
    #[must_use]
    pub fn registered(&self, scope: &Scopes) -> Scopes {
        scope.retain(|name| self.0.iter().any(|resource| resource.has_scope(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(uri: &str, scopes: &[&str]) -> Resource {
        Resource {
            uri: uri.to_owned(),
            org_id: OrgId::from_text("org"),
            name: uri.to_owned(),
            scopes: scopes.iter().map(|name| ResourceScope::register(name, "Do it").unwrap()).collect(),
            open: false,
            servers: Vec::new(),
            created_at: Timestamp::default(),
        }
    }

    fn app(resources: &[&str]) -> App {
        App { resources: resources.iter().map(|uri| (*uri).to_owned()).collect(), ..App::sigma() }
    }

    #[test]
    fn apps_may_request_listed_or_open_resources_and_only_listed_ones_for_themselves() {
        let (listed, open) = (resource("urn:a", &[]), Resource { open: true, ..resource("urn:b", &[]) });
        let (with, without) = (app(&["urn:a"]), app(&["urn:A", "urn:a/", "urn"]));
        assert!(listed.is_for(&with) && listed.is_for_itself(&with));
        assert!(!listed.is_for(&without) && !listed.is_for_itself(&without));
        assert!(open.is_for(&without) && !open.is_for_itself(&without));
        // An open resource needs a user, even for a listed app.
        assert!(!open.is_for_itself(&app(&["urn:b"])));
        assert!(Targets::of_grant(vec![listed.clone(), open.clone()], &with).is_some());
        assert!(Targets::of_app(vec![listed, open], &with).is_none());
    }

    #[test]
    fn a_token_lists_only_scopes_that_its_targets_define() {
        let targets = Targets(vec![resource("urn:a", &["read"])]);
        let scope = Scopes::parse("openid read write sigma:wallet");
        assert_eq!(targets.bound(&scope).to_string(), "openid read sigma:wallet");
        assert_eq!(targets.registered(&scope).to_string(), "read");
    }

    #[test]
    fn scopes_of_resources_are_tokens_that_are_not_the_servers_own() {
        for good in ["read", "notes:read", "https://api.example.org/read", "!", &"x".repeat(64)] {
            assert!(ResourceScope::register(good, "Read your notes").is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\"", "a\\", "a\n", "é", "a\0", &"x".repeat(65)] {
            assert_eq!(ResourceScope::register(bad, "x"), Err(ScopeProblem::Name), "{bad}");
        }
        for taken in ["openid", "roles", "offline_access", "address", "phone", "sigma:admin"] {
            assert_eq!(ResourceScope::register(taken, "x"), Err(ScopeProblem::Reserved), "{taken}");
        }
        for bad in ["", "  ", "a\nb", &"x".repeat(121)] {
            assert_eq!(ResourceScope::register("read", bad), Err(ScopeProblem::Description), "{bad}");
        }
    }
}
