//! `/api/admin/v1/apps`: the apps, oldest first, and new ones.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use sigma_core::app::AppSettings;
use sigma_core::ids::AppId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::apps;

use super::POLICY;
use super::app::{AdminApp, AdminAppDetails};
use super::body::Body;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};
use crate::app::fresh;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(POLICY, routes!(list)), Endpoint::new(POLICY, routes!(add))]
}

/// Lists the apps, oldest first, without their secrets.
#[utoipa::path(
    get,
    path = "/api/admin/v1/apps",
    operation_id = "adminListApps",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("verified" = Option<bool>, Query, description = "Only those that the operator registered or approved, or only the others"),
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
    let verified = query.parsed("verified", "verified must be true or false", |text| text.parse().ok())?;
    let found = sigma.store.look_up(move |tx| apps::list(tx, &caller, verified, &after, limit)).await?;
    Ok(Json(query.listed(found, |app| app.id.to_string())))
}

/// Registers an app, verified. Its secret, if its method has one, is shown this once.
#[utoipa::path(
    post,
    path = "/api/admin/v1/apps",
    operation_id = "adminAddApp",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    request_body = AppSettings,
    responses(
        (status = 201, description = "The app", body = AdminAppDetails),
        (status = 400, description = "A malformed body, or a setting that is refused: `field` names it"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 409, description = "The client id is or was an app's"),
    )
)]
async fn add(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Body(settings): Body<AppSettings>,
) -> Result<(StatusCode, Json<AdminAppDetails>), AdminError> {
    let (secret, fresh) = fresh(&sigma);
    let (caller, reach, id) = (admin.caller.clone(), admin.reach(), AppId::new(fresh.now, &*sigma.rng));
    let added =
        admin.store(&sigma).decide(move |tx| apps::add(tx, (&caller, &reach), &id, &settings, &fresh)).await??;
    Ok((StatusCode::CREATED, Json(AdminAppDetails::with_secret(added, secret))))
}
