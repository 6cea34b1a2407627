//! People as the console and the management API see them, and what they do to them.

use sigma_bitcoin::PublicKey;
use sigma_core::email;
use sigma_core::event::{Action, Details, Event, Target};
use sigma_core::ids::{OrgId, UserId};
use sigma_core::operator::{OperatorRefusal, OperatorRight, OperatorRole};
use sigma_core::people::ImportedPerson;
use sigma_core::people_search::Needle;
use sigma_core::time::Timestamp;

use super::authority::{Caller, require, require_over};
use super::overview::{Count, MOST_COUNTED};
use super::{Decision, find_role};
use crate::app_access::{self, AppAccess};
use crate::credential::{self, StoredCredential};
use crate::email::StoredEmail;
use crate::event::{self as trail, NewEvent, Place, Trail};
use crate::org::api_key;
use crate::org::membership::{self, Belonging};
use crate::people_import::{self, Newcomer, Outcome};
use crate::session::{self, BrowserSession};
use crate::user::{self, User};
use crate::{Owner, StoreError, Tx, account_deletion, merged_account, params};

/// Events of a person that are shown with them.
const RECENT_EVENTS: u32 = 20;

/// A list of people.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Everybody, newest first; before that id.
    All(Option<UserId>),
    /// Whoever a text names exactly (id, address, public key), else those with it in their name or an address, newest first;
    /// before that id.
    Named(String, Option<UserId>),
}

/// At most `limit` of the people wanted.
pub fn list(tx: &mut dyn Tx, caller: &Caller, wanted: &Wanted, limit: u32) -> Decision<Vec<User>> {
    require(tx, caller, OperatorRight::ReadPeople)?;
    match wanted {
        Wanted::All(before) => Ok(user::list_newest(tx, before.as_ref().map(UserId::as_str), limit)?),
        Wanted::Named(text, before) => match find_exactly(tx, text)? {
            Some(user) => Ok(vec![user]),
            None => match Needle::parse(text) {
                Some(needle) => Ok(user::list_found(tx, &needle, before.as_ref(), limit)?),
                None => Ok(Vec::new()),
            },
        },
    }
}

/// Whether the caller may add many people at once.
pub fn may_import(tx: &mut dyn Tx, caller: &Caller) -> Decision<()> {
    require(tx, caller, OperatorRight::ImportPeople).map(drop)
}

/// [`people_import::add`], for whoever may.
pub fn import(tx: &mut dyn Tx, caller: &Caller, newcomers: &[Newcomer], now: Timestamp) -> Decision<Vec<Outcome>> {
    may_import(tx, caller)?;
    Ok(people_import::add(tx, newcomers, now)?)
}

/// How many people an export has, for a page.
pub fn exportable(tx: &mut dyn Tx, caller: &Caller) -> Decision<Count> {
    require(tx, caller, export_right(false))?;
    Ok(Count::of(people_import::count_up_to(tx, MOST_COUNTED.saturating_add(1))?))
}

/// Whether the caller may take everybody elsewhere, and with `hashes` their passwords; how many have an address.
pub fn may_export(tx: &mut dyn Tx, caller: &Caller, hashes: bool) -> Decision<u64> {
    require(tx, caller, export_right(hashes))?;
    Ok(people_import::count(tx)?)
}

/// Records an export of `people`, for whoever may. It is recorded before anything is handed out, so one that breaks off is in the trail.
pub fn begin_export(tx: &mut dyn Tx, caller: &Caller, hashes: bool, people: u64) -> Decision<()> {
    require(tx, caller, export_right(hashes))?;
    let reason = hashes.then(|| "hashes".to_owned());
    let details = Details { people: Some(people), reason, ..Details::default() };
    Ok(trail::append(tx, NewEvent::new(Action::PeopleExport).with(details))?)
}

const fn export_right(hashes: bool) -> OperatorRight {
    if hashes { OperatorRight::ExportHashes } else { OperatorRight::ReadPeople }
}

/// [`people_import::page`], for whoever may see everybody, and with `hashes` take their passwords elsewhere.
pub fn export(
    tx: &mut dyn Tx,
    caller: &Caller,
    hashes: bool,
    after: &str,
    limit: u32,
) -> Decision<(Vec<ImportedPerson>, Option<UserId>)> {
    require(tx, caller, export_right(hashes))?;
    Ok(people_import::page(tx, after, limit)?)
}

