//! `/api/admin/v1/branding`: how the server looks. What is set here takes precedence over its settings.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sigma_core::branding::{Branding, BrandingChange, BrandingTexts, Part};
use sigma_platform::branding::is_language;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::branding::{self, Whose};
use sigma_store::operator::{Caller, Decision};
use sigma_store::{Owner, Tx};
use utoipa::ToSchema;

use super::POLICY;
use super::body::Body;
use super::branding::{AdminBranding, LOGO, keep_logo};
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::new(POLICY, routes!(show)),
        Endpoint::new(POLICY, routes!(change)),
        Endpoint::new(LOGO, routes!(set_logo)),
        Endpoint::new(POLICY, routes!(remove_logo)),
    ]
}

/// How the server looks.
#[derive(Debug, Serialize, ToSchema)]
struct AdminServerBranding {
    /// The name of the server.
    name: String,
    #[serde(flatten)]
    in_force: AdminBranding,
    /// Which parts were set here; the settings say the others.
    set: Vec<&'static str>,
}

/// A change; what is left out stays, and an empty text leaves a part to the settings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdminServerBrandingChange {
    /// At most 100 characters.
    name: Option<String>,
    /// Such as `#3d46c2`.
    accent: Option<String>,
    /// `https:`.
    terms_url: Option<String>,
    /// `https:`.
    privacy_url: Option<String>,
    /// `https:` or `mailto:`.
    support_url: Option<String>,
    /// Plain text by the tags of languages, at most 300 characters each; all of them are replaced.
    welcome: Option<BTreeMap<String, String>>,
}

impl AdminServerBrandingChange {
    fn checked(&self) -> Result<BrandingChange, AdminError> {
        let texts = BrandingTexts {
            name: self.name.as_deref(),
            accent: self.accent.as_deref(),
            terms_url: self.terms_url.as_deref(),
            privacy_url: self.privacy_url.as_deref(),
            support_url: self.support_url.as_deref(),
            welcome: self.welcome.as_ref(),
        };
        texts.checked(is_language).map_err(|problem| AdminError::malformed(problem.to_string()))
    }
}

fn view(sigma: &AppState, set: &Branding) -> AdminServerBranding {
    let in_force = sigma.server_branding_with(set);
    let parts = [
        ("name", set.name.is_some()),
        ("logo", set.logo.is_some()),
        ("accent", set.accent.is_some()),
        ("terms_url", set.terms_url.is_some()),
        ("privacy_url", set.privacy_url.is_some()),
        ("support_url", set.support_url.is_some()),
        ("welcome", !set.welcome.is_empty()),
    ];
    AdminServerBranding {
        name: in_force.name.clone().unwrap_or_default(),
        in_force: AdminBranding::from(&in_force),
        set: parts.into_iter().filter(|(_, is_set)| *is_set).map(|(part, _)| part).collect(),
    }
}

fn read(tx: &mut dyn Tx, sigma: &AppState, caller: &Caller) -> Decision<AdminServerBranding> {
    Ok(view(sigma, &branding::find(tx, caller, &Whose::Server)?.branding))
}

async fn apply(
    sigma: &AppState,
    admin: &Admin<Writes>,
    conditions: Conditions,
    change: BrandingChange,
) -> Result<Tagged<AdminServerBranding>, AdminError> {
    let (caller, shown, now) = (admin.caller.clone(), sigma.clone(), sigma.now());
    let change = move |tx: &mut dyn Tx| {
        conditions.require(tx, &[Owner::Installation], |tx| read(tx, &shown, &caller))?;
        Ok(view(&shown, &branding::change(tx, &caller, &Whose::Server, &change, now)?.branding))
    };
    let changed = admin.store(sigma).decide(change).await?;
    sigma.show_changed_branding().await;
    Ok(Tagged(changed))
}

/// Returns how the server looks, and which parts of that were set here.
#[utoipa::path(
    get,
    path = "/api/admin/v1/branding",
    operation_id = "adminShowBranding",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:server:read"])),
    params(("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has")),
    responses(
        (status = 200, description = "The branding", body = AdminServerBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "Two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn show(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
) -> Result<Response, AdminError> {
    let (caller, shown) = (admin.caller, sigma.clone());
    Ok(conditions.show(sigma.store.look_up(move |tx| read(tx, &shown, &caller)).await?))
}

/// Changes how the server looks. Repeating it changes nothing.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/branding",
    operation_id = "adminChangeBranding",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    params(("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed")),
    request_body = AdminServerBrandingChange,
    responses(
        (status = 200, description = "The branding, changed", body = AdminServerBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn change(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Body(body): Body<AdminServerBrandingChange>,
) -> Result<Tagged<AdminServerBranding>, AdminError> {
    apply(&sigma, &admin, conditions, body.checked()?).await
}

/// Sets the logo of the server: the body is a PNG, JPEG, WebP or GIF file, which is encoded anew.
#[utoipa::path(
    put,
    path = "/api/admin/v1/branding/logo",
    operation_id = "adminSetLogo",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    params(("If-Match" = Option<String>, Header, description = "Tags of the versions of the branding that may be changed")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The branding, changed", body = AdminServerBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter, no picture, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn set_logo(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    request: Request,
) -> Result<Tagged<AdminServerBranding>, Response> {
    let logo = keep_logo(&sigma, &admin, request).await?;
    let change = BrandingChange { logo: Part::Set(logo), ..BrandingChange::default() };
    apply(&sigma, &admin, conditions, change).await.map_err(IntoResponse::into_response)
}

/// Leaves the logo of the server to its settings.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/branding/logo",
    operation_id = "adminRemoveLogo",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:server:write"])),
    params(("If-Match" = Option<String>, Header, description = "Tags of the versions of the branding that may be changed")),
    responses(
        (status = 200, description = "The branding, changed", body = AdminServerBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn remove_logo(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
) -> Result<Tagged<AdminServerBranding>, AdminError> {
    apply(&sigma, &admin, conditions, BrandingChange { logo: Part::Gone, ..BrandingChange::default() }).await
}
