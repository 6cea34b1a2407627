//! `GET /api/admin/v1/overview`: how the installation is doing.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::overview::{self, Count, Day, Overview, Queue};
use sigma_store::token_count::AppTokens;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(show))
}

/// A number that is counted up to 10,000.
#[derive(Debug, Serialize, ToSchema)]
struct AdminCount {
    count: u64,
    /// Whether there are more than `count`.
    more: bool,
}

impl From<Count> for AdminCount {
    fn from(count: Count) -> Self {
        Self { count: count.number(), more: count.is_more() }
    }
}

/// A queue.
#[derive(Debug, Serialize, ToSchema)]
struct AdminQueue {
    waiting: AdminCount,
    /// How much of it failed before.
    failing: AdminCount,
}

impl From<Queue> for AdminQueue {
    fn from(queue: Queue) -> Self {
        Self { waiting: queue.waiting.into(), failing: queue.failing.into() }
    }
}

/// A day, in UTC.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDay {
    /// `2026-11-27`.
    day: String,
    sign_ins: u64,
    failed_sign_ins: u64,
    new_people: u64,
    tokens: u64,
}

impl From<&Day> for AdminDay {
    fn from(day: &Day) -> Self {
        Self {
            day: day.day.to_string().chars().take(10).collect(),
            sign_ins: day.sign_ins,
            failed_sign_ins: day.failures,
            new_people: day.people,
            tokens: day.tokens,
        }
    }
}

/// An app and its tokens of the last seven days.
#[derive(Debug, Serialize, ToSchema)]
struct AdminAppTokens {
    app_id: String,
    /// Null if the app was removed.
    name: Option<String>,
    tokens: u64,
}

impl From<&AppTokens> for AdminAppTokens {
    fn from(app: &AppTokens) -> Self {
        Self { app_id: app.app_id.to_string(), name: app.name.clone(), tokens: app.tokens }
    }
}

/// How the installation is doing.
#[derive(Debug, Serialize, ToSchema)]
struct AdminOverview {
    version: &'static str,
    /// `SQLite` or `PostgreSQL`.
    engine: &'static str,
    database_bytes: u64,
    /// Whether a mail server is configured; otherwise mails are written to a folder.
    mail_server: bool,
    people: AdminCount,
    apps: AdminCount,
    orgs: AdminCount,
    sessions: AdminCount,
    /// Mails that wait to be sent.
    mails: AdminQueue,
    /// Webhooks with something to deliver.
    webhooks: AdminQueue,
    /// Apps that are to be told of the end of sessions.
    logouts: AdminQueue,
    /// Background jobs that are late, and those that fail again and again.
    jobs: AdminQueue,
    /// The last 30 days, oldest first; events are counted every minute.
    days: Vec<AdminDay>,
    /// The apps with the most tokens in the last seven days, the busiest first: at most ten.
    busiest_apps: Vec<AdminAppTokens>,
}

/// Shows how the installation is doing.
#[utoipa::path(
    get,
    path = "/api/admin/v1/overview",
    operation_id = "adminOverview",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    responses(
        (status = 200, description = "The overview", body = AdminOverview),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn show(State(sigma): State<AppState>, admin: Admin<Reads>) -> Result<Json<AdminOverview>, AdminError> {
    let (caller, now) = (admin.caller, sigma.now());
    let seen: Overview = sigma.store.look_up(move |tx| overview::read(tx, &caller, now)).await?;
    Ok(Json(AdminOverview {
        version: env!("CARGO_PKG_VERSION"),
        engine: sigma.store.engine_name(),
        database_bytes: sigma.store.size().await?,
        mail_server: sigma.settings.mail.smtp.is_some(),
        people: seen.people.into(),
        apps: seen.apps.into(),
        orgs: seen.orgs.into(),
        sessions: seen.sessions.into(),
        mails: seen.queues.mails.into(),
        webhooks: seen.queues.webhooks.into(),
        logouts: seen.queues.logouts.into(),
        jobs: seen.queues.jobs.into(),
        days: seen.days.iter().map(AdminDay::from).collect(),
        busiest_apps: seen.busiest.iter().map(AdminAppTokens::from).collect(),
    }))
}
