//! Resources: the APIs that access tokens may be for (RFC 8707), which app may ask for which, and the scopes that each
//! registers.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::ids::{ClientId, OrgId};
use crate::scope::{KNOWN, Scopes};
use crate::time::Timestamp;

/// Most scopes that one resource registers.
pub const MOST_SCOPES: usize = 50;
/// Longest name of a scope, in bytes.
const LONGEST_NAME: usize = 64;
/// Longest description of a scope, in characters: one line of the consent page.
const LONGEST_DESCRIPTION: usize = 120;

/// A scope that a resource registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceScope {
    /// What apps ask for: a scope token (RFC 6749 §3.3).
    pub name: String,
    /// What a person who is asked for it reads.
    pub description: String,
}

/// Why a scope cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeProblem {
    /// Not a scope token.
    #[error("a scope is 1 to 64 printable ASCII characters without space, double quote and backslash")]
    Name,
    /// It means something here already, or will.
    #[error("this scope belongs to the server itself")]
    Reserved,
    /// Nothing that a person could read.
    #[error("a description is 1 to 120 characters, none of them a control character")]
    Description,
}

impl ResourceScope {
    /// Takes a scope as a resource may register it.
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

/// An API: the `resource` that apps ask for and `aud` of what they get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// An absolute URI without fragment.
    pub uri: String,
    /// The org that owns it.
    pub org_id: OrgId,
    /// What people are told it is called.
    pub name: String,
    /// What can be asked for of it, beside the scopes that the server knows itself.
    pub scopes: Vec<ResourceScope>,
    /// Any app may ask a person for it. Its tokens are never for the issuer too.
    pub open: bool,
    /// The apps that serve it: they may introspect its tokens.
    pub servers: Vec<ClientId>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Resource {
    /// Whether `app` may ask a person for it.
    pub fn is_for(&self, app: &App) -> bool {
        self.open || self.lists(app)
    }

    /// Whether `app` may take tokens for it without a person: what is open asks for somebody's consent, and an app has
    /// none to give.
    pub fn is_for_itself(&self, app: &App) -> bool {
        !self.open && self.lists(app)
    }

    fn lists(&self, app: &App) -> bool {
        app.resources.contains(&self.uri)
    }

    /// Whether the app called `client_id` serves it.
    pub fn is_served_by(&self, client_id: &ClientId) -> bool {
        self.servers.contains(client_id)
    }

    /// Whether it registers `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known.name == scope)
    }

    /// This resource as a request for `scope` asks for it.
    pub fn asked(&self, scope: &Scopes) -> AskedResource {
        AskedResource {
            uri: self.uri.clone(),
            name: self.name.clone(),
            scopes: self.scopes.iter().filter(|known| scope.contains(&known.name)).cloned().collect(),
        }
    }
}

/// A resource that an authorization request asks for, with those of its scopes that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedResource {
    /// Its URI.
    pub uri: String,
    /// What people are told it is called.
    pub name: String,
    /// What is asked for of it.
    pub scopes: Vec<ResourceScope>,
}

/// The resources that one access token is for, each of which its app may have; none when it is for the issuer.
#[derive(Clone, Debug, Default)]
pub struct Targets(Vec<Resource>);

impl Targets {
    /// The resources of a token of a person, if `app` may have all of them.
    pub fn of_grant(resources: Vec<Resource>, app: &App) -> Option<Self> {
        resources.iter().all(|resource| resource.is_for(app)).then_some(Self(resources))
    }

    /// The resources of a token of `app` for itself (RFC 6749 §4.4), if it may have all of them.
    pub fn of_app(resources: Vec<Resource>, app: &App) -> Option<Self> {
        resources.iter().all(|resource| resource.is_for_itself(app)).then_some(Self(resources))
    }

    /// Their URIs, in the order asked for.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|resource| resource.uri.as_str())
    }

    /// Each as a request for `scope` asks for it.
    pub fn asked(&self, scope: &Scopes) -> Vec<AskedResource> {
        self.0.iter().map(|resource| resource.asked(scope)).collect()
    }

    /// Whether one of them is open to any app: such a token is not for the issuer too.
    pub fn any_open(&self) -> bool {
        self.0.iter().any(|resource| resource.open)
    }

    /// Those of `scope` that mean something at these targets: the server's own, and what they register. A token for one
    /// API never says what was granted of another.
    #[must_use]
    pub fn bound(&self, scope: &Scopes) -> Scopes {
        scope.retain(|name| KNOWN.contains(&name) || self.0.iter().any(|resource| resource.has_scope(name)))
    }

    /// Those of `scope` that the targets register.
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
        // An open resource asks for a person, even of an app that is listed.
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
