//! What is declared, and what has to be known before a transaction begins: ids, secrets and keys.

use std::collections::BTreeSet;
use std::path::Path;

use sigma_core::ids::{AppId, OrgId, OrgRef, RoleId};
use sigma_core::org::text::folded;
use sigma_core::time::Timestamp;
use sigma_store::org::{self, NewOrg};

use super::declared::{AppEntry, OrgEntry, ResourceEntry, RoleEntry};
use super::file::{Declared, Entry, Place};
use super::secret::{self, Given};
use crate::commands::app::draft;
use crate::commands::app::new_secret;
use crate::failure::Failure;
use crate::opened::Opened;

/// A declared thing.
pub struct Item<T, F> {
    pub at: Place,
    pub value: T,
    /// What it gets if it is new.
    pub fresh: F,
}

/// A role, with the workspace that it belongs to.
pub struct OrgRole {
    pub org: String,
    pub role: RoleEntry,
}

/// What a new app gets.
pub struct FreshApp {
    pub id: AppId,
    /// A secret that nobody has yet.
    pub generated: String,
    /// The secret that its entry points to.
    pub given: Option<Given>,
}

/// All that is declared.
pub struct Wanted {
    pub orgs: Vec<Item<OrgEntry, Option<NewOrg>>>,
    pub roles: Vec<Item<OrgRole, RoleId>>,
    pub apps: Vec<Item<AppEntry, FreshApp>>,
    pub resources: Vec<Item<ResourceEntry, ()>>,
    /// The URIs of those.
    pub uris: BTreeSet<String>,
    pub issuer: String,
    pub now: Timestamp,
}

impl Wanted {
    /// Prepares what is declared.
    ///
    /// # Errors
    /// Something is declared twice or cannot be prepared.
    pub fn new(opened: &Opened, declared: Declared) -> Result<Self, Failure> {
        let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
        let mut once = |kind: &'static str, name: &str, at: &Place, problems: &mut Vec<String>| {
            if !seen.insert((kind, name.to_owned())) {
                problems.push(at.tell("is declared more than once"));
            }
        };
        let now = opened.now();
        let mut wanted = Self {
            orgs: Vec::new(),
            roles: Vec::new(),
            apps: Vec::new(),
            resources: Vec::new(),
            uris: declared.resources.iter().map(|entry| entry.value.uri.clone()).collect(),
            issuer: opened.settings.issuer.clone(),
            now,
        };
        for Entry { at, mut value, .. } in declared.orgs {
            once("org", &value.org, &at, &mut problems);
            for role in std::mem::take(&mut value.roles) {
                let at = at.of_role(&role.value.name, role.referenced.line());
                let name = format!("{}\0{}", value.org, folded(&role.value.name));
                once("role", &name, &at, &mut problems);
                let value = OrgRole { org: value.org.clone(), role: role.value };
                wanted.roles.push(Item { at, value, fresh: RoleId::new(now, opened.rng.as_ref()) });
            }
            match new_org(opened, &value, now) {
                Ok(fresh) => wanted.orgs.push(Item { at, value, fresh }),
                Err(failure @ (Failure::Usage(_) | Failure::Refused(_))) => {
                    problems.push(at.tell(&failure.to_string()));
                }
                Err(failure) => return Err(failure),
            }
        }
        for Entry { at, value, base } in declared.apps {
            once("app", &value.client_id, &at, &mut problems);
            match fresh_app(opened, &value, &base, now) {
                Ok(fresh) => wanted.apps.push(Item { at, value, fresh }),
                Err(problem) => problems.push(at.tell(&problem)),
            }
        }
        for Entry { at, value, .. } in declared.resources {
            once("resource", &value.uri, &at, &mut problems);
            wanted.resources.push(Item { at, value, fresh: () });
        }
        if problems.is_empty() { Ok(wanted) } else { Err(Failure::Refused(problems.join("\n"))) }
    }
}

/// What a workspace gets if there is none of that name.
fn new_org(opened: &Opened, entry: &OrgEntry, now: Timestamp) -> Result<Option<NewOrg>, Failure> {
    if let Some(named) = OrgRef::parse(&entry.org)
        && opened.read(move |tx| org::resolve(tx, &named))?.is_some()
    {
        return Ok(None);
    }
    let slug = draft::org_slug("org", &entry.org)?;
    let name = entry.name.as_deref().ok_or_else(|| Failure::Usage("a new workspace needs a name".to_owned()))?;
    let name = sigma_core::org::text::name(name).map_err(|problem| Failure::Usage(format!("name {problem}")))?;
    let id = OrgId::new(now, opened.rng.as_ref());
    let new = NewOrg::new(id, name, &opened.new_master_key()?, now, opened.rng.as_ref())
        .map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Some(NewOrg { slug: Some(slug), ..new }))
}

fn fresh_app(opened: &Opened, entry: &AppEntry, base: &Path, now: Timestamp) -> Result<FreshApp, String> {
    Ok(FreshApp {
        id: AppId::new(now, opened.rng.as_ref()),
        generated: new_secret(opened.rng.as_ref()),
        given: entry.client_secret.as_ref().map(|source| secret::read(source, base)).transpose()?,
    })
}
