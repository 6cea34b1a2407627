//! What `/console/branding` shows.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::branding::form::BrandingView;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

use super::{Fact, Frame};
use crate::outcome::Notice;

/// `/console/branding`: how the server looks.
#[derive(Clone, Debug)]
pub struct ServerBrandingPage {
    /// What is in force, and where it comes from.
    pub facts: Vec<Fact>,
    /// What was set here, and the forms to change it.
    pub branding: BrandingView,
    /// The org or app that was looked for in vain.
    pub search: String,
}

/// `/console/branding/org/{id}` and `/console/branding/app/{id}`.
#[derive(Clone, Debug)]
pub struct BrandingPage {
    /// The name of the org or app.
    pub name: String,
    /// Its page in the console.
    pub back: String,
    /// What it is about: a key of the catalogue.
    pub about: &'static str,
    /// The branding.
    pub branding: BrandingView,
}

#[derive(Template)]
#[template(path = "console/branding.html")]
struct ServerBrandingTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a ServerBrandingPage,
}

impl ServerBrandingPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &ServerBrandingTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}

#[derive(Template)]
#[template(path = "console/branding-of.html")]
struct BrandingTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a BrandingPage,
}

impl BrandingPage {
    /// The page.
    pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(status, &BrandingTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
