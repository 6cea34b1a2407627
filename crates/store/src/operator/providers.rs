//! Upstream providers as the console sees them. They are configured, not stored; what is done with them is recorded.

use sigma_core::event::{Action, Details};
use sigma_core::operator::OperatorRight;

use super::Decision;
use super::authority::{Caller, require};
use crate::Tx;
use crate::event::{self, NewEvent};

/// Records that a test sign-in begins, by whoever may.
pub fn begin_test(tx: &mut dyn Tx, caller: &Caller, provider: &str) -> Decision<()> {
    require(tx, caller, OperatorRight::TestProviders)?;
    let details = Details { provider: Some(provider.to_owned()), ..Details::default() };
    Ok(event::append(tx, NewEvent::new(Action::ProviderTest).with(details))?)
}
