//! `POST /v2/orgs/{orgId}/request_loginwithsigma_url`, and the same under its later name: an app begins "Login with Sigma".

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sigma_core::merits::{MemberPermissions, MeritProblem, OrgPermission, Standing};
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_platform::paths::MERIT_LOGIN_PATH;
use sigma_store::merits::issuer;
use sigma_store::merits::request::Asked;
use utoipa::ToSchema;

use super::returning::{Begun, Wanted};
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::permission::requested;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(request))
}

/// The same under its later name, which names the URL otherwise.
pub fn later_endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(request_by_later_name))
}

/// Where the app sends its user.
#[derive(Serialize, ToSchema)]
pub struct LoginUrl {
    request_loginwithsigma_url: String,
    expiration: String,
    state: Option<String>,
}

/// Where the app sends its user, under the later name.
#[derive(Serialize, ToSchema)]
pub struct LaterLoginUrl {
    request_loginwithmerit_url: String,
    expiration: String,
    state: Option<String>,
}

/// Begins "Login with Sigma": the user is sent to the URL, and returns with a `memberIdToken`. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/orgs/{orgId}/request_loginwithsigma_url",
    operation_id = "requestLoginWithSigma",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("orgId" = String, Path, description = "The org that the app acts for")),
    request_body = Wanted,
    responses(
        (status = 200, description = "Where to send the user, for ten minutes", body = LoginUrl),
        (status = 400, description = "An unknown permission, a URL off the app's site, or the app has none"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org, or the permission is missing"),
        (status = 404, description = "A permission names an org that does not exist"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn request(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path(org): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<LoginUrl>, MeritsError> {
    let Begun { url, expires_at } = begin(&sigma, &context, &caller, &org, &wanted).await?;
    Ok(Json(LoginUrl { request_loginwithsigma_url: url, expiration: expires_at.iso8601(), state: wanted.state }))
}

/// The same as `requestLoginWithSigma`, as published clients call it.
#[utoipa::path(
    post,
    path = "/v2/orgs/{orgId}/request_loginwithmerit_url",
    operation_id = "requestLoginWithMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("orgId" = String, Path, description = "The org that the app acts for")),
    request_body = Wanted,
    responses(
        (status = 200, description = "Where to send the user, for ten minutes", body = LaterLoginUrl),
        (status = 400, description = "An unknown permission, a URL off the app's site, or the app has none"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org, or the permission is missing"),
        (status = 404, description = "A permission names an org that does not exist"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn request_by_later_name(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path(org): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<LaterLoginUrl>, MeritsError> {
    let Begun { url, expires_at } = begin(&sigma, &context, &caller, &org, &wanted).await?;
    Ok(Json(LaterLoginUrl { request_loginwithmerit_url: url, expiration: expires_at.iso8601(), state: wanted.state }))
}

async fn begin(
    sigma: &MeritsState,
    context: &RequestContext,
    caller: &OrgCaller,
    org: &str,
    wanted: &Wanted,
) -> Result<Begun, MeritsError> {
    caller.require_org(&sigma.org_named(org).await?)?;
    // What a member agrees to is a merit that the org sends.
    caller.require(OrgPermission::Send)?;
    let org_id = caller.org_id.clone();
    let own = sigma.store.read(move |tx| issuer::find(tx, &org_id)).await?.ok_or(MeritProblem::NotFound)?;
    if own.standing() != Standing::Verified {
        // It deals with nobody outside.
        let message = "The operator has not verified the org: it cannot ask people for access yet";
        return Err(MeritsError::Refused(MeritProblem::Forbidden, Some(message.into())));
    }
    let permissions = MemberPermissions::parse(&requested(&wanted.requested_permissions))?;
    for org in &permissions.orgs {
        sigma.find_org(org).await?.ok_or(MeritProblem::NotFound)?;
    }
    let asked = Asked::Login(caller.org_id.clone(), permissions);
    wanted.begin(sigma, context, &caller.app, asked, MERIT_LOGIN_PATH).await
}
