//! Links: an org lets an app act for it that it does not own.

use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, OrgId, UserId};
use sigma_core::merits::{MeritProblem, OrgPermission, OrgPermissions, RequestFault};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::{acting, request};
use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, cached, params};

/// Most apps that an org links.
pub const MOST_LINKS: i64 = 100;

/// What an app may do for an org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The org.
    pub org_id: OrgId,
    /// The app.
    pub app_id: AppId,
    /// The name of the app.
    pub app_name: String,
    /// What it may do.
    pub permissions: OrgPermissions,
    /// Raised when it is linked again: tokens of an earlier epoch are void.
    pub epoch: i64,
    /// Who linked it.
    pub linked_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
}

impl Link {
    /// That of an app with the org that owns it, which needs no row; apps that registered themselves have none.
    pub fn of_owner(app: &App) -> Option<Self> {
        (!app.dynamic && !app.disabled).then(|| Self {
            org_id: app.org_id.clone(),
            app_id: app.id.clone(),
            app_name: app.name.clone(),
            permissions: OrgPermissions::OWNER,
            epoch: 0,
            linked_by: None,
            created_at: app.created_at,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT l.org_id, l.app_id, a.name, l.permissions, l.epoch, l.linked_by, l.created_at
             FROM merit_links l JOIN apps a ON a.id = l.app_id WHERE ",
            $rest
        )
    };
}

/// The link of an app; cached as [`cached::MERIT_LINK`].
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, app_id: &AppId) -> Result<Option<Link>, StoreError> {
    tx.query_opt(select!("l.org_id = $1 AND l.app_id = $2"), params![org_id, app_id])?
        .map(|row| decode(&row))
        .transpose()
}

/// The apps that an org linked.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<Link>, StoreError> {
    tx.query_all(select!("l.org_id = $1 ORDER BY l.created_at, l.app_id LIMIT 500"), params![org_id])?
        .iter()
        .map(decode)
        .collect()
}

/// Links an app, as an admin who agreed to its request; an earlier link is replaced. The request is used up.
pub fn grant(
    tx: &mut dyn Tx,
    request_hash: &Digest,
    org_id: &OrgId,
    user_id: &UserId,
    now: Timestamp,
) -> Decision<Link> {
    let actor = Actor::User(user_id.clone());
    acting::lock(tx, org_id, &actor, OrgPermission::ManageOrg, now)?;
    let request = request::consume(tx, request_hash, now)?.ok_or(MeritProblem::NotFound)?;
    let asked = request.org_permissions()?;
    put(tx, org_id, &request.app_id, asked, &actor, now)
}

/// Changes what a linked app may do, or links it.
pub fn put(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    app_id: &AppId,
    permissions: OrgPermissions,
    actor: &Actor,
    now: Timestamp,
) -> Decision<Link> {
    acting::lock(tx, org_id, actor, OrgPermission::ManageOrg, now)?;
    put_by(tx, org_id, app_id, permissions, actor, now)
}

/// Does the same for the operator, on behalf of `actor`; `None` if the org owns the app, which needs no link.
pub fn put_for_operator(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    app: &App,
    permissions: OrgPermissions,
    actor: &Actor,
    now: Timestamp,
) -> Decision<Option<Link>> {
    acting::lock(tx, org_id, &Actor::Operator, OrgPermission::ManageOrg, now)?;
    if app.org_id == *org_id {
        return Ok(None);
    }
    put_by(tx, org_id, &app.id, permissions, actor, now).map(Some)
}

fn put_by(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    app_id: &AppId,
    permissions: OrgPermissions,
    actor: &Actor,
    now: Timestamp,
) -> Decision<Link> {
    if permissions.is_empty() {
        return Err(RequestFault::Permissions.into());
    }
    let sql = "SELECT count(*) FROM merit_links WHERE org_id = $1 AND app_id <> $2";
    let count = tx.query_opt(sql, params![org_id, app_id])?.map_or(Ok(0), |row| row.int(0))?;
    if count >= MOST_LINKS {
        return Err(RequestFault::TooMany.into());
    }
    if tx.query_opt("SELECT 1 FROM apps WHERE id = $1 AND disabled = 0", params![app_id])?.is_none() {
        return Err(MeritProblem::NotFound.into());
    }
    // The time is part of the epoch: an app that was unlinked in between never gets an earlier one again.
    tx.execute(
        "INSERT INTO merit_links (org_id, app_id, permissions, epoch, linked_by, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (org_id, app_id) DO UPDATE SET permissions = excluded.permissions, linked_by = excluded.linked_by,
            created_at = excluded.created_at,
            epoch = CASE WHEN excluded.epoch > merit_links.epoch THEN excluded.epoch ELSE merit_links.epoch + 1 END",
        params![org_id, app_id, permissions.bits(), now.micros(), actor.user(), now],
    )?;
    tx.changed(cached::MERIT_LINK, &cached::key_in(org_id, app_id.as_str()))?;
    let names: Vec<&str> = permissions.iter().map(OrgPermission::as_str).collect();
    let details = Details { app: Some(app_id.clone()), scope: Some(names.join(" ")), ..Details::default() };
    let event = NewEvent::new(Action::MeritAppLink).within(org_id).to(Target::App(app_id.clone()));
    event::append(tx, event.by(actor.clone()).with(details))?;
    find(tx, org_id, app_id)?.ok_or_else(|| MeritProblem::NotFound.into())
}

/// Ends a link: the app's next call is refused.
pub fn remove(tx: &mut dyn Tx, org_id: &OrgId, app_id: &AppId, actor: &Actor, now: Timestamp) -> Decision<()> {
    acting::lock(tx, org_id, actor, OrgPermission::ManageOrg, now)?;
    remove_by(tx, org_id, app_id, actor)
}

/// The same for whoever may do it. Callers hold the lock of the org.
pub(crate) fn remove_by(tx: &mut dyn Tx, org_id: &OrgId, app_id: &AppId, actor: &Actor) -> Decision<()> {
    let sql = "DELETE FROM merit_links WHERE org_id = $1 AND app_id = $2";
    if tx.execute(sql, params![org_id, app_id])? == 0 {
        return Err(MeritProblem::NotFound.into());
    }
    tx.changed(cached::MERIT_LINK, &cached::key_in(org_id, app_id.as_str()))?;
    let event = NewEvent::new(Action::MeritAppUnlink).within(org_id).to(Target::App(app_id.clone()));
    event::append(tx, event.by(actor.clone()))?;
    Ok(())
}

/// Ends the links of an app that is removed.
pub(crate) fn remove_all_of(tx: &mut dyn Tx, app_id: &AppId) -> Result<(), StoreError> {
    for row in tx.query_all("DELETE FROM merit_links WHERE app_id = $1 RETURNING org_id", params![app_id])? {
        let org_id = OrgId::from_text(row.text(0)?);
        tx.changed(cached::MERIT_LINK, &cached::key_in(&org_id, app_id.as_str()))?;
    }
    Ok(())
}

fn decode(row: &Row) -> Result<Link, StoreError> {
    let bits = row.int(3)?;
    Ok(Link {
        org_id: OrgId::from_text(row.text(0)?),
        app_id: AppId::from_text(row.text(1)?),
        app_name: row.text(2)?,
        permissions: OrgPermissions::from_bits(bits)
            .ok_or_else(|| StoreError::Corrupt("the permissions of a link".to_owned()))?,
        epoch: row.int(4)?,
        linked_by: row.opt_text(5)?.map(UserId::from_text),
        created_at: row.timestamp(6)?,
    })
}
