//! `/console/people/new`: an account for one person.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::Stop;

use super::{field, may_change};
use crate::new_person::{Asked, Made, NewPersonError, PasswordBy, Problem, create, takes_passwords};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError, is_explained, refused};
use crate::view::{NewPersonEntered, NewPersonPage, PersonLinkPage, Tab};

const PATH: &str = "/console/people/new";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, show), Endpoint::post(FORM, PATH, add)]
}

async fn show(State(sigma): State<AppState>, operator: Operator) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ImportPeople, ConsolePage::PeopleChange)?;
    let entered = NewPersonEntered { by: usual(&sigma), ..NewPersonEntered::default() };
    Ok(draw(&sigma, &operator, StatusCode::OK, entered, None))
}

/// What is chosen unless somebody chooses.
fn usual(sigma: &AppState) -> PasswordBy {
    if takes_passwords(sigma) { PasswordBy::Mail } else { PasswordBy::Nothing }
}

fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    entered: NewPersonEntered,
    wrong: Option<(&'static str, String)>,
) -> Response {
    let notice = wrong.as_ref().map(|(_, words)| Notice::Refused(words.clone()));
    let view = NewPersonPage {
        entered,
        wrong,
        takes_passwords: takes_passwords(sigma),
        gives_roles: operator.role.may(OperatorRight::ManageOrgs),
    };
    view.render(status, &operator.frame(Tab::People, notice), &operator.page(sigma))
}

async fn add(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ImportPeople, ConsolePage::PeopleChange)?;
    let form = Params::parse_form(&body);
    let entered = NewPersonEntered {
        email: field(&form, "email"),
        name: field(&form, "name"),
        org: field(&form, "org"),
        role: field(&form, "role"),
        by: match form.raw("password") {
            Some("mail") => PasswordBy::Mail,
            Some("show") => PasswordBy::Shown,
            Some("none") => PasswordBy::Nothing,
            _ => usual(&sigma),
        },
    };
    let asked = Asked {
        email: &entered.email,
        name: given(&entered.name),
        org: given(&entered.org),
        role: given(&entered.role),
        by: entered.by,
    };
    let caller = operator.caller();
    match create(&sigma, &operator.store(&sigma), &caller, &asked).await {
        Ok(made) => Ok(finish(&sigma, &operator, made)),
        Err(NewPersonError::Wrong(problem)) => {
            let wrong = (problem.field(), operator.text(told(problem)));
            Ok(draw(&sigma, &operator, StatusCode::BAD_REQUEST, entered, Some(wrong)))
        }
        Err(NewPersonError::Refused(refusal, at)) => {
            let wrong = (at, words(refusal, &operator));
            Ok(draw(&sigma, &operator, StatusCode::CONFLICT, entered, Some(wrong)))
        }
        Err(NewPersonError::Stopped(Stop::Refused(refusal))) if is_explained(refusal) => {
            let wrong = ("email", words(refusal, &operator));
            Ok(draw(&sigma, &operator, StatusCode::FORBIDDEN, entered, Some(wrong)))
        }
        Err(NewPersonError::Stopped(stop)) => Err(operator.stopped(&sigma, stop)),
        Err(NewPersonError::Failed(error)) => Err(error.into()),
    }
}

/// A field that was filled in.
fn given(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty())
}

/// The page of the person; before it the link, if there is one to show.
fn finish(sigma: &AppState, operator: &Operator, made: Made) -> Response {
    let path = format!("/console/people/{}", made.user.id);
    let Some((link, until)) = made.link else { return Done::PersonAdded.at(&path) };
    let view = PersonLinkPage {
        path,
        name: made.user.name,
        email: made.user.email.unwrap_or_default(),
        link,
        until: operator.language.moment(until),
    };
    let notice = Some(Done::PersonAdded.notice(operator.language));
    view.render(StatusCode::OK, &operator.frame(Tab::People, notice), &operator.page(sigma))
}

/// What is wrong: a key of the catalogue.
const fn told(problem: Problem) -> &'static str {
    match problem {
        Problem::Email => "console-problem-email",
        Problem::Name => "console-problem-name",
        Problem::Role => "console-refused-no-org",
        Problem::Passwords => "console-person-new-no-passwords",
    }
}

fn words(refusal: OperatorRefusal, operator: &Operator) -> String {
    match refused(refusal, operator.language) {
        Notice::Refused(words) | Notice::Done(words) => words,
    }
}
