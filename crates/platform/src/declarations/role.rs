//! Roles of workspaces.

use serde_json::json;
use sigma_core::ids::RoleId;
use sigma_core::org::{Authority, Role, RoleDraft, RolePermissions, Switch, Switches};
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::role;
use sigma_store::{Owner, Stop, StoreError, Tx};

use super::document::RoleEntry;
use super::org;
use super::plan::{Item, OrgRole, Plan};
use super::step::{Judged, Kind, Members, Step, members, refused};

/// Makes a role as declared.
pub fn bring(tx: &mut dyn Tx, plan: &Plan, item: &Item<OrgRole, RoleId>) -> Judged<Option<Step>> {
    let (OrgRole { org, role: entry }, now) = (&item.value, plan.now);
    let org_id = org::find(tx, org)?;
    tx.lock(Owner::Org(&org_id))?;
    let before = role::find_by_name(tx, &org_id, &entry.name)?;
    let draft = draft(entry, before.as_ref()).map_err(Stop::Refused)?;
    let same = before.as_ref().is_some_and(|role| {
        (role.name.as_str(), role.description.as_str(), &role.permissions)
            == (draft.name(), draft.description(), draft.permissions())
    });
    if same {
        return Ok(None);
    }
    let actor = tx.initiator().actor.clone();
    let by = (&actor, &Authority::Operator);
    let after = match &before {
        None => role::add_with(tx, &org_id, by, &item.fresh, &draft, now),
        Some(role) => role::replace_with(tx, &org_id, by, &role.id, &draft, MadeKeys::Deactivate, now),
    };
    let after = view(&after.map_err(refused)?)?;
    let before = before.as_ref().map(view).transpose()?;
    Ok(Step::between(Kind::Role, &format!("{} of {org}", entry.name), before, after))
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
pub fn view(role: &Role) -> Result<Members, StoreError> {
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
