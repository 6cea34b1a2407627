//! Apps that documents elsewhere describe, and what the operator blocks of them, as the management API shows and does it.

use sigma_core::client_document::DocumentBlock;
use sigma_core::operator::OperatorRight;
use sigma_core::time::Timestamp;

use super::Decision;
use super::authority::{Caller, require};
use crate::client_document::{self, Remembered};
use crate::{Owner, Tx};

/// At most `limit` documents, oldest first, after the one of the app `after`; of one host if it is named.
pub fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    host: Option<&str>,
    after: &str,
    limit: u32,
) -> Decision<Vec<Remembered>> {
    require(tx, caller, OperatorRight::ReadApps)?;
    Ok(client_document::list(tx, host, after, limit)?)
}

/// At most `limit` hosts and documents that are blocked, in order, after `after`.
pub fn list_blocks(tx: &mut dyn Tx, caller: &Caller, after: &str, limit: u32) -> Decision<Vec<(String, Timestamp)>> {
    require(tx, caller, OperatorRight::ReadApps)?;
    Ok(client_document::list_blocks(tx, after, limit)?)
}

/// Blocks a host or a document, and some of the apps that it describes; returns how many, and since when it is blocked. The caller
/// repeats it until there are none.
pub fn block(tx: &mut dyn Tx, caller: &Caller, block: &DocumentBlock, now: Timestamp) -> Decision<(usize, Timestamp)> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageApps)?;
    let marked = client_document::block(tx, block, now)?;
    Ok((marked, client_document::find_block(tx, block)?.unwrap_or(now)))
}

/// Takes a block back, with some of the apps that it was about; `None` if there was none. The caller repeats [`let_in`] until there are
/// none.
pub fn unblock(tx: &mut dyn Tx, caller: &Caller, block: &DocumentBlock) -> Decision<Option<usize>> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageApps)?;
    Ok(client_document::unblock(tx, block)?)
}

/// Switches on some of the apps that a block was about, and returns how many.
pub fn let_in(tx: &mut dyn Tx, caller: &Caller, block: &DocumentBlock) -> Decision<usize> {
    tx.lock(Owner::Installation)?;
    require(tx, caller, OperatorRight::ManageApps)?;
    Ok(client_document::let_in(tx, block)?)
}
