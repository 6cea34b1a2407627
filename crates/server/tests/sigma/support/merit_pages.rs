//! An org that issues merits, and an app that asks for them.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::app::{App, AuthMethod};
use sigma_core::digest::Digest;
use sigma_core::ids::{ClientId, OrgId};
use sigma_core::merits::{OrgPermission, OrgPermissions, SiteUrl, Standing};
use sigma_store::merits::{issuer, link};

use super::{Answer, TestOrg, World};

/// The secret of the app.
const SECRET: &str = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d";

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
        let (org, app, now) = (org.clone(), self.app.id.clone(), self.world.now());
        let permissions: OrgPermissions = permissions.into_iter().collect();
        let put =
            move |tx: &mut dyn sigma_store::Tx| link::put(tx, &org, &app, permissions, &Actor::Operator, now).map(drop);
        self.world.sigma.store.decide(put).await.unwrap();
        self.world.tick();
    }

    async fn call(&self, method: &str, path: &str, authorization: String, body: &Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("authorization", authorization);
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.world.send(request.body(body).unwrap()).await
    }

    /// Calls as the app.
    pub async fn as_app(&self, method: &str, path: &str, body: &Value) -> Answer {
        let credentials = STANDARD.encode(format!("{}:{SECRET}", self.app.id.digits()));
        self.call(method, path, format!("Basic {credentials}"), body).await
    }

    /// Calls as the app for an org.
    pub async fn for_org(&self, org: &OrgId, method: &str, path: &str, body: &Value) -> Answer {
        let access = self.as_app("POST", &format!("/v2/orgs/{}/access", org.digits()), &Value::Null).await;
        assert_eq!(access.status, 200, "{}", access.body);
        let token = access.json()["orgAccessToken"].as_str().unwrap().to_owned();
        self.call(method, path, format!("Bearer {token}"), body).await
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
