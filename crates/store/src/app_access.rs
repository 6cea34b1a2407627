//! The apps that a user gave access to their account: by a consent that is remembered, by a grant, or by both.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sigma_core::event::{Action, Target};
use sigma_core::ids::{AppId, OrgId, SessionId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::app::from_texts;
use crate::event::{self, NewEvent};
use crate::{Owner, StoreError, Tx, account_deletion, cached, consent, device_code, params, session, user};

/// No code is valid for longer.
const LONGEST_CODE: Duration = Duration::from_mins(15);

/// An app with access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAccess {
    /// The app.
    pub app_id: AppId,
    /// The server's own scopes.
    pub scope: Scopes,
    /// The APIs, by URI, with the scopes of each where they are known.
    pub resources: BTreeMap<String, Scopes>,
    /// The orgs that it may see the user act for.
    pub orgs: BTreeSet<OrgId>,
    /// When it first got access, as far as is known.
    pub since: Timestamp,
    /// When it last got a code or tokens, to the day.
    pub last_used_at: Timestamp,
}

/// The apps with access, the one used last first. Reads at most 500 consents and as many grants of each kind.
pub fn list(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<Vec<AppAccess>, StoreError> {
    let mut apps = BTreeMap::new();
    let consents = tx.query_all(
        "SELECT app_id, resource, scope, created_at, COALESCE(last_used_at, updated_at)
         FROM consents WHERE user_id = $1 ORDER BY app_id, resource, bap_id LIMIT 500",
        params![user_id],
    )?;
    for row in &consents {
        let app = entry(&mut apps, &row.text(0)?, row.timestamp(3)?, row.timestamp(4)?);
        let (resource, scope) = (row.text(1)?, Scopes::parse(&row.text(2)?));
        if resource.is_empty() {
            app.scope = app.scope.union(&scope);
        } else if let Some(org_id) = consent::org_of(&resource) {
            app.orgs.insert(org_id);
        } else {
            let known = app.resources.entry(resource).or_default();
            *known = known.union(&scope);
        }
    }
    for sql in LIVE_GRANTS {
        for row in &tx.query_all(sql, params![user_id, now, AppId::sigma()])? {
            let app = entry(&mut apps, &row.text(1)?, row.timestamp(2)?, row.timestamp(3)?);
            app.scope = app.scope.union(&Scopes::parse(&row.text(4)?).own());
            for uri in from_texts(row, 5)? {
                app.resources.entry(uri).or_default();
            }
        }
    }
    let mut apps: Vec<AppAccess> = apps.into_values().collect();
    apps.sort_by(|one, other| other.last_used_at.cmp(&one.last_used_at).then_with(|| one.app_id.cmp(&other.app_id)));
    Ok(apps)
}

fn entry<'a>(
    apps: &'a mut BTreeMap<String, AppAccess>,
    app_id: &str,
    since: Timestamp,
    used: Timestamp,
) -> &'a mut AppAccess {
    let app = apps.entry(app_id.to_owned()).or_insert_with(|| AppAccess {
        app_id: AppId::from_text(app_id),
        scope: Scopes::default(),
        resources: BTreeMap::new(),
        orgs: BTreeSet::new(),
        since,
        last_used_at: used,
    });
    app.since = app.since.min(since);
    app.last_used_at = app.last_used_at.max(used);
    app
}

/// Live grants of a user, those that outlive their session and those that do not, but none of direct sign-in, nor those of agents,
/// which have a list of their own.
const LIVE_GRANTS: [&str; 2] = [
    "SELECT g.id, g.app_id, g.created_at, COALESCE(g.last_used_at, g.created_at), g.scope, g.resources FROM grants g
     WHERE g.user_id = $1 AND g.offline = 1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND g.app_id <> $3
        AND g.app_id NOT IN (SELECT app_id FROM agents WHERE user_id = $1)
     ORDER BY g.id LIMIT 500",
    "SELECT g.id, g.app_id, g.created_at, COALESCE(g.last_used_at, g.created_at), g.scope, g.resources
     FROM sessions s JOIN grants g ON g.session_id = s.id AND g.offline = 0
     WHERE s.user_id = $1 AND s.ended_at IS NULL AND g.revoked_at IS NULL AND g.expires_at > $2 AND g.app_id <> $3
     ORDER BY g.id LIMIT 500",
];

/// All of them: of agents and of direct sign-in too.
const EVERY_LIVE_GRANT: [&str; 2] = [
    "SELECT g.id FROM grants g
     WHERE g.user_id = $1 AND g.offline = 1 AND g.revoked_at IS NULL AND g.expires_at > $2 ORDER BY g.id LIMIT 500",
    "SELECT g.id FROM sessions s JOIN grants g ON g.session_id = s.id AND g.offline = 0
     WHERE s.user_id = $1 AND s.ended_at IS NULL AND g.revoked_at IS NULL AND g.expires_at > $2 ORDER BY g.id LIMIT 500",
];

/// The same of one app.
const LIVE_GRANTS_OF_APP: [&str; 2] = [
    "SELECT g.id FROM grants g
     WHERE g.user_id = $1 AND g.offline = 1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND g.app_id = $3
     ORDER BY g.id LIMIT 250",
    "SELECT g.id FROM sessions s JOIN grants g ON g.session_id = s.id AND g.app_id = $3 AND g.offline = 0
     WHERE s.user_id = $1 AND s.ended_at IS NULL AND g.revoked_at IS NULL AND g.expires_at > $2
     ORDER BY g.id LIMIT 250",
];

