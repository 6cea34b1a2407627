//! `POST /api/auth/unlink-account`: unlinks an account at a provider.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sigma_core::actor::Actor;
use sigma_store::credential::Retirement;
use sigma_store::credential_change::{self, Retire};
use sigma_store::provider_account::{self, ProviderAccount};
use utoipa::ToSchema;

use super::not_fresh;
use crate::error::{API, bad_request};
use crate::extract::{SignedIn, read_object};
use crate::http::{ApiError, Endpoint, RequestContext, routes};
use crate::mail::AccountChange;
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(unlink_account))
}

/// The account to unlink.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnlinkBody {
    /// The provider.
    provider_id: String,
    /// The account there; without it, the first one of that provider.
    account_id: Option<String>,
}

/// The account was unlinked.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnlinkAnswer {
    /// `true`.
    status: bool,
}

/// Unlinks an account, unless it is the last way to sign in. All other sessions end. The sign-in must be at most 15 minutes
/// ago.
#[utoipa::path(
    post,
    path = "/api/auth/unlink-account",
    operation_id = "unlinkAccount",
    tag = "Sign-in",
    request_body(content = UnlinkBody, content_type = "application/json"),
    responses(
        (status = 200, description = "It is unlinked", body = UnlinkAnswer),
        (status = 400, description = "`ACCOUNT_NOT_FOUND`, `FAILED_TO_UNLINK_LAST_ACCOUNT`, or the body is malformed"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "`SESSION_NOT_FRESH`, or from another origin"),
    )
)]
pub async fn unlink_account(
    State(sigma): State<AppState>,
    context: RequestContext,
    signed_in: SignedIn,
    body: Bytes,
) -> Result<Json<UnlinkAnswer>, ApiError> {
    let malformed = || bad_request("invalid_request", r#"the body must be {"providerId":"…","accountId":"…"}"#);
    let wanted: UnlinkBody = read_object(&body).ok_or_else(malformed)?;
    if !signed_in.may_change_credentials(&sigma) {
        return Err(not_fresh());
    }
    let not_found = || bad_request("account_not_found", "Account not found").with_code("ACCOUNT_NOT_FOUND");
    let user_id = signed_in.account.user.id.clone();
    let owner = user_id.clone();
    let accounts = sigma.store.read(move |tx| provider_account::list(tx, &owner)).await?;
    let is_wanted = |account: &&ProviderAccount| {
        account.provider_id == wanted.provider_id && wanted.account_id.as_ref().is_none_or(|id| *id == account.subject)
    };
    let account = accounts.iter().find(is_wanted).ok_or_else(not_found)?;
    let credential = provider_account::credential_of(&account.id);
    let retire = Retire {
        user_id: user_id.clone(),
        credential,
        kept: signed_in.session.id.clone(),
        notices: sigma.notices(&signed_in.account.user, AccountChange::ProviderUnlinked)?,
        now: sigma.now(),
    };
    let store = sigma.store_for(&context, Actor::User(user_id));
    match store.write(move |tx| credential_change::retire(tx, &retire)).await? {
        Retirement::Retired => {
            sigma.mail_was_promised();
            Ok(Json(UnlinkAnswer { status: true }))
        }
        Retirement::NotFound => Err(not_found()),
        Retirement::LastOne => Err(bad_request("last_account", "You can't unlink your last account")
            .with_code("FAILED_TO_UNLINK_LAST_ACCOUNT")),
    }
}
