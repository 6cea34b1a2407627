//! Everybody as a file of lines, by the management API and in the console.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use sigma_core::ids::UserId;
use sigma_core::operator::OperatorRefusal;
use sigma_core::people::ImportedPerson;
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, Decision, people};
use sigma_store::{Stop, Store, StoreError};

/// People who are read at once.
const PIECE: u32 = 1_000;

/// The lines of everybody who has an address, for whoever may have them; `store`, which acts for the caller, records it.
///
/// # Errors
/// The role does not reach, or the store does not answer: before the answer begins, so that it is a status, and one that breaks off is in
/// the trail.
pub async fn export(sigma: &AppState, store: &Store, caller: &Caller, hashes: bool) -> Decision<Body> {
    let asking = caller.clone();
    let people = sigma.store.look_up(move |tx| people::may_export(tx, &asking, hashes)).await?;
    let asking = caller.clone();
    store.decide(move |tx| people::begin_export(tx, &asking, hashes, people)).await?;
    let mut file = Export { sigma: sigma.clone(), caller: caller.clone(), hashes, next: Some(String::new()) };
    let first = file.piece().await?;
    let lines = stream::try_unfold((first, file), |(piece, mut file)| async move {
        let piece = match piece {
            Some(piece) => Some(piece),
            None => file.piece().await.map_err(|stop| match stop {
                Stop::Failed(error) => error,
                Stop::Refused(refusal) => StoreError::Failed(refusal.to_string()),
            })?,
        };
        Ok::<_, StoreError>(piece.map(|piece| (piece, (None, file))))
    });
    Ok(Body::from_stream(lines))
}

/// A file that is made while it is sent.
struct Export {
    sigma: AppState,
    caller: Caller,
    hashes: bool,
    /// The id after which to read on.
    next: Option<String>,
}

impl Export {
    /// The next lines; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Stop<OperatorRefusal>> {
        let Some(after) = self.next.take() else { return Ok(None) };
        let (caller, hashes) = (self.caller.clone(), self.hashes);
        let page = self.sigma.store.look_up(move |tx| people::export(tx, &caller, hashes, &after, PIECE));
        let (people, next) = page.await?;
        self.next = next.map(|id: UserId| id.as_str().to_owned());
        Ok(Some(Bytes::from(lines(&people, hashes))))
    }
}

fn lines(people: &[ImportedPerson], hashes: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for person in people {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut bytes, &person.line(hashes));
        bytes.push(b'\n');
    }
    bytes
}
