//! Impersonation: who may act as other people, and who does (`docs/spec/token-exchange.md#impersonation`).

use std::collections::BTreeMap;
use std::sync::Arc;

use sigma_core::actor::Actor;
use sigma_core::app::App;
use sigma_core::code::Authorization;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, GrantId, OrgId, UserId};
use sigma_core::org::{Authority, Right, Role};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::app::from_texts;
use crate::event::{self, NewEvent};
use crate::org::membership;
use crate::org::role;
use crate::{Owner, StoreError, Tx, account_deletion, cached, grant, params, resource, user};

/// Most live impersonations by one person, and of one.
const MOST: i64 = 10;
/// Most people who may impersonate, for each org.
pub const MOST_IMPERSONATORS: i64 = 100;

/// Lets a person act as others at the apps of an org; returns whether that is new, or `None` if the org has too many such people.
pub fn allow(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId, now: Timestamp) -> Result<Option<bool>, StoreError> {
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    let counted = tx.query_opt("SELECT COUNT(*) FROM impersonators WHERE org_id = $1", params![org_id])?;
    if counted.map_or(Ok(0), |row| row.int(0))? >= MOST_IMPERSONATORS {
        return Ok(None);
    }
    let added = tx.execute(
        "INSERT INTO impersonators (org_id, user_id, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (org_id, user_id) DO NOTHING",
        params![org_id, user_id, now],
    )?;
    if added == 1 {
        event::append(tx, recorded(Action::ImpersonationAllow, org_id, user_id))?;
    }
    Ok(Some(added == 1))
}

/// Takes that back, and ends what they began; returns whether they were allowed.
pub fn deny(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::Org(org_id))?;
    tx.lock(Owner::User(user_id))?;
    let removed =
        tx.execute("DELETE FROM impersonators WHERE org_id = $1 AND user_id = $2", params![org_id, user_id])?;
    end_all_by(tx, user_id, now)?;
    if removed == 1 {
        event::append(tx, recorded(Action::ImpersonationDeny, org_id, user_id))?;
    }
    Ok(removed == 1)
}

/// Ends what a person does as others.
pub(crate) fn end_all_by(tx: &mut dyn Tx, actor: &UserId, now: Timestamp) -> Result<(), StoreError> {
    loop {
        let live = tx.query_all(
            "SELECT grant_id, user_id, app_id FROM impersonations WHERE actor_id = $1 AND expires_at > $2 LIMIT 100",
            params![actor, now],
        )?;
        if live.is_empty() {
            return Ok(());
        }
        for row in &live {
            let (id, person, app_id) = (row.text(0)?, UserId::from_text(row.text(1)?), AppId::from_text(row.text(2)?));
            close(tx, &GrantId::from_text(id), &person, &app_id, now)?;
        }
    }
}

fn recorded(action: Action, org_id: &OrgId, user_id: &UserId) -> NewEvent {
    NewEvent::new(action).within(org_id).to(Target::User(user_id.clone()))
}

/// Whether a person may act as others at the apps of an org.
pub fn is_allowed(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM impersonators WHERE org_id = $1 AND user_id = $2";
    Ok(tx.query_opt(sql, params![org_id, user_id])?.is_some())
}

/// Who may act as others at the apps of an org, and since when: few.
pub fn list_allowed(tx: &mut dyn Tx, org_id: &OrgId) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
    let sql = "SELECT user_id, created_at FROM impersonators WHERE org_id = $1 ORDER BY user_id LIMIT 500";
    let rows = tx.query_all(sql, params![org_id])?;
    rows.iter().map(|row| Ok((UserId::from_text(row.text(0)?), row.timestamp(1)?))).collect()
}

