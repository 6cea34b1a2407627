//! `/branding` below `/api/admin/v1/orgs/{org}` and `/apps/{client_id}`: how an org or app looks, and changing it.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use sigma_core::branding::{BrandingChange, Part};
use sigma_core::ids::AppRef;
use sigma_core::operator::OperatorRefusal;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::branding::Whose;

use super::POLICY;
use super::body::Body;
use super::branding::{AdminBranding, AdminBrandingChange, LOGO, change, set_logo, show};
use super::caller::{Admin, Reads, Writes};
use super::conditions::{Conditions, Tagged};
use super::error::AdminError;
use super::org::named;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 8] {
    [
        Endpoint::new(POLICY, routes!(show_org)),
        Endpoint::new(POLICY, routes!(change_org)),
        Endpoint::new(LOGO, routes!(set_org_logo)),
        Endpoint::new(POLICY, routes!(remove_org_logo)),
        Endpoint::new(POLICY, routes!(show_app)),
        Endpoint::new(POLICY, routes!(change_app)),
        Endpoint::new(LOGO, routes!(set_app_logo)),
        Endpoint::new(POLICY, routes!(remove_app_logo)),
    ]
}

/// Returns how an org looks.
#[utoipa::path(
    get,
    path = "/api/admin/v1/orgs/{org}/branding",
    operation_id = "adminShowOrgBranding",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:orgs:read"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The branding", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
    )
)]
async fn show_org(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Response, AdminError> {
    show(&sigma, &admin, &conditions, org(&sigma, &id).await?).await
}

/// Changes how an org looks. Repeating it changes nothing.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/orgs/{org}/branding",
    operation_id = "adminChangeOrgBranding",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminBrandingChange,
    responses(
        (status = 200, description = "The branding, changed", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn change_org(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<AdminBrandingChange>,
) -> Result<Tagged<AdminBranding>, AdminError> {
    change(&sigma, &admin, conditions, org(&sigma, &id).await?, body.checked()?).await
}

/// Sets the logo of an org: the body is a PNG, JPEG, WebP or GIF file, which is encoded anew.
#[utoipa::path(
    put,
    path = "/api/admin/v1/orgs/{org}/branding/logo",
    operation_id = "adminSetOrgLogo",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions of the branding that may be changed"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The branding, changed", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter, no picture, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn set_org_logo(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    request: Request,
) -> Result<Tagged<AdminBranding>, Response> {
    set_logo(&sigma, &admin, conditions, org(&sigma, &id).await, request).await
}

/// Removes the logo of an org.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/orgs/{org}/branding/logo",
    operation_id = "adminRemoveOrgLogo",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:orgs:write"])),
    params(
        ("org" = String, Path, description = "The id or the slug of the org"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions of the branding that may be changed"),
    ),
    responses(
        (status = 200, description = "The branding, changed", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such org"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn remove_org_logo(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Tagged<AdminBranding>, AdminError> {
    change(&sigma, &admin, conditions, org(&sigma, &id).await?, without_logo()).await
}

/// Returns how an app looks. What it does not set is that of its org, or else of the server.
#[utoipa::path(
    get,
    path = "/api/admin/v1/apps/{client_id}/branding",
    operation_id = "adminShowAppBranding",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-None-Match" = Option<String>, Header, description = "Tags of versions that the caller has"),
    ),
    responses(
        (status = 200, description = "The branding", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 304, description = "It is of a version that `If-None-Match` names"),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
    )
)]
async fn show_app(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Response, AdminError> {
    show(&sigma, &admin, &conditions, app(&id)?).await
}

/// Changes how an app looks. Repeating it changes nothing.
#[utoipa::path(
    patch,
    path = "/api/admin/v1/apps/{client_id}/branding",
    operation_id = "adminChangeAppBranding",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions that may be changed"),
    ),
    request_body = AdminBrandingChange,
    responses(
        (status = 200, description = "The branding, changed", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter or body, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn change_app(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    Body(body): Body<AdminBrandingChange>,
) -> Result<Tagged<AdminBranding>, AdminError> {
    change(&sigma, &admin, conditions, app(&id)?, body.checked()?).await
}

/// Sets the logo of an app: the body is a PNG, JPEG, WebP or GIF file, which is encoded anew.
#[utoipa::path(
    put,
    path = "/api/admin/v1/apps/{client_id}/branding/logo",
    operation_id = "adminSetAppLogo",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions of the branding that may be changed"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "The branding, changed", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter, no picture, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn set_app_logo(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
    request: Request,
) -> Result<Tagged<AdminBranding>, Response> {
    set_logo(&sigma, &admin, conditions, app(&id), request).await
}

/// Removes the logo of an app.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/apps/{client_id}/branding/logo",
    operation_id = "adminRemoveAppLogo",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(
        ("client_id" = String, Path, description = "The client id of the app, or its id"),
        ("If-Match" = Option<String>, Header, description = "Tags of the versions of the branding that may be changed"),
    ),
    responses(
        (status = 200, description = "The branding, changed", body = AdminBranding,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "There is no such app"),
        (status = 412, description = "It is of another version than `If-Match` names"),
    )
)]
async fn remove_app_logo(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    conditions: Conditions,
    Path(id): Path<String>,
) -> Result<Tagged<AdminBranding>, AdminError> {
    change(&sigma, &admin, conditions, app(&id)?, without_logo()).await
}

async fn org(sigma: &AppState, name: &str) -> Result<Whose, AdminError> {
    Ok(Whose::Org(named(sigma, name).await?))
}

fn app(id: &str) -> Result<Whose, AdminError> {
    AppRef::parse(id).map(Whose::App).ok_or(AdminError::Refused(OperatorRefusal::NotFound))
}

fn without_logo() -> BrandingChange {
    BrandingChange { logo: Part::Gone, ..BrandingChange::default() }
}
