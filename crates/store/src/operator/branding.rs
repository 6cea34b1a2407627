//! How orgs and apps look, as the console and the management API see and change it.

use sigma_core::branding::{Branding, BrandingChange};
use sigma_core::ids::{AppRef, OrgId};
use sigma_core::operator::{OperatorRefusal, OperatorRight, OperatorRole};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::branding::{self, Branded};
use crate::{Owner, Tx, app, org};

/// Whose look it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// An org, and its apps that have none of their own.
    Org(OrgId),
    /// An app.
    App(AppRef),
}

/// A branding, and whose it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name of the app or org.
    pub name: String,
    /// The org, or the one that owns the app.
    pub org_id: OrgId,
    /// What is set.
    pub branding: Branding,
    /// What the org sets, for an app.
    pub wider: Branding,
}

/// How an org or app looks.
pub fn find(tx: &mut dyn Tx, caller: &Caller, whose: &Whose) -> Decision<Found> {
    require(tx, caller, OperatorRight::ReadBranding)?;
    let (name, branded) = name(tx, whose)?;
    let branding = branding::find(tx, &branded)?;
    let (org_id, wider) = match branded {
        Branded::Org(org_id) => (org_id, Branding::default()),
        Branded::App(_, org_id) => {
            let wider = branding::find(tx, &Branded::Org(org_id.clone()))?;
            (org_id, wider)
        }
    };
    Ok(Found { name, org_id, branding, wider })
}

/// Changes how an org or app looks. Repeating it changes nothing. What belongs to the operator's own org is changed by its owners alone.
pub fn change(
    tx: &mut dyn Tx,
    caller: &Caller,
    whose: &Whose,
    change: &BrandingChange,
    now: Timestamp,
) -> Decision<Found> {
    require(tx, caller, OperatorRight::ManageBranding)?;
    let (_, branded) = name(tx, whose)?;
    tx.lock(Owner::Org(org_of(&branded)))?;
    let role = require(tx, caller, OperatorRight::ManageBranding)?;
    if matches!(whose, Whose::Org(org_id) if *org_id == OrgId::operator()) && role != OperatorRole::Owner {
        return Err(OperatorRefusal::OwnOrg.into());
    }
    branding::change(tx, &branded, change, now)?;
    find(tx, caller, whose)
}

/// The org whose lock a change takes, for whoever may change it.
pub fn owner(tx: &mut dyn Tx, caller: &Caller, whose: &Whose) -> Decision<OrgId> {
    require(tx, caller, OperatorRight::ManageBranding)?;
    let (_, branded) = name(tx, whose)?;
    Ok(org_of(&branded).clone())
}

const fn org_of(branded: &Branded) -> &OrgId {
    match branded {
        Branded::App(_, org_id) | Branded::Org(org_id) => org_id,
    }
}

fn name(tx: &mut dyn Tx, whose: &Whose) -> Decision<(String, Branded)> {
    match whose {
        Whose::Org(org_id) => {
            let org = org::find(tx, org_id)?.ok_or(OperatorRefusal::NotFound)?;
            Ok((org.name, Branded::Org(org.id)))
        }
        Whose::App(named) => {
            let app = app::find_named(tx, named)?.ok_or(OperatorRefusal::NotFound)?;
            Ok((app.name.clone(), Branded::App(app.id.clone(), app.org_id.clone())))
        }
    }
}
