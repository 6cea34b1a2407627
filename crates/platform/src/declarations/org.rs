//! Workspaces.

use serde_json::{Map, Value, json};
use sigma_core::ids::OrgId;
use sigma_core::merits::Standing;
use sigma_core::org::{Authority, OrgQuotas, QuotaChange, text};
use sigma_store::branding::Branded;
use sigma_store::merits::issuer;
use sigma_store::org::{self, Change, Org, quotas};
use sigma_store::{Owner, Stop, StoreError, Tx};

use super::document::OrgEntry;
use super::look;
use super::plan::{FreshOrg, Item, Plan};
use super::step::{Judged, Kind, Members, Step, refused};

/// The org of that name.
pub fn find(tx: &mut dyn Tx, name: &str) -> Judged<OrgId> {
    org::find_named(tx, name)?.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Stop<String> {
    Stop::Refused(format!("there is no workspace {name}"))
}

/// The name by which documents know a workspace. That of the operator may not be there yet where they are applied, and by its id it is
/// made.
pub fn name_of(org: &Org) -> String {
    if org.id == OrgId::operator() {
        return org.id.to_string();
    }
    org.slug.as_ref().map_or_else(|| org.id.to_string(), ToString::to_string)
}

/// The same of the workspace of that id.
pub fn find_name(tx: &mut dyn Tx, org_id: &OrgId) -> Result<String, StoreError> {
    Ok(org::find(tx, org_id)?.map_or_else(|| org_id.to_string(), |org| name_of(&org)))
}

/// Makes a workspace as declared.
pub fn bring(tx: &mut dyn Tx, plan: &Plan, item: &Item<OrgEntry, FreshOrg>) -> Judged<Option<Step>> {
    let (entry, now) = (&item.value, plan.now);
    // It may have been made since the plan was.
    let (mut before, org_id) = match (org::find_named(tx, &entry.org)?, &item.fresh.new) {
        (None, Some(new)) => (None, org::add(tx, new).map_err(refused)?.id),
        (None, None) => return Err(unknown(&entry.org)),
        (Some(org_id), _) => (load(tx, &org_id)?.as_ref().map(view), org_id),
    };
    let name = entry.name.as_deref().map(text::name).transpose();
    let name = name.map_err(|problem| Stop::Refused(format!("name {problem}")))?;
    let quotas = QuotaChange::new(entry.quotas.iter().map(|(name, most)| (name.as_str(), *most)));
    let quotas = quotas.map_err(|problem| Stop::Refused(format!("quotas: {problem}")))?;
    let change = Change {
        name,
        quick_logins: entry.quick_logins,
        require_second_factor: entry.require_second_factor,
        slug: None,
    };
    tx.lock(Owner::Org(&org_id))?;
    if let Some(org) = load(tx, &org_id)? {
        let differs = |wanted: Option<bool>, is: bool| wanted.is_some_and(|wanted| wanted != is);
        if change.name.as_ref().is_some_and(|name| *name != org.name)
            || differs(change.quick_logins, org.quick_logins)
            || differs(change.require_second_factor, org.require_second_factor)
        {
            let actor = tx.initiator().actor.clone();
            org::change_with(tx, &org_id, (&actor, &Authority::Operator), &change, now).map_err(refused)?;
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
        let own = quotas::list(tx, &org_id)?;
        if let Some(before) = &mut before {
            before.insert("quotas".to_owned(), named(&own).into());
        }
        let own = quotas::change(tx, &org_id, &quotas, now)?;
        after.insert("quotas".to_owned(), named(&own).into());
    }
    let (whose, look) = (Branded::Org(org_id), item.fresh.look.as_ref());
    look::bring(tx, &whose, look, (before.as_mut(), &mut after), now)?;
    Ok(Step::between(Kind::Org, &entry.org, before, after))
}

fn load(tx: &mut dyn Tx, org_id: &OrgId) -> Judged<Option<Org>> {
    Ok(org::find(tx, org_id)?)
}

fn view(org: &Org) -> Members {
    Map::from_iter([
        ("name".to_owned(), Value::from(org.name.as_str())),
        ("quick_logins".to_owned(), org.quick_logins.into()),
        ("require_second_factor".to_owned(), org.require_second_factor.into()),
        ("verified".to_owned(), org.verified.into()),
    ])
}