/// The same of the apps of an org.
const LIVE_GRANTS_IN_ORG: [&str; 2] = [
    "SELECT g.id FROM grants g JOIN apps a ON a.id = g.app_id AND a.org_id = $3
     WHERE g.user_id = $1 AND g.offline = 1 AND g.revoked_at IS NULL AND g.expires_at > $2 ORDER BY g.id LIMIT 250",
    "SELECT g.id FROM sessions s JOIN grants g ON g.session_id = s.id AND g.offline = 0
        JOIN apps a ON a.id = g.app_id AND a.org_id = $3
     WHERE s.user_id = $1 AND s.ended_at IS NULL AND g.revoked_at IS NULL AND g.expires_at > $2 ORDER BY g.id LIMIT 250",
];

/// The same that are for a user who acts for an org, whoever's the apps are.
const LIVE_GRANTS_FOR_ORG: [&str; 2] = [
    "SELECT g.id FROM grants g
     WHERE g.user_id = $1 AND g.offline = 1 AND g.org_id = $3 AND g.revoked_at IS NULL AND g.expires_at > $2
     ORDER BY g.id LIMIT 250",
    "SELECT g.id FROM sessions s JOIN grants g ON g.session_id = s.id AND g.offline = 0 AND g.org_id = $3
     WHERE s.user_id = $1 AND s.ended_at IS NULL AND g.revoked_at IS NULL AND g.expires_at > $2 ORDER BY g.id LIMIT 250",
];

/// Whether a user may give access now: their account is neither disabled nor to be deleted, and they are still signed in. Callers hold
/// the user's lock, so that whatever ends access afterwards ends this too.
pub(crate) fn may_be_given(
    tx: &mut dyn Tx,
    user_id: &UserId,
    session_id: &SessionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(user::is_active(tx, user_id)?
        && account_deletion::find(tx, user_id)?.is_none()
        && session::find(tx, session_id)?.is_some_and(|session| session.is_live(now)))
}

/// How far the removal of an app's access has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Whether it had any.
    pub had_access: bool,
    /// Whether grants are left, which another call ends.
    pub more: bool,
}

/// Takes an app's access back: its consent is forgotten, codes that it has not redeemed and devices that it has not let in yet
/// are void, and its grants end, at most 500 at once: their tokens become invalid here at once, everywhere within a second.
pub fn remove(tx: &mut dyn Tx, user_id: &UserId, app_id: &AppId, now: Timestamp) -> Result<Removal, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let forgotten = tx.execute("DELETE FROM consents WHERE user_id = $1 AND app_id = $2", params![user_id, app_id])?;
    tx.execute(
        "DELETE FROM codes WHERE delete_after > $3 AND delete_after <= $4 AND user_id = $1 AND app_id = $2
            AND used_at IS NULL",
        params![user_id, app_id, now, now.plus(LONGEST_CODE)],
    )?;
    let withdrawn = device_code::withdraw(tx, user_id, Some(app_id), now)?;
    let ended = end(tx, LIVE_GRANTS_OF_APP, params![user_id, now, app_id], now)?;
    let had_access = forgotten > 0 || withdrawn > 0 || ended > 0;
    if had_access {
        let event = NewEvent::new(Action::ConsentRemove).about(user_id).to(Target::App(app_id.clone()));
        event::append_bounded(tx, event, user_id, now)?;
    }
    Ok(Removal { had_access, more: ended >= 250 })
}

/// Ends grants of a user for apps and agents, at most 1,000 at once; returns how many. 0 means that none are left. Callers record
/// why.
pub(crate) fn end_all_grants(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM codes WHERE delete_after > $2 AND delete_after <= $3 AND user_id = $1 AND used_at IS NULL",
        params![user_id, now, now.plus(LONGEST_CODE)],
    )?;
    device_code::withdraw(tx, user_id, None, now)?;
    end(tx, EVERY_LIVE_GRANT, params![user_id, now], now)
}

/// Ends what apps hold for somebody who is no longer a member of an org: what the org's own apps hold, whose tokens may tell their
/// roles there, and what any app holds to act for the org. Codes and devices are void that were not redeemed. Consents stay: they
/// are the user's.
pub(crate) fn end_grants_of_member(
    tx: &mut dyn Tx,
    user_id: &UserId,
    org_id: &OrgId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM codes WHERE delete_after > $2 AND delete_after <= $3 AND user_id = $1 AND used_at IS NULL
            AND (org_id = $4 OR app_id IN (SELECT id FROM apps WHERE org_id = $4))",
        params![user_id, now, now.plus(LONGEST_CODE), org_id],
    )?;
    tx.execute(
        "UPDATE device_codes SET decision = 'denied'
         WHERE delete_after > $2 AND user_id = $1 AND decision = 'approved' AND used_at IS NULL
            AND app_id IN (SELECT id FROM apps WHERE org_id = $3)",
        params![user_id, now, org_id],
    )?;
    for live in [LIVE_GRANTS_FOR_ORG, LIVE_GRANTS_IN_ORG] {
        while end(tx, live, params![user_id, now, org_id], now)? > 0 {}
    }
    Ok(())
}

fn end(tx: &mut dyn Tx, live: [&'static str; 2], whose: &[crate::Value], now: Timestamp) -> Result<u64, StoreError> {
    let mut ended = 0;
    for sql in live {
        for row in &tx.query_all(sql, whose)? {
            let id = row.text(0)?;
            let sql = "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
            ended += tx.execute(sql, params![&id, now])?;
            tx.changed(cached::GRANT, &id)?;
        }
    }
    Ok(ended)
}
