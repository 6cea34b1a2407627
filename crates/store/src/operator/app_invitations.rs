//! Initial access tokens, with which apps register themselves, as the management API issues them.

use sigma_core::digest::Digest;
use sigma_core::ids::AppInvitationId;
use sigma_core::operator::{OperatorRefusal, OperatorRight};

use super::Decision;
use super::authority::{Caller, require};
use crate::Tx;
use crate::app_invitation::{self, AppInvitation};

/// At most `limit` of them, oldest first, after the one with the id `after`.
pub fn list(tx: &mut dyn Tx, caller: &Caller, after: &str, limit: u32) -> Decision<Vec<AppInvitation>> {
    require(tx, caller, OperatorRight::ReadApps)?;
    Ok(app_invitation::list(tx, after, limit)?)
}

/// Issues one, whose token has that digest.
pub fn add(tx: &mut dyn Tx, caller: &Caller, new: &AppInvitation, token: &Digest) -> Decision<()> {
    require(tx, caller, OperatorRight::ManageApps)?;
    Ok(app_invitation::add(tx, new, token)?)
}

/// Revokes one. Apps that it let register stay.
pub fn remove(tx: &mut dyn Tx, caller: &Caller, id: &AppInvitationId) -> Decision<()> {
    require(tx, caller, OperatorRight::ManageApps)?;
    if app_invitation::remove(tx, id)? { Ok(()) } else { Err(OperatorRefusal::NotFound.into()) }
}
