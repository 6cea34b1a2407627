//! Merging an account into another of the same person (`docs/guides/merging-accounts.md`). Both are proven by a sign-in: first the one
//! that goes, then, in the same browser, the one that stays. Then one transaction moves what the one has to the other.

mod moving;
mod orgs;

use std::time::Duration;

use sigma_core::authentication::Methods;
use sigma_core::digest::Digest;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::merge::MergeRefusal;
use sigma_core::time::Timestamp;

use crate::agent::{self, Agent};
use crate::event::{self, NewEvent};
use crate::org::membership;
use crate::outbox::{self, NewMail};
use crate::user::{self, User};
use crate::{
    Outage, Owner, Row, Stop, StoreError, Tx, account_deletion, cached, impersonation, logout, merged_account, params,
    people_index, totp,
};

/// How long an operator's proposal stands.
pub const PROPOSED: Duration = Duration::from_hours(7 * 24);
/// How long after the account that goes the one that stays may confirm.
pub const CONFIRMED: Duration = Duration::from_mins(30);
/// Most merits of the account that goes: they are moved in one transaction.
const MOST_MERITS: i64 = 500;
/// Most workspaces of the account that goes.
const MOST_WORKSPACES: u32 = 100;

/// Batches of sessions and grants that end in one transaction.
const BATCHES: usize = 3;

/// How far a merge came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// The account of this id is gone.
    Whole(UserId),
    /// A part of its access ended, and it has more than ends at once: call again.
    InPart,
}

/// A decision about a merge.
pub type Decision<T> = Result<T, Stop<MergeRefusal>>;

