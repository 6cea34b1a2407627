//! The callers of a workspace as the subjects of token exchanges: members by their JWT, servers by their API key. Quick logins are
//! none: their sessions are for the workspace's own endpoints.

use sigma_core::authentication::Acr;
use sigma_core::exchange::permitted;
use sigma_core::ids::{ApiKeyId, OrgId};
use sigma_core::org::{ApiKeySecret, KeyPermissions, UnverifiedSession};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;
use sigma_core::token::WorkspaceClaims;
use sigma_store::StoreError;
use sigma_store::org::api_key;
use sigma_store::org::membership::State;
use sigma_store::org::session::{self, OrgSession, SessionKind};

use crate::state::AppState;

/// Whoever a token is exchanged for.
#[derive(Clone, Debug)]
pub struct WorkspaceSubject {
    /// The workspace, and the session or key.
    pub claims: WorkspaceClaims,
    /// The user's id, or the key's.
    pub sub: String,
    /// What they may do, in terms of API keys.
    pub permissions: KeyPermissions,
    /// When they signed in, and how strongly.
    pub authenticated: Option<(Timestamp, Acr)>,
    /// When their credential expires.
    pub until: Option<Timestamp>,
}

impl AppState {
    /// The member of that JWT, if it is valid now.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn workspace_member(&self, token: &str) -> Result<Option<WorkspaceSubject>, StoreError> {
        let Ok(unverified) = UnverifiedSession::parse(token) else { return Ok(None) };
        let (org_id, kid) = (unverified.workspace_id().clone(), unverified.kid().to_owned());
        let Some(mut org) = self.find_org(&org_id).await? else { return Ok(None) };
        if !org.has_secret(&kid) {
            // Another process may have rotated the secret a moment ago.
            let Some(loaded) = self.load_org(&org_id).await? else { return Ok(None) };
            org = loaded;
        }
        let Some(key) = org.verifier(&self.master_key, &kid)? else { return Ok(None) };
        let Ok(claims) = unverified.verify(key) else { return Ok(None) };
        let now = self.now();
        if !claims.holds_at(now) || !org.signed_at(&kid, claims.iat) || claims.jti.contains('\0') {
            return Ok(None);
        }
        let Some((session, permissions)) = self.live_session(&org_id, &claims.jti, now).await? else { return Ok(None) };
        if session.user_id != claims.user_id {
            return Ok(None);
        }
        let until = claims.expires_at().min(session.expires_at);
        Ok(Some(WorkspaceSubject {
            claims: WorkspaceClaims { org_id, session: Some(claims.jti), api_key: None },
            sub: session.user_id.to_string(),
            permissions,
            authenticated: Some((session.created_at, session.acr)),
            until: Some(until),
        }))
    }

    /// The server of that API key, if it is valid now.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn workspace_server(&self, key: &str) -> Result<Option<WorkspaceSubject>, StoreError> {
        let Some(secret) = ApiKeySecret::parse(key) else { return Ok(None) };
        let (digest, now) = (secret.digest(), self.now());
        let key = self.store.read(move |tx| api_key::find_by_hash(tx, &digest)).await?;
        Ok(key.filter(|key| key.works_at(now)).map(|key| WorkspaceSubject {
            sub: key.id.to_string(),
            claims: WorkspaceClaims { org_id: key.org_id, session: None, api_key: Some(key.id) },
            permissions: key.permissions,
            authenticated: None,
            until: key.expires_at,
        }))
    }

    /// Whether the session or key that a token was exchanged for is still live, and permits every scope of the token: a role may have
    /// lost permissions since.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn is_workspace_subject_live(
        &self,
        subject: &WorkspaceClaims,
        scope: &Scopes,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let held = match (&subject.session, &subject.api_key) {
            (Some(jti), None) => {
                self.live_session(&subject.org_id, jti, now).await?.map(|(_, permissions)| permissions)
            }
            (None, Some(id)) => self.live_key(&subject.org_id, id, now).await?,
            _ => None,
        };
        Ok(held.is_some_and(|held| scope.iter().all(|name| permitted(name, held))))
    }

    /// What the key of that id permits, if it works.
    async fn live_key(
        &self,
        org_id: &OrgId,
        id: &ApiKeyId,
        now: Timestamp,
    ) -> Result<Option<KeyPermissions>, StoreError> {
        if self.find_org(org_id).await?.is_none() {
            return Ok(None);
        }
        let (org_id, id) = (org_id.clone(), id.clone());
        let key = self.store.read(move |tx| api_key::find(tx, &org_id, &id)).await?;
        Ok(key.filter(|key| key.works_at(now)).map(|key| key.permissions))
    }

    /// The session of that name and the permissions of its member, as the workspace's own endpoints judge them.
    async fn live_session(
        &self,
        org_id: &OrgId,
        jti: &str,
        now: Timestamp,
    ) -> Result<Option<(OrgSession, KeyPermissions)>, StoreError> {
        let (wanted, name) = (org_id.clone(), jti.to_owned());
        let session = self.store.read(move |tx| session::find(tx, &wanted, &name)).await?;
        let is_proven = |session: &OrgSession| session.kind == SessionKind::Proven && session.is_live(now);
        let Some(session) = session.filter(is_proven) else { return Ok(None) };
        let Some(org) = self.find_org(org_id).await? else { return Ok(None) };
        let Some(member) = self.find_member(org_id, &session.user_id).await? else { return Ok(None) };
        let Some(account) = self.find_account(&session.user_id).await? else { return Ok(None) };
        let required = if org.org.require_second_factor { Acr::Two } else { Acr::demanded_by(&account.credentials) };
        if member.session_epoch != session.session_epoch
            || member.state != State::Active
            || account.user.disabled
            || session.acr < required
        {
            return Ok(None);
        }
        let role = self.find_role(org_id, &member.role_id).await?;
        Ok(role.map(|role| (session, role.permissions)))
    }
}
