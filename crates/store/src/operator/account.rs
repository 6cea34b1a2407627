//! What whoever runs the installation does to an account of a person who cannot help themselves, or is to be deleted.

use std::time::Duration;

use serde_json::{Map, Value};
use sigma_core::admin_scope::AdminReach;
use sigma_core::email::Email;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::merge::MergeRefusal;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, held_role, require_over};
use crate::account_deletion::{self, Deletion, Requested};
use crate::account_merge;
use crate::credential::{self, Naming, Retirement};
use crate::credential_change;
use crate::email;
use crate::email_change;
use crate::outbox::{self, MailedLink, NewMail};
use crate::user::{self, Setting, User};
use crate::{Owner, Stop, Tx, account_data, one_time_link, quota};

/// Links to one person within [`WINDOW`], whoever asks for them.
const MOST_LINKS: i64 = 3;
/// The time in which links are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// How a person gets back into their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// By a link to set a new password; everything else stays.
    Link,
    /// By that link only: everything else that they sign in with is removed, and every session ends.
    Anew,
}

impl Recovery {
    /// The right that it takes.
    pub const fn right(self) -> OperatorRight {
        match self {
            Self::Link => OperatorRight::ResetPeople,
            Self::Anew => OperatorRight::EndCredentials,
        }
    }
}

/// The outcome of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The link is on its way.
    Sent,
    /// The account has no verified address, or another one by now, or is disabled. Nothing was changed.
    Unreachable,
    /// As many links were sent as one person may get in an hour. Nothing was changed.
    TooMany,
}

