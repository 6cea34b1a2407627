//! `GET /api/admin/v1/apps/{client_id}/redirect-refusals`: the redirect URIs that an app sent and had not registered.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sigma_core::redirect::{Difference, RedirectUri, nearest};
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::apps;
use utoipa::ToSchema;

use super::POLICY;
use super::app::parse;
use super::caller::{Admin, Reads};
use super::error::AdminError;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(list))
}

/// The redirect URIs that were refused.
#[derive(Debug, Serialize, ToSchema)]
struct AdminRedirectRefusals {
    items: Vec<AdminRedirectRefusal>,
}

/// A redirect URI that was refused.
#[derive(Debug, Serialize, ToSchema)]
struct AdminRedirectRefusal {
    /// The URI, its first 500 characters. Whoever opened the address of a sign-in chose it.
    uri: String,
    /// How often it was sent.
    refusals: u64,
    last_at: String,
    /// Whether the app may use it by now.
    registered: bool,
    /// The registered one that is nearest.
    nearest: Option<String>,
    /// What differs: `scheme`, `host`, `host_case`, `port`, `path`, `path_case`, `trailing_slash`, `query`, `fragment`, `no_uri`.
    differences: Vec<&'static str>,
}

/// Lists the redirect URIs of the last 14 days that the app sent and had not registered, the latest first, at most 30, with what differs
/// from the nearest registered one.
#[utoipa::path(
    get,
    path = "/api/admin/v1/apps/{client_id}/redirect-refusals",
    operation_id = "adminListRedirectRefusals",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(("client_id" = String, Path, description = "The client id of the app, or its id")),
    responses(
        (status = 200, description = "The URIs", body = AdminRedirectRefusals),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    Path(name): Path<String>,
) -> Result<Json<AdminRedirectRefusals>, AdminError> {
    let (named, caller, now) = (parse(&name)?, admin.caller, sigma.now());
    let (app, refused) = sigma
        .store
        .look_up(move |tx| Ok((apps::find(tx, &caller, &named)?.app, apps::refusals(tx, &caller, &named, now)?)))
        .await?;
    let items = refused.into_iter().map(|one| {
        let closest = nearest(&one.uri, app.redirect_uris.iter().map(RedirectUri::as_str));
        AdminRedirectRefusal {
            registered: app.redirect_uris.find(&one.uri, app.application_type).is_some(),
            nearest: closest.as_ref().map(|(uri, _)| (*uri).to_owned()),
            differences: closest.into_iter().flat_map(|(_, found)| found).map(Difference::as_str).collect(),
            uri: one.uri,
            refusals: one.refusals,
            last_at: one.last_at.to_string(),
        }
    });
    Ok(Json(AdminRedirectRefusals { items: items.collect() }))
}
