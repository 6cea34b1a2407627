//! `POST /api/v1/auth/verify`: lets a server check a token or key that it received.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sigma_core::org::Reason;
use utoipa::ToSchema;

use crate::body::{Body, Wanted};
use crate::caller::{Credential, RequiredPermission, Sender, Who, WorkspaceCheck, identify};
use crate::error::WorkspaceError;
use crate::state::WorkspaceState;
use crate::verified::Verified;
use sigma_platform::http::policy::Limit;
use sigma_platform::http::{Endpoint, Policy, routes, written_json};

/// Called for every request to a proxy or service, with its credential: the extractor counts bad ones.
const POLICY: Policy = Policy { limit: Limit::Elsewhere, ..crate::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<WorkspaceState> {
    Endpoint::new(POLICY, routes!(verify))
}

/// The credential to verify: `token` or `apiKey`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifyBody {
    /// A JWT.
    #[serde(default)]
    token: Option<String>,
    /// An API key.
    #[serde(default)]
    api_key: Option<String>,
    /// A permission that it must also have: an API key permission or a role switch.
    #[serde(default)]
    permission: Option<String>,
}

const NEEDS: &str = "Either token or apiKey is required, and permission must be a string";

impl Wanted for VerifyBody {
    const NEEDS: Option<&'static str> = Some(NEEDS);
}

/// Verifies a token or API key of the caller's own workspace.
///
/// For another workspace's credential, `valid` is false and nothing else is returned. The user's network is not known here,
/// so for a quick login's token everything but the network is checked.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify",
    operation_id = "verifyToken",
    tag = "Workspaces",
    security(("api_key" = [])),
    request_body = VerifyBody,
    responses(
        (status = 200, description = "Whether the credential is valid, and its permissions", body = Verified),
        (status = 400, description = "Neither token nor apiKey, or both, or an unknown permission"),
        (status = 401, description = "Missing or invalid API key"),
        (status = 403, description = "Only API keys may call this"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures, or too many requests of the workspace"),
    )
)]
pub async fn verify(
    State(sigma): State<WorkspaceState>,
    WorkspaceCheck(caller): WorkspaceCheck,
    Body(body): Body<VerifyBody>,
) -> Result<Response, WorkspaceError> {
    if let Who::Person { .. } = caller.who {
        return Err(WorkspaceError::denied(Reason::OnlyKeysVerify));
    }
    let required = body.permission.as_deref().map(RequiredPermission::parse).transpose()?;
    let credential = match (&body.token, &body.api_key) {
        (Some(token), None) => Credential::Token(token),
        (None, Some(key)) => Credential::Key(key),
        _ => return Err(WorkspaceError::invalid(NEEDS)),
    };
    let found = match identify(&sigma, credential, Sender::Elsewhere).await {
        Ok(found) => Some(found).filter(|found| found.org_id == caller.org_id),
        Err(WorkspaceError::BadToken | WorkspaceError::BadKey) => None,
        Err(error) => return Err(error),
    };
    let answer = match found {
        None => Verified::refused(&caller.org_id, credential).to_json(),
        Some(found) if required.is_none_or(|required| found.may(required)) => found.verified.clone(),
        Some(found) => {
            let valid = Verified::valid(&found.org_id, &found.who, found.permissions);
            valid.denied().to_json()
        }
    };
    Ok(written_json(answer))
}