/// The person to whom a link would be sent.
pub fn find(tx: &mut dyn Tx, caller: &Caller, right: OperatorRight, user_id: &UserId) -> Decision<User> {
    require_over(tx, caller, right, user_id)?;
    Ok(user::find(tx, user_id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Sends a link to set a new password to the person's own address, and with [`Recovery::Anew`] ends everything that they sign in
/// with, keys, accounts at providers and other addresses too: what is left after a takeover is the attacker's way in. At most a batch of sessions ends
/// here: see [`super::people::sign_out`].
pub fn recover(
    tx: &mut dyn Tx,
    caller: &Caller,
    user_id: &UserId,
    recovery: Recovery,
    mail: &MailedLink,
) -> Decision<Recovered> {
    let now = mail.link.now;
    tx.lock(Owner::Org(&OrgId::operator()))?;
    tx.lock(Owner::User(user_id))?;
    let user = find(tx, caller, recovery.right(), user_id)?;
    if recovery == Recovery::Anew && is_own(caller, user_id) {
        return Err(OperatorRefusal::Oneself.into());
    }
    let address = email::find(tx, &mail.link.email)?;
    let is_theirs = address.is_some_and(|address| address.user_id == *user_id && address.is_proven());
    if user.disabled || !is_theirs {
        return Ok(Recovered::Unreachable);
    }
    if quota::tally(tx, quota::Purpose::Reset, user_id.as_str(), now, WINDOW)? > MOST_LINKS {
        return Ok(Recovered::TooMany);
    }
    if recovery == Recovery::Anew {
        credential_change::end_all_by_operator(tx, user_id, now)?;
        one_time_link::void_all(tx, user_id)?;
        email_change::keep_only(tx, user_id, &mail.link.email)?;
        account_deletion::end_access(tx, user_id, None, now)?;
    }
    mail.send(tx, user_id, None)?;
    Ok(Recovered::Sent)
}

/// What the operator changes of a person.
#[derive(Clone, Debug, Default)]
pub struct PersonChange {
    /// Their name, validated.
    pub name: Option<String>,
    /// Their primary address, for which the caller vouches.
    pub email: Option<Email>,
    /// Tells them at the present one, if it changes.
    pub notices: Vec<NewMail>,
}

/// Changes the name or the primary address of a person, but never the caller's own. Repeating it changes nothing. Whoever has the
/// address of an account gets into it, so that of somebody with a role takes a token that reaches as far as a role may.
pub fn change(
    tx: &mut dyn Tx,
    (caller, reach): (&Caller, &AdminReach),
    user_id: &UserId,
    change: &PersonChange,
    now: Timestamp,
) -> Decision<()> {
    lock_other(tx, caller, OperatorRight::ChangePeople, user_id)?;
    if change.email.is_some() && !reach.may_write(None) && held_role(tx, user_id)?.is_some() {
        return Err(OperatorRefusal::BeyondToken.into());
    }
    let primary = |tx: &mut dyn Tx| -> Decision<Option<String>> {
        Ok(user::find(tx, user_id)?.and_then(|user| user.proven_email().map(str::to_owned)))
    };
    let before = primary(tx)?;
    match user::set_by_operator(tx, user_id, change.name.as_deref(), change.email.as_ref(), now)? {
        Setting::Done => {
            if primary(tx)? != before {
                change.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
            }
            Ok(())
        }
        Setting::AddressTaken => Err(OperatorRefusal::AddressTaken.into()),
        Setting::NotFound => Err(OperatorRefusal::NotFound.into()),
    }
}

/// The outcome of retiring a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retired {
    /// Nobody signs in with it any more.
    Done,
    /// The person has several of the kind. Nothing was changed.
    Several,
    /// It is the last way in. Nothing was changed.
    LastOne,
}

/// Retires the credential that `text` names, by its id or, if there is only one, its kind; but none of the caller's own.
pub fn retire(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId, text: &str, now: Timestamp) -> Decision<Retired> {
    lock_other(tx, caller, OperatorRight::EndCredentials, user_id)?;
    let stored = credential::list(tx, user_id)?;
    let named = match credential::named(&stored, text) {
        Ok(named) => &named.credential,
        Err(Naming::Unknown) => return Err(OperatorRefusal::NotFound.into()),
        Err(Naming::Several) => return Ok(Retired::Several),
    };
    match credential_change::retire_by_operator(tx, user_id, named, now)? {
        Retirement::Retired => Ok(Retired::Done),
        Retirement::NotFound => Err(OperatorRefusal::NotFound.into()),
        Retirement::LastOne => Ok(Retired::LastOne),
    }
}

/// Everything that is stored about a person, which is recorded.
pub fn copy(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId) -> Decision<Map<String, Value>> {
    find(tx, caller, OperatorRight::CopyPeople, user_id)?;
    Ok(account_data::hand_to_operator(tx, user_id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Requests that an account is deleted at once, but never the caller's own: its deletion is due, and nobody can keep it. Returns the
/// request as it is kept, and what came of it.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, new: &Deletion) -> Decision<(Deletion, Requested)> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    find(tx, caller, OperatorRight::RemovePeople, &new.user_id)?;
    if is_own(caller, &new.user_id) {
        return Err(OperatorRefusal::Oneself.into());
    }
    Ok(account_deletion::request_at_once(tx, new)?)
}

/// Requires that the caller may do this to the account of somebody else, which nobody changes meanwhile.
fn lock_other(tx: &mut dyn Tx, caller: &Caller, right: OperatorRight, user_id: &UserId) -> Decision<User> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    tx.lock(Owner::User(user_id))?;
    let user = find(tx, caller, right, user_id)?;
    if is_own(caller, user_id) { Err(OperatorRefusal::Oneself.into()) } else { Ok(user) }
}

/// Requests the deletion of an account, as its owner would, but never of the caller's own. At most a batch of sessions ends here: see
/// [`super::people::sign_out`].
pub fn delete(tx: &mut dyn Tx, caller: &Caller, new: &Deletion, notices: &[NewMail]) -> Decision<Requested> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    find(tx, caller, OperatorRight::DeletePeople, &new.user_id)?;
    if is_own(caller, &new.user_id) {
        return Err(OperatorRefusal::Oneself.into());
    }
    Ok(account_deletion::request(tx, new, None, notices)?)
}

/// Keeps an account that was going to be deleted; returns whether it is kept: not if the deletion is due.
pub fn keep(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId, now: Timestamp) -> Decision<bool> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    find(tx, caller, OperatorRight::DeletePeople, user_id)?;
    Ok(account_deletion::cancel(tx, user_id, now)?)
}

/// The person who has that id, address or key.
pub fn find_by_text(tx: &mut dyn Tx, caller: &Caller, text: &str) -> Decision<User> {
    let found = super::people::find_exactly(tx, text)?.ok_or(OperatorRefusal::NotFound)?;
    find(tx, caller, OperatorRight::DeletePeople, &found.id)
}

/// Proposes to the owner of two accounts to merge the one into the other. Nothing happens unless they sign in to both.
pub fn propose_merge(
    tx: &mut dyn Tx,
    caller: &Caller,
    [gone, kept]: [&UserId; 2],
    notices: &[NewMail],
    now: Timestamp,
) -> Decision<Result<(), MergeRefusal>> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    for one in [gone, kept] {
        find(tx, caller, OperatorRight::DeletePeople, one)?;
    }
    match account_merge::propose(tx, gone, kept, notices, now) {
        Ok(()) => Ok(Ok(())),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failed(error)) => Err(error.into()),
    }
}

fn is_own(caller: &Caller, user_id: &UserId) -> bool {
    matches!(caller, Caller::Person(own) if own == user_id)
}
