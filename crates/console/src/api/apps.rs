//! `GET /api/admin/v1/apps`: the apps, oldest first.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::app::App;
use sigma_core::ids::AppId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::apps;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use super::list::{ListQuery, Listed};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(list))
}

/// An app.
#[derive(Debug, Serialize, ToSchema)]
struct AdminApp {
    id: String,
    client_id: String,
    name: String,
    org_id: String,
    /// `web` or `native`.
    application_type: &'static str,
    /// How it authenticates.
    token_endpoint_auth_method: &'static str,
    grant_types: Vec<&'static str>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    /// The server's own scopes that it may request.
    scope: String,
    /// The APIs that it may request, by URI.
    resources: Vec<String>,
    /// Whether it registered itself, and nobody vouched for it.
    unverified: bool,
    disabled: bool,
    created_at: String,
    updated_at: String,
}

impl From<&App> for AdminApp {
    fn from(app: &App) -> Self {
        Self {
            id: app.id.to_string(),
            client_id: app.client_id.to_string(),
            name: app.name.clone(),
            org_id: app.org_id.to_string(),
            application_type: app.application_type.as_str(),
            token_endpoint_auth_method: app.auth_method.as_str(),
            grant_types: app.grant_types.iter().map(|grant| grant.as_str()).collect(),
            redirect_uris: app.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            post_logout_redirect_uris: app
                .post_logout_redirect_uris
                .iter()
                .map(|uri| uri.as_str().to_owned())
                .collect(),
            scope: app.scopes.to_string(),
            resources: app.resources.clone(),
            unverified: app.dynamic,
            disabled: app.disabled,
            created_at: app.created_at.to_string(),
            updated_at: app.updated_at.to_string(),
        }
    }
}

/// Lists the apps, oldest first, without their secrets.
#[utoipa::path(
    get,
    path = "/api/admin/v1/apps",
    operation_id = "adminListApps",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"])),
    params(
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of apps", body = Listed<AdminApp>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminApp>>, AdminError> {
    let (caller, after, limit) = (admin.caller, query.after_id(AppId::parse)?, query.one_more());
    let found = sigma.store.look_up(move |tx| apps::list(tx, &caller, &after, limit)).await?;
    Ok(Json(query.listed(found, |app| app.id.to_string())))
}
