//! `/console/mail`: the outbox, test mails, and what is done with a queued mail.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::MailId;
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::operator::mails::{self, Act};
use sigma_store::outbox::Shown;

use super::{confirmation, may_change, with_query};
use crate::mails::{TestError, send_test};
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{MailPage, MailRow, Tab};

const PATH: &str = "/console/mail";

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, PATH, show), Endpoint::post(FORM, PATH, act)]
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, operator.language);
    draw(&sigma, &operator, &query, StatusCode::OK, notice).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    query: &Params,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let shown = query.get("state").and_then(Shown::parse).unwrap_or(Shown::All);
    let before = query.get("after").and_then(MailId::parse);
    let (caller, now, after) = (operator.caller(), sigma.store.database_now(), before.clone());
    let read =
        move |tx: &mut dyn sigma_store::Tx| mails::list(tx, &caller, shown, after.as_ref(), now, one_more(LENGTH));
    let (found, last) = page_of(operator.read(sigma, read).await?, LENGTH, |queued| queued.id.to_string());
    let (only_failing, state) = (shown == Shown::Failing, if shown == Shown::Failing { "failing" } else { "" });
    let row = |queued| MailRow::of(queued, sigma.envelope(&queued.id, &queued.sealed));
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageMail, ConsolePage::MailChange)?;
    let view = MailPage {
        only_failing,
        next: last.map(|last| with_query(PATH, &[("state", state), ("after", &last)])),
        first: before.map(|_| with_query(PATH, &[("state", state)])),
        mails: found.iter().map(row).collect(),
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
    };
    let page = view.render(status, &operator.frame(Tab::Mail, notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn act(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageMail, ConsolePage::MailChange)?;
    let form = Params::parse_form(&body);
    let (asked, done) = match form.raw("do") {
        Some("test") => return test(&sigma, &operator).await,
        Some("resend") => (Act::Resend, Done::MailResent),
        Some("drop") => (Act::Drop, Done::MailDropped),
        _ => return refuse(&sigma, &operator, StatusCode::BAD_REQUEST, "console-mail-gone").await,
    };
    let Some(id) = form.raw("mail").and_then(MailId::parse) else {
        return refuse(&sigma, &operator, StatusCode::BAD_REQUEST, "console-mail-gone").await;
    };
    let (caller, now) = (operator.caller(), sigma.store.database_now());
    match operator.act(&sigma, move |tx| mails::act(tx, &caller, &id, asked, now)).await? {
        Ok(true) => {
            if asked == Act::Resend {
                sigma.mail_was_promised();
            }
            Ok(done.at(PATH))
        }
        Ok(false) => refuse(&sigma, &operator, StatusCode::CONFLICT, "console-mail-sending-now").await,
        Err(notice) => draw(&sigma, &operator, &Params::default(), StatusCode::FORBIDDEN, Some(notice)).await,
    }
}

async fn test(sigma: &AppState, operator: &Operator) -> Result<Response, PageError> {
    match send_test(sigma, &operator.store(sigma), &operator.caller()).await {
        Ok(()) => Ok(Done::MailTested.at(PATH)),
        Err(TestError::NoAddress) => refuse(sigma, operator, StatusCode::CONFLICT, "console-mail-no-address").await,
        Err(TestError::Stopped(stop)) => Err(operator.stopped(sigma, stop)),
        Err(TestError::Failed(error)) => Err(error.into()),
    }
}

async fn refuse(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    key: &'static str,
) -> Result<Response, PageError> {
    let notice = Notice::Refused(operator.text(key));
    draw(sigma, operator, &Params::default(), status, Some(notice)).await
}
