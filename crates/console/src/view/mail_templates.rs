//! What the pages about the texts of mails show.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_platform::i18n::Language;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, page};

use super::Frame;
use crate::outcome::Notice;

/// `/console/mail/templates`.
#[derive(Clone, Debug)]
pub struct MailTemplatesPage {
    /// Each mail, by the name of its preview and a subject.
    pub templates: Vec<(&'static str, String)>,
}

/// `/console/mail/templates/{template}`.
#[derive(Clone, Debug)]
pub struct MailTemplatePage {
    /// The subject.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The mail as HTML.
    pub html_url: String,
    /// The page in each language.
    pub languages: Vec<(Language, String)>,
    /// The language of the mail.
    pub language: Language,
}

#[derive(Template)]
#[template(path = "console/mail-templates.html")]
struct ListTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a MailTemplatesPage,
}

impl MailTemplatesPage {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ListTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}

#[derive(Template)]
#[template(path = "console/mail-template.html")]
struct OneTemplate<'a> {
    context: &'a PageContext<'a>,
    frame: &'a Frame,
    view: &'a MailTemplatePage,
}

impl MailTemplatePage {
    /// The page.
    pub fn render(&self, frame: &Frame, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &OneTemplate { context, frame, view: self }, ContentSecurityPolicy::Strict)
    }
}
