//! Which identity's backup an account at a provider restores (`docs/spec/backups.md#linking`).

use sigma_bitcoin::BapId;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::backup::{self, NewBackup, Storing, Wanted};
use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::provider_account::{self, ProviderAccount, Vouched};
use crate::replay_guard::{self, Once};
use crate::signed_request::{self, Rejected, SignedRequest};
use crate::{Outage, Owner, StoreError, Tx, identity};

/// A link to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The id of the provider.
    pub provider_id: String,
    /// The account that the provider has just vouched for in this browser, and what is used up by linking it. Without one,
    /// it is the user's account there.
    pub vouched: Option<(Vouched, Once)>,
    /// The user.
    pub user_id: UserId,
    /// The identity.
    pub bap_id: BapId,
    /// A backup to store along with it.
    pub backup: Option<NewBackup>,
    /// The signature of a key of the user.
    pub signed: SignedRequest,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The current time.
    pub now: Timestamp,
}

/// The outcome of linking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linking {
    /// It is linked, newly or already.
    Linked,
    /// The account at the provider restores another identity's backup, or is another user's.
    Taken,
    /// The identity is not the user's.
    NotTheirs,
    /// The user has not proven to have an account at that provider.
    NotProven,
    /// The signature does not count.
    Rejected(Rejected),
    /// There is no room for the backup.
    TooMuch,
}

/// Links an account at a provider with an identity, and stores the backup that came along.
pub fn link(tx: &mut dyn Tx, new: &NewLink) -> Result<Linking, StoreError> {
    tx.lock(Owner::User(&new.user_id))?;
    if let Some(backup) = &new.backup
        && !backup::fits(tx, backup)?
    {
        return Ok(Linking::TooMuch);
    }
    let linking = link_account(tx, new)?;
    if let (Linking::Linked, Some(backup)) = (linking, &new.backup)
        && backup::store(tx, backup)? != Storing::Stored
    {
        return Err(StoreError::Corrupt("a backup that fits was not stored".to_owned()));
    }
    Ok(linking)
}

fn link_account(tx: &mut dyn Tx, new: &NewLink) -> Result<Linking, StoreError> {
    let user_id = &new.user_id;
    if identity::find(tx, &new.bap_id)?.is_none_or(|identity| identity.user_id != *user_id) {
        return Ok(Linking::NotTheirs);
    }
    let own = provider_account::list(tx, user_id)?;
    let known = match &new.vouched {
        Some((vouched, _)) => provider_account::find(tx, vouched.provider_id.as_str(), vouched.subject.as_str())?,
        None => only(own.iter().filter(|account| account.provider_id == new.provider_id)),
    };
    let issuer = new.vouched.as_ref().map(|(vouched, _)| &vouched.issuer);
    let is_free = |account: &ProviderAccount| {
        account.user_id == *user_id
            && issuer.is_none_or(|issuer| account.issuer == *issuer)
            && account.bap_id.as_ref().is_none_or(|bap_id| *bap_id == new.bap_id)
    };
    match (&known, &new.vouched) {
        (Some(account), _) if !is_free(account) => return Ok(Linking::Taken),
        (None, None) => return Ok(Linking::NotProven),
        (None, Some(_)) if own.len() >= provider_account::MOST => return Ok(Linking::NotProven),
        _ => {}
    }
    if let Err(rejected) = signed_request::accept(tx, user_id, Some(&new.signed))? {
        return Ok(Linking::Rejected(rejected));
    }
    if let Some((_, once)) = &new.vouched
        && !replay_guard::spend(tx, once)?
    {
        return Ok(Linking::NotProven);
    }
    let account_id = match (&known, &new.vouched) {
        (Some(account), _) => account.id.clone(),
        (None, Some((vouched, _))) => add(tx, user_id, vouched, new.now)?,
        (None, None) => return Ok(Linking::NotProven),
    };
    if known.as_ref().is_some_and(|account| account.bap_id.is_some()) {
        return Ok(Linking::Linked);
    }
    provider_account::set_bap_id(tx, user_id, &account_id, Some(&new.bap_id), new.now)?;
    let event = NewEvent::new(Action::BackupLink).about(user_id).to(Target::Identity(new.bap_id.clone()));
    event::append(tx, event.method(&new.provider_id))?;
    new.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    Ok(Linking::Linked)
}

/// Links a new account with the user.
fn add(tx: &mut dyn Tx, user_id: &UserId, vouched: &Vouched, now: Timestamp) -> Result<String, StoreError> {
    if !provider_account::add(tx, user_id, vouched, now)? {
        // Somebody linked it after it was looked up.
        return Err(Outage::Contended.into());
    }
    let event = NewEvent::new(Action::CredentialAdd).about(user_id).to(Target::User(user_id.clone()));
    event::append(tx, event.method("provider"))?;
    Ok(vouched.credential().id)
}

fn only<'a>(mut accounts: impl Iterator<Item = &'a ProviderAccount>) -> Option<ProviderAccount> {
    accounts.next().filter(|_| accounts.next().is_none()).cloned()
}

/// Whose backup an account at a provider restores, and which: that of the identity it was linked with, else the one that
/// its user stored last. With the `issuer` that vouched for the account now, none that was linked at another: the id may have
/// become that of another server.
pub fn restores(
    tx: &mut dyn Tx,
    provider_id: &str,
    subject: &str,
    issuer: Option<&str>,
) -> Result<Option<(UserId, Wanted)>, StoreError> {
    let account = provider_account::find(tx, provider_id, subject)?;
    let account = account.filter(|account| issuer.is_none_or(|issuer| account.issuer == issuer));
    Ok(account.map(|account| (account.user_id, account.bap_id.map_or(Wanted::Latest, Wanted::Current))))
}
