//! `GET /api/admin/v1/people/export`: people as lines of JSON (NDJSON), as `sigma people export` writes them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use super::list::ListQuery;
use crate::moving::{NDJSON, export};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(download))
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
async fn download(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Response, AdminError> {
    let words = "hashes must be true or false";
    let hashes = query.parsed("hashes", words, |text| text.parse::<bool>().ok())?.unwrap_or_default();
    if hashes && !admin.may_write() {
        return Err(AdminError::Forbidden("Hashes need a token with the scope sigma:admin:people:write"));
    }
    let lines = export(&sigma, &admin.store(&sigma), &admin.caller, hashes).await?;
    Ok(([(CONTENT_TYPE, NDJSON)], lines).into_response())
}
