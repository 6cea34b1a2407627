//! `/console/orgs`: the orgs, or those that a search finds.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::OrgId;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::operator::orgs::{self, Wanted};
use sigma_store::org::Org;

use super::{field, with_query};
use crate::operator::Operator;
use crate::outcome::PageError;
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{OrgLine, OrgsPage, Tab};

pub const PATH: &str = "/console/orgs";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, PATH, list)
}

async fn list(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let (search, after) = (field(&query, "q"), query.get("after").and_then(OrgId::parse));
    let from = after.as_ref().map(ToString::to_string).unwrap_or_default();
    let wanted = if search.is_empty() { Wanted::All(from) } else { Wanted::Named(search.clone(), from) };
    let caller = operator.caller();
    let found = operator.read(&sigma, move |tx| orgs::list(tx, &caller, &wanted, one_more(LENGTH))).await?;
    let (found, last) = page_of(found, LENGTH, |org| org.id.to_string());
    let view = OrgsPage {
        next: last.map(|last| with_query(PATH, &[("q", &search), ("after", &last)])),
        first: after.map(|_| with_query(PATH, &[("q", &search)])),
        orgs: found.iter().map(line).collect(),
        search,
    };
    Ok(view.render(StatusCode::OK, &operator.frame(Tab::Orgs, None), &operator.page(&sigma)))
}

/// An org in a list, and at the head of its page.
pub fn line(org: &Org) -> OrgLine {
    OrgLine {
        id: org.id.to_string(),
        name: org.name.clone(),
        slug: org.slug.as_ref().map(ToString::to_string),
        verified: org.verified,
        created_at: org.created_at,
    }
}
