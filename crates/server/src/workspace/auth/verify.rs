//! `POST /api/v1/auth/verify`: a server asks whether a token or key that it was sent is good, and for what.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use sigma_core::ids::OrgId;
use sigma_core::workspace::KeyPermissions;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use crate::workspace::body::{Body, Wanted};
use crate::workspace::caller::{Credential, RequiredPermission, Sender, Who, WorkspaceCheck, identify};
use crate::workspace::error::WorkspaceError;

/// The routes of this endpoint.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(verify))
}

/// What to look at: one of `token` and `apiKey`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifyBody {
    /// A JWT.
    #[serde(default)]
    token: Option<String>,
    /// An API key.
    #[serde(default)]
    api_key: Option<String>,
    /// What it must allow besides: a permission of keys, or a switch of roles.
    #[serde(default)]
    permission: Option<String>,
}

const NEEDS: &str = "Either token or apiKey is required, and permission must be a string";

impl Wanted for VerifyBody {
    const NEEDS: Option<&'static str> = Some(NEEDS);
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// It is good, and allows what was asked.
    valid: bool,
    /// Why not: `UNAUTHORIZED`, or `PERMISSION_DENIED` for one that is good and does not allow it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// `user` for a token, `key` for a key.
    kind: &'static str,
    /// Whose token it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// The workspace that asked.
    workspace_id: String,
    /// The role that the person has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_id: Option<String>,
    /// What it allows, in the terms of keys.
    permissions: Vec<&'static str>,
}

impl Verified {
    /// Of a credential that is good.
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

/// Tells a server whose token or key it was sent, if it is one of its own workspace.
///
/// What another workspace's is, is nobody's: `valid` is false and nothing else is told of it. The network that a person
/// called from is not known here: for the token of a quick login everything else is checked.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify",
    operation_id = "verifyToken",
    tag = "Workspaces",
    security(("api_key" = [])),
    request_body = VerifyBody,
    responses(
        (status = 200, description = "Whether it is good, and for what", body = Verified),
        (status = 400, description = "Neither token nor apiKey, or both, or an unknown permission"),
        (status = 401, description = "No API key, or one that does not work"),
        (status = 403, description = "Only an API key may ask"),
        (status = 413, description = "More than 64 KiB"),
        (status = 415, description = "Not JSON"),
        (status = 429, description = "Too many failures, or too many requests of the workspace"),
        (status = 503, description = "The store does not answer"),
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
