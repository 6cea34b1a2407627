//! `GET /merits/{org}/{merit}`: the public page of a merit, with what its member left public.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::{MeritId, OrgId};
use sigma_core::merits::proof::verification_url;
use sigma_core::merits::{FieldValue, Status};
use sigma_platform::extract::Browser;
use sigma_platform::http::{ApiError, Endpoint};
use sigma_platform::pages::not_found;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};
use sigma_platform::state::AppState;
use sigma_store::merits::{issuer, template};
use sigma_store::user;

use super::download::LAST_DAY;
use super::{PUBLIC_PAGE, qr};
use crate::pages::cover_url;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PUBLIC_PAGE, "/merits/{org}/{merit}", show)
}

/// A merit as anyone sees it.
struct PublicMerit {
    title: String,
    description: String,
    org_name: String,
    org_url: Option<String>,
    logo_url: Option<String>,
    cover_url: Option<String>,
    /// Of the recipient; not where the merit is no longer valid.
    name: Option<String>,
    sent: String,
    valid: bool,
    fields: Vec<(String, String)>,
    url: String,
    qr: String,
}

#[derive(Template)]
#[template(path = "proof/merit.html")]
struct MeritPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a PublicMerit,
}

async fn show(
    State(sigma): State<AppState>,
    browser: Browser,
    Path((org, merit)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (Some(org_id), Some(merit_id)) = (OrgId::parse(&org), MeritId::parse(&merit)) else {
        return Ok(not_found());
    };
    let found = sigma.store.read(move |tx| {
        let Some(merit) = sigma_store::merits::find(tx, &org_id, &merit_id)? else { return Ok(None) };
        // A disabled account shows nothing.
        if let Some(holder) = &merit.user_id
            && user::find(tx, holder)?.is_none_or(|holder| holder.disabled)
        {
            return Ok(None);
        }
        let Some(issuer) = issuer::find(tx, &org_id)? else { return Ok(None) };
        let Some(template) = template::find(tx, &org_id, &merit.template_id)? else { return Ok(None) };
        let fields = template::fields(tx, &org_id, &merit.template_id)?;
        Ok(Some((merit, issuer, template, fields)))
    });
    let Some((merit, issuer, template, fields)) = found.await? else { return Ok(not_found()) };
    let ended = matches!(merit.status, Status::Revoked | Status::Transferred | Status::Forfeited);
    let valid = merit.status == Status::Accepted;
    if merit.access || !merit.is_public || !(valid || ended) {
        return Ok(not_found());
    }
    // A credential of it says the same, which counts until the end of that day.
    let last_day = merit.values.iter().find(|(field, _)| field.digits() == LAST_DAY).map(|(_, value)| value.to_text());
    let expired = last_day.is_some_and(|day| day < moment::day(sigma.now()));
    let url = verification_url(sigma.issuer(), &merit.org_id, &merit.id);
    let fields = fields.into_iter().filter(|_| valid).filter_map(|field| {
        let value = merit.values.get(&field.setting.field_id)?;
        (!matches!(value, FieldValue::Attachments(_))).then(|| (field.name, value.to_text()))
    });
    let view = PublicMerit {
        cover_url: cover_url(&template),
        title: template.title,
        description: template.description,
        org_url: issuer.verified_at.map(|_| super::org_page::path(&issuer)),
        org_name: issuer.name,
        logo_url: issuer.logo.as_deref().map(sigma_platform::branding::logo_url),
        name: valid.then(|| merit.name.full()),
        sent: moment::day(merit.sent_at),
        valid: valid && !expired,
        fields: fields.collect(),
        qr: qr::svg(&url)?,
        url,
    };
    let context = sigma.page_in(sigma.language_for(&browser, None));
    Ok(page(StatusCode::OK, &MeritPage { context: &context, view: &view }, ContentSecurityPolicy::Strict))
}