/// An impersonation that is about to begin.
#[derive(Clone, Debug)]
pub struct NewImpersonation {
    /// The grant that holds it.
    pub grant_id: GrantId,
    /// The app at which it happens.
    pub app: Arc<App>,
    /// Who acts.
    pub actor_id: UserId,
    /// Who is acted as, with the scopes and resources, and the authentication of the actor.
    pub authorization: Authorization,
    /// The current time.
    pub now: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The outcome of beginning an impersonation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impersonation {
    /// It began.
    Begun,
    /// The actor may not act as this person: they were not allowed to, the person holds more rights, or there is none.
    Denied,
    /// The person did not let the app have this much.
    NotConsented,
    /// Too many at once.
    TooMany,
}

/// Begins an impersonation. The person sees it on their account page, and may end it.
pub fn begin(tx: &mut dyn Tx, new: &NewImpersonation) -> Result<Impersonation, StoreError> {
    let NewImpersonation { grant_id, app, actor_id, authorization, now, expires_at } = new;
    let user_id = &authorization.user_id;
    if actor_id == user_id {
        return Ok(Impersonation::Denied);
    }
    // The actor's lock is that of the permission, the user's that of the consent. Locked by id, so that two people who act as
    // each other do not wait for ever.
    tx.lock(Owner::User(actor_id.min(user_id)))?;
    tx.lock(Owner::User(actor_id.max(user_id)))?;
    let may = match reach(tx, &app.org_id, actor_id, user_id)? {
        Reach::None => false,
        Reach::Anywhere => true,
        Reach::OrgAlone => are_of(tx, &authorization.resources, &app.org_id)?,
    };
    if !may {
        return Ok(Impersonation::Denied);
    }
    if !consented(tx, user_id, &app.id, &authorization.scope, &authorization.resources)? {
        return Ok(Impersonation::NotConsented);
    }
    let of_user = "SELECT COUNT(*) FROM impersonations WHERE user_id = $1 AND expires_at > $2";
    let by_actor = "SELECT COUNT(*) FROM impersonations WHERE actor_id = $1 AND expires_at > $2";
    for (sql, whose) in [(of_user, user_id), (by_actor, actor_id)] {
        let counted = tx.query_opt(sql, params![whose, *now])?;
        if counted.map_or(Ok(0), |row| row.int(0))? >= MOST {
            return Ok(Impersonation::TooMany);
        }
    }
    grant::begin_alone(tx, grant_id, authorization, *now, *expires_at)?;
    tx.execute(
        "INSERT INTO impersonations (grant_id, actor_id, user_id, app_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![grant_id, actor_id, user_id, &app.id, *now, *expires_at],
    )?;
    let details =
        Details { app: Some(app.id.clone()), scope: Some(authorization.scope.to_string()), ..Details::default() };
    let event = NewEvent::new(Action::ImpersonationBegin).by(Actor::User(actor_id.clone())).shown_to(user_id);
    let event = event.within(&app.org_id).to(Target::User(user_id.clone())).with(details);
    event::append(tx, event)?;
    Ok(Impersonation::Begun)
}

/// Whether an impersonation is still allowed: what the actor may do, and what the person holds, may have changed since it began.
pub fn stands(tx: &mut dyn Tx, grant_id: &GrantId, now: Timestamp) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT i.actor_id, i.user_id, a.org_id, g.resources
         FROM impersonations i JOIN apps a ON a.id = i.app_id JOIN grants g ON g.id = i.grant_id
         WHERE i.grant_id = $1 AND i.expires_at > $2",
        params![grant_id, now],
    )?;
    let Some(row) = row else { return Ok(false) };
    let (actor, person) = (UserId::from_text(row.text(0)?), UserId::from_text(row.text(1)?));
    let org_id = OrgId::from_text(row.text(2)?);
    match reach(tx, &org_id, &actor, &person)? {
        Reach::None => Ok(false),
        Reach::Anywhere => Ok(true),
        Reach::OrgAlone => are_of(tx, &from_texts(&row, 3)?, &org_id),
    }
}

