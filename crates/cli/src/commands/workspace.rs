//! `sigma workspace`: the tenants of this installation.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::ids::OrgId;
use sigma_core::merits::{MeritProblem, Standing};
use sigma_core::org::{QuotaChange, Refusal, text};
use sigma_core::slug::Slug;
use sigma_store::branding::Branded;
use sigma_store::merits::issuer;
use sigma_store::org::secret::{self, seal_context};
use sigma_store::org::{self, Change, NewOrg, Org};
use sigma_store::org::{api_key, membership, quotas, role};

use super::app::draft::org_slug;
use super::branding::BrandingView;
use super::{Listed, branding, named, one_more};
use crate::args::{Page, SetWorkspace};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, fields, table};

/// A workspace as printed, with the member names of the API.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkspaceView {
    id: String,
    slug: Option<String>,
    name: String,
    quick_logins: bool,
    require_second_factor: bool,
    verified: bool,
    created_at: String,
    updated_at: String,
    #[serde(flatten)]
    inside: Option<Inside>,
    /// What it may have at most where that was set; `null` where the settings hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    quotas: Option<BTreeMap<&'static str, Option<u32>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branding: Option<BrandingView>,
}

/// The contents of a workspace.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Inside {
    people: u64,
    api_keys: usize,
    roles: Vec<RoleView>,
}

/// A role of a workspace.
#[derive(Debug, Serialize)]
struct RoleView {
    id: String,
    name: String,
}

impl WorkspaceView {
    fn of(workspace: &Org) -> Self {
        Self {
            id: workspace.id.to_string(),
            slug: workspace.slug.as_ref().map(ToString::to_string),
            name: workspace.name.clone(),
            quick_logins: workspace.quick_logins,
            require_second_factor: workspace.require_second_factor,
            verified: workspace.verified,
            created_at: workspace.created_at.to_string(),
            updated_at: workspace.updated_at.to_string(),
            inside: None,
            quotas: None,
            branding: None,
        }
    }

    fn text(&self) -> String {
        let mut entries = vec![
            ("id", self.id.clone()),
            ("slug", self.slug.clone().unwrap_or_default()),
            ("name", self.name.clone()),
            ("quick logins", if self.quick_logins { "on".to_owned() } else { String::new() }),
            ("second factor", if self.require_second_factor { "required".to_owned() } else { String::new() }),
            ("verified", if self.verified { "yes".to_owned() } else { String::new() }),
        ];
        if let Some(inside) = &self.inside {
            let roles: Vec<String> = inside.roles.iter().map(|role| format!("{} {}", role.id, role.name)).collect();
            entries.push(("roles", roles.join("\n")));
            entries.push(("members", inside.people.to_string()));
            entries.push(("active keys", inside.api_keys.to_string()));
        }
        let own = self.quotas.iter().flatten().filter_map(|(name, most)| Some(format!("{name} {}", (*most)?)));
        entries.push(("quotas", own.collect::<Vec<_>>().join("\n")));
        entries.extend(self.branding.iter().flat_map(BrandingView::entries));
        entries.push(("created", self.created_at.clone()));
        fields(&entries)
    }
}

/// Makes a workspace.
pub fn add(file: Option<&Path>, output: Output, name: &str, slug: Option<&str>) -> Result<(), Failure> {
    let name = text::name(name).map_err(|problem| Failure::Usage(format!("the name {problem}")))?;
    let slug = slug.map(chosen).transpose()?;
    let opened = Opened::open(file)?;
    let id = OrgId::new(opened.now(), opened.rng.as_ref());
    let new = NewOrg::new(id, name, &opened.new_master_key()?, opened.now(), opened.rng.as_ref())
        .map_err(|error| Failure::Failed(error.to_string()))?;
    let new = NewOrg { slug, ..new };
    let made = opened.decide(move |tx| org::add(tx, &new))?;
    answer(&opened, output, &made.id)
}

fn chosen(slug: &str) -> Result<Slug, Failure> {
    org_slug("--slug", slug)
}

/// Lists a page of workspaces by id.
pub fn list(file: Option<&Path>, output: Output, page: &Page) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (after, limit) = (page.after.clone(), one_more(page.limit));
    let found = opened.read(move |tx| org::list(tx, &after, limit))?;
    let views = found.iter().map(WorkspaceView::of).collect();
    Listed::new(views, page.limit, |view: &WorkspaceView| view.id.clone()).print(
        output,
        "sigma workspace list",
        "There are no workspaces yet. `sigma workspace add --help` shows how to create one.",
        |views| {
            let slug = |view: &WorkspaceView| view.slug.clone().unwrap_or_default();
            let row = |view: &WorkspaceView| [view.id.clone(), slug(view), view.name.clone(), view.created_at.clone()];
            table(["ID", "SLUG", "NAME", "SINCE"], &views.iter().map(row).collect::<Vec<_>>())
        },
    )
}

/// Shows a workspace.
pub fn show(file: Option<&Path>, output: Output, id: &str) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    answer(&opened, output, &named::org_id(&opened, id)?)
}

