//! `/org/{org}/profile`: what recipients and apps see of the org. Its logo is part of its branding.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::email::Email;
use sigma_core::merits::{MeritProblem, OrgPermission};
use sigma_core::org::text;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::merits::acting;
use sigma_store::merits::issuer::{self, Issuer, ProfileChange};
use sigma_store::{Stop, Tx};

use super::OrgAdmin;
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, refused};
use crate::pages::view::{Notice, ProfilePage, Tab};

/// Characters of each text.
const LONGEST: [(&str, usize); 4] = [("description", 1_000), ("website", 255), ("phone", 60), ("address", 500)];

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/org/{org}/profile", show), Endpoint::post(FORM, "/org/{org}/profile", change)]
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
    let view = form.map_or_else(|| stored(&admin.org), |form| entered(&admin.org, form));
    view.render(status, &admin.frame(Tab::Profile, notice), &admin.page(sigma))
}

/// The profile as it is.
fn stored(org: &Issuer) -> ProfilePage {
    ProfilePage {
        id: org.id.digits().to_owned(),
        version: version(org),
        title: org.name.clone(),
        description: org.description.clone(),
        website: org.website.clone(),
        address: org.address.clone(),
        phone: org.phone.clone(),
        email: org.email.clone(),
    }
}

/// The profile as somebody entered it.
fn entered(org: &Issuer, form: &Form) -> ProfilePage {
    ProfilePage {
        id: org.id.digits().to_owned(),
        version: FormVersion::sent(&form.0),
        title: form.text("title"),
        description: form.text("description"),
        website: form.text("website"),
        address: form.text("address"),
        phone: form.text("phone"),
        email: form.text("email"),
    }
}

/// What the form changes, without what else there is to an org.
fn settings(org: &Issuer) -> [&str; 6] {
    [&org.name, &org.description, &org.website, &org.address, &org.phone, &org.email]
}

fn version(org: &Issuer) -> FormVersion {
    FormVersion::of(&settings(org))
}

async fn change(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    let refuse = |status, notice| Ok(page(&sigma, &admin, Some(&form), status, Some(notice)));
    let change = match checked(&form) {
        Ok(change) => change,
        Err(key) => {
            let words = admin.language.text("merits-refused").with("reason", admin.text(key)).to_string();
            return refuse(StatusCode::BAD_REQUEST, Notice::Refused(words));
        }
    };
    let (org_id, actor, now, sent) = (admin.org.id.clone(), admin.actor(), sigma.now(), FormVersion::sent(&form.0));
    let act = move |tx: &mut dyn Tx| {
        acting::lock(tx, &org_id, &actor, OrgPermission::EditOrg, now)?;
        if issuer::find(tx, &org_id)?.is_some_and(|org| sent.is_outdated(&settings(&org))) {
            return Ok(false);
        }
        issuer::change(tx, &org_id, &actor, &change, now)?;
        Ok::<_, Stop<MeritProblem>>(true)
    };
    match admin.act(&sigma, act).await? {
        Ok(true) => Ok(Done::Saved.at(&admin.path("profile"))),
        Ok(false) => refuse(StatusCode::CONFLICT, Notice::Refused(admin.text("form-outdated"))),
        Err(problem) => refuse(StatusCode::FORBIDDEN, refused(problem, admin.language)),
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
