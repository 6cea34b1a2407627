//! `GET /orgs/{org}`: the public page of a verified org, by slug or id.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::OrgRef;
use sigma_core::merits::PageRequest;
use sigma_platform::extract::Browser;
use sigma_platform::http::{ApiError, Endpoint};
use sigma_platform::pages::not_found;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};
use sigma_platform::state::AppState;
use sigma_store::merits::issuer::{self, Issuer};
use sigma_store::merits::template::{self, Template as MeritTemplate};

use super::PUBLIC_PAGE;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PUBLIC_PAGE, "/orgs/{org}", show)
}

/// The path of an org's page.
pub fn path(issuer: &Issuer) -> String {
    format!("/orgs/{}", issuer.slug.as_deref().unwrap_or(issuer.id.digits()))
}

#[derive(Template)]
#[template(path = "proof/org.html")]
struct OrgPage<'a> {
    context: &'a PageContext<'a>,
    issuer: &'a Issuer,
    /// Its website, if it is one.
    website: Option<&'a str>,
    logo_url: Option<String>,
    since: String,
    templates: &'a [MeritTemplate],
}

async fn show(State(sigma): State<AppState>, browser: Browser, Path(org): Path<String>) -> Result<Response, ApiError> {
    let Some(wanted) = OrgRef::parse(&org) else { return Ok(not_found()) };
    let found = sigma.store.read(move |tx| {
        let issuer = issuer::find_named(tx, &wanted)?.filter(|issuer| issuer.verified_at.is_some());
        let Some(issuer) = issuer else { return Ok(None) };
        let templates = template::list(tx, &issuer.id, &PageRequest::first(100))?;
        Ok(Some((issuer, templates.items)))
    });
    let Some((issuer, mut templates)) = found.await? else { return Ok(not_found()) };
    templates.retain(|template| !template.access && !template.archived);
    let since = issuer.verified_at.map(moment::day).unwrap_or_default();
    let context = sigma.page_in(sigma.language_for(&browser, None));
    let view = OrgPage {
        context: &context,
        website: Some(issuer.website.as_str()).filter(|url| url.starts_with("https://")),
        logo_url: issuer.logo.as_deref().map(sigma_platform::branding::logo_url),
        since,
        templates: &templates,
        issuer: &issuer,
    };
    Ok(page(StatusCode::OK, &view, ContentSecurityPolicy::Strict))
}
