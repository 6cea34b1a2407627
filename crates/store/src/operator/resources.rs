//! APIs as the console and the management API see them, and what the operator does with them. Rules of settings are told by the inner
//! result, those of roles by the outer one.

use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::resource::{ResourceProblem, ResourceSettings};
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::resource::manage::{self, Judged, Managed};
use crate::{Owner, Stop, Tx, resource};

/// The outcome of an operation that settings may forbid too.
pub type Settled<T> = Decision<Result<T, ResourceProblem>>;

/// At most `limit` APIs, ordered by URI, after `after`.
pub fn list(tx: &mut dyn Tx, caller: &Caller, after: &str, limit: u32) -> Decision<Vec<Managed>> {
    require(tx, caller, OperatorRight::ReadApps)?;
    let found = resource::list(tx, after, limit)?;
    Ok(found.into_iter().map(|one| Managed::of(tx, one)).collect::<Result<_, _>>()?)
}

/// The API with that URI.
pub fn find(tx: &mut dyn Tx, caller: &Caller, uri: &str) -> Decision<Managed> {
    require(tx, caller, OperatorRight::ReadApps)?;
    let found = resource::find(tx, uri)?.ok_or(OperatorRefusal::NotFound)?;
    Ok(Managed::of(tx, found)?)
}

/// Registers an API.
pub fn add(
    tx: &mut dyn Tx,
    caller: &Caller,
    settings: &ResourceSettings,
    issuer: &str,
    now: Timestamp,
) -> Settled<Managed> {
    admit(tx, caller)?;
    settled(manage::add(tx, settings, issuer, now))
}

/// Changes an API.
pub fn change(tx: &mut dyn Tx, caller: &Caller, uri: &str, settings: &ResourceSettings) -> Settled<Managed> {
    admit(tx, caller)?;
    settled(manage::change(tx, uri, settings))
}

/// Removes an API.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, uri: &str) -> Settled<()> {
    admit(tx, caller)?;
    settled(manage::remove(tx, uri))
}

fn admit(tx: &mut dyn Tx, caller: &Caller) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageApps)?;
    Ok(())
}

fn settled<T>(judged: Judged<T>) -> Settled<T> {
    match judged {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(problem)) => Ok(Err(problem)),
        Err(Stop::Failed(error)) => Err(Stop::Failed(error)),
    }
}
