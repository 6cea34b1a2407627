//! `/console/webhooks` and `/console/webhooks/{id}`: the operator's webhooks, one with its log, and what is done with it.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::state::AppState;
use sigma_platform::webhooks::pages::{
    Created, Done, Entered, FormProblem, HookView, HooksView, Wanted, ask, create as draft,
};
use sigma_store::operator::webhooks;
use sigma_store::webhook::Act;
use sigma_store::{Owner, Tx};

use super::{confirmation, may_change};
use crate::operator::{Operator, require_current};
use crate::outcome::{Notice, PageError};
use crate::view::{Tab, WebhookPage, WebhooksPage};

const PATH: &str = "/console/webhooks";
const ONE: &str = "/console/webhooks/{id}";
/// Webhooks that are listed: more than any configuration allows.
const MOST: u32 = 500;
/// How often a batch of deliveries is repeated.
const MOST_BATCHES: u32 = 100;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, PATH, list),
        Endpoint::post(FORM, PATH, create),
        Endpoint::get(PAGE, ONE, show),
        Endpoint::post(FORM, ONE, act),
    ]
}

/// What a page shows beside the webhook itself.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    fresh: Option<String>,
    entered: Option<Entered>,
    query: Params,
}

async fn list(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let beside = Beside { notice: reported(&operator, &query), ..Beside::default() };
    draw_list(&sigma, &operator, StatusCode::OK, beside).await
}

async fn draw_list(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let caller = operator.caller();
    let found = operator.read(sigma, move |tx| webhooks::list(tx, &caller, "", MOST)).await?;
    let mut view = HooksView::of(PATH.to_owned(), &found);
    view.entered = beside.entered.unwrap_or_default();
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageWebhooks, ConsolePage::WebhooksChange(None))?;
    (view.may_change, view.confirm_url) = (confirmation.may_change, confirmation.url.clone());
    let page = WebhooksPage(view).render(status, &operator.frame(Tab::Webhooks, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn create(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageWebhooks, ConsolePage::WebhooksChange(None))?;
    let entered = Entered::of(&Params::parse_form(&body));
    let refused = |entered, problem| Beside {
        notice: Some(refusal(&operator, problem)),
        entered: Some(entered),
        ..Beside::default()
    };
    let Created { new, secret } = match draft(&sigma, &OrgId::operator(), &entered)? {
        Ok(created) => created,
        Err(problem) => {
            return draw_list(&sigma, &operator, StatusCode::BAD_REQUEST, refused(entered, problem)).await;
        }
    };
    let (caller, most) = (operator.caller(), sigma.settings.webhooks.per_org);
    match operator.act(&sigma, move |tx| webhooks::add(tx, &caller, &new, most)).await? {
        Ok(Some(webhook)) => {
            let notice = Some(Notice::Done(operator.text(Done::Created.key())));
            let beside = Beside { notice, fresh: Some(secret.to_string()), ..Beside::default() };
            draw(&sigma, &operator, &webhook.id, StatusCode::CREATED, beside).await
        }
        Ok(None) => {
            let beside = refused(entered, FormProblem("webhooks-problem-many"));
            draw_list(&sigma, &operator, StatusCode::CONFLICT, beside).await
        }
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw_list(&sigma, &operator, StatusCode::FORBIDDEN, beside).await
        }
    }
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let id = WebhookId::parse(&id).ok_or_else(not_found)?;
    let beside = Beside { notice: reported(&operator, &query), query, ..Beside::default() };
    draw(&sigma, &operator, &id, StatusCode::OK, beside).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    id: &WebhookId,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (caller, wanted_id, wanted, now) = (operator.caller(), id.clone(), Wanted::of(&beside.query), sigma.now());
    let from = wanted.clone();
    let found = operator.read(sigma, move |tx| {
        let found = webhooks::find(tx, &caller, &wanted_id, now)?;
        let log = webhooks::log(tx, &caller, &wanted_id, from.only_failed, &from.place, Wanted::limit())?;
        Ok((found, log))
    });
    let ((webhook, secrets), log) = found.await?;
    let mut view = HookView::of(sigma, PATH.to_owned(), (&webhook, &secrets), log, &wanted)?;
    view.fresh = beside.fresh;
    view.entered = beside.entered.unwrap_or(view.entered);
    let confirmation =
        confirmation(sigma, operator, OperatorRight::ManageWebhooks, ConsolePage::WebhooksChange(Some(id.clone())))?;
    (view.may_change, view.confirm_url) = (confirmation.may_change, confirmation.url.clone());
    let page = WebhookPage(view).render(status, &operator.frame(Tab::Webhooks, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

async fn act(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    let id = WebhookId::parse(&id);
    may_change(&sigma, &operator, OperatorRight::ManageWebhooks, ConsolePage::WebhooksChange(id.clone()))?;
    let id = id.ok_or_else(not_found)?;
    let (caller, wanted, now) = (operator.caller(), id.clone(), sigma.now());
    let (webhook, _) = operator.read(&sigma, move |tx| webhooks::find(tx, &caller, &wanted, now)).await?;
    let form = Params::parse_form(&body);
    let asked = match ask(&sigma, &OrgId::operator(), &webhook, &form)? {
        Ok(asked) => asked,
        Err(problem) => {
            let entered = (form.raw("do") == Some("save")).then(|| Entered::of(&form));
            let beside = Beside { notice: Some(refusal(&operator, problem)), entered, ..Beside::default() };
            return draw(&sigma, &operator, &id, StatusCode::BAD_REQUEST, beside).await;
        }
    };
    let rounds = if matches!(asked.act, Act::ReplayFailed { .. }) { MOST_BATCHES } else { 1 };
    for _ in 0..rounds {
        let (caller, wanted, act, now) = (operator.caller(), id.clone(), asked.act.clone(), sigma.present());
        let sent = FormVersion::sent(&form);
        let change = move |tx: &mut dyn Tx| {
            require_current(tx, &[Owner::Org(&OrgId::operator())], &sent, |tx| {
                Ok(Entered::stored(&webhooks::find(tx, &caller, &wanted, now.here)?.0))
            })?;
            webhooks::act(tx, &caller, &wanted, &act, now)
        };
        match operator.act(&sigma, change).await? {
            Ok(0) => break,
            Ok(_) => {}
            Err(notice) => {
                let beside = Beside { notice: Some(notice), entered: Some(Entered::of(&form)), ..Beside::default() };
                return draw(&sigma, &operator, &id, StatusCode::CONFLICT, beside).await;
            }
        }
    }
    if let Some(secret) = asked.secret {
        let notice = Some(Notice::Done(operator.text(asked.done.key())));
        let beside = Beside { notice, fresh: Some(secret.to_string()), ..Beside::default() };
        return draw(&sigma, &operator, &id, StatusCode::OK, beside).await;
    }
    Ok(asked.done.at(&if asked.done == Done::Removed { PATH.to_owned() } else { format!("{PATH}/{id}") }))
}

fn reported(operator: &Operator, query: &Params) -> Option<Notice> {
    Done::reported_by(query).map(|done| Notice::Done(operator.text(done.key())))
}

fn refusal(operator: &Operator, FormProblem(key): FormProblem) -> Notice {
    Notice::Refused(operator.text(key))
}
