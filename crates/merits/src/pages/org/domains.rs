//! `/org/{org}/domains`: the domains of the org, proven by records in the DNS, and who signs in their people.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use sigma_core::domain::{Domain, new_token};
use sigma_core::org::Refusal;
use sigma_core::params::Params;
use sigma_platform::domains::{DomainsView, published};
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::org::domain;

use super::OrgAdmin;
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, known};
use crate::pages::view::{DomainsPage, Notice, Tab};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 5] {
    [
        Endpoint::get(PAGE, "/org/{org}/domains", show),
        Endpoint::post(FORM, "/org/{org}/domains", add),
        Endpoint::post(FORM, "/org/{org}/domains/{domain}", set_provider),
        Endpoint::post(FORM, "/org/{org}/domains/{domain}/check", check),
        Endpoint::post(FORM, "/org/{org}/domains/{domain}/remove", remove),
    ]
}

/// The domain in the address.
#[derive(Deserialize)]
struct Named {
    domain: String,
}

impl Named {
    fn domain(&self) -> Result<Domain, PageError> {
        known(Domain::parse(&self.domain))
    }
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, admin.language);
    page(&sigma, &admin, String::new(), StatusCode::OK, notice).await
}

async fn add(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    let entered = form.text("domain");
    let Some(name) = Domain::parse(&entered) else {
        let notice = Notice::Refused(admin.text("domains-refused-name"));
        return page(&sigma, &admin, entered, StatusCode::BAD_REQUEST, Some(notice)).await;
    };
    let (org_id, actor, token, now) = (admin.org.id.clone(), admin.actor(), new_token(&*sigma.rng), sigma.now());
    let added = admin.manage(&sigma, move |tx| domain::add(tx, &org_id, &actor, &name, &token, now)).await?;
    match added {
        Ok(_) => Ok(Done::DomainAdded.at(&admin.path("domains"))),
        Err(_) => refused(&sigma, &admin, "domains-refused").await,
    }
}

async fn check(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let name = named.domain()?;
    // Nothing is looked up for names that the org has not claimed.
    let (org_id, wanted) = (admin.org.id.clone(), name.clone());
    known(sigma.store.read(move |tx| domain::find(tx, &org_id, &wanted)).await?)?;
    let Some(texts) = published(&sigma, &name).await else {
        return refused(&sigma, &admin, "domains-check-silent").await;
    };
    let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
    match admin.manage(&sigma, move |tx| domain::prove(tx, &org_id, &actor, (&name, &texts), now)).await? {
        Ok(_) => Ok(Done::DomainProven.at(&admin.path("domains"))),
        Err(refusal) if refusal == domain::TAKEN => refused(&sigma, &admin, "domains-check-taken").await,
        Err(refusal) if refusal == domain::UNPROVEN => refused(&sigma, &admin, "domains-check-failed").await,
        Err(_) => refused(&sigma, &admin, "domains-refused").await,
    }
}

async fn set_provider(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let name = named.domain()?;
    let chosen = Some(form.text("provider")).filter(|id| !id.is_empty());
    if let Some(id) = &chosen {
        known(sigma.providers.find(id))?;
    }
    let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
    let set =
        move |tx: &mut dyn sigma_store::Tx| domain::set_provider(tx, &org_id, &actor, (&name, chosen.as_deref()), now);
    done(&sigma, &admin, admin.manage(&sigma, set).await?, Done::Saved).await
}

async fn remove(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let name = named.domain()?;
    let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
    let removed = admin.manage(&sigma, move |tx| domain::remove(tx, &org_id, &actor, &name, now)).await?;
    done(&sigma, &admin, removed, Done::DomainRemoved).await
}

async fn done(
    sigma: &AppState,
    admin: &OrgAdmin,
    outcome: Result<(), Refusal>,
    what: Done,
) -> Result<Response, PageError> {
    match outcome {
        Ok(()) => Ok(what.at(&admin.path("domains"))),
        Err(_) => refused(sigma, admin, "domains-refused").await,
    }
}

async fn refused(sigma: &AppState, admin: &OrgAdmin, why: &'static str) -> Result<Response, PageError> {
    page(sigma, admin, String::new(), StatusCode::CONFLICT, Some(Notice::Refused(admin.text(why)))).await
}

async fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    entered: String,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let org_id = admin.org.id.clone();
    let domains = sigma.store.read(move |tx| domain::list(tx, &org_id)).await?;
    let mut view = DomainsView::of(sigma, admin.path("domains"), &domains, admin.language);
    view.entered = entered;
    Ok(DomainsPage(view).render(status, &admin.frame(Tab::Domains, notice), &admin.page(sigma)))
}
