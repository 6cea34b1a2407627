//! The JWT of a member (`docs/spec/workspaces.md#session-tokens`).

use serde::Serialize;
use sigma_core::ids::{OrgId, RoleId, UserId};
use sigma_core::org::{MemberTokenClaims, TOKEN_SECONDS};
use sigma_core::time::Timestamp;
use sigma_store::org::login::LoggedIn;
use utoipa::ToSchema;

use crate::error::WorkspaceError;
use sigma_platform::state::AppState;

/// The most bytes of the names of permissions in a token.
const MOST_BYTES: usize = 2_048;

/// A member in a session.
pub struct NewMemberToken<'a> {
    /// The workspace's id.
    pub org_id: &'a OrgId,
    /// The user's id.
    pub user_id: &'a UserId,
    /// The role's id.
    pub role_id: &'a RoleId,
    /// The session.
    pub jti: &'a str,
    /// When the session ends, regardless of refreshes.
    pub ends_at: Timestamp,
}

/// A token, as returned.
pub struct Issued {
    /// The token.
    pub token: String,
    /// When it expires.
    pub expires_at: String,
}

impl NewMemberToken<'_> {
    /// A token valid for a day, or until the session ends if that is earlier.
    ///
    /// # Errors
    /// The workspace is gone, or the store does not answer.
    pub async fn issue(&self, sigma: &AppState, now: Timestamp) -> Result<Issued, WorkspaceError> {
        let cached = sigma.find_org(self.org_id).await?.ok_or(WorkspaceError::BadToken)?;
        let role = sigma.find_role(self.org_id, self.role_id).await?;
        let names = role.map(|role| role.names.clone()).unwrap_or_default();
        // A token travels in a header.
        let fits = names.iter().map(|name| name.len() + 3).sum::<usize>() <= MOST_BYTES;
        let iat = now.seconds();
        let claims = MemberTokenClaims {
            user_id: self.user_id.clone(),
            workspace_id: self.org_id.clone(),
            role_id: self.role_id.clone(),
            permissions: if fits { names.to_vec() } else { Vec::new() },
            iat,
            exp: iat.saturating_add(TOKEN_SECONDS).min(self.ends_at.seconds()),
            jti: self.jti.to_owned(),
        };
        let token = cached.sign(&sigma.master_key, &claims)?;
        Ok(Issued { token, expires_at: claims.expires_at().iso8601() })
    }
}

/// The new session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginAnswer {
    /// The JWT.
    token: String,
    /// When it expires, ISO 8601.
    expires_at: String,
    /// The user.
    user: LoggedInUser,
    /// The user's other workspaces; only if the request named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    workspaces: Option<Vec<OtherWorkspace>>,
}

/// A member in a login response.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedInUser {
    id: String,
    email: Option<String>,
    name: String,
    role_id: String,
    workspace_id: String,
}

/// Another workspace of the user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherWorkspace {
    workspace_id: String,
    name: String,
    role_id: String,
}

impl LoginAnswer {
    /// The response to a login at `now` in the session `jti`, which may have named a workspace.
    ///
    /// # Errors
    /// The workspace is gone, or the store does not answer.
    pub async fn new(
        sigma: &AppState,
        logged_in: LoggedIn,
        jti: &str,
        others: Others,
        now: Timestamp,
    ) -> Result<Self, WorkspaceError> {
        let LoggedIn { workspace, member, ends_at, others: found } = logged_in;
        let session = NewMemberToken {
            org_id: &workspace.org_id,
            user_id: &member.user_id,
            role_id: &member.role_id,
            jti,
            ends_at,
        };
        let Issued { token, expires_at } = session.issue(sigma, now).await?;
        let others = (others == Others::Listed).then(|| {
            let other = |other: sigma_store::org::membership::Belonging| OtherWorkspace {
                workspace_id: other.org_id.to_string(),
                name: other.name,
                role_id: other.role_id.to_string(),
            };
            found.into_iter().map(other).collect()
        });
        let user = LoggedInUser {
            id: member.user_id.to_string(),
            email: member.email,
            name: member.name,
            role_id: member.role_id.to_string(),
            workspace_id: workspace.org_id.to_string(),
        };
        Ok(Self { token, expires_at, user, workspaces: others })
    }
}

/// Whether to list the user's other workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They named none.
    Listed,
    /// They named one.
    Unasked,
}
