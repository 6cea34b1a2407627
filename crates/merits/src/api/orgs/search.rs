//! `GET /v2/orgs/search`: verified orgs by name.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use sigma_core::merits::{RequestFault, Scope};
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::issuer;
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::issuer::IssuerView;
use crate::wire::paging::ListQuery;

/// Fewest and most letters of a search.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=100;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(search))
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct FoundOrgs {
    results: Vec<IssuerView>,
}

/// Finds verified orgs whose name contains a text.
#[utoipa::path(
    get,
    path = "/v2/orgs/search",
    operation_id = "searchOrgs",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("search_string" = String, Query, description = "At least three letters"),
        ("limit" = Option<u32>, Query, description = "Default 10, at most 100"),
    ),
    responses(
        (status = 200, description = "Orgs by name", body = FoundOrgs),
        (status = 400, description = "Too short, or a malformed limit"),
        (status = 401, description = "No valid token"),
    )
)]
pub async fn search(
    State(sigma): State<MeritsState>,
    _: OrgCaller,
    RawQuery(query): RawQuery,
) -> Result<Json<FoundOrgs>, MeritsError> {
    let query = ListQuery::read(query.as_deref(), None)?;
    let limit = query.page(Scope::of(&["orgs"]))?.limit;
    let wanted = query.get("search_string").unwrap_or_default().trim().to_owned();
    if !LETTERS.contains(&wanted.chars().count()) {
        return Err(RequestFault::Search.into());
    }
    let found = sigma.store.read(move |tx| issuer::search(tx, &wanted, limit)).await?;
    Ok(Json(FoundOrgs { results: found.into_iter().map(|org| IssuerView::of(&sigma, org)).collect() }))
}
