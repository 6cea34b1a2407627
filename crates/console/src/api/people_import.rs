//! `POST /api/admin/v1/people/import`: people as lines of JSON (NDJSON), as `sigma people import` reads them.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::CONTENT_TYPE;
use sigma_platform::extract::is_content_type;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{ApiError, Endpoint, Policy, routes};
use sigma_platform::state::AppState;
use sigma_store::StoreError;
use sigma_store::operator::people;

use super::POLICY as SHARED;
use super::caller::{Admin, Writes};
use super::error::AdminError;
use super::idempotency::IDEMPOTENCY_KEY;
use super::list::ListQuery;
use crate::moving::{Import, Manner, NDJSON, Told};

/// Millions of people, whose lines are never held as a whole.
const POLICY: Policy = Policy { body: BodyLimit::Streamed(16 * 1_024), ..SHARED };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(import))
}

/// Adds people, a line of JSON each: `email`, and what is known of `email_verified`, `name`, `password_hash` and `disabled`. Answers in
/// lines of JSON while it reads. An address that has an account is left alone, so a file may be sent again.
#[utoipa::path(
    post,
    path = "/api/admin/v1/people/import",
    operation_id = "adminImportPeople",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:people:write"])),
    params(
        ("vouch" = Option<bool>, Query, description = "Take every address for verified"),
        ("dry_run" = Option<bool>, Query, description = "Only check the lines"),
    ),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "What became of the lines, in lines of JSON: `line` (from 1) and `problem` for each that was refused; `through`, \
            `added`, `known` and `refused` for how far everything is committed, in the last line with `complete`, and `error` if that is \
            false", body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "A malformed parameter, another content type, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 503, description = "Two imports are in progress"),
    )
)]
async fn import(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    query: ListQuery,
    request: Request,
) -> Result<Response, AdminError> {
    // Before the answer begins, so that a role which does not reach is a status.
    let caller = admin.caller.clone();
    sigma.store.look_up(move |tx| people::may_import(tx, &caller)).await?;
    if !is_content_type(request.headers(), NDJSON) {
        return Err(AdminError::Invalid("The body must be application/x-ndjson"));
    }
    if request.headers().contains_key(IDEMPOTENCY_KEY) {
        return Err(AdminError::Invalid("An import takes no Idempotency-Key: it may be sent again as it is"));
    }
    let flag = |name, words| query.parsed(name, words, |text| text.parse::<bool>().ok());
    let vouch = flag("vouch", "vouch must be true or false")?.unwrap_or_default();
    let dry_run = flag("dry_run", "dry_run must be true or false")?.unwrap_or_default();
    let pieces = request.into_body().into_data_stream().map(|piece| piece.map_err(drop)).boxed();
    let by = (admin.store(&sigma), admin.caller.clone());
    let Some(import) = Import::begin_one(&sigma, by, pieces, Manner { vouch, dry_run }) else {
        return Err(ApiError::unavailable("more imports at once than can be held").into());
    };
    let answer = stream::unfold(import, |mut import| async move {
        let piece = lines(&import.next().await?);
        Some((Ok::<_, StoreError>(piece), import))
    });
    Ok(([(CONTENT_TYPE, NDJSON)], Body::from_stream(answer)).into_response())
}

fn lines(told: &[Told]) -> Bytes {
    let mut bytes = Vec::new();
    for line in told {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(&mut bytes, line);
        bytes.push(b'\n');
    }
    Bytes::from(bytes)
}