/// The person whose id, address or public key that is.
pub(super) fn find_exactly(tx: &mut dyn Tx, text: &str) -> Result<Option<User>, StoreError> {
    if let Some(id) = UserId::parse(text) {
        // The id of an account that was merged into another finds that one.
        let stays = merged_account::find_successor(tx, &id)?.unwrap_or(id);
        if let Some(user) = user::find(tx, &stays)? {
            return Ok(Some(user));
        }
    }
    if let Ok(key) = PublicKey::parse(text)
        && let Some(user) = user::find_by_pubkey(tx, &key)?
    {
        return Ok(Some(user));
    }
    if text.contains('@') { user::find_by_email(tx, &email::fold(text)) } else { Ok(None) }
}

/// Everything that is shown of a person.
#[derive(Clone, Debug)]
pub struct PersonDetails {
    /// The account.
    pub user: User,
    /// Their role in the operator's org, while it counts.
    pub role: Option<OperatorRole>,
    /// Their addresses.
    pub emails: Vec<StoredEmail>,
    /// How they sign in.
    pub credentials: Vec<StoredCredential>,
    /// Where they are signed in.
    pub sessions: Vec<BrowserSession>,
    /// The apps with access.
    pub apps: Vec<AppAccess>,
    /// The workspaces that they are a member of.
    pub workspaces: Vec<Belonging>,
    /// What happened last, newest first.
    pub events: Vec<Event>,
    /// When the account is deleted, if that was requested.
    pub deletes_at: Option<Timestamp>,
}

/// A person in full. The events are left out for whoever may not read the audit trail.
pub fn details(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId, now: Timestamp) -> Decision<PersonDetails> {
    let own = require(tx, caller, OperatorRight::ReadPeople)?;
    let user = user::find(tx, user_id)?.ok_or(OperatorRefusal::NotFound)?;
    let events = if own.may(OperatorRight::ReadAudit) {
        trail::list_before(tx, &Trail::Concerning(user_id.clone()), &Place::end(), RECENT_EVENTS)?
    } else {
        Vec::new()
    };
    Ok(PersonDetails {
        role: find_role(tx, user_id)?,
        emails: crate::email::list(tx, user_id)?,
        credentials: credential::list(tx, user_id)?,
        sessions: session::list_live(tx, user_id, now)?,
        apps: app_access::list(tx, user_id, now)?,
        workspaces: membership::of_person(tx, user_id)?,
        deletes_at: account_deletion::find(tx, user_id)?.map(|deletion| deletion.due_at),
        user,
        events,
    })
}

/// Disables or enables an account, but never the caller's own.
pub fn set_disabled(
    tx: &mut dyn Tx,
    caller: &Caller,
    user_id: &UserId,
    disabled: bool,
    now: Timestamp,
) -> Decision<User> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    tx.lock(Owner::User(user_id))?;
    require_over(tx, caller, OperatorRight::DisablePeople, user_id)?;
    if matches!(caller, Caller::Person(own) if own == user_id) {
        return Err(OperatorRefusal::Oneself.into());
    }
    if user::find(tx, user_id)?.is_none() {
        return Err(OperatorRefusal::NotFound.into());
    }
    user::set_disabled(tx, user_id, disabled, now)?;
    Ok(user::find(tx, user_id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// Deactivates the API keys that a person created in one org which has such keys; returns whether there was one. It is theirs to call
/// who just disabled the account.
pub fn deactivate_keys(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId) -> Decision<bool> {
    require(tx, caller, OperatorRight::ManageOrgs)?;
    require_over(tx, caller, OperatorRight::DisablePeople, user_id)?;
    Ok(api_key::deactivate_made_by(tx, user_id)?)
}

/// Ends a batch of what a person is signed in with: browsers, workspaces, and the tokens of apps; returns how much. 0 means
/// that nothing is left.
pub fn sign_out(tx: &mut dyn Tx, caller: &Caller, user_id: &UserId, now: Timestamp) -> Decision<u64> {
    tx.lock(Owner::Org(&OrgId::operator()))?;
    tx.lock(Owner::User(user_id))?;
    require_over(tx, caller, OperatorRight::SignOutPeople, user_id)?;
    if user::find(tx, user_id)?.is_none() {
        return Err(OperatorRefusal::NotFound.into());
    }
    let browsers = !session::list_live(tx, user_id, now)?.is_empty();
    let ended = account_deletion::end_access(tx, user_id, None, now)?;
    if ended > 0 && !browsers {
        // Only the end of browser sessions is recorded by itself.
        let details = Details { sessions: Some(0), ..Details::default() };
        let event = NewEvent::new(Action::SessionEndAll).about(user_id).shown_to(user_id).with(details);
        trail::append_bounded(tx, event.to(Target::User(user_id.clone())), user_id, now)?;
    }
    Ok(ended)
}

/// How many people there are, up to `most`.
pub(super) fn count(tx: &mut dyn Tx, most: u32) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM users LIMIT $1) counted";
    tx.query_opt(sql, params![most])?.map_or(Ok(0), |row| row.int(0))
}
