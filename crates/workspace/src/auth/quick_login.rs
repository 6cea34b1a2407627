//! `POST /api/v1/auth/quick-login`: logs a member in without a password, where allowed.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sigma_core::actor::Actor;
use sigma_core::ids::UserId;
use sigma_core::random::alphanumeric;
use sigma_store::org::login::Login;
use sigma_store::org::quick::quick_log_in;
use utoipa::ToSchema;

use crate::body::{Body, Wanted};
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use crate::token::{LoginAnswer, Others};
use sigma_platform::http::policy::{Cookies, CorsPolicy, Limit};
use sigma_platform::http::{Endpoint, Policy, RequestContext, Rule, routes};
use sigma_platform::quick::JTI_LENGTH;
use sigma_platform::quick::allowed;
use sigma_platform::state::AppState;

/// Nobody authenticates here, so the calling page matters: ours, or one that the operator trusts. It begins sessions
/// without any credential, so successes count too.
const POLICY: Policy = Policy {
    limit: Limit::EachAndFailures(Rule::Other, Rule::SignIn),
    cors: CorsPolicy::Trusted,
    cookies: Cookies::SignIn,
    ..crate::POLICY
};

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(quick_login))
}

/// The credentials.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuickLoginBody {
    /// The workspace, by id or slug.
    workspace_id: String,
    /// The member.
    user_id: String,
}

impl Wanted for QuickLoginBody {
    const NEEDS: Option<&'static str> = Some("workspaceId and userId are required");
}

/// Logs in a member listed by `quick-logins`. For everyone else the response is the same 401.
///
/// The session lasts a day, including refreshes, and is valid only while server, network, workspace, member and role allow
/// quick logins.
#[utoipa::path(
    post,
    path = "/api/v1/auth/quick-login",
    operation_id = "quickLogin",
    tag = "Workspaces",
    request_body = QuickLoginBody,
    responses(
        (status = 200, description = "A JWT that is valid for a day", body = LoginAnswer),
        (status = 400, description = "workspaceId and userId are required"),
        (status = 401, description = "Not available for this user, workspace or network"),
        (status = 403, description = "The request is from a page of another origin"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn quick_login(
    State(sigma): State<AppState>,
    context: RequestContext,
    Body(body): Body<QuickLoginBody>,
) -> Result<Json<LoginAnswer>, WorkspaceError> {
    let managers = allowed(&sigma, &context).ok_or(WorkspaceError::BadQuickLogin)?;
    let (now, jti) = (sigma.now(), alphanumeric(&*sigma.rng, JTI_LENGTH));
    let user_id = UserId::from_text(body.user_id);
    let org_id = sigma.org_named(&body.workspace_id).await?;
    let login = Login { org_id: Some(org_id), jti: jti.clone(), now };
    let store = sigma.store_for(&context, Actor::Anonymous);
    let logged_in = store.write(move |tx| quick_log_in(tx, &user_id, &login, managers)).await?;
    let logged_in = logged_in.ok_or(WorkspaceError::BadQuickLogin)?;
    Ok(Json(LoginAnswer::new(&sigma, logged_in, &jti, Others::Unasked, now).await?))
}
