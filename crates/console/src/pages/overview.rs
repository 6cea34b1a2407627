//! `/console`: how the installation is doing.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::i18n::Language;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::paths::CONSOLE_PATH;
use sigma_platform::state::AppState;
use sigma_store::operator::overview::{self, Count};

use crate::operator::Operator;
use crate::outcome::{Done, PageError};
use crate::view::{Fact, KeyRow, OverviewPage, Tab};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::get(PAGE, CONSOLE_PATH, show)
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (caller, now) = (operator.caller(), sigma.now());
    let seen = operator.read(&sigma, move |tx| overview::read(tx, &caller, now)).await?;
    let number = |label: &'static str, count: Count| Fact { label, value: words(operator.language, count) };
    let text = |label: &'static str, value: &'static str| Fact { label, value: operator.text(value) };
    let settings = &sigma.settings;
    let engine = if sigma.store.is_file() { "SQLite" } else { "PostgreSQL" };
    let mail = if settings.mail.smtp.is_some() { "console-mail-smtp" } else { "console-mail-folder" };
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let view = OverviewPage {
        totals: vec![
            number("console-people", seen.people),
            number("console-apps", seen.apps),
            number("console-orgs", seen.orgs),
            number("console-sessions", seen.sessions),
        ],
        day: vec![
            number("console-sign-ins", seen.sign_ins),
            number("console-failures", seen.failures),
            number("console-sign-ups", seen.sign_ups),
        ],
        server: vec![
            Fact { label: "console-version", value: env!("CARGO_PKG_VERSION").to_owned() },
            Fact { label: "console-engine", value: engine.to_owned() },
            text("console-mail", mail),
            number("console-mails", seen.mails),
        ],
        keys: seen
            .keys
            .into_iter()
            .map(|key| KeyRow {
                kid: key.kid,
                algorithm: key.algorithm.as_str(),
                state: match key.retired_at {
                    Some(_) => "console-key-retired",
                    None if key.active_from > now => "console-key-future",
                    None => "console-key-active",
                },
                since: key.active_from,
            })
            .collect(),
    };
    let notice = Done::reported_by(&query, operator.language);
    Ok(view.render(StatusCode::OK, &operator.frame(Tab::Overview, notice), &operator.page(&sigma)))
}

/// A number, or that it is more than is counted.
fn words(language: Language, count: Count) -> String {
    if count.is_more() {
        return language.text("console-more-than").with("count", count.number()).to_string();
    }
    count.number().to_string()
}