/// Changes a workspace.
pub fn set(file: Option<&Path>, output: Output, args: &SetWorkspace) -> Result<(), Failure> {
    let branding = branding::Change::of(&args.branding)?;
    let name = args.name.as_deref().map(text::name).transpose();
    let name = name.map_err(|problem| Failure::Usage(format!("the name {problem}")))?;
    let quotas = QuotaChange::new(args.quotas()?).map_err(|problem| Failure::Usage(format!("--quota: {problem}")))?;
    let opened = Opened::open(file)?;
    let slug = args.slug.as_deref().map(|slug| (!slug.is_empty()).then(|| chosen(slug)).transpose()).transpose()?;
    let (id, now) = (named::org_id(&opened, &args.id)?, opened.now());
    let change =
        Change { name, quick_logins: args.quick_logins, require_second_factor: args.require_second_factor, slug };
    let changed = id.clone();
    opened.decide(move |tx| org::change(tx, &changed, &Actor::Operator, &change, now))?;
    if !quotas.is_empty() {
        let org_id = id.clone();
        opened.write(move |tx| quotas::change(tx, &org_id, &quotas, now))?;
    }
    if let Some(verified) = args.verified {
        let verified = if verified { Standing::Verified } else { Standing::Unverified };
        let org_id = id.clone();
        opened.decide(move |tx| issuer::set_standing(tx, &org_id, verified, now))?;
    }
    if let Some(branding) = branding {
        branding.apply(&opened, Branded::Org(id.clone()))?;
    }
    answer(&opened, output, &id)
}

/// The secrets of a workspace as a JWK set (RFC 7517).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Secrets {
    workspace_id: String,
    keys: Vec<Jwk>,
}

/// A secret as a JWK (RFC 7518 §6.4).
#[derive(Serialize)]
struct Jwk {
    kty: &'static str,
    alg: &'static str,
    kid: String,
    k: String,
}

/// Prints the secrets that verify tokens, the signing one first, optionally after a rotation.
pub fn secret(file: Option<&Path>, output: Output, id: &str, rotate: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let master_key = opened.master_key()?;
    let (org_id, now) = (named::org_id(&opened, id)?, opened.now());
    if rotate {
        let (kid, sealed) = secret::make(&org_id, &master_key, opened.rng.as_ref())
            .map_err(|error| Failure::Failed(error.to_string()))?;
        let rotated = org_id.clone();
        opened.decide(move |tx| secret::rotate(tx, &rotated, &Actor::Operator, &kid, &sealed, now))?;
    }
    let wanted = org_id.clone();
    let stored = opened.read(move |tx| {
        if org::find(tx, &wanted)?.is_none() { Ok(None) } else { secret::list(tx, &wanted, now).map(Some) }
    })?;
    let stored = stored.ok_or_else(|| named::unknown_workspace(id))?;
    let mut keys = Vec::with_capacity(stored.len());
    for one in stored {
        let secret = master_key.open(&seal_context(&org_id, &one.kid), &one.sealed).map_err(|_| {
            Failure::Config("the secrets of this database were sealed with another master key".to_owned())
        })?;
        let k = URL_SAFE_NO_PAD.encode(secret.as_slice());
        keys.push(Jwk { kty: "oct", alg: "HS256", kid: one.kid, k });
    }
    output.answer(&Secrets { workspace_id: org_id.to_string(), keys }, |secrets| {
        let rows: Vec<_> = secrets.keys.iter().map(|key| [key.kid.clone(), key.k.clone()]).collect();
        table(["KEY ID", "SECRET (base64url)"], &rows)
    })
}

/// Removes a workspace after confirmation.
pub fn remove(file: Option<&Path>, output: Output, id: &str, yes: bool) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (org_id, now) = (named::org_id(&opened, id)?, opened.now());
    let wanted = org_id.clone();
    let workspace = opened.read(move |tx| org::find(tx, &wanted))?.ok_or_else(|| named::unknown_workspace(id))?;
    let name = workspace.name;
    confirm(yes, &format!("removing {id} ({name}) ends its sessions and keys and deletes its roles"))?;
    opened.decide(move |tx| org::remove(tx, &org_id, now))?;
    output.answer(&serde_json::json!({ "removed": id }), |_| format!("{id} was removed."))
}

fn answer(opened: &Opened, output: Output, id: &OrgId) -> Result<(), Failure> {
    let wanted = id.clone();
    let view = opened.read(move |tx| {
        let Some(workspace) = org::find(tx, &wanted)? else { return Ok(None) };
        let roles = role::list(tx, &wanted)?;
        let keys = api_key::list(tx, &wanted)?;
        let inside = Inside {
            people: membership::list(tx, &wanted, 0, 1)?.total,
            api_keys: keys.iter().filter(|key| key.active).count(),
            roles: roles.into_iter().map(|role| RoleView { id: role.id.to_string(), name: role.name }).collect(),
        };
        let quotas = Some(quotas::list(tx, &wanted)?.all());
        Ok(Some(WorkspaceView { inside: Some(inside), quotas, ..WorkspaceView::of(&workspace) }))
    })?;
    let view = view.ok_or_else(|| named::unknown_workspace(id.as_str()))?;
    let branding = Some(BrandingView::find(opened, &Branded::Org(id.clone()))?);
    output.answer(&WorkspaceView { branding, ..view }, WorkspaceView::text)
}

impl From<MeritProblem> for Failure {
    fn from(problem: MeritProblem) -> Self {
        match problem {
            MeritProblem::NotFound => Self::NotFound(problem.to_string()),
            _ => Self::Refused(problem.to_string()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound { kind: "Workspace", id } => named::unknown_workspace(&id),
            Refusal::NotFound { .. } => Self::NotFound(refusal.to_string()),
            Refusal::Unauthorized | Refusal::Denied(_) | Refusal::Conflict(_) => Self::Refused(refusal.to_string()),
        }
    }
}
