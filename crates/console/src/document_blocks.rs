//! Blocks of the documents that describe apps, as the page and the management API set them: the apps in batches.

use sigma_core::client_document::DocumentBlock;
use sigma_core::operator::OperatorRefusal;
use sigma_core::time::Timestamp;
use sigma_store::operator::{Caller, documents};
use sigma_store::{Stop, Store};

/// How often a batch of the apps that a block is about is switched: more than there can be.
const MOST_BATCHES: u32 = 100;

/// Blocks a host or a document; returns how many known apps that switched off, and since when it is blocked.
///
/// # Errors
/// The store does not answer, or the role does not reach.
pub async fn block(
    store: &Store,
    caller: &Caller,
    block: &DocumentBlock,
    now: Timestamp,
) -> Result<(usize, Timestamp), Stop<OperatorRefusal>> {
    let (mut apps, mut since) = (0_usize, now);
    for _ in 0..MOST_BATCHES {
        let (caller, wanted) = (caller.clone(), block.clone());
        let (marked, began) = store.decide(move |tx| documents::block(tx, &caller, &wanted, now)).await?;
        (apps, since) = (apps.saturating_add(marked), began);
        if marked == 0 {
            break;
        }
    }
    Ok((apps, since))
}

/// Takes a block back; returns how many known apps work again, or `None` if there was no such block.
///
/// # Errors
/// The store does not answer, or the role does not reach.
pub async fn unblock(
    store: &Store,
    caller: &Caller,
    block: &DocumentBlock,
) -> Result<Option<usize>, Stop<OperatorRefusal>> {
    let (by, wanted) = (caller.clone(), block.clone());
    let first = store.decide(move |tx| documents::unblock(tx, &by, &wanted)).await?;
    let Some(mut apps) = first else { return Ok(None) };
    for _ in 0..MOST_BATCHES {
        let (by, wanted) = (caller.clone(), block.clone());
        let marked = store.decide(move |tx| documents::let_in(tx, &by, &wanted)).await?;
        apps = apps.saturating_add(marked);
        if marked == 0 {
            break;
        }
    }
    Ok(Some(apps))
}
