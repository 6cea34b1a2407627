//! `/api/admin/v1/providers`: the upstream providers, and whether each answers.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::provider::ProviderId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::providers::{Provider, Reach, redirect_uri};
use sigma_platform::state::AppState;
use sigma_store::operator::{may, providers};
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use crate::pages::providers::{kind, sign_up};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(check)),
        Endpoint::new(POLICY, routes!(remove)),
    ]
}

/// An upstream provider.
#[derive(Debug, Serialize, ToSchema)]
struct AdminProvider {
    id: String,
    /// `openid`, `google` or `github`.
    kind: &'static str,
    label: String,
    issuer: String,
    client_id: String,
    /// Where it returns browsers: what has to be registered there.
    redirect_uri: String,
    scope: String,
    /// What becomes of an account that nobody has linked: `off`, `with_key` or `on`.
    sign_up: &'static str,
    /// `unknown`, `answers` or `fails`, when its metadata were last asked for by the instance that answers.
    state: &'static str,
    /// When that was.
    asked_at: Option<String>,
}

impl AdminProvider {
    fn of(sigma: &AppState, provider: &Provider) -> Self {
        let settings = provider.settings();
        let (state, asked_at) = match provider.reach() {
            Reach::Unknown => ("unknown", None),
            Reach::Answers(at) => ("answers", Some(at)),
            Reach::Fails(at) => ("fails", Some(at)),
        };
        Self {
            id: provider.id().to_string(),
            kind: kind(provider.kind()),
            label: provider.label().to_owned(),
            issuer: settings.issuer().to_owned(),
            client_id: settings.client_id.clone(),
            redirect_uri: redirect_uri(sigma, provider.id()),
            scope: settings.scope(),
            sign_up: sign_up(provider.sign_up()),
            state,
            asked_at: asked_at.map(|at| at.to_string()),
        }
    }
}

/// The upstream providers.
#[derive(Debug, Serialize, ToSchema)]
struct AdminProviders {
    /// In the order of the settings; all of them.
    items: Vec<AdminProvider>,
}

/// Lists the configured providers. Secrets are not among it.
#[utoipa::path(
    get,
    path = "/api/admin/v1/providers",
    operation_id = "adminListProviders",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    responses(
        (status = 200, description = "The providers", body = AdminProviders),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(State(sigma): State<AppState>, admin: Admin<Reads>) -> Result<Json<AdminProviders>, AdminError> {
    let caller = admin.caller;
    sigma.store.look_up(move |tx| may(tx, &caller, OperatorRight::ReadProviders)).await?;
    let items = sigma.providers.all().iter().map(|provider| AdminProvider::of(&sigma, provider)).collect();
    Ok(Json(AdminProviders { items }))
}

/// Fetches the metadata of a provider now, and tells whether it answers. A test sign-in needs a browser, at `/console/providers`.
#[utoipa::path(
    post,
    path = "/api/admin/v1/providers/{provider}/check",
    operation_id = "adminCheckProvider",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    params(("provider" = String, Path, description = "The id of the provider")),
    responses(
        (status = 200, description = "The provider, whether or not it answers", body = AdminProvider),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such provider"),
    )
)]
async fn check(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
) -> Result<Json<AdminProvider>, AdminError> {
    let caller = admin.caller;
    sigma.store.look_up(move |tx| may(tx, &caller, OperatorRight::TestProviders)).await?;
    let provider = sigma.providers.find(&id).ok_or(AdminError::Refused(OperatorRefusal::NotFound))?;
    provider.check(sigma.now()).await;
    Ok(Json(AdminProvider::of(&sigma, &provider)))
}

/// Removes a provider that was declared (`POST declarations`); those of the settings are removed there. Linked accounts keep their other
/// ways in.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/providers/{provider}",
    operation_id = "adminRemoveProvider",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    params(("provider" = String, Path, description = "The id of the provider")),
    responses(
        (status = 204, description = "It is declared no more"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "No such provider was declared"),
    )
)]
async fn remove(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(id): Path<String>,
) -> Result<StatusCode, AdminError> {
    let id = ProviderId::parse(&id).map_err(|_| AdminError::Refused(OperatorRefusal::NotFound))?;
    let caller = admin.caller.clone();
    admin.store(&sigma).decide(move |tx| providers::remove(tx, &caller, &id)).await?;
    sigma.use_changed_providers().await;
    Ok(StatusCode::NO_CONTENT)
}
