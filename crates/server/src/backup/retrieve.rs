//! `GET /api/backup`: an encrypted backup, by identity, or by the account at a provider that restores it.

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::Serialize;
use sigma_core::actor::Actor;
use sigma_core::backup::EncryptedBackup;
use sigma_core::ids::{BackupId, UserId};
use sigma_core::params::Params;
use sigma_store::backup::{Version, Wanted};
use sigma_store::backup_link;
use utoipa::ToSchema;

use super::hand_out::{Entitled, hand_out};
use super::{Backups, bap_id_of, named, not_found, not_recent, unauthorized};
use crate::error::API;
use crate::extract::{Browser, Means, OwnApi, SignedIn, header};
use crate::http::{ApiError, Endpoint, Refusal, RequestContext, Rule, routes};
use crate::interaction::with_cookie;
use crate::restore_ticket::RestoreTicket;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(retrieve))
}

/// An encrypted backup.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupAnswer {
    success: bool,
    /// The backup: base64 of what only its password decrypts.
    encrypted_backup: String,
    /// The same, as older clients call it.
    backup: String,
    /// The identity.
    bap_id: String,
    /// When it was stored, ISO 8601.
    last_updated: String,
}

impl BackupAnswer {
    /// That version.
    pub fn of(version: &Version, backup: &EncryptedBackup) -> Self {
        let text = backup.text();
        Self {
            success: true,
            encrypted_backup: text.clone(),
            backup: text,
            bap_id: version.bap_id.to_string(),
            last_updated: version.stored_at.iso8601(),
        }
    }
}

/// Returns an encrypted backup of the caller's.
///
/// By `bapId` to a session that began or was confirmed in the last 15 minutes, or to a signature of the account's key. By
/// `oauthId` to a browser that has just signed in to that account at its provider. Never to an app.
#[utoipa::path(
    get,
    path = "/api/backup",
    operation_id = "retrieveBackup",
    tag = "Backups",
    security(("session" = []), ("key" = [])),
    params(
        ("bapId" = Option<String>, Query, description = "The identity; also `bapid`. By default the one that the caller acts as"),
        ("version" = Option<String>, Query, description = "An earlier version, from `/api/backup/versions`"),
        ("oauthId" = Option<String>, Query, description = "`provider|account` instead of an identity"),
    ),
    responses(
        (status = 200, description = "The backup", body = BackupAnswer),
        (status = 400, description = "Two credentials, or `oauthId` with an identity"),
        (status = 401, description = "Not entitled, or no longer"),
        (status = 403, description = "`SESSION_NOT_FRESH`, or an app's token"),
        (status = 404, description = "There is no such backup"),
        (status = 429, description = "Too many retrievals, or failed attempts"),
    )
)]
pub async fn retrieve(
    State(sigma): State<AppState>,
    context: RequestContext,
    request: Request,
) -> Result<Response, Response> {
    let query = Params::parse(request.uri().query().unwrap_or_default());
    if let Some(oauth_id) = query.get("oauthId") {
        return by_provider(&sigma, &context, request.headers(), oauth_id).await.map_err(IntoResponse::into_response);
    }
    let OwnApi { caller, .. } = OwnApi::<Backups>::from_request(request, &sigma).await?;
    let respond = async {
        if caller.session().is_some() && !caller.may_change_credentials(&sigma) {
            return Err(Refusal::from(not_recent()));
        }
        let bap_id = named(&caller, bap_id_of(&query), not_found)?;
        let wanted = match query.get("version") {
            Some(id) => Wanted::Version(bap_id, BackupId::from_text(id)),
            None => Wanted::Current(bap_id),
        };
        let method = if matches!(caller.means, Means::Session(_)) { "session" } else { "key" };
        let entitled = Entitled { user_id: caller.user_id().clone(), actor: caller.actor(), method, once: None };
        let (version, backup) = hand_out(&sigma, &context, entitled, wanted).await?;
        Ok(Json(BackupAnswer::of(&version, &backup)).into_response())
    };
    respond.await.map_err(IntoResponse::into_response)
}

/// The backup that an account at a provider restores. Whoever has neither proven that account in this browser nor is signed
/// in as its user gets one answer, whether or not the account is known.
async fn by_provider(
    sigma: &AppState,
    context: &RequestContext,
    headers: &HeaderMap,
    oauth_id: &str,
) -> Result<Response, Refusal> {
    let browser = Browser::of(headers);
    let ticket = RestoreTicket::of(sigma, &browser).filter(|ticket| ticket.oauth_id() == oauth_id);
    // A page of another site can lead a browser here, but not use up its ticket.
    let (entitled, wanted) = match ticket.filter(|_| is_own_page(headers)) {
        Some(ticket) => {
            let restored = restorable(sigma, oauth_id, Some(ticket.vouched.issuer)).await?;
            let (user_id, wanted) = restored.ok_or_else(not_found)?;
            (Entitled { user_id, actor: Actor::Anonymous, method: "provider", once: Some(ticket.once) }, wanted)
        }
        None => match by_session(sigma, &browser, oauth_id).await? {
            Some(found) => found,
            None => return refuse(context),
        },
    };
    let (version, backup) = hand_out(sigma, context, entitled, wanted).await?;
    let response = Json(BackupAnswer::of(&version, &backup)).into_response();
    Ok(with_cookie(response, Some(&RestoreTicket::expired_cookie(sigma))))
}

/// A signed-in user, if the account at the provider is theirs.
async fn by_session(
    sigma: &AppState,
    browser: &Browser,
    oauth_id: &str,
) -> Result<Option<(Entitled, Wanted)>, ApiError> {
    let Some(signed_in) = SignedIn::find(sigma, browser).await? else { return Ok(None) };
    let user_id = signed_in.account.user.id.clone();
    let Some((owner, wanted)) = restorable(sigma, oauth_id, None).await? else { return Ok(None) };
    if owner != user_id {
        return Ok(None);
    }
    if !signed_in.may_change_credentials(sigma) {
        return Err(not_recent());
    }
    let actor = Actor::User(user_id.clone());
    Ok(Some((Entitled { user_id, actor, method: "session", once: None }, wanted)))
}

fn refuse<T>(context: &RequestContext) -> Result<T, Refusal> {
    context.charge(Rule::Restore, context.client())?;
    Err(unauthorized().into())
}

/// Whether a page of ours asks, or a program.
fn is_own_page(headers: &HeaderMap) -> bool {
    header(headers, http::HeaderName::from_static("sec-fetch-site")).is_none_or(|site| site == "same-origin")
}

/// Whose backup an account at a provider restores, and which; `issuer` is who vouched for it now.
async fn restorable(
    sigma: &AppState,
    oauth_id: &str,
    issuer: Option<String>,
) -> Result<Option<(UserId, Wanted)>, ApiError> {
    let Some((provider_id, subject)) = oauth_id.split_once('|') else { return Ok(None) };
    let (provider_id, subject) = (provider_id.to_owned(), subject.to_owned());
    Ok(sigma.store.read(move |tx| backup_link::restores(tx, &provider_id, &subject, issuer.as_deref())).await?)
}
