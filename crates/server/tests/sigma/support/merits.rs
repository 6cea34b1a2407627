//! An org that issues merits, an app that acts for it, and members who answer.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::app::{App, AuthMethod};
use sigma_core::digest::Digest;
use sigma_core::ids::{ClientId, MeritId, MeritTemplateId, OrgId, UserId};
use sigma_core::merits::{Move, OrgPermissions, PersonName, SiteUrl, Standing};
use sigma_store::merits::access::{self, Agreement};
use sigma_store::merits::{link, member};

use super::{Answer, World, text};

/// The secret of every app, which needs escaping in a form but not here.
pub const SECRET: &str = "s3cret-of-the-app";

/// An org with an app of its own, which acts for it.
pub struct Issuer<'w> {
    pub world: &'w World,
    pub org: OrgId,
    pub app: App,
    /// An org access token.
    pub token: String,
}

impl World {
    /// A verified org, and an app of it called `client_id`.
    pub async fn issuer(&self, client_id: &str) -> Issuer<'_> {
        let issuer = self.unverified_issuer(client_id).await;
        issuer.stand(Standing::Verified).await;
        issuer
    }

    /// An org that nobody verified, and an app of it called `client_id`.
    pub async fn unverified_issuer(&self, client_id: &str) -> Issuer<'_> {
        let org = self.org(client_id).await.org;
        let app = self.merits_app(&org, client_id).await;
        let token = text(&self.org_access(&app, &org).await.json(), "orgAccessToken").to_owned();
        self.tick();
        Issuer { world: self, org, app, token }
    }

    /// An app of `org`, whose site is `https://CLIENT_ID.example`.
    pub async fn merits_app(&self, org: &OrgId, client_id: &str) -> App {
        let app = self.add_app(|app| {
            app.client_id = ClientId::from_text(client_id);
            client_id.clone_into(&mut app.name);
            app.org_id = org.clone();
            app.auth_method = AuthMethod::ClientSecretBasic;
            app.secret = Some(Digest::of(SECRET));
            app.site_url = Some(SiteUrl::parse(&format!("https://{client_id}.example")).unwrap());
        });
        let app = app.await;
        self.tick();
        app
    }

    /// Asks for an org access token.
    pub async fn org_access(&self, app: &App, org: &OrgId) -> Answer {
        self.as_app(app, "POST", &format!("/v2/orgs/{}/access", org.digits()), &Value::Null).await
    }

    /// Calls an endpoint as an app.
    pub async fn as_app(&self, app: &App, method: &str, path: &str, body: &Value) -> Answer {
        let basic = STANDARD.encode(format!("{}:{SECRET}", app.id.digits()));
        self.v2(&format!("Basic {basic}"), method, path, body).await
    }

    /// Calls an endpoint of merits.
    pub async fn v2(&self, authorization: &str, method: &str, path: &str, body: &Value) -> Answer {
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(path);
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Lets `app` act for `org`.
    pub async fn link(&self, app: &App, org: &OrgId, permissions: OrgPermissions) {
        let (org, app, now) = (org.clone(), app.id.clone(), self.now());
        let put = move |tx: &mut dyn sigma_store::Tx| link::put(tx, &org, &app, permissions, &Actor::Operator, now);
        self.sigma.store.decide(put).await.unwrap();
        self.tick();
    }

    /// What a member does with a merit, whether it succeeds or not.
    pub async fn answer(&self, user: &UserId, org: &OrgId, merit: &str, step: Move) -> Result<(), String> {
        let (user, org, id, now) = (user.clone(), org.clone(), MeritId::parse(merit).unwrap(), self.now());
        let answered = move |tx: &mut dyn sigma_store::Tx| member::answer(tx, &user, (&org, &id), step, now);
        let answered = self.sigma.store.decide(answered).await;
        self.tick();
        answered.map(drop).map_err(|stop| stop.to_string())
    }
}

impl Issuer<'_> {
    /// Verifies the org, or takes that back.
    pub async fn stand(&self, standing: Standing) {
        self.world.set_standing(&self.org, standing).await;
    }

    /// Calls an endpoint for the org.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let answer = self.world.v2(&format!("Bearer {}", self.token), method, path, body).await;
        self.world.tick();
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, body).await
    }

    /// The same org, with the token of another app.
    pub async fn through(&self, app: &App) -> Issuer<'_> {
        let token = text(&self.world.org_access(app, &self.org).await.json(), "orgAccessToken").to_owned();
        Issuer { world: self.world, org: self.org.clone(), app: app.clone(), token }
    }

    /// A new template.
    pub async fn template(&self, title: &str, once: bool) -> String {
        let org = self.org.digits();
        let body = json!({"orgId": org, "title": title, "description": "A badge", "canOnlyBeSentOnce": once});
        let answer = self.post("/v2/merittemplates", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        text(&answer.json(), "id").to_owned()
    }

    /// A new field.
    pub async fn field(&self, name: &str, kind: &str) -> String {
        let body = json!({"orgId": self.org.digits(), "name": name, "description": "", "fieldType": kind});
        let answer = self.post("/v2/fields", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        text(&answer.json(), "id").to_owned()
    }

    /// Sends a merit.
    pub async fn send(&self, template: &str, address: &str) -> Answer {
        let body = json!({"recipientEmail": address, "meritTemplateId": template, "recipientName": "Ada Lovelace"});
        self.post("/v2/merits/send", &body).await
    }

    /// Sends a merit, which succeeds; its id.
    pub async fn sent(&self, template: &str, address: &str) -> String {
        let answer = self.send(template, address).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        text(&answer.json(), "id").to_owned()
    }

    /// Begins "Login with Sigma"; the token of its page.
    pub async fn request_login(&self, permissions: &Value) -> String {
        let body = json!({
            "requestedPermissions": permissions,
            "successUrl": "/back?page=1",
            "failureUrl": "/failed",
            "state": "<3-state",
        });
        let path = format!("/v2/orgs/{}/request_loginwithsigma_url", self.org.digits());
        let answer = self.post(&path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let url = text(&answer.json(), "request_loginwithsigma_url").to_owned();
        url.split_once("token=").unwrap().1.to_owned()
    }

    /// A member agrees to what the app asks for; the `memberIdToken` that their browser brings.
    pub async fn agreed(&self, user: &UserId, permissions: &Value) -> String {
        let (sigma, now) = (&self.world.sigma, self.world.now());
        let request = Digest::of(self.request_login(permissions).await);
        let agreement = Agreement {
            request,
            user_id: user.clone(),
            merit_id: MeritId::new(now, &*sigma.rng),
            template_id: MeritTemplateId::new(now, &*sigma.rng),
            name: PersonName::new("Ada", "Lovelace").unwrap(),
            now,
        };
        sigma.store.decide(move |tx| access::agree(tx, &agreement)).await.unwrap();
        self.world.tick();
        sigma_server::merits::token::issue_member_id(sigma, &self.app.id, &self.org, user).unwrap()
    }
}

impl Answer {
    /// Status and code of an error of merits, as one line.
    pub fn merits_error(&self) -> String {
        let body = self.json();
        let code = text(&body, "error_code");
        assert_eq!(text(&body, "doc_url"), format!("https://id.example.org/v2/errors#{code}"));
        assert!(!text(&body, "message").is_empty());
        format!("{} {code}", self.status.as_u16())
    }
}
