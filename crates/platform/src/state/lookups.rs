//! What handlers look up: from memory, or else in the store.

use std::sync::Arc;

use sigma_core::app::App;
use sigma_core::authorize::MOST_RESOURCES;
use sigma_core::digest::Digest;
use sigma_core::grant::Grant;
use sigma_core::ids::{AppId, AppRef, GrantId, OrgId, OrgRef, SessionId, UserId};
use sigma_core::person::{Membership, Person};
use sigma_core::resource::Resource;
use sigma_core::scope::{GROUPS, ORG, ROLES, Scopes};
use sigma_core::time::Timestamp;
use sigma_store::account::{self, Account};
use sigma_store::org::membership::State;
use sigma_store::session::{self, BrowserSession};
use sigma_store::{StoreError, Tx, app, backup, grant, org, registration, resource, revocation};

use super::AppState;

impl AppState {
    /// The app of that id, switched off or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_app(&self, id: &AppId) -> Result<Option<Arc<App>>, StoreError> {
        if let Some(app) = self.apps.get(id.as_str()) {
            return Ok(Some(app));
        }
        if let Some(app) = self.find_described_app(id).await? {
            return Ok(Some(app));
        }
        let wanted = id.clone();
        self.apps.load(id.as_str(), move |tx| Ok(app::find(tx, &wanted)?.map(Arc::new))).await
    }

    /// The app that a caller names, by its client id or its id, switched off or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_named_app(&self, name: &str) -> Result<Option<Arc<App>>, StoreError> {
        if let Some(id) = AppId::parse(name) {
            return self.find_app(&id).await;
        }
        if let Some(id) = self.client_ids.get(name) {
            return self.find_app(&id).await;
        }
        if let Some(url) = self.document_url(name) {
            return self.find_described_app_at(&url).await;
        }
        let Some(wanted) = AppRef::parse(name) else { return Ok(None) };
        let found = self.store.read(move |tx| app::find_named(tx, &wanted)).await?;
        Ok(found.map(|app| {
            self.client_ids.insert(name.to_owned(), app.id.clone());
            Arc::new(app)
        }))
    }

    /// Notes the use of an app that would otherwise expire, once a day. A note that fails is made up for by the next use.
    pub async fn note_use(&self, app: &App, now: Timestamp) {
        let today = now.seconds().div_euclid(86_400);
        if !app.dynamic || self.used_apps.get(&app.id) == Some(today) {
            return;
        }
        let (app_id, keep) = (app.id.clone(), self.settings.registration.keep_unused());
        match self.store.write(move |tx| registration::touch(tx, &app_id, keep, now)).await {
            Ok(()) => self.used_apps.insert(app.id.clone(), today),
            Err(error) => tracing::warn!(%error, app = app.id.as_str(), "the use of an app could not be noted"),
        }
    }

    /// The id of the org that a caller names, by its slug or its id. A name that is no org's becomes an id that is none's.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn org_named(&self, name: &str) -> Result<OrgId, StoreError> {
        let resolved = match OrgRef::parse(name) {
            None => None,
            Some(OrgRef::Id(id)) => Some(id),
            Some(slug) => self.store.read(move |tx| org::resolve(tx, &slug)).await?,
        };
        Ok(resolved.unwrap_or_else(|| OrgId::from_text(name)))
    }

    /// The account of that user, switched off or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_account(&self, user_id: &UserId) -> Result<Option<Arc<Account>>, StoreError> {
        let prepare = || {
            let wanted = user_id.clone();
            move |tx: &mut dyn Tx| Ok(account::find(tx, &wanted)?.map(Arc::new))
        };
        self.accounts.get_or_load(user_id.as_str(), prepare).await
    }

    /// The versions of the user's encrypted backups, without their content, as [`backup::list`] sorts them.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_backups(&self, user_id: &UserId) -> Result<Arc<Vec<backup::Version>>, StoreError> {
        let prepare = || {
            let wanted = user_id.clone();
            move |tx: &mut dyn Tx| Ok(Some(Arc::new(backup::list(tx, &wanted)?)))
        };
        Ok(self.backups.get_or_load(user_id.as_str(), prepare).await?.unwrap_or_default())
    }

    /// The grant of that id, live or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, StoreError> {
        let prepare = || {
            let wanted = id.clone();
            move |tx: &mut dyn Tx| Ok(grant::find(tx, &wanted)?.map(Arc::new))
        };
        self.grants.get_or_load(id.as_str(), prepare).await
    }

    /// The session of that id, live or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_session(&self, id: &SessionId) -> Result<Option<Arc<BrowserSession>>, StoreError> {
        let prepare = || {
            let wanted = id.clone();
            move |tx: &mut dyn Tx| Ok(session::find(tx, &wanted)?.map(Arc::new))
        };
        self.sessions.get_or_load(id.as_str(), prepare).await
    }

    /// The session whose cookie holds that secret, live or not.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_session_by_secret(&self, secret: Digest) -> Result<Option<Arc<BrowserSession>>, StoreError> {
        if let Some(id) = self.session_ids.get(&secret)
            && let Some(session) = self.find_session(&id).await?
            && session.secret == secret
        {
            return Ok(Some(session));
        }
        // Also where another process continued the session, and the cached one still has its former secret.
        let found = self.store.read(move |tx| session::find_by_secret(tx, &secret)).await?;
        Ok(found.map(|session| {
            self.session_ids.insert(secret, session.id.clone());
            Arc::new(session)
        }))
    }

    /// The resource of that URI, if it is registered.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_resource(&self, uri: &str) -> Result<Option<Arc<Resource>>, StoreError> {
        if uri.contains('\0') {
            return Ok(None);
        }
        let prepare = || {
            let wanted = uri.to_owned();
            move |tx: &mut dyn Tx| Ok(resource::find(tx, &wanted)?.map(Arc::new))
        };
        self.resources.get_or_load(uri, prepare).await
    }

    /// Those of `uris` that are registered, in their order. Only so many are looked up as one token may be for.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn find_resources(&self, uris: &[String]) -> Result<Vec<Resource>, StoreError> {
        let mut found = Vec::new();
        for uri in uris.iter().take(MOST_RESOURCES) {
            if let Some(resource) = self.find_resource(uri).await? {
                found.push(Resource::clone(&resource));
            }
        }
        Ok(found)
    }

    /// `person` with their place in the org that they act for, or else the one that owns `app`, if `scope` or one of `claims`
    /// asks for it and they are one of its active members.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn with_membership(
        &self,
        app: &App,
        person: Person,
        acts_for: Option<&OrgId>,
        scope: &Scopes,
        claims: &[String],
    ) -> Result<Person, StoreError> {
        let is_wanted = (acts_for.is_some() && scope.contains(ORG))
            || scope.contains(ROLES)
            || scope.contains(GROUPS)
            || claims.iter().any(|claim| ["org_id", "roles", "groups"].contains(&claim.as_str()));
        let org_id = acts_for.unwrap_or(&app.org_id);
        if !is_wanted || app.dynamic || self.find_org(org_id).await?.is_none() {
            return Ok(person);
        }
        let Some(member) = self.find_member(org_id, &person.user_id).await? else { return Ok(person) };
        if member.state != State::Active {
            return Ok(person);
        }
        let role = self.find_role(org_id, &member.role_id).await?;
        let Some(role) = role else { return Ok(person) };
        let wants_groups =
            scope.contains(ROLES) || scope.contains(GROUPS) || claims.iter().any(|claim| claim == "groups");
        let groups = if wants_groups { self.find_groups(org_id, &person.user_id).await?.to_vec() } else { Vec::new() };
        let told = &app.metadata.org_claims;
        let membership = Some(Membership {
            org_id: org_id.clone(),
            acts_for_it: acts_for.is_some(),
            roles: told.told_roles(vec![role.name.clone()]),
            roles_claim: told.roles_claim().to_owned(),
            groups: told.told_groups(groups),
            groups_claim: told.groups_claim().to_owned(),
            permissions: role.names.clone(),
        });
        Ok(Person { membership, ..person })
    }

    /// Whether an access token without a grant was revoked.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn is_token_revoked(&self, jti: &str) -> Result<bool, StoreError> {
        let prepare = || {
            let wanted = jti.to_owned();
            move |tx: &mut dyn Tx| revocation::is_revoked(tx, &wanted).map(Some)
        };
        Ok(self.single_tokens.get_or_load(jti, prepare).await?.unwrap_or(false))
    }
}
