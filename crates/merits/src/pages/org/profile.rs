//! `/org/{org}/profile`: what recipients and apps see of the org, and its logo.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::email::Email;
use sigma_core::interaction::OrgSection;
use sigma_core::merits::MeritProblem;
use sigma_core::org::text;
use sigma_core::params::Params;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy};
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::branding::{self, Branded};
use sigma_store::merits::acting;
use sigma_store::merits::issuer::{self, ProfileChange};

use super::OrgAdmin;
use super::recent::require;
use crate::pages::form::{Form, Upload};
use crate::pages::outcome::{Done, PageError, refused};
use crate::pages::view::{Notice, ProfilePage, Tab};

/// The largest logo, with the form around it.
const LOGO: Policy = Policy { body: BodyLimit::Kibibytes(2_100), ..FORM };
/// Characters of each text.
const LONGEST: [(&str, usize); 4] = [("description", 1_000), ("website", 255), ("phone", 60), ("address", 500)];

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/org/{org}/profile", show),
        Endpoint::post(FORM, "/org/{org}/profile", change),
        Endpoint::post(LOGO, "/org/{org}/profile/logo", set_logo),
    ]
}

async fn show(State(sigma): State<AppState>, admin: OrgAdmin, RawQuery(query): RawQuery) -> Response {
    let notice = Done::reported_by(&Params::parse(query.as_deref().unwrap_or_default()), admin.language);
    page(&sigma, &admin, None, StatusCode::OK, notice)
}

/// The page, with what was entered if it was refused.
fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    form: Option<&Form>,
    status: StatusCode,
    notice: Option<Notice>,
) -> Response {
    let value = |name: &str, stored: &String| form.map_or_else(|| stored.clone(), |form| form.text(name));
    let org = &admin.org;
    let view = ProfilePage {
        id: org.id.digits().to_owned(),
        title: value("title", &org.name),
        description: value("description", &org.description),
        website: value("website", &org.website),
        address: value("address", &org.address),
        phone: value("phone", &org.phone),
        email: value("email", &org.email),
    };
    view.render(status, &admin.frame(Tab::Profile, notice), &admin.page(sigma))
}

async fn change(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    let change = match checked(&form) {
        Ok(change) => change,
        Err(key) => {
            let words = admin.language.text("merits-refused").with("reason", admin.text(key)).to_string();
            let notice = Some(Notice::Refused(words));
            return Ok(page(&sigma, &admin, Some(&form), StatusCode::BAD_REQUEST, notice));
        }
    };
    let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
    match admin.act(&sigma, move |tx| issuer::change(tx, &org_id, &actor, &change, now)).await? {
        Ok(_) => Ok(Done::Saved.at(&admin.path("profile"))),
        Err(problem) => {
            Ok(page(&sigma, &admin, Some(&form), StatusCode::FORBIDDEN, Some(refused(problem, admin.language))))
        }
    }
}

/// The change, or the text that says what is wrong with it.
fn checked(form: &Form) -> Result<ProfileChange, &'static str> {
    let name = text::name(&form.text("title")).map_err(|_| "merits-problem-org-name")?;
    for (field, longest) in LONGEST {
        let value = form.text(field);
        if text::description(&value).is_err() || value.chars().count() > longest {
            return Err("merits-problem-text");
        }
    }
    let website = form.text("website");
    let is_web = |url: url::Url| matches!(url.scheme(), "https" | "http") && url.has_host();
    if !website.is_empty() && !url::Url::parse(&website).is_ok_and(is_web) {
        return Err("merits-profile-bad-website");
    }
    let email = form.text("email");
    if !email.is_empty() && Email::parse(&email).is_err() {
        return Err("merits-problem-email");
    }
    Ok(ProfileChange {
        name: Some(name),
        description: Some(form.text("description")),
        website: Some(website),
        address: Some(form.text("address")),
        phone: Some(form.text("phone")),
        email: Some(email),
    })
}

async fn set_logo(State(sigma): State<AppState>, admin: OrgAdmin, upload: Upload) -> Result<Response, PageError> {
    require(&sigma, &admin, OrgSection::Branding).await?;
    let file = upload.content("logo").unwrap_or_default().to_vec();
    let kept = sigma.brands.keep_logo(file).await?;
    let Some(logo) = kept else {
        let notice = Some(Notice::Refused(admin.text("merits-profile-not-picture")));
        return Ok(page(&sigma, &admin, None, StatusCode::BAD_REQUEST, notice));
    };
    let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
    let set = admin.act(&sigma, move |tx| {
        acting::lock(tx, &org_id, &actor, sigma_core::merits::OrgPermission::EditOrg, now)?;
        let whose = Branded::Org(org_id.clone());
        let mut new = branding::find(tx, &whose)?;
        new.logo = Some(logo.clone());
        Ok::<_, sigma_store::Stop<MeritProblem>>(branding::set(tx, &whose, &new, now)?)
    });
    match set.await? {
        Ok(()) => Ok(Done::LogoSet.at(&admin.path("profile"))),
        Err(problem) => Ok(page(&sigma, &admin, None, StatusCode::FORBIDDEN, Some(refused(problem, admin.language)))),
    }
}
