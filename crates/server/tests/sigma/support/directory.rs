//! A directory that provisions the people of an org (`docs/spec/scim.md`).

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::ids::{RoleId, ScimConnectionId};
use sigma_core::scim::ScimToken;
use sigma_store::scim::connection::{self, NewConnection};

use super::{Answer, TestOrg, World};

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A connection of an org.
pub struct Directory<'w> {
    pub world: &'w World,
    pub id: ScimConnectionId,
    pub token: String,
}

impl TestOrg<'_> {
    /// A connection whose groups give no roles.
    pub async fn connect<'w>(&self, world: &'w World) -> Directory<'w> {
        self.connect_as(world, &self.member, false).await
    }

    /// A connection that gives people this role.
    pub async fn connect_as<'w>(&self, world: &'w World, role: &RoleId, maps_roles: bool) -> Directory<'w> {
        let token = ScimToken::generate(&*world.sigma.rng);
        let (org, now) = (self.org.clone(), world.now());
        let id = ScimConnectionId::new(now, &*world.sigma.rng);
        let new = NewConnection {
            id: id.clone(),
            name: "Directory".to_owned(),
            role_id: role.clone(),
            maps_roles,
            hash: token.digest(),
        };
        let add = move |tx: &mut dyn sigma_store::Tx| connection::add(tx, &org, &Actor::Operator, &new, now);
        world.sigma.store.decide(add).await.unwrap();
        world.tick();
        Directory { world, id, token: token.expose().to_owned() }
    }
}

impl Directory<'_> {
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call_with(method, path, body, &[]).await
    }

    pub async fn call_with(&self, method: &str, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method.parse::<Method>().unwrap()).uri(format!("/scim/v2{path}"));
        request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/scim+json");
            Body::from(body.to_string())
        };
        let answer = self.world.send(request.body(body).unwrap()).await;
        self.world.tick();
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    /// Provisions a person with that address; returns the resource.
    pub async fn provision(&self, address: &str) -> Value {
        let body = json!({
            "schemas": [USER],
            "userName": address,
            "externalId": format!("x-{address}"),
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
            "emails": [{"value": address, "type": "work", "primary": true}],
            "active": true,
        });
        let answer = self.call("POST", "/Users", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.call("PATCH", path, &json!({"schemas": [PATCH_OP], "Operations": operations})).await
    }
}
