//! Accounts at upstream providers, as Better Auth's clients ask for them (`docs/spec/providers.md`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use sigma_core::actor::Actor;
use sigma_core::interaction::{AccountPage, Continuation};
use sigma_store::credential::Retirement;
use sigma_store::credential_change::{self, Retire};
use sigma_store::provider_account::{self, ProviderAccount};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::error::{API, bad_request};
use crate::extract::{Browser, SignedIn, read_object};
use crate::http::policy::Cookies;
use crate::http::{ApiError, Endpoint, Policy, RequestContext};
use crate::interaction::{self, with_cookie};
use crate::mail::AccountChange;
use crate::providers::{Aim, Place, ProviderFailure, begin, linking_notices};
use crate::settings::SignInMethod;
use crate::state::AppState;

/// Begins a sign-in: pages of other sites may not.
const SIGN_IN: Policy = Policy { cookies: Cookies::SignIn, ..API };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(SIGN_IN, routes!(sign_in_social)),
        Endpoint::new(API, routes!(link_social)),
        Endpoint::new(API, routes!(list_accounts)),
        Endpoint::new(API, routes!(unlink_account)),
    ]
}

/// Which provider, and where to continue. Better Auth's further members are ignored.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SocialBody {
    /// The id of the provider.
    provider: String,
    /// A path of this server, or a URL on a trusted origin.
    #[serde(rename = "callbackURL")]
    callback_url: Option<String>,
    /// The same, after a failure; `error` is added.
    #[serde(rename = "errorCallbackURL")]
    error_callback_url: Option<String>,
    /// The caller goes there itself: `redirect` is false then.
    #[serde(default)]
    disable_redirect: bool,
}

/// Where to send the browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct SocialAnswer {
    /// The provider's sign-in page.
    url: String,
    /// Whether the client should go there.
    redirect: bool,
}

/// Begins a sign-in with an account at a provider.
#[utoipa::path(
    post,
    path = "/api/auth/sign-in/social",
    operation_id = "signInSocial",
    tag = "Sign-in",
    request_body(content = SocialBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Where to send the browser; a cookie binds the sign-in to it", body = SocialAnswer),
        (status = 400, description = "The body is malformed"),
        (status = 403, description = "`INVALID_CALLBACK_URL`, or from another origin"),
        (status = 404, description = "`PROVIDER_NOT_FOUND`"),
        (status = 502, description = "`PROVIDER_UNAVAILABLE`: it does not answer"),
    )
)]
pub async fn sign_in_social(
    State(sigma): State<AppState>,
    browser: Browser,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !sigma.settings.sign_in.methods.contains(&SignInMethod::Provider) {
        return Err(provider_not_found());
    }
    go(&sigma, &browser, &body, Continuation::Home, Aim::SignIn).await
}

/// Begins linking an account at a provider to the signed-in user, whose sign-in must be at most 15 minutes ago.
#[utoipa::path(
    post,
    path = "/api/auth/link-social",
    operation_id = "linkSocial",
    tag = "Sign-in",
    request_body(content = SocialBody, content_type = "application/json"),
    responses(
        (status = 200, description = "Where to send the browser", body = SocialAnswer),
        (status = 400, description = "The body is malformed"),
        (status = 401, description = "Nobody is signed in"),
        (status = 403, description = "`SESSION_NOT_FRESH`, `INVALID_CALLBACK_URL`, or from another origin"),
        (status = 404, description = "`PROVIDER_NOT_FOUND`"),
        (status = 502, description = "`PROVIDER_UNAVAILABLE`: it does not answer"),
    )
)]
pub async fn link_social(
    State(sigma): State<AppState>,
    browser: Browser,
    signed_in: SignedIn,
    body: Bytes,
) -> Result<Response, ApiError> {
    if !signed_in.may_change_credentials(&sigma) {
        return Err(not_fresh());
    }
    let aim = Aim::Link { user_id: signed_in.account.user.id.clone(), session_id: signed_in.session.id.clone() };
    let continuation = Continuation::Account { page: AccountPage::Overview };
    go(&sigma, &browser, &body, continuation, aim).await
}

async fn go(
    sigma: &AppState,
    browser: &Browser,
    body: &Bytes,
    continuation: Continuation,
    aim: Aim,
) -> Result<Response, ApiError> {
    let malformed = || bad_request("invalid_request", r#"the body must be {"provider":"…","callbackURL":"…"}"#);
    let wanted: SocialBody = read_object(body).ok_or_else(malformed)?;
    let provider = sigma.providers.find(&wanted.provider).ok_or_else(provider_not_found)?;
    let place = Place::of(sigma, wanted.callback_url.as_deref(), wanted.error_callback_url.as_deref());
    let place = place.transpose().map_err(|_| {
        let description = "callbackURL must be a path of this server or a URL on a trusted origin";
        ApiError::new(StatusCode::FORBIDDEN, "invalid_callback_url", description).with_code("INVALID_CALLBACK_URL")
    })?;
    let ongoing = interaction::begin(sigma, browser, continuation, sigma.now())?;
    let begun = begin(sigma, provider, ongoing, aim, place, false).await?.map_err(unavailable)?;
    let answer = SocialAnswer { url: begun.url, redirect: !wanted.disable_redirect };
    Ok(with_cookie(Json(answer).into_response(), begun.set_cookie.as_deref()))
}

fn provider_not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "oauth_provider_not_found", "Provider not found")
        .with_code("PROVIDER_NOT_FOUND")
}

fn unavailable(failure: ProviderFailure) -> ApiError {
    ApiError::new(StatusCode::BAD_GATEWAY, failure.code(), "The provider does not answer")
        .with_code("PROVIDER_UNAVAILABLE")
}

fn not_fresh() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "session_not_fresh", "Sign in again first.").with_code("SESSION_NOT_FRESH")
}

/// A linked account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedAccount {
    /// `provider|accountId`.
    id: String,
    /// The provider.
    provider_id: String,
    /// The account there.
    account_id: String,
    /// The user.
    user_id: String,
    /// What was asked for.
    scopes: Vec<String>,
    /// When it was linked.
    created_at: String,
    /// When it was last changed.
    updated_at: String,
}

/// Lists the accounts at providers that the user linked, oldest first.
#[utoipa::path(
    get,
    path = "/api/auth/list-accounts",
    operation_id = "listAccounts",
    tag = "Sign-in",
    responses(
        (status = 200, description = "The accounts", body = Vec<LinkedAccount>),
        (status = 401, description = "Nobody is signed in"),
    )
)]
pub async fn list_accounts(
    State(sigma): State<AppState>,
    signed_in: SignedIn,
) -> Result<Json<Vec<LinkedAccount>>, ApiError> {
    let user_id = signed_in.account.user.id.clone();
    let accounts = sigma.store.read(move |tx| provider_account::list(tx, &user_id)).await?;
    let view = |account: ProviderAccount| LinkedAccount {
        scopes: scopes(&sigma, &account.provider_id),
        id: account.id,
        provider_id: account.provider_id,
        account_id: account.subject,
        user_id: account.user_id.to_string(),
        created_at: account.created_at.iso8601(),
        updated_at: account.updated_at.iso8601(),
    };
    Ok(Json(accounts.into_iter().map(view).collect()))
}

fn scopes(sigma: &AppState, provider_id: &str) -> Vec<String> {
    let provider = sigma.providers.find(provider_id);
    let scope = provider.map(|provider| provider.settings().scope()).unwrap_or_default();
    scope.split_whitespace().map(str::to_owned).collect()
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
        notices: linking_notices(&sigma, &signed_in.account.user, AccountChange::ProviderUnlinked)?,
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
