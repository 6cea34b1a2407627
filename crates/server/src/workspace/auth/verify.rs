//! `POST /api/v1/auth/verify`: lets a server check a token or key that it received.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use sigma_core::ids::OrgId;
use sigma_core::org::KeyPermissions;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::http::policy::Limit;
use crate::http::{Endpoint, Policy};
use crate::state::AppState;
use crate::workspace;
use crate::workspace::body::{Body, Wanted};
use crate::workspace::caller::{Credential, RequiredPermission, Sender, Who, WorkspaceCheck, identify};
use crate::workspace::error::WorkspaceError;

/// Called for every request to a proxy or service, with its credential: the extractor counts bad ones.
const POLICY: Policy = Policy { limit: Limit::Elsewhere, ..workspace::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
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

/// The result.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Whether the credential is valid and has the permission.
    valid: bool,
    /// The reason otherwise: `UNAUTHORIZED`, or `PERMISSION_DENIED` for a valid credential that lacks the permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// `user` for a token, `key` for a key.
    kind: &'static str,
    /// The token's user.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// The calling workspace.
    workspace_id: String,
    /// The user's current role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<String>,
    /// Its permissions, in terms of API keys.
    permissions: Vec<&'static str>,
}

impl Verified {
    /// Facts about a valid credential.
    pub fn valid(org_id: &OrgId, who: &Who, permissions: KeyPermissions) -> Self {
        let (kind, user_id, role_id) = match who {
            Who::Person { user_id, role_id, .. } => ("user", Some(user_id.to_string()), Some(role_id.to_string())),
            Who::Key { .. } => ("key", None, None),
        };
        let permissions = permissions.names();
        Self { valid: true, code: None, kind, user_id, workspace_id: org_id.to_string(), role_id, permissions }
    }

    fn refused(org_id: &OrgId, credential: Credential<'_>) -> Self {
        let kind = match credential {
            Credential::Token(_) => "user",
            Credential::Key(_) => "key",
        };
        let code = Some("UNAUTHORIZED");
        let workspace_id = org_id.to_string();
        Self { valid: false, code, kind, user_id: None, workspace_id, role_id: None, permissions: Vec::new() }
    }

    /// The answer's body.
    pub fn to_json(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
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
    State(sigma): State<AppState>,
    WorkspaceCheck(caller): WorkspaceCheck,
    Body(body): Body<VerifyBody>,
) -> Result<Response, WorkspaceError> {
    if let Who::Person { .. } = caller.who {
        return Err(WorkspaceError::denied("Only an API key may verify"));
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
            Verified { valid: false, code: Some("PERMISSION_DENIED"), ..valid }.to_json()
        }
    };
    let mut response = Response::new(answer.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
