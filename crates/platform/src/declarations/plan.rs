//! What is declared, and what has to be known before a transaction begins: ids, secrets and keys.

use std::collections::BTreeSet;

use ipnet::IpNet;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use sigma_core::app::new_secret;
use sigma_core::branding::BrandingChange;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, OrgId, OrgRef, RoleId};
use sigma_core::org::text::folded;
use sigma_core::provider::ProviderId;
use sigma_core::random::Rng;
use sigma_core::slug::Slug;
use sigma_core::time::Timestamp;
use sigma_store::org::{self, NewOrg};
use sigma_store::provider::{self, DeclaredProvider};
use sigma_store::{MasterKey, SealError, StoreError, Tx};

use super::document::{
    AppEntry, BRANDING, Declarations, OrgEntry, ProviderEntry, ResourceEntry, RoleEntry, SecretSource, pointer,
    role_pointer,
};
use super::look::{self, Logos};
use super::place::{Place, Problem};
use crate::providers::is_in_reach;

/// The shortest secret of an app: 128 bits of hexadecimal digits.
const SHORTEST: usize = 32;
/// The longest secret.
pub const LONGEST_SECRET: usize = 200;

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
    pub look: Option<BrandingChange>,
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
    /// The secret of its entry.
    pub given: Option<Given>,
    /// How it is to look.
    pub look: Option<BrandingChange>,
}

/// A secret by its digest, and where it came from.
pub struct Given {
    pub digest: Digest,
    /// In words, for the changes that are shown.
    pub from: String,
}

/// The secret of the entry of a provider, if it has one.
#[derive(Default)]
pub struct FreshProvider {
    /// Sealed; as it is stored if it is the provider's already.
    pub sealed: Option<Vec<u8>>,
    /// Where another one came from, in words.
    pub from: Option<String>,
}

/// All that is declared, ready to be brought about.
pub struct Plan {
    pub(super) orgs: Vec<Item<OrgEntry, FreshOrg>>,
    pub(super) roles: Vec<Item<OrgRole, RoleId>>,
    pub(super) apps: Vec<Item<AppEntry, FreshApp>>,
    pub(super) resources: Vec<Item<ResourceEntry, ()>>,
    pub(super) providers: Vec<Item<ProviderEntry, FreshProvider>>,
    /// How the server is to look.
    pub(super) branding: Option<(Place, BrandingChange)>,
    /// The URIs of those APIs.
    pub(super) uris: BTreeSet<String>,
    pub(super) issuer: String,
    pub(super) now: Timestamp,
}

/// What is there already, of what a document names.
#[derive(Default)]
pub struct Known {
    /// The names of workspaces.
    orgs: BTreeSet<String>,
    /// The providers that are declared already.
    pub providers: Vec<DeclaredProvider>,
}

impl Known {
    /// Looks it up, with workspaces of these names.
    ///
    /// # Errors
    /// The store fails.
    pub fn find(tx: &mut dyn Tx, orgs: &[String]) -> Result<Self, StoreError> {
        let mut known = Self { orgs: BTreeSet::new(), providers: provider::list(tx)? };
        for name in orgs {
            if let Some(named) = OrgRef::parse(name)
                && org::resolve(tx, &named)?.is_some()
            {
                known.orgs.insert(name.clone());
            }
        }
        Ok(known)
    }
}

/// What a plan is made with.
pub struct Means<'m> {
    /// Of this server.
    pub issuer: &'m str,
    /// The ids of the providers of the settings, which count.
    pub configured: &'m [ProviderId],
    /// The private networks in which providers may be (`outbound.allow`).
    pub allowed: &'m [IpNet],
    /// The pictures that were read, by where their entries stand.
    pub logos: &'m Logos,
    /// The current time.
    pub now: Timestamp,
    /// For ids, secrets and what is sealed.
    pub rng: &'m dyn Rng,
}

