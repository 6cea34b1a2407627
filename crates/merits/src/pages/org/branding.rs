//! `/org/{org}/branding`: how pages on the way to the apps of the org look.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::branding::{BrandingChange, Part};
use sigma_core::interaction::OrgSection;
use sigma_core::merits::{MeritProblem, OrgPermission};
use sigma_core::params::Params;
use sigma_platform::branding::form::{BrandingView, Entered, settings};
use sigma_platform::extract::Upload;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy};
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::branding::{self, Branded};
use sigma_store::merits::acting;
use sigma_store::{Stop, Tx};

use super::OrgAdmin;
use super::recent::{Confirmation, require};
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, refused};
use crate::pages::view::{BrandingPage, Notice, Tab};

/// The largest logo, with the form around it.
const LOGO: Policy = Policy { body: BodyLimit::Kibibytes(2_100), ..FORM };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/org/{org}/branding", show),
        Endpoint::post(FORM, "/org/{org}/branding", save),
        Endpoint::post(LOGO, "/org/{org}/branding/logo", set_logo),
    ]
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let notice = Done::reported_by(&Params::parse(query.as_deref().unwrap_or_default()), admin.language);
    draw(&sigma, &admin, StatusCode::OK, (notice, None)).await
}

async fn draw(
    sigma: &AppState,
    admin: &OrgAdmin,
    status: StatusCode,
    (notice, entered): (Option<Notice>, Option<Entered>),
) -> Result<Response, PageError> {
    let whose = Branded::Org(admin.org.id.clone());
    let found = sigma.store.read(move |tx| branding::find(tx, &whose)).await?;
    let mut view =
        BrandingView::of(admin.path("branding"), &admin.org.name, &found, sigma.brands.accent(), admin.language);
    view.entered = entered.unwrap_or(view.entered);
    let confirmation = Confirmation::of(sigma, admin, OrgSection::Branding).await?;
    view.confirm_url = confirmation.url();
    Ok(confirmation.with(BrandingPage(view).render(status, &admin.frame(Tab::Branding, notice), &admin.page(sigma))))
}

async fn save(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    require(&sigma, &admin, OrgSection::Branding).await?;
    let entered = Entered::of_form(&form.0);
    match entered.checked() {
        Ok(change) => apply(&sigma, &admin, (change, entered.version.clone()), Some(entered)).await,
        Err(problem) => {
            let notice = Some(Notice::Refused(admin.text(problem.0)));
            draw(&sigma, &admin, StatusCode::BAD_REQUEST, (notice, Some(entered))).await
        }
    }
}

async fn set_logo(State(sigma): State<AppState>, admin: OrgAdmin, upload: Upload) -> Result<Response, PageError> {
    require(&sigma, &admin, OrgSection::Branding).await?;
    let logo = if upload.is_checked("remove") {
        None
    } else {
        let file = upload.content("logo").unwrap_or_default().to_vec();
        let kept = sigma.brands.keep_logo(file).await?;
        let Some(logo) = kept else {
            let notice = Some(Notice::Refused(admin.text("branding-problem-logo")));
            return draw(&sigma, &admin, StatusCode::BAD_REQUEST, (notice, None)).await;
        };
        Some(logo)
    };
    let change = BrandingChange { logo: Part::of(logo), ..BrandingChange::default() };
    // A logo replaces no more than the one before.
    apply(&sigma, &admin, (change, FormVersion::default()), None).await
}

async fn apply(
    sigma: &AppState,
    admin: &OrgAdmin,
    (change, sent): (BrandingChange, FormVersion),
    entered: Option<Entered>,
) -> Result<Response, PageError> {
    let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
    let change = move |tx: &mut dyn Tx| {
        acting::lock(tx, &org_id, &actor, OrgPermission::EditOrg, now)?;
        let whose = Branded::Org(org_id.clone());
        if sent.is_outdated(&settings(&branding::find(tx, &whose)?)) {
            return Ok(false);
        }
        branding::change(tx, &whose, &change, now)?;
        Ok::<_, Stop<MeritProblem>>(true)
    };
    match admin.act(sigma, change).await? {
        Ok(false) => {
            let notice = Some(Notice::Refused(admin.text("form-outdated")));
            draw(sigma, admin, StatusCode::CONFLICT, (notice, entered)).await
        }
        Ok(true) => Ok(Done::Saved.at(&admin.path("branding"))),
        Err(problem) => {
            let notice = Some(refused(problem, admin.language));
            draw(sigma, admin, StatusCode::FORBIDDEN, (notice, entered)).await
        }
    }
}
