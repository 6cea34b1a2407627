//! Workspaces and their roles.

use serde_json::{Map, Value, json};
use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, RoleId};
use sigma_core::merits::Standing;
use sigma_core::org::{OrgQuotas, QuotaChange, Role, RoleDraft, RolePermissions, Switch, Switches, text};
use sigma_store::branding::Branded;
use sigma_store::merits::issuer;
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::{self, Change, Org, quotas, role};
use sigma_store::{Stop, StoreError, Tx};

use super::declared::{OrgEntry, RoleEntry};
use super::look;
use super::step::{Judged, Members, Step, members, refused};
use super::wanted::{FreshOrg, Item, OrgRole, Wanted};
use crate::commands::named::unknown_workspace;
use crate::failure::Failure;

/// The org of that name.
pub fn find(tx: &mut dyn Tx, name: &str) -> Judged<OrgId> {
    let found = org::find_named(tx, name).map_err(Stop::Failed)?;
    found.ok_or_else(|| Stop::Refused(unknown_workspace(name)))
}

/// Makes a workspace as declared.
pub fn bring(tx: &mut dyn Tx, wanted: &Wanted, item: &Item<OrgEntry, FreshOrg>) -> Judged<Option<Step>> {
    let (entry, now) = (&item.value, wanted.now);
    let (mut before, org_id) = if let Some(new) = &item.fresh.new {
        (None, org::add(tx, new).map_err(refused)?.id)
    } else {
        let org_id = find(tx, &entry.org)?;
        (load(tx, &org_id)?.as_ref().map(view), org_id)
    };
    let name = entry.name.as_deref().map(text::name).transpose();
    let name = name.map_err(|problem| Stop::Refused(Failure::Usage(format!("name {problem}"))))?;
    let quotas = QuotaChange::new(entry.quotas.iter().map(|(name, most)| (name.as_str(), *most)));
    let quotas = quotas.map_err(|problem| Stop::Refused(Failure::Usage(format!("quotas: {problem}"))))?;
    let change = Change {
        name,
        quick_logins: entry.quick_logins,
        require_second_factor: entry.require_second_factor,
        slug: None,
    };
    if let Some(org) = load(tx, &org_id)? {
        let differs = |wanted: Option<bool>, is: bool| wanted.is_some_and(|wanted| wanted != is);
        if change.name.as_ref().is_some_and(|name| *name != org.name)
            || differs(change.quick_logins, org.quick_logins)
            || differs(change.require_second_factor, org.require_second_factor)
        {
            org::change(tx, &org_id, &Actor::Operator, &change, now).map_err(refused)?;
        }
        if differs(entry.verified, org.verified) {
            let standing = if org.verified { Standing::Unverified } else { Standing::Verified };
            issuer::set_standing(tx, &org_id, standing, now).map_err(refused)?;
        }
    }
    let mut after = load(tx, &org_id)?.as_ref().map(view).unwrap_or_default();
    if !quotas.is_empty() {
        let named = |own: &OrgQuotas| -> Members {
            quotas.entries().map(|(quota, _)| (quota.as_str().to_owned(), json!(own.own(quota)))).collect()
        };
        let own = quotas::list(tx, &org_id).map_err(Stop::Failed)?;
        if let Some(before) = &mut before {
            before.insert("quotas".to_owned(), named(&own).into());
        }
        let own = quotas::change(tx, &org_id, &quotas, now).map_err(Stop::Failed)?;
        after.insert("quotas".to_owned(), named(&own).into());
    }
    let (whose, look) = (Branded::Org(org_id), item.fresh.look.as_ref());
    look::bring(tx, &whose, look, (before.as_mut(), &mut after), now)?;
    Ok(Step::between("org", &entry.org, before, after))
}

fn load(tx: &mut dyn Tx, org_id: &OrgId) -> Judged<Option<Org>> {
    org::find(tx, org_id).map_err(Stop::Failed)
}

fn view(org: &Org) -> Members {
    Map::from_iter([
        ("name".to_owned(), Value::from(org.name.as_str())),
        ("quick_logins".to_owned(), org.quick_logins.into()),
        ("require_second_factor".to_owned(), org.require_second_factor.into()),
        ("verified".to_owned(), org.verified.into()),
    ])
}

/// Makes a role as declared.
pub fn bring_role(tx: &mut dyn Tx, wanted: &Wanted, item: &Item<OrgRole, RoleId>) -> Judged<Option<Step>> {
    let (OrgRole { org, role: entry }, now) = (&item.value, wanted.now);
    let org_id = find(tx, org)?;
    let before = role::find_by_name(tx, &org_id, &entry.name).map_err(Stop::Failed)?;
    let draft = draft(entry, before.as_ref()).map_err(|problem| Stop::Refused(Failure::Usage(problem)))?;
    let same = before.as_ref().is_some_and(|role| {
        (role.name.as_str(), role.description.as_str(), &role.permissions)
            == (draft.name(), draft.description(), draft.permissions())
    });
    if same {
        return Ok(None);
    }
    let actor = Actor::Operator;
    let after = match &before {
        None => role::add(tx, &org_id, &actor, &item.fresh, &draft, now),
        Some(role) => role::replace(tx, &org_id, &actor, &role.id, &draft, MadeKeys::Deactivate, now),
    };
    let after = view_role(&after.map_err(refused)?).map_err(Stop::Failed)?;
    let before = before.as_ref().map(view_role).transpose().map_err(Stop::Failed)?;
    Ok(Step::between("role", &format!("{} of {org}", entry.name), before, after))
}

/// The role as declared, from what it is now.
fn draft(entry: &RoleEntry, before: Option<&Role>) -> Result<RoleDraft, String> {
    let mut permissions = before.map(|role| role.permissions.clone()).unwrap_or_default();
    if let Some(names) = &entry.permissions {
        permissions.switches = switches(names)?;
    }
    permissions.schemas = entry.schema_permissions.clone().unwrap_or(permissions.schemas);
    permissions.catalogs = entry.catalog_permissions.clone().unwrap_or(permissions.catalogs);
    permissions.names = entry.app_permissions.clone().unwrap_or(permissions.names);
    let description = entry.description.as_deref().or(before.map(|role| role.description.as_str()));
    RoleDraft::new(&entry.name, description.unwrap_or_default(), permissions).map_err(|problem| problem.to_string())
}

fn switches(names: &[String]) -> Result<Switches, String> {
    let switch = |name: &String| {
        let found = Switch::ALL.into_iter().find(|switch| switch.as_str() == name);
        found.ok_or_else(|| {
            let known = Switch::ALL.map(Switch::as_str).join(", ");
            format!("permissions: \"{name}\" is unknown; known are {known}")
        })
    };
    names.iter().map(switch).collect()
}

/// The members of a role, by the names of declarations.
pub fn view_role(role: &Role) -> Result<Members, StoreError> {
    let RolePermissions { switches, schemas, catalogs, names } = &role.permissions;
    let on: Vec<&str> = Switch::ALL.into_iter().filter(|switch| switches.is_on(*switch)).map(Switch::as_str).collect();
    members(&json!({
        "name": role.name,
        "description": role.description,
        "permissions": on,
        "schema_permissions": schemas,
        "catalog_permissions": catalogs,
        "app_permissions": names,
    }))
}
