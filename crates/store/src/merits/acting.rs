//! Who acts for an org: the app that it owns or linked, one of its admins, or the operator.

use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::ids::{AppId, OrgId};
use sigma_core::merits::{MeritProblem, OrgPermission, OrgPermissions, Standing};
use sigma_core::org::Right;
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::link::{self, Link};
use crate::org::authority;
use crate::{Owner, Stop, StoreError, Tx, app, params};

/// An app that acts for an org, as it was when it got something that works without its token, such as an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActingApp {
    /// The org.
    pub org_id: OrgId,
    /// The app.
    pub app_id: AppId,
    /// The epoch of the link by which it acts, 0 if the org owns it.
    pub epoch: i64,
    /// Its secret.
    pub secret: Option<Digest>,
}

impl ActingApp {
    /// Whether it still acts for the org, by the same link, which has the same permissions, and with the same secret.
    pub fn still_acts(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        let found = app::find(tx, &self.app_id)?.filter(|app| !app.disabled && app.secret == self.secret);
        let Some(app) = found else { return Ok(false) };
        if standing(tx, &self.org_id)?.is_none() {
            return Ok(false);
        }
        let link =
            if app.org_id == self.org_id { Link::of_owner(&app) } else { link::find(tx, &self.org_id, &app.id)? };
        Ok(link.is_some_and(|link| link.epoch == self.epoch))
    }
}

/// Locks the org and checks that `actor` may do now what `needed` allows; returns the standing of the org.
pub fn lock(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    needed: OrgPermission,
    now: Timestamp,
) -> Decision<Standing> {
    tx.lock(Owner::Org(org_id))?;
    require(tx, org_id, actor, needed, now)
}

/// Checks that `actor` may do now what `needed` allows; returns the standing of the org.
pub fn require(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    needed: OrgPermission,
    now: Timestamp,
) -> Decision<Standing> {
    let standing = standing(tx, org_id)?.ok_or(MeritProblem::NotFound)?;
    let allowed = match actor {
        Actor::App(app_id) => permissions_of_app(tx, org_id, app_id)?.allows(needed),
        Actor::Operator => true,
        Actor::User(_) => is_admin(tx, org_id, actor, now)?,
        Actor::ApiKey(_) | Actor::ScimConnection(_) | Actor::System | Actor::Anonymous => false,
    };
    if allowed { Ok(standing) } else { Err(MeritProblem::Forbidden.into()) }
}

/// The standing of an org that was not removed.
pub(super) fn standing(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Option<Standing>, StoreError> {
    let sql = "SELECT verified_at FROM orgs WHERE id = $1 AND removed_at IS NULL";
    tx.query_opt(sql, params![org_id])?
        .map(|row| Ok(if row.opt_timestamp(0)?.is_some() { Standing::Verified } else { Standing::Unverified }))
        .transpose()
}

/// What an app may do for the org: all if the org owns it, and what the link says if it was linked. Apps that registered
/// themselves own nothing.
pub(super) fn permissions_of_app(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    app_id: &AppId,
) -> Result<OrgPermissions, StoreError> {
    let found = tx.query_opt(
        "SELECT CASE WHEN a.org_id = $2 AND a.dynamic = 0 THEN 1 ELSE 0 END, l.permissions
         FROM apps a LEFT JOIN merit_links l ON l.org_id = $2 AND l.app_id = a.id WHERE a.id = $1 AND a.disabled = 0",
        params![app_id, org_id],
    )?;
    let Some(row) = found else { return Ok(OrgPermissions::NONE) };
    if row.int(0)? == 1 {
        return Ok(OrgPermissions::OWNER);
    }
    let linked = row.opt_int(1)?.map(|bits| {
        OrgPermissions::from_bits(bits).ok_or_else(|| StoreError::Corrupt("the permissions of a link".to_owned()))
    });
    Ok(linked.transpose()?.unwrap_or_default())
}

fn is_admin(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, now: Timestamp) -> Result<bool, StoreError> {
    match authority::load(tx, org_id, actor, now) {
        Ok(authority) => Ok(authority.require(Right::Workspace).is_ok()),
        Err(Stop::Refused(_)) => Ok(false),
        Err(Stop::Failed(error)) => Err(error),
    }
}
