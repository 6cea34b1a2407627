//! `POST /v2/request_linkapp_url`: an app begins "Link App".

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::merits::OrgPermissions;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_platform::paths::LINK_APP_PATH;
use sigma_store::merits::request::Asked;
use utoipa::ToSchema;

use super::returning::{Begun, Wanted};
use crate::POLICY;
use crate::caller::AppCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::permission::requested;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(request))
}

/// Where the app sends an admin.
#[derive(Serialize, ToSchema)]
pub struct LinkUrl {
    request_linkapp_url: String,
    expiration: String,
}

/// Begins "Link App": an admin of an org is sent to the URL, and returns with an `orgIdToken`.
#[utoipa::path(
    post,
    path = "/v2/request_linkapp_url",
    operation_id = "requestLinkApp",
    tag = "Merits",
    security(("client_secret_basic" = [])),
    request_body = Wanted,
    responses(
        (status = 200, description = "Where to send the admin, for ten minutes", body = LinkUrl),
        (status = 400, description = "An unknown permission, a URL off the app's site, or the app has none"),
        (status = 401, description = "Id or secret of the app are wrong"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn request(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    AppCaller(app): AppCaller,
    Body(wanted): Body<Wanted>,
) -> Result<Json<LinkUrl>, MeritsError> {
    let permissions = OrgPermissions::parse(&requested(&wanted.requested_permissions))?;
    let begun = wanted.begin(&sigma, &context, &app, Asked::Link(permissions), LINK_APP_PATH).await?;
    let Begun { url, expires_at } = begun;
    Ok(Json(LinkUrl { request_linkapp_url: url, expiration: expires_at.iso8601() }))
}
