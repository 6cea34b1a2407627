//! `/console`: how the installation is doing.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::i18n::Language;
use sigma_platform::pages::policy::PAGE;
use sigma_platform::paths::CONSOLE_PATH;
use sigma_platform::state::AppState;
use sigma_store::operator::overview::{self, Count, Day, Overview, Queue};

use crate::operator::Operator;
use crate::outcome::{Done, PageError};
use crate::view::{Bars, Fact, Line, OverviewPage, Plot, QueueRow, Tab};

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
    let size = sigma.store.size().await?;
    let language = operator.language;
    let number = |label: &'static str, count: Count| Fact { label, value: words(language, count) };
    let exact = |label: &'static str, count: u64| Fact { label, value: count.to_string() };
    let text = |label: &'static str, value: &'static str| Fact { label, value: operator.text(value) };
    let mail = if sigma.settings.mail.smtp.is_some() { "console-mail-smtp" } else { "console-mail-folder" };
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let view = OverviewPage {
        totals: vec![
            number("console-people", seen.people),
            number("console-apps", seen.apps),
            number("console-orgs", seen.orgs),
            number("console-sessions", seen.sessions),
        ],
        day: vec![
            exact("console-sign-ins", seen.sign_ins),
            exact("console-failures", seen.failures),
            exact("console-sign-ups", seen.new_people),
        ],
        plots: plots(&seen.days),
        apps: apps(&operator, &seen),
        queues: vec![
            queue(language, "console-mails", seen.queues.mails),
            queue(language, "console-queue-webhooks", seen.queues.webhooks),
            queue(language, "console-queue-logouts", seen.queues.logouts),
            queue(language, "console-queue-jobs", seen.queues.jobs),
        ],
        server: vec![
            Fact { label: "console-version", value: env!("CARGO_PKG_VERSION").to_owned() },
            Fact { label: "console-engine", value: format!("{}, {}", sigma.store.engine_name(), mebibytes(size)) },
            text("console-mail", mail),
        ],
    };
    let notice = Done::reported_by(&query, language);
    Ok(view.render(&operator.frame(Tab::Overview, notice), &operator.page(&sigma)))
}

fn plots(days: &[Day]) -> Vec<Plot> {
    let plot = |id, title, series, numbers: fn(&Day) -> Vec<u64>| Plot {
        id,
        title,
        series,
        days: days.iter().map(|day| Bars { day: day.day, numbers: numbers(day) }).collect(),
    };
    vec![
        plot("plot-sign-ins", "console-plot-sign-ins", vec!["console-sign-ins", "console-failures"], |day| {
            vec![day.sign_ins, day.failures]
        }),
        plot("plot-people", "console-plot-people", vec!["console-plot-new-people"], |day| vec![day.people]),
        plot("plot-tokens", "console-plot-tokens", vec!["console-plot-tokens-issued"], |day| vec![day.tokens]),
    ]
}

fn apps(operator: &Operator, seen: &Overview) -> Vec<Line> {
    let most = seen.busiest.iter().map(|app| app.tokens).max().unwrap_or(0);
    let line = |app: &sigma_store::token_count::AppTokens| Line {
        url: app.name.is_some().then(|| format!("/console/apps/{}", app.app_id)),
        name: app.name.clone().unwrap_or_else(|| app.app_id.to_string()),
        number: app.tokens,
        most,
    };
    let opens = operator.role.may(OperatorRight::ReadApps);
    seen.busiest.iter().map(line).map(|line| Line { url: line.url.filter(|_| opens), ..line }).collect()
}

fn queue(language: Language, label: &'static str, queue: Queue) -> QueueRow {
    let failing = (queue.failing.number() > 0).then(|| words(language, queue.failing));
    QueueRow { label, waiting: words(language, queue.waiting), failing }
}

/// A number, or that it is more than is counted.
fn words(language: Language, count: Count) -> String {
    if count.is_more() {
        return language.text("console-more-than").with("count", count.number()).to_string();
    }
    count.number().to_string()
}

/// A size in MiB, with a decimal below ten.
fn mebibytes(bytes: u64) -> String {
    const MEBIBYTE: u64 = 1_024 * 1_024;
    let whole = bytes / MEBIBYTE;
    if whole < 10 { format!("{whole}.{} MiB", bytes % MEBIBYTE * 10 / MEBIBYTE) } else { format!("{whole} MiB") }
}
