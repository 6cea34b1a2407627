//! `/console/orgs/{id}/impersonators`: who may act as other people at the apps of an org, and with the operator's own at every app.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::interaction::OrgAccess;
use sigma_core::operator::OperatorRefusal;
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::Tx;
use sigma_store::operator::{impersonators, orgs};
use sigma_store::user::User;

use super::org_part::{changed, org, part, path};
use super::{apart, field, named_person};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::view::{ImpersonatorRow, OrgImpersonatorsPage, Tab, Wrong};

const ACCESS: OrgAccess = OrgAccess::Impersonators;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/console/orgs/{id}/impersonators", show),
        Endpoint::post(FORM, "/console/orgs/{id}/impersonators", allow),
        Endpoint::post(FORM, "/console/orgs/{id}/impersonators/{person}/remove", deny),
    ]
}

/// What the page shows beside the people.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    wrong: Wrong,
    entered: String,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = operator.reported(query.as_deref());
    draw(&sigma, &operator, &org(&id)?, StatusCode::OK, Beside { notice, ..Beside::default() }).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    id: &OrgId,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (caller, wanted) = (operator.caller(), id.clone());
    let read =
        move |tx: &mut dyn Tx| Ok((orgs::find(tx, &caller, &wanted)?, impersonators::people(tx, &caller, &wanted)?));
    let (org, found) = operator.read(sigma, read).await?;
    let (part, confirmation) = part(sigma, operator, &org, ACCESS)?;
    let view = OrgImpersonatorsPage {
        part,
        is_everywhere: *id == OrgId::operator(),
        people: found.into_iter().map(row).collect(),
        entered: beside.entered,
        wrong: beside.wrong,
    };
    let page = view.render(status, &operator.frame(Tab::Orgs, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

fn row((user, since): (User, Timestamp)) -> ImpersonatorRow {
    ImpersonatorRow { id: user.id.to_string(), name: user.name, email: user.email, since }
}

async fn allow(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = changed(&sigma, &operator, &id, ACCESS)?;
    let entered = field(&Params::parse_form(&body), "person");
    let unknown = async |entered| {
        let wrong = Wrong::at("person", operator.text("console-problem-person"));
        let beside = Beside { notice: wrong.notice(), wrong, entered };
        draw(&sigma, &operator, &id, StatusCode::BAD_REQUEST, beside).await
    };
    let Some(user_id) = named_person(&sigma, &entered).await? else { return unknown(entered).await };
    let (caller, org_id, now) = (operator.caller(), id.clone(), sigma.now());
    let allow = move |tx: &mut dyn Tx| {
        apart(impersonators::allow(tx, &caller, &org_id, &user_id, now), &[OperatorRefusal::NotFound])
    };
    match operator.act(&sigma, allow).await? {
        Ok(Ok(())) => Ok(Done::ImpersonatorAllowed.at(&path(&id, ACCESS))),
        Ok(Err(_)) => unknown(entered).await,
        Err(notice) => {
            let beside = Beside { notice: Some(notice), entered, ..Beside::default() };
            draw(&sigma, &operator, &id, StatusCode::CONFLICT, beside).await
        }
    }
}

async fn deny(
    State(sigma): State<AppState>,
    operator: Operator,
    Path((id, person)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let id = changed(&sigma, &operator, &id, ACCESS)?;
    let user_id = UserId::parse(&person).ok_or_else(not_found)?;
    let (caller, org_id, now) = (operator.caller(), id.clone(), sigma.now());
    match operator.act(&sigma, move |tx| impersonators::deny(tx, &caller, &org_id, &user_id, now)).await? {
        Ok(()) => Ok(Done::ImpersonatorDenied.at(&path(&id, ACCESS))),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw(&sigma, &operator, &id, StatusCode::CONFLICT, beside).await
        }
    }
}
