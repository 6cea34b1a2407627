//! Upstream providers as the console sees them. They are configured, not stored; what is done with them is recorded.

use sigma_core::event::{Action, Details};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::provider::ProviderId;

use super::Decision;
use super::authority::{Caller, require};
use crate::event::{self, NewEvent};
use crate::{Owner, Tx, provider};

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