/// Why there is no plan.
#[derive(Debug)]
pub enum Unplanned<E> {
    /// Entries are wrong by themselves.
    Problems(Vec<Problem>),
    /// There is no master key.
    Key(E),
    /// Nothing can be sealed.
    Seal(SealError),
}

impl<E> From<SealError> for Unplanned<E> {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

impl Plan {
    /// Prepares what is declared. `key` is asked for the master key once it is needed.
    ///
    /// # Errors
    /// [`Unplanned`]
    pub fn new<K: AsRef<MasterKey>, E>(
        document: Declarations,
        known: &Known,
        means: &Means<'_>,
        key: impl Fn() -> Result<K, E>,
    ) -> Result<Self, Unplanned<E>> {
        let (mut problems, mut seen) = (Vec::new(), BTreeSet::new());
        let mut once = |kind: &'static str, name: String, at: &Place, problems: &mut Vec<Problem>| {
            if !seen.insert((kind, name)) {
                problems.push(at.tell("is declared more than once"));
            }
        };
        let now = means.now;
        let mut plan = Self {
            orgs: Vec::new(),
            roles: Vec::new(),
            apps: Vec::new(),
            resources: Vec::new(),
            providers: Vec::new(),
            branding: None,
            uris: document.resources.iter().map(|entry| entry.uri.clone()).collect(),
            issuer: means.issuer.to_owned(),
            now,
        };
        if let Some(entry) = document.branding {
            let at = Place::of_server();
            match look::check_server(&entry, means.logos.get(BRANDING)) {
                Ok(look) => plan.branding = Some((at, look)),
                Err(problem) => problems.push(at.tell(problem)),
            }
        }
        for (index, mut value) in document.orgs.into_iter().enumerate() {
            let here = pointer("orgs", index);
            let at = Place::new(here.clone(), "org", &value.org);
            once("org", value.org.clone(), &at, &mut problems);
            for (index, role) in std::mem::take(&mut value.roles).into_iter().enumerate() {
                let at = at.of_role(role_pointer(&here, index), &role.name);
                once("role", format!("{}\0{}", value.org, folded(&role.name)), &at, &mut problems);
                let value = OrgRole { org: value.org.clone(), role };
                plan.roles.push(Item { at, value, fresh: RoleId::new(now, means.rng) });
            }
            let look = value.branding.as_ref().map(|entry| look::check(entry, means.logos.get(&here))).transpose();
            let new = if known.orgs.contains(&value.org) { Ok(None) } else { new_org_settings(&value).map(Some) };
            let (look, new) = match (look, new) {
                (Ok(look), Ok(new)) => (look, new),
                (Err(problem), _) | (Ok(_), Err(problem)) => {
                    problems.push(at.tell(problem));
                    continue;
                }
            };
            let new = match new {
                None => None,
                Some((slug, name)) => {
                    let key = key().map_err(Unplanned::Key)?;
                    let id = OrgId::new(now, means.rng);
                    let new = NewOrg::new(id, name, key.as_ref(), now, means.rng)?;
                    Some(NewOrg { slug: Some(slug), ..new })
                }
            };
            plan.orgs.push(Item { at, value, fresh: FreshOrg { new, look } });
        }
        for (index, value) in document.apps.into_iter().enumerate() {
            let here = pointer("apps", index);
            let at = Place::new(here.clone(), "app", &value.client_id);
            once("app", value.client_id.clone(), &at, &mut problems);
            match fresh_app(&value, means, &here) {
                Ok(fresh) => plan.apps.push(Item { at, value, fresh }),
                Err(problem) => problems.push(at.tell(problem)),
            }
        }
        for (index, value) in document.resources.into_iter().enumerate() {
            let at = Place::new(pointer("resources", index), "resource", &value.uri);
            once("resource", value.uri.clone(), &at, &mut problems);
            plan.resources.push(Item { at, value, fresh: () });
        }
        for (index, value) in document.providers.into_iter().enumerate() {
            let at = Place::new(pointer("providers", index), "provider", &value.id);
            once("provider", value.id.clone(), &at, &mut problems);
            if means.configured.iter().any(|known| known.as_str() == value.id) {
                problems.push(at.tell("is in the configuration, which counts: remove it there first"));
                continue;
            }
            let issuer = value.members.get("issuer").and_then(Value::as_str);
            if issuer.is_some_and(|issuer| !is_in_reach(issuer, means.allowed)) {
                problems.push(at.tell("issuer: it is not public, and not in a network of outbound.allow"));
                continue;
            }
            match given_to_provider(&value) {
                Ok(None) => plan.providers.push(Item { at, value, fresh: FreshProvider::default() }),
                Ok(Some((id, secret))) => {
                    let key = key().map_err(Unplanned::Key)?;
                    let fresh = fresh_provider(&id, &secret, known, key.as_ref(), means.rng)?;
                    plan.providers.push(Item { at, value, fresh });
                }
                Err(problem) => problems.push(at.tell(problem)),
            }
        }
        if problems.is_empty() { Ok(plan) } else { Err(Unplanned::Problems(problems)) }
    }
}

