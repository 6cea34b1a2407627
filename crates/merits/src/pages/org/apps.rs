//! `/org/{org}/apps`: the apps of others that act for the org.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::AppId;
use sigma_core::params::Params;
use sigma_platform::branding::logo_url;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::merits::{issuer, link};

use super::OrgAdmin;
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, known, refused};
use crate::pages::view::{AppsPage, LinkedApp, Notice, Party, Tab};
use crate::pages::words;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/org/{org}/apps", show), Endpoint::post(FORM, "/org/{org}/apps/unlink", unlink)]
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, admin.language);
    page(&sigma, &admin, StatusCode::OK, notice).await
}

async fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let org_id = admin.org.id.clone();
    let links = sigma.store.read(move |tx| link::list(tx, &org_id)).await?;
    let mut apps = Vec::with_capacity(links.len());
    for link in links {
        let Some(app) = sigma.find_app(&link.app_id).await? else { continue };
        let brand = sigma.app_brand(&app).await;
        let owner = app.org_id.clone();
        let owner = sigma.store.read(move |tx| issuer::find(tx, &owner)).await?;
        apps.push(LinkedApp {
            id: link.app_id.to_string(),
            party: Party {
                name: link.app_name,
                logo_url: brand.branding.logo.as_deref().map(logo_url),
                verified: !app.dynamic,
            },
            owner: owner.map(|org| org.name).unwrap_or_default(),
            may: words::allowed(admin.language, link.permissions),
            since: link.created_at,
        });
    }
    Ok(AppsPage { apps }.render(status, &admin.frame(Tab::Apps, notice), &admin.page(sigma)))
}

async fn unlink(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    let app_id = known(AppId::parse(&form.text("app")))?;
    let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
    match admin.act(&sigma, move |tx| link::remove(tx, &org_id, &app_id, &actor, now)).await? {
        Ok(()) => Ok(Done::Unlinked.at(&admin.path("apps"))),
        Err(problem) => page(&sigma, &admin, StatusCode::FORBIDDEN, Some(refused(problem, admin.language))).await,
    }
}
