//! Apps as the console and the management API see them.

use sigma_core::app::App;
use sigma_core::ids::AppId;
use sigma_core::operator::{OperatorRefusal, OperatorRight};

use super::Decision;
use super::authority::{Caller, require};
use crate::{Tx, app};

/// At most `limit` apps, oldest first, after the one with the id `after`.
pub fn list(tx: &mut dyn Tx, caller: &Caller, after: &str, limit: u32) -> Decision<Vec<App>> {
    require(tx, caller, OperatorRight::ReadApps)?;
    Ok(app::list(tx, after, limit)?)
}

/// The app of that id.
pub fn find(tx: &mut dyn Tx, caller: &Caller, id: &AppId) -> Decision<App> {
    require(tx, caller, OperatorRight::ReadApps)?;
    Ok(app::find(tx, id)?.ok_or(OperatorRefusal::NotFound)?)
}
