//! Apps as the console and the management API see them, and what the operator does with them. Rules of settings are told by the
//! inner result, those of roles by the outer one.

use std::time::Duration;

use sigma_core::admin_scope::AdminReach;
use sigma_core::app::{App, AppProblem, AppSettings};
use sigma_core::ids::{AppId, AppRef};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::app::manage::{self, Fresh, Judged, Managed};
use crate::redirect_refusal::{self, RedirectRefusal};
use crate::{Owner, Stop, Tx, app};

/// The outcome of an operation that settings may forbid too.
pub type Settled<T> = Decision<Result<T, AppProblem>>;

/// At most `limit` apps, oldest first, after the one with the id `after`: all of them, or those that are verified or not, without agents.
pub fn list(tx: &mut dyn Tx, caller: &Caller, verified: Option<bool>, after: &str, limit: u32) -> Decision<Vec<App>> {
    require(tx, caller, OperatorRight::ReadApps)?;
    Ok(match verified {
        None => app::list(tx, after, limit)?,
        Some(verified) => app::list_verified(tx, verified, after, limit)?,
    })
}

/// The app of that name.
pub fn find(tx: &mut dyn Tx, caller: &Caller, named: &AppRef) -> Decision<Managed> {
    require(tx, caller, OperatorRight::ReadApps)?;
    let app = app::find_named(tx, named)?.ok_or(OperatorRefusal::NotFound)?;
    Ok(manage::with_origins(tx, app)?)
}

/// Registers an app.
pub fn add(
    tx: &mut dyn Tx,
    by: (&Caller, &AdminReach),
    id: &AppId,
    settings: &AppSettings,
    fresh: &Fresh,
) -> Settled<Managed> {
    admit(tx, by, None, settings.scope.as_deref())?;
    settled(manage::add(tx, id, settings, fresh))
}

/// Changes an app, if `expected` is its version.
pub fn change(
    tx: &mut dyn Tx,
    by: (&Caller, &AdminReach),
    named: &AppRef,
    expected: Option<&str>,
    settings: &AppSettings,
    fresh: &Fresh,
) -> Settled<Managed> {
    admit(tx, by, Some(named), settings.scope.as_deref())?;
    settled(manage::change(tx, named, expected, settings, fresh))
}

/// Gives an app another secret; the present one stays valid for `overlap`.
pub fn renew_secret(
    tx: &mut dyn Tx,
    by: (&Caller, &AdminReach),
    named: &AppRef,
    overlap: Duration,
    fresh: &Fresh,
) -> Settled<Managed> {
    admit(tx, by, Some(named), None)?;
    settled(manage::renew_secret(tx, named, overlap, fresh))
}

/// Ends the secret that was replaced.
pub fn end_former_secret(tx: &mut dyn Tx, by: (&Caller, &AdminReach), named: &AppRef, now: Timestamp) -> Settled<App> {
    admit(tx, by, Some(named), None)?;
    settled(manage::end_former_secret(tx, named, now))
}

/// Removes an app; returns what it was.
pub fn remove(tx: &mut dyn Tx, by: (&Caller, &AdminReach), named: &AppRef, now: Timestamp) -> Settled<App> {
    admit(tx, by, Some(named), None)?;
    settled(manage::remove(tx, named, now))
}

/// The redirect URIs of the last days that it sent and had not registered, the latest first.
pub fn refusals(tx: &mut dyn Tx, caller: &Caller, named: &AppRef, now: Timestamp) -> Decision<Vec<RedirectRefusal>> {
    require(tx, caller, OperatorRight::ReadApps)?;
    let app = app::find_named(tx, named)?.ok_or(OperatorRefusal::NotFound)?;
    Ok(redirect_refusal::list(tx, &app.id, now)?)
}

/// Requires the right, and that neither the app nor the scopes that it is to have reach further than the caller's token: by the secret
/// or the redirect URI of such an app they would get there themselves.
pub(super) fn admit(
    tx: &mut dyn Tx,
    (caller, reach): (&Caller, &AdminReach),
    named: Option<&AppRef>,
    scope: Option<&str>,
) -> Decision<()> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageApps)?;
    let held = match named {
        Some(named) => app::find_named(tx, named)?.map(|app| app.scopes).unwrap_or_default(),
        None => Scopes::default(),
    };
    let wanted = Scopes::parse(scope.unwrap_or_default());
    if held.reach_console() || wanted.reach_console() {
        require(tx, caller, OperatorRight::ManageConsoleApps)?;
    }
    if reach.covers(&held) && reach.covers(&wanted) { Ok(()) } else { Err(OperatorRefusal::BeyondToken.into()) }
}

fn settled<T>(judged: Judged<T>) -> Settled<T> {
    match judged {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(problem)) => Ok(Err(problem)),
        Err(Stop::Failed(error)) => Err(Stop::Failed(error)),
    }
}
