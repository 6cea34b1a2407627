//! `/console/people`: everybody, newest first, or whom a search finds.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::UserId;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::operator::people::{self, Wanted};
use sigma_store::user::User;

use super::{field, with_query};
use crate::operator::Operator;
use crate::outcome::PageError;
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{PeoplePage, PersonLine, Tab};

const PATH: &str = "/console/people";

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, PATH, show)
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let (search, after) = (field(&query, "q"), query.get("after").and_then(UserId::parse));
    let wanted =
        if search.is_empty() { Wanted::All(after.clone()) } else { Wanted::Named(search.clone(), after.clone()) };
    let caller = operator.caller();
    let found = operator.read(&sigma, move |tx| people::list(tx, &caller, &wanted, one_more(LENGTH))).await?;
    let (found, last) = page_of(found, LENGTH, |user| user.id.to_string());
    let view = PeoplePage {
        next: last.map(|last| with_query(PATH, &[("q", &search), ("after", &last)])),
        first: after.map(|_| with_query(PATH, &[("q", &search)])),
        people: found.iter().map(line).collect(),
        may_add: operator.role.may(OperatorRight::ImportPeople),
        search,
    };
    Ok(view.render(StatusCode::OK, &operator.frame(Tab::People, None), &operator.page(&sigma)))
}

fn line(user: &User) -> PersonLine {
    PersonLine {
        id: user.id.to_string(),
        name: user.name.clone(),
        email: user.email.clone(),
        disabled: user.disabled,
        created_at: user.created_at,
    }
}
