//! `GET /api/admin/v1/people/export`: people as lines of JSON (NDJSON), as `sigma people export` writes them.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use sigma_core::ids::UserId;
use sigma_core::people::ImportedPerson;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, people};
use sigma_store::{Stop, StoreError};

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use super::list::ListQuery;
use super::people_lines::NDJSON;

/// People who are read at once.
const PIECE: u32 = 1_000;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(export))
}

/// Returns everybody who has an address, a line of JSON each, in the order of their ids. An answer that ends before its last chunk is
/// not whole.
#[utoipa::path(
    get,
    path = "/api/admin/v1/people/export",
    operation_id = "adminExportPeople",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:people:read"])),
    params(
        ("hashes" = Option<bool>, Query, description = "With the hashes of passwords: owners only, with `sigma:admin:people:write`"),
    ),
    responses(
        (status = 200, description = "Lines that `people/import` reads", body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn export(State(sigma): State<AppState>, admin: Admin<Reads>, query: ListQuery) -> Result<Response, AdminError> {
    let words = "hashes must be true or false";
    let hashes = query.parsed("hashes", words, |text| text.parse::<bool>().ok())?.unwrap_or_default();
    if hashes && !admin.may_write() {
        return Err(AdminError::Forbidden("Hashes need a token with the scope sigma:admin:people:write"));
    }
    // Before the answer begins, so that a role which does not reach is a status, and an answer that breaks off is in the trail.
    let caller = admin.caller.clone();
    let people = sigma.store.look_up(move |tx| people::may_export(tx, &caller, hashes)).await?;
    let caller = admin.caller.clone();
    admin.store(&sigma).decide(move |tx| people::begin_export(tx, &caller, hashes, people)).await?;
    let mut file = Export { sigma, caller: admin.caller, hashes, next: Some(String::new()) };
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
    Ok(([(CONTENT_TYPE, NDJSON)], Body::from_stream(lines)).into_response())
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
    async fn piece(&mut self) -> Result<Option<Bytes>, Stop<sigma_core::operator::OperatorRefusal>> {
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
