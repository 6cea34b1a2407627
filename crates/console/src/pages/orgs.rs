//! `/console/orgs`: the orgs, or those that a search finds, and new ones.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::OrgId;
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::org::text;
use sigma_core::params::Params;
use sigma_core::slug::Slug;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::operator::orgs::{self, Wanted};
use sigma_store::org::Org;

use super::{confirmation, field, may_change, with_query};
use crate::new_org::new_org;
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{NewOrgEntered, OrgLine, OrgsPage, Tab};

pub const PATH: &str = "/console/orgs";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, list), Endpoint::post(FORM, PATH, create)]
}

async fn list(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, operator.language);
    draw(&sigma, &operator, StatusCode::OK, &query, (notice, NewOrgEntered::default())).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    query: &Params,
    (notice, entered): (Option<Notice>, NewOrgEntered),
) -> Result<Response, PageError> {
    let (search, after) = (field(query, "q"), query.get("after").and_then(OrgId::parse));
    let from = after.as_ref().map(ToString::to_string).unwrap_or_default();
    let wanted = if search.is_empty() { Wanted::All(from) } else { Wanted::Named(search.clone(), from) };
    let caller = operator.caller();
    let found = operator.read(sigma, move |tx| orgs::list(tx, &caller, &wanted, one_more(LENGTH))).await?;
    let (found, last) = page_of(found, LENGTH, |org| org.id.to_string());
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageOrgs, ConsolePage::OrgsChange)?;
    let view = OrgsPage {
        entered,
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
        next: last.map(|last| with_query(PATH, &[("q", &search), ("after", &last)])),
        first: after.map(|_| with_query(PATH, &[("q", &search)])),
        orgs: found.iter().map(line).collect(),
        search,
    };
    let page = view.render(status, &operator.frame(Tab::Orgs, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn create(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageOrgs, ConsolePage::OrgsChange)?;
    let form = Params::parse_form(&body);
    let entered = NewOrgEntered { name: field(&form, "name"), slug: field(&form, "slug") };
    let (status, notice) = match checked(&entered) {
        Ok((name, slug)) => {
            let (caller, new) = (operator.caller(), new_org(&sigma, name, slug)?);
            match operator.act(&sigma, move |tx| orgs::add(tx, &caller, &new)).await? {
                Ok(made) => return Ok(Done::OrgAdded.at(&format!("{PATH}/{}", made.id))),
                Err(notice) => (StatusCode::CONFLICT, notice),
            }
        }
        Err(key) => (StatusCode::BAD_REQUEST, Notice::Refused(operator.text(key))),
    };
    draw(&sigma, &operator, status, &Params::default(), (Some(notice), entered)).await
}

/// What was entered; a key of the catalogue if a field is malformed.
fn checked(entered: &NewOrgEntered) -> Result<(String, Option<Slug>), &'static str> {
    let name = text::name(&entered.name).map_err(|_| "console-problem-name")?;
    let slug = (!entered.slug.is_empty()).then(|| Slug::for_org(&entered.slug)).transpose();
    Ok((name, slug.map_err(|_| "console-problem-slug")?))
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
