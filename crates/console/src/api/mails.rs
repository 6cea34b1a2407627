//! `/api/admin/v1/mails`: the outbox, test mails, and what is done with a queued mail.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use sigma_core::ids::MailId;
use sigma_core::operator::OperatorRefusal;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::mails::{self, Act};
use sigma_store::outbox::{Queued, Shown};
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};
use crate::mails::{TestError, send_test};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(test)),
        Endpoint::new(POLICY, routes!(resend)),
        Endpoint::new(POLICY, routes!(discard)),
    ]
}

/// A queued mail, without its text.
#[derive(Debug, Serialize, ToSchema)]
struct AdminMail {
    id: String,
    /// The recipient; null if the mail cannot be read.
    to: Option<String>,
    subject: Option<String>,
    /// `waiting`, `sending`, `failing` or `given_up`.
    state: &'static str,
    attempts: i64,
    /// Why the last attempt failed.
    error: Option<String>,
    created_at: String,
    /// When it is tried next; null once it was given up.
    next_attempt_at: Option<String>,
    /// When it is deleted, sent or not.
    expires_at: String,
}

impl AdminMail {
    fn of(sigma: &AppState, queued: &Queued) -> Self {
        let envelope = sigma.envelope(&queued.id, &queued.sealed);
        let (to, subject) = envelope.map(|envelope| (envelope.to, envelope.subject)).unzip();
        Self {
            id: queued.id.to_string(),
            to,
            subject,
            state: queued.fate.as_str(),
            attempts: queued.attempts,
            error: queued.error.clone(),
            created_at: queued.created_at.to_string(),
            next_attempt_at: queued.next_attempt_at.map(|at| at.to_string()),
            expires_at: queued.expires_at.to_string(),
        }
    }
}

/// Lists the mails that were not delivered yet, newest first. What they say is never shown.
#[utoipa::path(
    get,
    path = "/api/admin/v1/mails",
    operation_id = "adminListMails",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    params(
        ("state" = Option<String>, Query, description = "`failing`: those whose last attempt failed"),
        ("limit" = Option<u32>, Query, description = "1 to 200, 50 by default"),
        ("after" = Option<String>, Query, description = "`next` of the previous page"),
    ),
    responses(
        (status = 200, description = "A page of mails", body = Listed<AdminMail>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminMail>>, AdminError> {
    let shown = query.parsed("state", "state must be failing", Shown::parse)?.unwrap_or(Shown::All);
    let before = query.parsed("after", "after must be next of the previous page", MailId::parse)?;
    let (caller, now, limit) = (admin.caller, sigma.store.database_now(), query.one_more());
    let found = sigma.store.look_up(move |tx| mails::list(tx, &caller, shown, before.as_ref(), now, limit)).await?;
    let (found, next) = query.page(found, |last| last.id.to_string());
    Ok(Json(Listed { items: found.iter().map(|queued| AdminMail::of(&sigma, queued)).collect(), next }))
}

/// Queues a mail to the caller's own address, to see whether mails arrive.
#[utoipa::path(
    post,
    path = "/api/admin/v1/mails/test",
    operation_id = "adminTestMail",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    responses(
        (status = 202, description = "It is queued"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 409, description = "The caller is an app, or has no verified address"),
    )
)]
async fn test(State(sigma): State<AppState>, admin: Admin<Writes>) -> Result<StatusCode, AdminError> {
    match send_test(&sigma, &admin.store(&sigma), &admin.caller).await {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        Err(TestError::NoAddress) => Err(AdminError::NoAddress),
        Err(TestError::Stopped(stop)) => Err(stop.into()),
        Err(TestError::Failed(error)) => Err(error.into()),
    }
}

/// Sends a queued mail again now, instead of when it is due.
#[utoipa::path(
    post,
    path = "/api/admin/v1/mails/{mail}/resend",
    operation_id = "adminResendMail",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    params(("mail" = String, Path, description = "The id of the mail")),
    responses(
        (status = 202, description = "It is sent next"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such mail: it was delivered, or has expired"),
        (status = 409, description = "It is being sent"),
    )
)]
async fn resend(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    act(&sigma, &admin, &id, Act::Resend).await?;
    sigma.mail_was_promised();
    Ok(StatusCode::ACCEPTED)
}

/// Deletes a queued mail unsent.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/mails/{mail}",
    operation_id = "adminDropMail",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    params(("mail" = String, Path, description = "The id of the mail")),
    responses(
        (status = 204, description = "It is deleted"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such mail: it was delivered, or has expired"),
        (status = 409, description = "It is being sent"),
    )
)]
async fn discard(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    act(&sigma, &admin, &id, Act::Drop).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn act(sigma: &AppState, admin: &Admin<Writes>, id: &str, asked: Act) -> Result<(), AdminError> {
    let id = MailId::parse(id).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    let (caller, now) = (admin.caller.clone(), sigma.store.database_now());
    let done = admin.store(sigma).decide(move |tx| mails::act(tx, &caller, &id, asked, now)).await?;
    if done { Ok(()) } else { Err(AdminError::BeingSent) }
}
