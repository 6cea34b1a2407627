//! What whoever runs the installation does to an account of a person who cannot help themselves, or is to be deleted.

use std::time::Duration;

use sigma_core::ids::{OrgId, UserId};
use sigma_core::merge::MergeRefusal;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require_over};
use crate::account_deletion::{self, Deletion, Requested};
use crate::account_merge;
use crate::credential_change;
use crate::email;
use crate::email_change;
use crate::outbox::{MailedLink, NewMail};
use crate::user::{self, User};
use crate::{Owner, Stop, Tx, one_time_link, quota};

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
