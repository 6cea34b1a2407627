//! `/org/{org}/webhooks`: the webhooks of the org, one with its log, and what is done with it.

use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::response::{Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use sigma_core::ids::{OrgId, WebhookId};
use sigma_core::interaction::OrgSection;
use sigma_core::org::Refusal;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::state::AppState;
use sigma_platform::webhooks::pages::{
    Created, Done, Entered, FormProblem, HookView, HooksView, Wanted, ask, create as draft,
};
use sigma_store::org::webhooks;
use sigma_store::webhook::{self, Act, Webhook, delivery};
use sigma_store::{Owner, Stop, Tx};

use super::OrgAdmin;
use super::recent::{Confirmation, require};
use crate::pages::form::Form;
use crate::pages::outcome::{PageError, known};
use crate::pages::view::{Notice, Tab, WebhookPage, WebhooksPage};

const PATH: &str = "/org/{org}/webhooks";
const ONE: &str = "/org/{org}/webhooks/{id}";
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

/// An admin of an org at the pages of its webhooks. Those of the operator's org are in the console.
struct HooksAdmin(OrgAdmin);

impl FromRequestParts<AppState> for HooksAdmin {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, PageError> {
        let admin = OrgAdmin::from_request_parts(parts, sigma).await?;
        if admin.org.id == OrgId::operator() {
            return Err(PageError::of(Redirect::to("/console/webhooks")));
        }
        Ok(Self(admin))
    }
}

/// The id in the path.
struct Named(WebhookId);

impl FromRequestParts<AppState> for Named {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, PageError> {
        let path = Path::<(String, String)>::from_request_parts(parts, sigma).await;
        let id = path.ok().and_then(|Path((_, id))| WebhookId::parse(&id));
        known(id).map(Self)
    }
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
    HooksAdmin(admin): HooksAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let beside = Beside { notice: reported(&admin, &query), ..Beside::default() };
    draw_list(&sigma, &admin, StatusCode::OK, beside).await
}

async fn draw_list(
    sigma: &AppState,
    admin: &OrgAdmin,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let org_id = admin.org.id.clone();
    let found = sigma.store.read(move |tx| webhook::list(tx, &org_id, "", MOST)).await?;
    let mut view = HooksView::of(admin.path("webhooks"), &found);
    let confirmation = Confirmation::of(sigma, admin, OrgSection::Webhooks).await?;
    (view.entered, view.may_change) = (beside.entered.unwrap_or_default(), true);
    view.confirm_url = confirmation.url();
    let page = WebhooksPage(view).render(status, &admin.frame(Tab::Webhooks, beside.notice), &admin.page(sigma));
    Ok(confirmation.with(page))
}

async fn create(
    State(sigma): State<AppState>,
    HooksAdmin(admin): HooksAdmin,
    Form(form): Form,
) -> Result<Response, PageError> {
    require(&sigma, &admin, OrgSection::Webhooks).await?;
    let entered = Entered::of(&form);
    let refused = |entered, problem| Beside {
        notice: Some(refusal(&admin, problem)),
        entered: Some(entered),
        ..Beside::default()
    };
    let Created { new, secret } = match draft(&sigma, &admin.org.id, &entered)? {
        Ok(created) => created,
        Err(problem) => return draw_list(&sigma, &admin, StatusCode::BAD_REQUEST, refused(entered, problem)).await,
    };
    let (actor, most) = (admin.actor(), sigma.settings.webhooks.per_org);
    let created = decide(&sigma, &admin, move |tx| webhooks::add(tx, &actor, &new, most)).await?;
    let Some(webhook) = created else {
        let beside = refused(entered, FormProblem("webhooks-problem-many"));
        return draw_list(&sigma, &admin, StatusCode::CONFLICT, beside).await;
    };
    let notice = Some(Notice::Done(admin.text(Done::Created.key())));
    let beside = Beside { notice, fresh: Some(secret.to_string()), ..Beside::default() };
    draw(&sigma, &admin, &webhook, StatusCode::CREATED, beside).await
}

async fn show(
    State(sigma): State<AppState>,
    HooksAdmin(admin): HooksAdmin,
    Named(id): Named,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let webhook = load(&sigma, &admin, &id).await?;
    let beside = Beside { notice: reported(&admin, &query), query, ..Beside::default() };
    draw(&sigma, &admin, &webhook, StatusCode::OK, beside).await
}

async fn load(sigma: &AppState, admin: &OrgAdmin, id: &WebhookId) -> Result<Webhook, PageError> {
    let (org_id, id) = (admin.org.id.clone(), id.clone());
    known(sigma.store.read(move |tx| webhook::find(tx, &org_id, &id)).await?)
}

async fn draw(
    sigma: &AppState,
    admin: &OrgAdmin,
    webhook: &Webhook,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (org_id, id, wanted, now) =
        (webhook.org_id.clone(), webhook.id.clone(), Wanted::of(&beside.query), sigma.now());
    let from = wanted.clone();
    let found = sigma.store.read(move |tx| {
        let secrets = webhook::secrets(tx, &org_id, &id, now)?;
        Ok((secrets, delivery::log(tx, (&org_id, &id), from.only_failed, &from.place, Wanted::limit())?))
    });
    let (secrets, log) = found.await?;
    let mut view = HookView::of(sigma, admin.path("webhooks"), (webhook, &secrets), log, &wanted)?;
    let confirmation = Confirmation::of(sigma, admin, OrgSection::Webhooks).await?;
    (view.fresh, view.may_change) = (beside.fresh, true);
    view.confirm_url = confirmation.url();
    view.entered = beside.entered.unwrap_or(view.entered);
    let page = WebhookPage(view).render(status, &admin.frame(Tab::Webhooks, beside.notice), &admin.page(sigma));
    Ok(confirmation.with(page))
}

async fn act(
    State(sigma): State<AppState>,
    HooksAdmin(admin): HooksAdmin,
    Named(id): Named,
    Form(form): Form,
) -> Result<Response, PageError> {
    require(&sigma, &admin, OrgSection::Webhooks).await?;
    let webhook = load(&sigma, &admin, &id).await?;
    let asked = match ask(&sigma, &admin.org.id, &webhook, &form)? {
        Ok(asked) => asked,
        Err(problem) => {
            let entered = (form.raw("do") == Some("save")).then(|| Entered::of(&form));
            let beside = Beside { notice: Some(refusal(&admin, problem)), entered, ..Beside::default() };
            return draw(&sigma, &admin, &webhook, StatusCode::BAD_REQUEST, beside).await;
        }
    };
    let rounds = if matches!(asked.act, Act::ReplayFailed { .. }) { MOST_BATCHES } else { 1 };
    for _ in 0..rounds {
        let (actor, org_id, id) = (admin.actor(), admin.org.id.clone(), id.clone());
        let (act, now, sent) = (asked.act.clone(), sigma.present(), FormVersion::sent(&form));
        let change = move |tx: &mut dyn Tx| {
            if !sent.is_none() {
                tx.lock(Owner::Org(&org_id))?;
                let found = webhook::find(tx, &org_id, &id)?;
                if found.is_some_and(|webhook| sent.is_outdated(&Entered::stored(&webhook))) {
                    return Ok(None);
                }
            }
            webhooks::act(tx, (&org_id, &id), &actor, &act, now).map(Some)
        };
        match decide(&sigma, &admin, change).await? {
            Some(0) => break,
            Some(_) => {}
            None => {
                let beside = Beside {
                    notice: Some(Notice::Refused(admin.text("form-outdated"))),
                    entered: Some(Entered::of(&form)),
                    ..Beside::default()
                };
                let webhook = load(&sigma, &admin, &webhook.id).await?;
                return draw(&sigma, &admin, &webhook, StatusCode::CONFLICT, beside).await;
            }
        }
    }
    if let Some(secret) = asked.secret {
        let notice = Some(Notice::Done(admin.text(asked.done.key())));
        let beside = Beside { notice, fresh: Some(secret.to_string()), ..Beside::default() };
        return draw(&sigma, &admin, &webhook, StatusCode::OK, beside).await;
    }
    let path = if asked.done == Done::Removed { "webhooks".to_owned() } else { format!("webhooks/{id}") };
    Ok(asked.done.at(&admin.path(&path)))
}

/// Writes on behalf of the admin. Whoever is none any more, and what is gone, get 404.
async fn decide<T, F>(sigma: &AppState, admin: &OrgAdmin, write: F) -> Result<T, PageError>
where
    T: Send + 'static,
    F: Fn(&mut dyn Tx) -> Result<T, Stop<Refusal>> + Send + 'static,
{
    match admin.store(sigma).decide(write).await {
        Ok(done) => Ok(done),
        Err(Stop::Refused(_)) => Err(not_found().into()),
        Err(Stop::Failed(error)) => Err(error.into()),
    }
}

fn reported(admin: &OrgAdmin, query: &Params) -> Option<Notice> {
    Done::reported_by(query).map(|done| Notice::Done(admin.text(done.key())))
}

fn refusal(admin: &OrgAdmin, FormProblem(key): FormProblem) -> Notice {
    Notice::Refused(admin.text(key))
}
