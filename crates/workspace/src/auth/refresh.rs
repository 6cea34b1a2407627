//! `POST /api/v1/auth/refresh`: a new token for a valid one.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::POLICY;
use crate::body::{Body, Wanted};
use crate::caller::{Credential, Sender, Who, identify};
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use crate::token::{Issued, NewMemberToken};
use sigma_platform::http::{Endpoint, RequestContext, routes};

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(refresh))
}

/// The token to refresh.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RefreshBody {
    /// A JWT that has not expired.
    token: String,
}

const NEEDS: &str = "Token is required in the request body";

impl Wanted for RefreshBody {
    const NEEDS: Option<&'static str> = Some(NEEDS);
}

/// The new token.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshAnswer {
    /// The JWT.
    token: String,
    /// When it expires, ISO 8601.
    expires_at: String,
}

/// Refreshes a session. The new token has the user's current role.
///
/// The old token stays valid until it expires. The session ends 30 days after the login, or a day after a quick login.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    operation_id = "refreshToken",
    tag = "Workspaces",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "A JWT that is valid for another day", body = RefreshAnswer),
        (status = 400, description = "Token is required in the request body"),
        (status = 401, description = "The token expired, its session ended, or the person is no longer a member"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn refresh(
    State(sigma): State<WorkspaceState>,
    context: RequestContext,
    Body(body): Body<RefreshBody>,
) -> Result<Json<RefreshAnswer>, WorkspaceError> {
    if body.token.is_empty() {
        return Err(WorkspaceError::invalid(NEEDS));
    }
    let caller = identify(&sigma, Credential::Token(&body.token), Sender::Caller(&context)).await?;
    let Who::Person { user_id, role_id, jti, session_ends_at, .. } = &caller.who else {
        return Err(WorkspaceError::BadToken);
    };
    let session = NewMemberToken { org_id: &caller.org_id, user_id, role_id, jti, ends_at: *session_ends_at };
    let Issued { token, expires_at } = session.issue(&sigma, sigma.now()).await?;
    Ok(Json(RefreshAnswer { token, expires_at }))
}
