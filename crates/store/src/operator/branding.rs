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
    /// The server itself, beside its settings.
    Server,
}

/// A branding, and whose it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name of the app or org; empty for the server, whose name is a part of its branding.
    pub name: String,
    /// The org, or the one that owns the app; the operator's, which runs the server.
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
        Branded::Server => (OrgId::operator(), Branding::default()),
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
    tx.lock(owner_of(&branded))?;
    let role = require(tx, caller, OperatorRight::ManageBranding)?;
    if matches!(whose, Whose::Org(org_id) if *org_id == OrgId::operator()) && role != OperatorRole::Owner {
        return Err(OperatorRefusal::OwnOrg.into());
    }
    branding::change(tx, &branded, change, now)?;
    find(tx, caller, whose)
}

/// Whose branding it is, for whoever may change it: [`owner_of`] says which lock that takes.
pub fn resolve(tx: &mut dyn Tx, caller: &Caller, whose: &Whose) -> Decision<Branded> {
    require(tx, caller, OperatorRight::ManageBranding)?;
    Ok(name(tx, whose)?.1)
}

/// Whose lock a change takes.
pub const fn owner_of(branded: &Branded) -> Owner<'_> {
    match branded {
        Branded::App(_, org_id) | Branded::Org(org_id) => Owner::Org(org_id),
        Branded::Server => Owner::Installation,
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
        Whose::Server => Ok((String::new(), Branded::Server)),
    }
}
