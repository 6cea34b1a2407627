//! `POST /api/backup/link-oauth`: lets an account at a provider restore the backup of an identity.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::actor::Actor;
use sigma_store::backup_link::{self, Linking, NewLink};
use utoipa::ToSchema;

use super::hand_out::notices;
use super::keep::{prepare, read, too_much};
use super::{Backups, TAKES_BACKUP, named, not_recent, not_theirs};
use crate::extract::{Browser, KeyTokenError, OwnApi, SignedIn, rejected, unauthorized};
use crate::http::{ApiError, Endpoint, Refusal, RequestContext, Rule, routes};
use crate::mail::AccountChange;
use crate::restore_ticket::RestoreTicket;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(TAKES_BACKUP, routes!(link))
}

/// What to link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkBody {
    /// The identity; by default the one that the caller acts as.
    bap_id: Option<String>,
    /// The id of the provider.
    provider: String,
    /// A backup to store along with it.
    encrypted_backup: Option<String>,
}

/// It is linked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkAnswer {
    success: bool,
    /// The identity.
    bap_id: String,
}

/// Lets an account at a provider restore the backup of an identity: the one into which this browser has just signed in, else
/// the one that the user has linked.
///
/// Takes both the cookie of a session that began or was confirmed in the last 15 minutes, and `X-Auth-Token` by a key of the
/// same account over this path and the exact body.
#[utoipa::path(
    post,
    path = "/api/backup/link-oauth",
    operation_id = "linkOauthToBackup",
    tag = "Backups",
    params(("X-Auth-Token" = String, Header, description = "pubkey|scheme|timestamp|path|signature")),
    request_body(content = LinkBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Linked, newly or already", body = LinkAnswer),
        (status = 400, description = "Not the JSON of this endpoint, or not a backup"),
        (status = 401, description = "No session, or no valid signature of its account"),
        (status = 403, description = "`SESSION_NOT_FRESH`, `BAP_OWNERSHIP_FAILED`, `OAUTH_ACCOUNT_NOT_PROVEN`, or an app's token"),
        (status = 404, description = "The account has no identity"),
        (status = 408, description = "The body took too long"),
        (status = 409, description = "`OAUTH_ALREADY_LINKED`, or the account stores as much as it may"),
        (status = 413, description = "Too long"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many requests"),
    )
)]
pub async fn link(
    State(sigma): State<AppState>,
    context: RequestContext,
    api: OwnApi<Backups>,
) -> Result<Json<LinkAnswer>, Refusal> {
    let browser = Browser::of(&api.headers);
    let signed = api.caller.signed().cloned().ok_or_else(|| ApiError::from(KeyTokenError::Missing))?;
    let signed_in = SignedIn::find(&sigma, &browser).await?.ok_or_else(unauthorized)?;
    let user_id = signed_in.account.user.id.clone();
    if user_id != *api.caller.user_id() {
        return Err(unauthorized().into());
    }
    if !signed_in.may_change_credentials(&sigma) {
        return Err(not_recent().into());
    }
    let body: LinkBody = api.object()?;
    let bap_id = named(&api.caller, body.bap_id.as_deref(), not_theirs)?;
    let ticket = RestoreTicket::of(&sigma, &browser);
    let ticket = ticket.filter(|ticket| ticket.vouched.provider_id.as_str() == body.provider);
    let backup = body.encrypted_backup.as_deref().map(|text| read(Some(text))).transpose()?;
    let backup = backup.map(|backup| prepare(&sigma, &user_id, bap_id.clone(), &backup, None)).transpose()?;
    context.charge(Rule::BackupWrite, user_id.as_str())?;
    let new = NewLink {
        provider_id: body.provider,
        vouched: ticket.map(|ticket| (ticket.vouched, ticket.once)),
        user_id: user_id.clone(),
        bap_id: bap_id.clone(),
        backup,
        signed,
        notices: notices(&sigma, &user_id, AccountChange::BackupLinked).await?,
        now: sigma.now(),
    };
    let store = sigma.store_for(&context, Actor::User(user_id));
    match store.write(move |tx| backup_link::link(tx, &new)).await? {
        Linking::Linked => sigma.mail_was_promised(),
        Linking::Taken => return Err(already_linked().into()),
        Linking::NotTheirs => return Err(not_theirs().into()),
        Linking::Rejected(cause) => return Err(rejected(cause).into()),
        Linking::NotProven => return Err(not_proven().into()),
        Linking::TooMuch => return Err(too_much().into()),
    }
    Ok(Json(LinkAnswer { success: true, bap_id: bap_id.to_string() }))
}

/// The refusal does not say whose it is.
fn already_linked() -> ApiError {
    let words = "This OAuth account is already linked to another Bitcoin identity";
    ApiError::new(StatusCode::CONFLICT, "conflict", words).with_code("OAUTH_ALREADY_LINKED")
}

fn not_proven() -> ApiError {
    let words = "Sign in at the provider in this browser first";
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", words).with_code("OAUTH_ACCOUNT_NOT_PROVEN")
}
