//! A workspace with its people, and whoever calls it.

use axum::body::Body;
use http::{Method, Request};
use secrecy::SecretString;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{ApiKeyId, OrgId, RoleId, UserId};
use sigma_core::org::{ApiKeySecret, KeyPermission, RoleDraft, RolePermissions};
use sigma_server::hashing::Lane;
use sigma_store::email::EmailProof;
use sigma_store::org::api_key::{self, NewApiKey};
use sigma_store::org::membership::{self, NewMember, State};
use sigma_store::org::role;
use sigma_store::org::{self, NewOrg};
use sigma_store::password;
use sigma_store::user;

use super::{Answer, World};

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// How somebody says who they are.
#[derive(Clone, Copy, Debug)]
pub enum As<'a> {
    Nobody,
    Token(&'a str),
    Key(&'a str),
}

/// A workspace in a world.
pub struct TestOrg<'w> {
    world: &'w World,
    pub org: OrgId,
    pub admin: RoleId,
    pub member: RoleId,
}

impl World {
    /// A world in which passwords are cheap to hash.
    pub async fn with_orgs() -> Self {
        Self::with(|settings| settings.passwords.memory_kib = 64).await
    }

    /// Calls an endpoint of workspaces.
    pub async fn call(&self, who: As<'_>, method: &str, path: &str, body: &Value) -> Answer {
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(path);
        request = match who {
            As::Nobody => request,
            As::Token(token) => request.header("authorization", format!("Bearer {token}")),
            As::Key(key) => request.header("x-sigma-apikey", key),
        };
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.send(request.body(body).unwrap()).await
    }

    /// A new workspace.
    pub async fn org(&self, name: &str) -> TestOrg<'_> {
        let (sigma, now) = (&self.sigma, self.now());
        let org = OrgId::new(now, &*sigma.rng);
        let new = NewOrg::new(org.clone(), name.to_owned(), &sigma.master_key, now, &*sigma.rng).unwrap();
        let (admin, member) = (new.admin_role.clone(), new.member_role.clone());
        sigma.store.decide(move |tx| org::add(tx, &new)).await.unwrap();
        TestOrg { world: self, org, admin, member }
    }

    /// A person with a verified address and [`PASSWORD`], in no workspace.
    pub async fn person(&self, address: &str) -> UserId {
        let (sigma, now) = (&self.sigma, self.now());
        let user = UserId::new(now, &*sigma.rng);
        let hash = sigma.hasher.hash(Lane::Known, SecretString::from(PASSWORD)).await.unwrap();
        let (id, email) = (user.clone(), Email::parse(address).unwrap());
        let name = address.split('@').next().unwrap().to_owned();
        let made = move |tx: &mut dyn sigma_store::Tx| {
            user::add_with_email(tx, &id, &email, EmailProof::Verified, &name, now)?.unwrap();
            password::set(tx, &id, &hash, "test", now)
        };
        sigma.store.write(made).await.unwrap();
        self.tick();
        user
    }

    /// Makes `address` the only address of a user.
    pub async fn db_set_email(&self, user: &UserId, address: &str, proof: EmailProof) {
        let (id, email, now) = (user.clone(), Email::parse(address).unwrap(), self.now());
        let set = move |tx: &mut dyn sigma_store::Tx| {
            tx.execute("DELETE FROM emails WHERE user_id = $1", sigma_store::params![&id])?;
            sigma_store::email::add(tx, &id, &email, proof, now)
        };
        assert!(self.sigma.store.write(set).await.unwrap());
    }

    /// Logs in with [`PASSWORD`].
    pub async fn log_in(&self, address: &str, org: Option<&OrgId>) -> Answer {
        let mut body = json!({"email": address, "password": PASSWORD});
        if let Some(org) = org {
            body["workspaceId"] = json!(org.as_str());
        }
        self.call(As::Nobody, "POST", "/api/v1/auth/login", &body).await
    }
}

impl TestOrg<'_> {
    /// Makes a person a member.
    pub async fn join(&self, user: &UserId, role: &RoleId) {
        let (org, now) = (self.org.clone(), self.world.now());
        let new = NewMember { user_id: user.clone(), role_id: role.clone(), state: State::Active, quick_login: false };
        let joined = move |tx: &mut dyn sigma_store::Tx| membership::add(tx, &org, &Actor::Operator, &new, now);
        self.world.sigma.store.decide(joined).await.unwrap();
        self.world.tick();
    }

    /// A new person who is a member: their id and a token.
    pub async fn add(&self, address: &str, role: &RoleId) -> (UserId, String) {
        let user = self.world.person(address).await;
        self.join(&user, role).await;
        let token = self.token(address).await;
        (user, token)
    }

    /// A new session of a member.
    pub async fn token(&self, address: &str) -> String {
        let answer = self.world.log_in(address, Some(&self.org)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// A role with these permissions.
    pub async fn role(&self, name: &str, permissions: RolePermissions) -> RoleId {
        let (sigma, now) = (&self.world.sigma, self.world.now());
        let (org, id) = (self.org.clone(), RoleId::new(now, &*sigma.rng));
        let (draft, role_id) = (RoleDraft::new(name, "", permissions).unwrap(), id.clone());
        let made = move |tx: &mut dyn sigma_store::Tx| role::add(tx, &org, &Actor::Operator, &role_id, &draft, now);
        sigma.store.decide(made).await.unwrap();
        id
    }

    /// A key with these permissions: its id and itself.
    pub async fn key(&self, permissions: &[KeyPermission]) -> (ApiKeyId, String) {
        let (sigma, now) = (&self.world.sigma, self.world.now());
        let (org, id) = (self.org.clone(), ApiKeyId::new(now, &*sigma.rng));
        let secret = ApiKeySecret::generate(&*sigma.rng);
        let new = NewApiKey {
            id: id.clone(),
            name: "server".to_owned(),
            hash: secret.digest(),
            permissions: permissions.iter().copied().collect(),
            expires_at: None,
        };
        let made = move |tx: &mut dyn sigma_store::Tx| api_key::add(tx, &org, &Actor::Operator, &new, now);
        sigma.store.decide(made).await.unwrap();
        (id, secret.expose().to_owned())
    }

    /// A key with all five permissions.
    pub async fn admin_key(&self) -> String {
        self.key(&KeyPermission::ALL).await.1
    }

    /// Removes the workspace.
    pub async fn remove(&self) {
        let (org, now) = (self.org.clone(), self.world.now());
        self.world.sigma.store.decide(move |tx| org::remove(tx, &org, now)).await.unwrap();
    }
}

impl Answer {
    /// Status and code of an error of workspaces.
    pub fn code(&self) -> String {
        let (reported, _) = self.read_error();
        reported
    }

    /// The same with its message, which is not stable.
    pub fn described(&self) -> String {
        let (reported, message) = self.read_error();
        format!("{reported}: {message}")
    }

    fn read_error(&self) -> (String, String) {
        let body = self.json();
        let fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["error", "message"], "{}", self.body);
        let reported = format!("{} {}", self.status.as_u16(), body["error"].as_str().unwrap());
        (reported, body["message"].as_str().unwrap().to_owned())
    }
}
