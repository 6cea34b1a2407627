//! What is declared, and what has to be known before a transaction begins: ids, secrets and keys.

use std::collections::BTreeSet;
use std::path::Path;

use secrecy::ExposeSecret as _;
use sigma_core::ids::{AppId, OrgId, OrgRef, RoleId};
use sigma_core::org::text::folded;
use sigma_core::provider::ProviderId;
use sigma_core::time::Timestamp;
use sigma_server::objects::Logo;
use sigma_store::org::{self, NewOrg};
use sigma_store::provider;

use super::declared::{AppEntry, OrgEntry, ProviderEntry, ResourceEntry, RoleEntry};
use super::file::{Declared, Entry, Place};
use super::look::{self, Look};
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

/// What a workspace gets.
pub struct FreshOrg {
    /// If it is new.
    pub new: Option<NewOrg>,
    /// How it is to look.
    pub look: Option<Look>,
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
    /// How it is to look.
    pub look: Option<Look>,
}

/// The secret that the entry of a provider points to, if it is another than the provider's.
#[derive(Default)]
pub struct FreshProvider {
    /// Sealed.
    pub sealed: Option<Vec<u8>>,
    /// Where it came from, in words.
    pub from: Option<String>,
}

/// All that is declared.
pub struct Wanted {
    pub orgs: Vec<Item<OrgEntry, FreshOrg>>,
    pub roles: Vec<Item<OrgRole, RoleId>>,
    pub apps: Vec<Item<AppEntry, FreshApp>>,
    pub resources: Vec<Item<ResourceEntry, ()>>,
    pub providers: Vec<Item<ProviderEntry, FreshProvider>>,
    /// How the server is to look.
    pub branding: Option<(Place, Look)>,
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
            providers: Vec::new(),
            branding: None,
            uris: declared.resources.iter().map(|entry| entry.value.uri.clone()).collect(),
            issuer: opened.settings.issuer.clone(),
            now,
        };
        for Entry { at, value, base } in declared.branding {
            once("server", "itself", &at, &mut problems);
            match look::read_server(&value, &base) {
                Ok(look) => wanted.branding = Some((at, look)),
                Err(problem) => problems.push(at.tell(&problem)),
            }
        }
        for Entry { at, mut value, base } in declared.orgs {
            once("org", &value.org, &at, &mut problems);
            for role in std::mem::take(&mut value.roles) {
                let at = at.of_role(&role.value.name, role.referenced.line());
                let name = format!("{}\0{}", value.org, folded(&role.value.name));
                once("role", &name, &at, &mut problems);
                let value = OrgRole { org: value.org.clone(), role: role.value };
                wanted.roles.push(Item { at, value, fresh: RoleId::new(now, opened.rng.as_ref()) });
            }
            let look = match value.branding.as_ref().map(|entry| look::read(entry, &base)).transpose() {
                Ok(look) => look,
                Err(problem) => {
                    problems.push(at.tell(&problem));
                    continue;
                }
            };
            match new_org(opened, &value, now) {
                Ok(new) => wanted.orgs.push(Item { at, value, fresh: FreshOrg { new, look } }),
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
        for Entry { at, value, base } in declared.providers {
            once("provider", &value.id, &at, &mut problems);
            if opened.settings.providers.iter().any(|known| known.id.as_str() == value.id) {
                problems.push(at.tell("is in the configuration, which counts: remove it there first"));
                continue;
            }
            match fresh_provider(opened, &value, &base) {
                Ok(fresh) => wanted.providers.push(Item { at, value, fresh }),
                Err(Failure::Usage(problem)) => problems.push(at.tell(&problem)),
                Err(failure) => return Err(failure),
            }
        }
        if problems.is_empty() { Ok(wanted) } else { Err(Failure::Refused(problems.join("\n"))) }
    }
}

impl Wanted {
    /// The logos that are declared.
    pub fn logos(&self) -> impl Iterator<Item = &Logo> {
        let of_orgs = self.orgs.iter().filter_map(|item| item.fresh.look.as_ref());
        let of_apps = self.apps.iter().filter_map(|item| item.fresh.look.as_ref());
        let of_server = self.branding.iter().map(|(_, look)| look);
        of_orgs.chain(of_apps).chain(of_server).filter_map(|look| look.logo.as_ref())
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

fn fresh_provider(opened: &Opened, entry: &ProviderEntry, base: &Path) -> Result<FreshProvider, Failure> {
    let Some(source) = &entry.client_secret else { return Ok(FreshProvider::default()) };
    let id = ProviderId::parse(&entry.id).map_err(|problem| Failure::Usage(problem.to_string()))?;
    let (secret, from) = secret::read_text(source, base, 1).map_err(Failure::Usage)?;
    let (wanted, context) = (id.clone(), provider::seal_context(&id));
    let master_key = opened.master_key()?;
    let stored = opened.read(move |tx| provider::find(tx, &wanted))?.and_then(|found| found.secret);
    let stored = stored.and_then(|sealed| master_key.open(&context, &sealed).ok());
    if stored.is_some_and(|stored| *stored == *secret.expose_secret().as_bytes()) {
        return Ok(FreshProvider::default());
    }
    let sealed = master_key.seal(&context, secret.expose_secret().as_bytes(), opened.rng.as_ref());
    let sealed = sealed.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(FreshProvider { sealed: Some(sealed), from: Some(from) })
}

fn fresh_app(opened: &Opened, entry: &AppEntry, base: &Path, now: Timestamp) -> Result<FreshApp, String> {
    Ok(FreshApp {
        id: AppId::new(now, opened.rng.as_ref()),
        generated: new_secret(opened.rng.as_ref()),
        given: entry.client_secret.as_ref().map(|source| secret::read(source, base)).transpose()?,
        look: entry.branding.as_ref().map(|entry| look::read(entry, base)).transpose()?,
    })
}
