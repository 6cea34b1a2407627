//! Upstream providers as the console sees them. They are configured, not stored; what is done with them is recorded.

use sigma_core::event::{Action, Details};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::provider::ProviderId;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::event::{self, NewEvent};
use crate::provider::DeclaredProvider;
use crate::{Owner, Tx, provider};

/// A provider that was declared.
pub fn find(tx: &mut dyn Tx, caller: &Caller, id: &ProviderId) -> Decision<DeclaredProvider> {
    require(tx, caller, OperatorRight::ReadProviders)?;
    Ok(provider::find(tx, id)?.ok_or(OperatorRefusal::NotFound)?)
}

/// The ids of those that were declared.
pub fn declared(tx: &mut dyn Tx, caller: &Caller) -> Decision<Vec<ProviderId>> {
    require(tx, caller, OperatorRight::ReadProviders)?;
    Ok(provider::list(tx)?.into_iter().map(|provider| provider.id).collect())
}

/// What came of declaring a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// It is declared.
    Done,
    /// One of that id is. Nothing was changed.
    Taken,
    /// As many are as may be. Nothing was changed.
    TooMany,
}

/// Declares a new provider.
pub fn add(tx: &mut dyn Tx, caller: &Caller, new: &DeclaredProvider, now: Timestamp) -> Decision<Declared> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageProviders)?;
    if provider::find(tx, &new.id)?.is_some() {
        return Ok(Declared::Taken);
    }
    if !provider::has_room(tx)? {
        return Ok(Declared::TooMany);
    }
    provider::set(tx, new, now)?;
    Ok(Declared::Done)
}

/// Changes a provider that was declared. Repeating it changes nothing.
pub fn change(tx: &mut dyn Tx, caller: &Caller, changed: &DeclaredProvider, now: Timestamp) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageProviders)?;
    let before = provider::find(tx, &changed.id)?.ok_or(OperatorRefusal::NotFound)?;
    if before != *changed {
        provider::set(tx, changed, now)?;
    }
    Ok(())
}

/// Removes a provider that was declared.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, id: &ProviderId) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageProviders)?;
    if provider::remove(tx, id)? { Ok(()) } else { Err(OperatorRefusal::NotFound.into()) }
}

/// Records that a test sign-in begins, by whoever may.
pub fn begin_test(tx: &mut dyn Tx, caller: &Caller, provider: &str) -> Decision<()> {
    require(tx, caller, OperatorRight::TestProviders)?;
    let details = Details { provider: Some(provider.to_owned()), ..Details::default() };
    Ok(event::append(tx, NewEvent::new(Action::ProviderTest).with(details))?)
}