impl From<MergeRefusal> for Stop<MergeRefusal> {
    fn from(refusal: MergeRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A merge that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The account that goes.
    pub gone: UserId,
    /// The account that stays, if an operator named it.
    pub kept: Option<UserId>,
    /// When the owner of the account that goes confirmed.
    pub confirmed_at: Option<Timestamp>,
}

/// Proposes a merge to the owner of both accounts. It replaces an earlier proposal; the same once more changes nothing, and nobody is
/// told again.
pub fn propose(tx: &mut dyn Tx, gone: &UserId, kept: &UserId, notices: &[NewMail], now: Timestamp) -> Decision<()> {
    lock_both(tx, gone, kept)?;
    check(tx, gone, kept)?;
    let stands = "SELECT 1 FROM account_merges WHERE gone_id = $1 AND kept_id = $2 AND expires_at > $3";
    if tx.query_opt(stands, params![gone, kept, now])?.is_some() {
        return Ok(());
    }
    tx.execute(
        "INSERT INTO account_merges (gone_id, kept_id, browser_hash, confirmed_at, created_at, expires_at)
         VALUES ($1, $2, NULL, NULL, $3, $4)
         ON CONFLICT (gone_id) DO UPDATE SET kept_id = excluded.kept_id, browser_hash = NULL, confirmed_at = NULL,
            created_at = excluded.created_at, expires_at = excluded.expires_at",
        params![gone, kept, now, now.plus(PROPOSED)],
    )?;
    for one in [gone, kept] {
        let event = NewEvent::new(Action::UserProposeMerge).about(one).shown_to(one);
        event::append(tx, event.to(Target::User(if one == gone { kept } else { gone }.clone())))?;
    }
    notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(())
}

/// What an operator proposed for an account, as the one that goes or the one that stays.
pub fn proposed(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<Option<Merge>, StoreError> {
    tx.query_opt(
        "SELECT gone_id, kept_id, confirmed_at FROM account_merges
         WHERE (gone_id = $1 OR kept_id = $1) AND kept_id IS NOT NULL AND expires_at > $2 ORDER BY created_at DESC LIMIT 1",
        params![user_id, now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Drops the merge of an account that goes; returns whether there was one.
pub fn withdraw(tx: &mut dyn Tx, gone: &UserId) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM account_merges WHERE gone_id = $1", params![gone])? > 0)
}

/// Forgets that the owner of an account confirmed that it goes: whoever did may have been somebody else. What an operator proposed stays.
pub(crate) fn forget_confirmation(tx: &mut dyn Tx, gone: &UserId) -> Result<(), StoreError> {
    let sql = "UPDATE account_merges SET browser_hash = NULL, confirmed_at = NULL
               WHERE gone_id = $1 AND browser_hash IS NOT NULL";
    tx.execute(sql, params![gone]).map(drop)
}

/// Records that the owner of the account that goes, who has just signed in to it, confirms in this browser.
pub fn confirm_going(tx: &mut dyn Tx, gone: &UserId, browser: &Digest, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::User(gone))?;
    refuse_account(tx, gone)?;
    // What an operator proposed stays proposed, and no longer than it was.
    tx.execute(
        "INSERT INTO account_merges (gone_id, kept_id, browser_hash, confirmed_at, created_at, expires_at)
         VALUES ($1, NULL, $2, $3, $3, $4)
         ON CONFLICT (gone_id) DO UPDATE SET browser_hash = excluded.browser_hash, confirmed_at = excluded.confirmed_at,
            kept_id = CASE WHEN account_merges.expires_at > $3 THEN account_merges.kept_id END,
            expires_at = CASE WHEN account_merges.expires_at > $4 THEN account_merges.expires_at ELSE $4 END",
        params![gone, *browser, now, now.plus(CONFIRMED)],
    )?;
    Ok(())
}

/// What was confirmed in this browser, and the account that goes.
pub fn confirmed(tx: &mut dyn Tx, browser: &Digest, now: Timestamp) -> Result<Option<(Merge, User)>, StoreError> {
    let row = tx.query_opt(
        "SELECT gone_id, kept_id, confirmed_at FROM account_merges WHERE browser_hash = $1 AND confirmed_at > $2",
        params![*browser, now.minus(CONFIRMED)],
    )?;
    let Some(merge) = row.map(|row| decode(&row)).transpose()? else { return Ok(None) };
    Ok(user::find(tx, &merge.gone)?.map(|gone| (merge, gone)))
}

/// Merges the account that was confirmed in this browser into the one that stays, whose owner has just signed in to it. `methods` are those of that sign-in: a provider's word alone sets no password.
///
/// # Errors
/// [`MergeRefusal`]; nothing was changed then.
pub fn merge(
    tx: &mut dyn Tx,
    kept: &UserId,
    browser: &Digest,
    methods: &Methods,
    notices: &[NewMail],
    now: Timestamp,
) -> Decision<Merged> {
    let (merge, _) = confirmed(tx, browser, now)?.ok_or(MergeRefusal::NotConfirmed)?;
    let gone = merge.gone;
    let agents = agent::list(tx, &gone)?;
    if !agents.is_empty() {
        tx.lock(Owner::Installation)?;
    }
    let orgs = orgs_of(tx, &gone)?;
    for org_id in &orgs {
        tx.lock(Owner::Org(org_id))?;
    }
    lock_both(tx, &gone, kept)?;
    // Both may have changed until they were locked.
    let again = confirmed(tx, browser, now)?.filter(|(again, _)| again.gone == gone);
    let (merge, gone_user) = again.ok_or(MergeRefusal::NotConfirmed)?;
    let is_of_agents =
        |other: &[Agent]| other.iter().map(|agent| &agent.app_id).eq(agents.iter().map(|agent| &agent.app_id));
    if orgs_of(tx, &gone)? != orgs || !is_of_agents(&agent::list(tx, &gone)?) {
        return Err(Outage::Contended.into());
    }
    if merge.kept.is_some_and(|named| named != *kept) {
        return Err(MergeRefusal::AnotherAccount.into());
    }
    check(tx, &gone, kept)?;
    let both = orgs::check(tx, &orgs, &gone, kept)?;

    for agent in &agents {
        agent::stop(tx, &gone, &agent.app_id, now)?;
    }
    impersonation::end_all_by(tx, &gone, now)?;
    logout::announce_all(tx, &gone, now)?;
    for _ in 0..BATCHES {
        if account_deletion::end_access(tx, &gone, None, now)? == 0 {
            orgs::move_all(tx, &both, &gone, kept, now)?;
            moving::move_all(tx, &gone, kept, methods, now)?;
            finish(tx, &gone_user, kept, now)?;
            notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
            return Ok(Merged::Whole(gone));
        }
    }
    // Ending access also forgot the confirmation: restore it.
    let sql = "UPDATE account_merges SET browser_hash = $2, confirmed_at = $3 WHERE gone_id = $1";
    tx.execute(sql, params![&gone, *browser, merge.confirmed_at])?;
    Ok(Merged::InPart)
}

fn lock_both(tx: &mut dyn Tx, gone: &UserId, kept: &UserId) -> Decision<()> {
    if gone == kept {
        return Err(MergeRefusal::SameAccount.into());
    }
    let (first, second) = if gone < kept { (gone, kept) } else { (kept, gone) };
    tx.lock(Owner::User(first))?;
    Ok(tx.lock(Owner::User(second))?)
}

/// The orgs of which the account is a member, active or not: all of them, or one more than are moved.
fn orgs_of(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<OrgId>, StoreError> {
    let sql = "SELECT org_id FROM memberships WHERE user_id = $1 ORDER BY org_id LIMIT $2";
    tx.query_all(sql, params![user_id, MOST_WORKSPACES + 1])?
        .iter()
        .map(|row| Ok(OrgId::from_text(row.text(0)?)))
        .collect()
}

/// Refuses an account that is not to be merged with any other.
fn refuse_account(tx: &mut dyn Tx, user_id: &UserId) -> Decision<User> {
    let user = user::find(tx, user_id)?.ok_or(MergeRefusal::NotFound)?;
    if user.disabled {
        return Err(MergeRefusal::Disabled.into());
    }
    if account_deletion::find(tx, user_id)?.is_some() {
        return Err(MergeRefusal::DeletionRequested.into());
    }
    // Whoever gives an account a role there decides who opens the console.
    if membership::find(tx, &OrgId::operator(), user_id)?.is_some() {
        return Err(MergeRefusal::Operator.into());
    }
    Ok(user)
}

/// What the two accounts have to be for one to become the other.
fn check(tx: &mut dyn Tx, gone: &UserId, kept: &UserId) -> Decision<()> {
    for one in [gone, kept] {
        refuse_account(tx, one)?;
    }
    // Its secret is sealed for the account that has it. Without one, what is moved would sign in with less than before.
    if totp::find(tx, gone)?.is_some() && totp::find(tx, kept)?.is_none() {
        return Err(MergeRefusal::SecondFactor.into());
    }
    let merits = "SELECT count(*) FROM (SELECT 1 FROM merits WHERE user_id = $1 LIMIT $2) AS held";
    let merits = tx.query_opt(merits, params![gone, MOST_MERITS + 1])?.map_or(Ok(0), |row| row.int(0))?;
    if merits > MOST_MERITS || orgs_of(tx, gone)?.len() > usize::try_from(MOST_WORKSPACES).unwrap_or(usize::MAX) {
        return Err(MergeRefusal::TooMuch.into());
    }
    moving::refuse_too_many(tx, gone, kept)
}

/// The account is gone, and its id with it.
fn finish(tx: &mut dyn Tx, gone: &User, kept: &UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("DELETE FROM users WHERE id = $1", params![&gone.id])?;
    tx.execute(
        "UPDATE users SET pubkey = COALESCE(pubkey, $2), updated_at = $3,
            origin_bound = CASE WHEN $4 = 1 THEN 1 ELSE origin_bound END
         WHERE id = $1",
        params![kept, gone.pubkey, now, i64::from(gone.origin_bound)],
    )?;
    tx.execute("DELETE FROM account_merges WHERE gone_id = $1 OR kept_id = $1", params![&gone.id])?;
    merged_account::add(tx, &gone.id, kept, now)?;
    people_index::removed(tx, gone.id.as_str())?;
    people_index::added(tx, kept.as_str())?;
    for one in [&gone.id, kept] {
        tx.changed(cached::ACCOUNT, one.as_str())?;
        tx.changed(cached::BACKUPS, one.as_str())?;
        tx.changed(cached::MEMBER_MERITS, one.as_str())?;
    }
    let event = NewEvent::new(Action::UserMerge).about(kept).shown_to(kept).to(Target::User(gone.id.clone()));
    event::append(tx, event)
}

fn decode(row: &Row) -> Result<Merge, StoreError> {
    Ok(Merge {
        gone: UserId::from_text(row.text(0)?),
        kept: row.opt_text(1)?.map(UserId::from_text),
        confirmed_at: row.opt_timestamp(2)?,
    })
}
