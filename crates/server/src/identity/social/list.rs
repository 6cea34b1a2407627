//! `GET /api/auth/list-accounts`: the accounts at providers that the user linked.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_store::provider_account::{self, ProviderAccount};
use utoipa::ToSchema;

use crate::error::API;
use crate::extract::SignedIn;
use crate::http::{ApiError, Endpoint, routes};
use crate::state::AppState;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(API, routes!(list_accounts))
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
