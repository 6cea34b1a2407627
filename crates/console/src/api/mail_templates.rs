//! `/api/admin/v1/mail-templates`: the mails that there are, and previews of them.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::i18n::Language;
use sigma_platform::mail::Message;
use sigma_platform::state::AppState;
use sigma_store::operator::may;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use super::list::ListQuery;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(show))]
}

/// A mail that the server sends.
#[derive(Debug, Serialize, ToSchema)]
struct AdminMailTemplate {
    name: &'static str,
    /// A subject that it could have.
    subject: String,
}

/// The mails that the server sends.
#[derive(Debug, Serialize, ToSchema)]
struct AdminMailTemplates {
    /// All of them.
    items: Vec<AdminMailTemplate>,
}

/// A mail as it could be, in the branding in force.
#[derive(Debug, Serialize, ToSchema)]
struct AdminMailPreview {
    /// The language of the texts, as `lang` in HTML.
    lang: &'static str,
    subject: String,
    text: String,
    html: String,
}

/// Lists the mails that the server sends.
#[utoipa::path(
    get,
    path = "/api/admin/v1/mail-templates",
    operation_id = "adminListMailTemplates",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    params(("language" = Option<String>, Query, description = "`en`, the default, or `de`")),
    responses(
        (status = 200, description = "The mails", body = AdminMailTemplates),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<AdminMailTemplates>, AdminError> {
    let language = allowed(&sigma, admin, &query).await?;
    let items = sigma.mail_templates(language).into_iter();
    Ok(Json(AdminMailTemplates { items: items.map(|(name, subject)| AdminMailTemplate { name, subject }).collect() }))
}

/// Returns a mail as it could be, in the branding in force.
#[utoipa::path(
    get,
    path = "/api/admin/v1/mail-templates/{template}",
    operation_id = "adminPreviewMail",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    params(
        ("template" = String, Path, description = "The name of the mail"),
        ("language" = Option<String>, Query, description = "`en`, the default, or `de`"),
    ),
    responses(
        (status = 200, description = "The mail", body = AdminMailPreview),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such mail"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    Path(template): Path<String>,
    query: ListQuery,
) -> Result<Json<AdminMailPreview>, AdminError> {
    let language = allowed(&sigma, admin, &query).await?;
    let found = sigma.mail_preview(&template, language).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    let Message { subject, text, html, .. } = found;
    Ok(Json(AdminMailPreview { lang: language.tag(), subject, text, html }))
}

/// The language that a caller who may asks for.
async fn allowed(sigma: &AppState, admin: Admin<Reads>, query: &ListQuery) -> Result<Language, AdminError> {
    let caller = admin.caller;
    sigma.store.look_up(move |tx| may(tx, &caller, OperatorRight::ReadMail)).await?;
    Ok(query.parsed("language", "language must be en or de", Language::parse)?.unwrap_or_default())
}
