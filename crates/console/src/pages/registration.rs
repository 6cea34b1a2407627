//! `/console/apps/registration`: who may register apps besides the operator, and the tokens with which they do.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::digest::Digest;
use sigma_core::ids::AppInvitationId;
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_core::random::alphanumeric;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::paths::REGISTER_PATH;
use sigma_platform::settings::RegistrationMode;
use sigma_platform::state::AppState;
use sigma_store::app_invitation::{AppInvitation, InvitationProblem, TOKEN_LENGTH, USUAL_DAYS};
use sigma_store::operator::app_invitations;

use super::{confirmation, field, may_change, with_query};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{Fact, FreshToken, RegistrationPage, Tab, TokenEntered, TokenRow};

const PATH: &str = "/console/apps/registration";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::post(FORM, PATH, issue),
        Endpoint::post(FORM, "/console/apps/registration/revoke", revoke),
    ]
}

/// What the page shows beside the tokens.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    entered: TokenEntered,
    /// The field that is wrong.
    wrong: Option<&'static str>,
    fresh: Option<FreshToken>,
    after: Option<AppInvitationId>,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let beside = Beside {
        notice: Done::reported_by(&query, operator.language),
        after: query.get("after").and_then(AppInvitationId::parse),
        ..Beside::default()
    };
    draw(&sigma, &operator, StatusCode::OK, beside).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let caller = operator.caller();
    let after = beside.after.as_ref().map(ToString::to_string).unwrap_or_default();
    let read = move |tx: &mut dyn sigma_store::Tx| app_invitations::list(tx, &caller, &after, one_more(LENGTH));
    let (found, last) = page_of(operator.read(sigma, read).await?, LENGTH, |token| token.id.to_string());
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageApps, ConsolePage::RegistrationChange)?;
    let now = sigma.now();
    let view = RegistrationPage {
        policy: policy(sigma, operator),
        tokens: found.iter().map(|token| TokenRow::of(token, now)).collect(),
        takes_tokens: sigma.settings.registration.is_on(),
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
        entered: beside.entered,
        wrong: beside.wrong,
        fresh: beside.fresh,
        next: last.map(|last| with_query(PATH, &[("after", &last)])),
        first: beside.after.map(|_| PATH.to_owned()),
    };
    let page = view.render(status, &operator.frame(Tab::Apps, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

/// What the settings say.
fn policy(sigma: &AppState, operator: &Operator) -> Vec<Fact> {
    let settings = &sigma.settings.registration;
    let fact = |label, value| Fact { label, value };
    let yes = |set: bool| operator.text(if set { "console-yes" } else { "console-no" });
    let mode = match settings.mode {
        RegistrationMode::Off => "console-registration-off",
        RegistrationMode::Token => "console-registration-token",
        RegistrationMode::Open => "console-registration-open",
    };
    vec![
        fact("console-registration-mode", operator.text(mode)),
        fact("console-registration-developers", yes(settings.developers)),
        fact("console-registration-most", settings.most_apps.to_string()),
        fact("console-registration-unused", settings.unused_days.to_string()),
        fact("console-registration-scopes", settings.scopes.join(" ")),
        fact("console-registration-remember", yes(settings.remember_consent)),
    ]
}

async fn issue(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::RegistrationChange)?;
    let form = Params::parse_form(&body);
    let entered = TokenEntered { name: field(&form, "name"), uses: field(&form, "uses"), days: field(&form, "days") };
    let (now, token) = (sigma.now(), alphanumeric(&*sigma.rng, TOKEN_LENGTH));
    let number = |text: &str, usual: u32| if text.is_empty() { usual } else { text.parse().unwrap_or(0) };
    let (uses, days) = (number(&entered.uses, 1), number(&entered.days, USUAL_DAYS));
    let id = AppInvitationId::new(now, &*sigma.rng);
    let invitation = match AppInvitation::new(id, &entered.name, uses, days, now) {
        Ok(invitation) => invitation,
        Err(problem) => {
            let notice = Some(Notice::Refused(operator.text(told(problem))));
            let beside = Beside { notice, entered, wrong: Some(problem.field()), ..Beside::default() };
            return draw(&sigma, &operator, StatusCode::BAD_REQUEST, beside).await;
        }
    };
    let (caller, digest) = (operator.caller(), Digest::of(&token));
    let issued = operator.act(&sigma, move |tx| app_invitations::add(tx, &caller, &invitation, &digest)).await?;
    let beside = match issued {
        Ok(()) => Beside {
            fresh: Some(FreshToken { token, endpoint: format!("{}{REGISTER_PATH}", sigma.issuer()) }),
            ..Beside::default()
        },
        Err(notice) => Beside { notice: Some(notice), entered, ..Beside::default() },
    };
    let status = if beside.fresh.is_some() { StatusCode::CREATED } else { StatusCode::CONFLICT };
    draw(&sigma, &operator, status, beside).await
}

async fn revoke(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::RegistrationChange)?;
    let id = Params::parse_form(&body).raw("token").and_then(AppInvitationId::parse).ok_or_else(not_found)?;
    let caller = operator.caller();
    match operator.act(&sigma, move |tx| app_invitations::remove(tx, &caller, &id)).await? {
        Ok(()) => Ok(Done::TokenRevoked.at(PATH)),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw(&sigma, &operator, StatusCode::CONFLICT, beside).await
        }
    }
}

/// What is wrong: a key of the catalogue.
const fn told(problem: InvitationProblem) -> &'static str {
    match problem {
        InvitationProblem::Name => "console-token-wrong-name",
        InvitationProblem::Uses => "console-token-wrong-uses",
        InvitationProblem::Days => "console-token-wrong-days",
    }
}