/// Whether all these resources belong to the org.
fn are_of(tx: &mut dyn Tx, uris: &[String], org_id: &OrgId) -> Result<bool, StoreError> {
    for uri in uris {
        if resource::find(tx, uri)?.is_none_or(|resource| resource.org_id != *org_id) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Where somebody may act as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Nowhere.
    None,
    /// At the apps and APIs of one org.
    OrgAlone,
    /// At every app.
    Anywhere,
}

/// Where `actor` may act as `person` at the apps of this org: both have enabled accounts that are not going to be deleted, and the
/// person holds no more rights. One who may act as anybody is never acted as.
fn reach(tx: &mut dyn Tx, org_id: &OrgId, actor: &UserId, person: &UserId) -> Result<Reach, StoreError> {
    for id in [actor, person] {
        if user::find(tx, id)?.is_none_or(|user| user.disabled) || account_deletion::find(tx, id)?.is_some() {
            return Ok(Reach::None);
        }
    }
    let operator = OrgId::operator();
    // Whoever holds a role of the operator that the actor does not cover is out of reach, from wherever.
    if is_allowed(tx, &operator, person)? || !covers(tx, &operator, actor, person)? {
        return Ok(Reach::None);
    }
    if is_allowed(tx, &operator, actor)? {
        return Ok(Reach::Anywhere);
    }
    if !is_allowed(tx, org_id, actor)? {
        return Ok(Reach::None);
    }
    let is_admin = role_of(tx, org_id, actor)?.is_some_and(|own| Authority::Person(own.permissions).may(Right::Users));
    let is_member = role_of(tx, org_id, person)?.is_some();
    Ok(if is_admin && is_member && covers(tx, org_id, actor, person)? { Reach::OrgAlone } else { Reach::None })
}

/// Whether the role of `actor` in an org covers the one of `person`, if they have one.
fn covers(tx: &mut dyn Tx, org_id: &OrgId, actor: &UserId, person: &UserId) -> Result<bool, StoreError> {
    let Some(theirs) = role_of(tx, org_id, person)? else { return Ok(true) };
    let Some(own) = role_of(tx, org_id, actor)? else { return Ok(!theirs.permissions.manages_anything()) };
    Ok(Authority::Person(own.permissions).require_role(&theirs.permissions).is_ok())
}

/// The role of an active member of an org.
fn role_of(tx: &mut dyn Tx, org_id: &OrgId, user_id: &UserId) -> Result<Option<Role>, StoreError> {
    let member = membership::find(tx, org_id, user_id)?;
    let active = |member: &membership::Member| member.state == membership::State::Active && !member.disabled;
    let Some(member) = member.filter(active) else { return Ok(None) };
    role::find(tx, org_id, &member.role_id)
}

/// Whether the person let the app have these scopes at this server and these resources.
fn consented(
    tx: &mut dyn Tx,
    user_id: &UserId,
    app_id: &AppId,
    scope: &Scopes,
    resources: &[String],
) -> Result<bool, StoreError> {
    let rows = tx.query_all(
        "SELECT resource, scope FROM consents WHERE user_id = $1 AND app_id = $2 ORDER BY bap_id, resource LIMIT 500",
        params![user_id, app_id],
    )?;
    let mut agreed: BTreeMap<String, Scopes> = BTreeMap::new();
    for row in &rows {
        let known = agreed.entry(row.text(0)?).or_default();
        *known = known.union(&Scopes::parse(&row.text(1)?));
    }
    let everywhere = agreed.values().fold(Scopes::default(), |all, scope| all.union(scope));
    if rows.is_empty() || !everywhere.covers(scope) {
        return Ok(false);
    }
    for uri in resources {
        // Another resource may call a scope the same.
        let Some((agreed, resource)) = agreed.get(uri).zip(resource::find(tx, uri)?) else { return Ok(false) };
        if !agreed.covers(&scope.retain(|name| resource.has_scope(name))) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A live impersonation, as the person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonated {
    /// Its grant.
    pub grant_id: GrantId,
    /// Who acts.
    pub actor_id: UserId,
    /// At which app.
    pub app_id: AppId,
    /// What they may do.
    pub scope: Scopes,
    /// At which APIs, by URI.
    pub resources: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The live impersonations of a person, the newest first.
pub fn list(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<Vec<Impersonated>, StoreError> {
    tx.query_all(
        "SELECT i.grant_id, i.actor_id, i.app_id, i.expires_at, g.scope, g.resources
         FROM impersonations i JOIN grants g ON g.id = i.grant_id
         WHERE i.user_id = $1 AND i.expires_at > $2 AND g.revoked_at IS NULL ORDER BY i.grant_id DESC LIMIT 100",
        params![user_id, now],
    )?
    .iter()
    .map(|row| {
        Ok(Impersonated {
            grant_id: GrantId::from_text(row.text(0)?),
            actor_id: UserId::from_text(row.text(1)?),
            app_id: AppId::from_text(row.text(2)?),
            expires_at: row.timestamp(3)?,
            scope: Scopes::parse(&row.text(4)?),
            resources: from_texts(row, 5)?,
        })
    })
    .collect()
}

/// Ends an impersonation of a person; returns whether there was one.
pub fn end(tx: &mut dyn Tx, user_id: &UserId, id: &GrantId, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let sql = "SELECT app_id FROM impersonations WHERE grant_id = $1 AND user_id = $2 AND expires_at > $3";
    let Some(row) = tx.query_opt(sql, params![id, user_id, now])? else { return Ok(false) };
    let app_id = AppId::from_text(row.text(0)?);
    close(tx, id, user_id, &app_id, now)?;
    Ok(true)
}

fn close(tx: &mut dyn Tx, id: &GrantId, user_id: &UserId, app_id: &AppId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE impersonations SET expires_at = $2 WHERE grant_id = $1", params![id, now])?;
    tx.execute("UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", params![id, now])?;
    tx.changed(cached::GRANT, id.as_str())?;
    let details = Details { app: Some(app_id.clone()), ..Details::default() };
    let event = NewEvent::new(Action::ImpersonationEnd).about(user_id).to(Target::User(user_id.clone()));
    event::append(tx, event.with(details))
}