/// The slug and the name of a workspace that there is not yet.
fn new_org_settings(entry: &OrgEntry) -> Result<(Slug, String), String> {
    let slug = Slug::for_org(&entry.org).map_err(|problem| format!("org: \"{}\" {problem}", entry.org))?;
    let name = entry.name.as_deref().ok_or("a new workspace needs a name")?;
    let name = sigma_core::org::text::name(name).map_err(|problem| format!("name {problem}"))?;
    Ok((slug, name))
}

/// The id and the secret of a provider whose entry has one.
fn given_to_provider(entry: &ProviderEntry) -> Result<Option<(ProviderId, GivenText<'_>)>, String> {
    let Some(source) = &entry.client_secret else { return Ok(None) };
    let id = ProviderId::parse(&entry.id).map_err(|problem| problem.to_string())?;
    Ok(Some((id, given(source, 1)?)))
}

fn fresh_provider(
    id: &ProviderId,
    (secret, from): &GivenText<'_>,
    known: &Known,
    key: &MasterKey,
    rng: &dyn Rng,
) -> Result<FreshProvider, SealError> {
    let context = provider::seal_context(id);
    let declared = known.providers.iter().find(|declared| declared.id == *id);
    let stored = declared.and_then(|declared| declared.secret.as_ref());
    if let Some(sealed) = stored
        && key.open(&context, sealed).is_ok_and(|stored| *stored == *secret.as_bytes())
    {
        return Ok(FreshProvider { sealed: Some(sealed.clone()), from: None });
    }
    Ok(FreshProvider { sealed: Some(key.seal(&context, secret.as_bytes(), rng)?), from: Some(from.clone()) })
}

fn fresh_app(entry: &AppEntry, means: &Means<'_>, here: &str) -> Result<FreshApp, String> {
    let given = entry.client_secret.as_ref().map(|source| given(source, SHORTEST)).transpose()?;
    Ok(FreshApp {
        id: AppId::new(means.now, means.rng),
        generated: new_secret(means.rng),
        given: given.map(|(secret, from)| Given { digest: Digest::of(secret), from }),
        look: entry.branding.as_ref().map(|entry| look::check(entry, means.logos.get(here))).transpose()?,
    })
}

/// The text of a secret, and where it came from.
type GivenText<'s> = (&'s str, String);

/// The text of a secret of at least `shortest` characters.
fn given(source: &SecretSource, shortest: usize) -> Result<GivenText<'_>, String> {
    let Some(secret) = &source.value else {
        return Err("client_secret: the value is missing; files and variables are those of whoever applies".to_owned());
    };
    let secret = secret.expose_secret();
    let visible = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(shortest..=LONGEST_SECRET).contains(&secret.len()) {
        return Err(format!("client_secret: {shortest} to {LONGEST_SECRET} visible ASCII characters"));
    }
    Ok((secret, source.from.clone().unwrap_or_else(|| "given".to_owned())))
}
