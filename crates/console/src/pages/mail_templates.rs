//! `/console/mail/templates`: the mails that there are, and what each looks like in both languages.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::i18n::Language;
use sigma_platform::mail::Message;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;
use sigma_store::operator::may;

use super::with_query;
use crate::operator::Operator;
use crate::outcome::PageError;
use crate::view::{MailTemplatePage, MailTemplatesPage, Tab};

const PATH: &str = "/console/mail/templates";
/// A mail brings its styles along, and nothing else of it works.
const OF_A_MAIL: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; sandbox",
);

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, PATH, list),
        Endpoint::get(PAGE, "/console/mail/templates/{template}", show),
        Endpoint::get(PAGE, "/console/mail/templates/{template}/html", html),
    ]
}

async fn list(State(sigma): State<AppState>, operator: Operator) -> Result<Response, PageError> {
    require(&sigma, &operator).await?;
    let view = MailTemplatesPage { templates: sigma.mail_templates(operator.language) };
    Ok(view.render(&operator.frame(Tab::Mail, None), &operator.page(&sigma)))
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(template): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    require(&sigma, &operator).await?;
    let language = language(query.as_deref(), operator.language);
    let mail = sigma.mail_preview(&template, language).ok_or_else(not_found)?;
    let path = format!("{PATH}/{template}");
    let view = MailTemplatePage {
        subject: mail.subject,
        text: mail.text,
        html_url: with_query(&format!("{path}/html"), &[("language", language.tag())]),
        languages: Language::ALL.map(|one| (one, with_query(&path, &[("language", one.tag())]))).to_vec(),
        language,
    };
    Ok(view.render(&operator.frame(Tab::Mail, None), &operator.page(&sigma)))
}

async fn html(
    State(sigma): State<AppState>,
    operator: Operator,
    Path(template): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    require(&sigma, &operator).await?;
    let language = language(query.as_deref(), operator.language);
    let Message { html, .. } = sigma.mail_preview(&template, language).ok_or_else(not_found)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, OF_A_MAIL),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag())),
    ];
    Ok((headers, html).into_response())
}

async fn require(sigma: &AppState, operator: &Operator) -> Result<(), PageError> {
    let caller = operator.caller();
    operator.read(sigma, move |tx| may(tx, &caller, OperatorRight::ReadMail)).await
}

/// The language that an address names, or that of the reader.
fn language(query: Option<&str>, own: Language) -> Language {
    Params::parse(query.unwrap_or_default()).get("language").and_then(Language::parse).unwrap_or(own)
}
