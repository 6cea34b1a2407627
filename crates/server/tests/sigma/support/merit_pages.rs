//! An org that issues merits, and an app that asks for them.

use serde_json::{Value, json};
use sigma_core::app::{App, AuthMethod};
use sigma_core::digest::Digest;
use sigma_core::ids::{ClientId, OrgId};
use sigma_core::merits::{OrgPermission, SiteUrl, Standing};
use sigma_store::merits::issuer;

use super::merits::SECRET;
use super::{Answer, TestOrg, World, text};

/// An app of one org that acts for another one.
pub struct BadgesApp<'w> {
    world: &'w World,
    pub app: App,
}

impl World {
    /// A verified org.
    pub async fn verified_org(&self, name: &str) -> TestOrg<'_> {
        let org = self.org(name).await;
        self.set_standing(&org.org, Standing::Verified).await;
        org
    }

    /// Verifies an org, or takes that back.
    pub async fn set_standing(&self, org: &OrgId, standing: Standing) {
        let (org, now) = (org.clone(), self.now());
        self.sigma.store.decide(move |tx| issuer::set_standing(tx, &org, standing, now)).await.unwrap();
        self.tick();
    }

    /// An app that `owner` owns, at `https://badges.example.org`.
    pub async fn badges_app(&self, owner: &OrgId) -> BadgesApp<'_> {
        let owner = owner.clone();
        let app = self.add_app(|app| {
            app.client_id = ClientId::from_text("badges");
            "Badges".clone_into(&mut app.name);
            app.org_id = owner;
            app.auth_method = AuthMethod::ClientSecretBasic;
            app.secret = Some(Digest::of(SECRET));
            app.site_url = Some(SiteUrl::parse("https://badges.example.org").unwrap());
        });
        BadgesApp { world: self, app: app.await }
    }

    /// Mails about merits, queued as the server does it.
    pub async fn tell_recipients(&self) {
        while sigma_server::merits::notices::deliver_due(&self.sigma).await.unwrap() > 0 {}
    }
}

impl BadgesApp<'_> {
    /// Links the app to an org with these permissions.
    pub async fn link(&self, org: &OrgId, permissions: impl IntoIterator<Item = OrgPermission>) {
        self.world.link(&self.app, org, permissions.into_iter().collect()).await;
    }

    /// Calls as the app.
    pub async fn as_app(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.world.as_app(&self.app, method, path, body).await
    }

    /// Calls as the app for an org.
    pub async fn for_org(&self, org: &OrgId, method: &str, path: &str, body: &Value) -> Answer {
        let access = self.world.org_access(&self.app, org).await;
        assert_eq!(access.status, 200, "{}", access.body);
        let token = text(&access.json(), "orgAccessToken").to_owned();
        self.world.v2(&format!("Bearer {token}"), method, path, body).await
    }

    /// The path of a new request of "Login with Sigma".
    pub async fn login_request(&self, org: &OrgId, permissions: &[&str], state: &str) -> String {
        let permissions: Vec<_> = permissions.iter().map(|name| json!({ "permissionType": name })).collect();
        let body = json!({
            "requestedPermissions": permissions,
            "successUrl": "/welcome?from=sigma",
            "failureUrl": "/sorry",
            "state": state,
        });
        let path = format!("/v2/orgs/{}/request_loginwithsigma_url", org.digits());
        let answer = self.for_org(org, "POST", &path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        path_of(&answer.json()["request_loginwithsigma_url"])
    }

    /// The path of a new request of "Link App".
    pub async fn link_request(&self, permissions: &[&str], state: &str) -> String {
        let permissions: Vec<_> = permissions.iter().map(|name| json!({ "permissionType": name })).collect();
        let body = json!({
            "requestedPermissions": permissions,
            "successUrl": "/linked",
            "failureUrl": "/sorry",
            "state": state,
        });
        let answer = self.as_app("POST", "/v2/request_linkapp_url", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        path_of(&answer.json()["request_linkapp_url"])
    }
}

fn path_of(url: &Value) -> String {
    url.as_str().unwrap().strip_prefix("https://id.example.org").unwrap().to_owned()
}
