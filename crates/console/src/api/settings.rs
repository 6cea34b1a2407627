//! `GET /api/admin/v1/settings`: the settings in force, and where each comes from.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use sigma_core::operator::OperatorRight;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::settings::Setting;
use sigma_platform::state::AppState;
use sigma_store::Tx;
use sigma_store::branding::{self, Branded};
use sigma_store::operator::may;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::conditions::Conditions;
use super::error::AdminError;

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A setting in force.
#[derive(Debug, Serialize, ToSchema)]
struct AdminSetting {
    /// As the file names it, such as `tokens.code_seconds`.
    key: String,
    /// Null if there is none. A secret is `***`.
    value: serde_json::Value,
    /// `default`, `file`, `environment`, or `console` for what was set there, by this API or in a file that was applied.
    source: &'static str,
    /// The file, or the environment variable.
    source_name: Option<String>,
}

impl From<Setting> for AdminSetting {
    fn from(setting: Setting) -> Self {
        Self {
            source: setting.origin.kind(),
            source_name: setting.origin.name().map(str::to_owned),
            key: setting.key,
            value: setting.value,
        }
    }
}

/// The settings in force.
#[derive(Debug, Serialize, ToSchema)]
struct AdminSettings {
    /// By key; all of them.
    items: Vec<AdminSetting>,
}

/// Lists the settings in force on the instance that answers. Secrets are masked.
#[utoipa::path(
    get,
    path = "/api/admin/v1/settings",
    operation_id = "adminListSettings",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    params(("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has")),
    responses(
        (status = 200, description = "The settings", body = AdminSettings,
            headers(("ETag" = String, description = "The version"))),
        (status = 304, description = "They are of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
) -> Result<Response, AdminError> {
    let caller = admin.caller;
    let read = move |tx: &mut dyn Tx| {
        may(tx, &caller, OperatorRight::ReadSettings)?;
        Ok(branding::find(tx, &Branded::Server)?)
    };
    let set = sigma.store.look_up(read).await?;
    let items = sigma.settings.in_force_with(&set).into_iter().map(AdminSetting::from).collect();
    Ok(conditions.show(AdminSettings { items }))
}
