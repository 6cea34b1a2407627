//! Events as programs read them, one by one or all of a search as lines of JSON.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use serde::Serialize;
use sigma_core::event::{Details, Event};
use sigma_core::operator::OperatorRefusal;
use sigma_platform::state::AppState;
use sigma_store::event::Place;
use sigma_store::operator::Caller;
use sigma_store::operator::audit::{self, Filter};
use sigma_store::{Stop, StoreError};
use utoipa::ToSchema;

/// Events that are read at once for a file.
const PIECE: u32 = 200;

/// What an event names: its kind and its id.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminParty {
    kind: String,
    id: Option<String>,
}

/// An event (`docs/guides/audit-trail.md`).
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminEvent {
    id: String,
    /// RFC 3339.
    at: String,
    action: String,
    count: u64,
    actor: AdminParty,
    user_id: Option<String>,
    org_id: Option<String>,
    target: Option<AdminParty>,
    address: Option<String>,
    user_agent: Option<String>,
    request_id: Option<String>,
    #[schema(value_type = Object)]
    details: Details,
}

impl From<Event> for AdminEvent {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.to_string(),
            action: event.action,
            count: event.count,
            actor: AdminParty { kind: event.actor.kind().to_owned(), id: event.actor.id().map(str::to_owned) },
            user_id: event.user_id.map(|id| id.to_string()),
            org_id: event.org_id.map(|id| id.to_string()),
            target: event.target.map(|(kind, id)| AdminParty { kind, id: Some(id) }),
            address: event.address,
            user_agent: event.user_agent,
            request_id: event.request_id,
            details: event.details,
        }
    }
}

/// All events of a search from `place` on, newest first, as a file that is made while it is sent: a piece at a time is in memory. The
/// first is read before the answer begins, so that a role which does not reach is a status; a file that ends before its last chunk is
/// not whole.
///
/// # Errors
/// The store does not answer, or the role does not reach.
pub async fn ndjson(
    sigma: AppState,
    caller: Caller,
    filter: Filter,
    place: Place,
) -> Result<Response, Stop<OperatorRefusal>> {
    let mut file = File { sigma, caller, filter, next: Some(place) };
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
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.ndjson\""),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

struct File {
    sigma: AppState,
    caller: Caller,
    filter: Filter,
    next: Option<Place>,
}

impl File {
    /// The next lines, perhaps none of what was searched; `None` at the end.
    async fn piece(&mut self) -> Result<Option<Bytes>, Stop<OperatorRefusal>> {
        let Some(place) = self.next.take() else { return Ok(None) };
        let (caller, filter) = (self.caller.clone(), self.filter.clone());
        let events = self.sigma.store.look_up(move |tx| audit::list(tx, &caller, &filter, &place, PIECE)).await?;
        self.next = events.next;
        let mut bytes = Vec::new();
        for event in events.found {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut bytes, &AdminEvent::from(event));
            bytes.push(b'\n');
        }
        Ok(Some(Bytes::from(bytes)))
    }
}
