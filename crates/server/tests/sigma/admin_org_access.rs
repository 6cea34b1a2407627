//! What gives others access to an org, by the management API: API keys, links of apps, directories, and people who act as others.

use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::app::AuthMethod;
use sigma_core::ids::{OrgId, RoleId};
use sigma_core::operator::OperatorRole;
use sigma_core::org::{RoleDraft, RolePermissions};
use sigma_core::scope::Scopes;
use sigma_store::event::Trail;
use sigma_store::org::role;

use crate::admin_api::{add_app, call, own_token, token_of};
use crate::console::{operator, person};
use crate::support::{Answer, As, World, text};

async fn ask(world: &World, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    world.call(As::Token(token), method, &format!("/api/admin/v1/{path}"), body).await
}

fn refused(answer: &Answer) -> (u16, String, Value) {
    let problem = answer.json();
    (answer.status.as_u16(), text(&problem, "code").to_owned(), problem["field"].clone())
}

async fn app_token(world: &World) -> String {
    add_app(world).await;
    text(&own_token(world, "sigma:admin:write").await, "access_token").to_owned()
}

/// Who did an action in an org, by kind; newest first.
async fn doers(world: &World, org: &OrgId, action: &str) -> Vec<String> {
    let events = world.trail(Trail::Org(org.clone())).await;
    let of_action = events.iter().filter(|event| event.action == action);
    of_action.map(|event| event.actor.kind().to_owned()).collect()
}

/// Asks with `If-Match` for a version that is outdated.
async fn outdated(world: &World, token: &str, method: &str, path: &str, body: &Value) -> u16 {
    let request = http::Request::builder().method(method).uri(format!("/api/admin/v1/{path}"));
    let request = request.header("authorization", format!("Bearer {token}")).header("if-match", "\"another\"");
    let request = request.header("content-type", "application/json");
    world.send(request.body(axum::body::Body::from(body.to_string())).unwrap()).await.status.as_u16()
}

#[tokio::test]
async fn an_api_key_is_made_shown_once_and_ends_with_those_that_it_made() {
    let world = World::with_orgs().await;
    let token = app_token(&world).await;
    let acme = world.org("Acme").await;
    let keys = format!("orgs/{}/api-keys", acme.org);
    let all = ["read", "update-data", "delete-data", "update-model", "delete-model"];
    let new = json!({"name": " CI ", "permissions": all, "expires_at": "2099-01-31T12:00:00+02:00"});
    let made = ask(&world, &token, "POST", &keys, &new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!(
        (&made["name"], &made["active"], &made["made_by"], &made["expires_at"]),
        (&json!("CI"), &json!(true), &Value::Null, &json!("2099-01-31T10:00:00.000Z"))
    );
    let (id, secret) = (text(&made, "id"), text(&made, "key").to_owned());
    let works = async |key: &str| {
        world.tick();
        world.call(As::Key(key), "GET", "/api/v1/auth/me", &Value::Null).await.status == 200
    };
    assert!(works(&secret).await);
    let child = json!({"name": "child", "permissions": ["read"]});
    let child = world.call(As::Key(&secret), "POST", "/api/v1/api-keys", &child).await.json();
    let child = text(&child, "key").to_owned();
    assert!(works(&child).await);

    let first = call(&world, &token, "GET", &format!("{keys}?limit=1")).await;
    assert!(!first.body.contains(&secret) && !first.body.contains(&child), "{}", first.body);
    let first = first.json();
    assert_eq!((&first["items"][0]["name"], &first["items"][0]["made_by"]["id"]), (&json!("child"), &json!(id)));
    let rest = call(&world, &token, "GET", &format!("{keys}?after={}", text(&first, "next"))).await.json();
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(id), &Value::Null), "{rest}");

    for (body, field) in [
        (json!({"name": " ", "permissions": ["read"]}), json!("name")),
        (json!({"name": "a", "permissions": []}), json!("permissions")),
        (json!({"name": "a", "permissions": ["write"]}), json!("permissions")),
        (json!({"name": "a", "permissions": ["read"], "expires_at": "2020-01-01T00:00:00Z"}), json!("expires_at")),
        (json!({"name": "a", "permissions": ["read"], "expires_at": "soon"}), json!("expires_at")),
    ] {
        let answer = ask(&world, &token, "POST", &keys, &body).await;
        assert_eq!(refused(&answer), (400, "invalid_setting".to_owned(), field), "{body}");
    }
    let one = format!("{keys}/{id}");
    assert_eq!(outdated(&world, &token, "POST", &format!("{one}/deactivate"), &json!({})).await, 412);
    assert_eq!(outdated(&world, &token, "DELETE", &one, &json!({})).await, 412);
    for _ in 0..2 {
        let off = ask(&world, &token, "POST", &format!("{one}/deactivate"), &Value::Null).await;
        assert_eq!((off.status.as_u16(), &off.json()["active"]), (200, &json!(false)), "{}", off.body);
    }
    assert!(!works(&secret).await && !works(&child).await);
    assert_eq!(call(&world, &token, "DELETE", &one).await.status, 204);
    for (method, path) in [("GET", one.clone()), ("DELETE", one.clone()), ("POST", format!("{one}/deactivate"))] {
        assert_eq!(call(&world, &token, method, &path).await.status, 404, "{method} {path}");
    }
    // Another org's keys are not found.
    let other = world.org("Other").await;
    let theirs = text(&ask(&world, &token, "POST", &keys, &new).await.json(), "id").to_owned();
    assert_eq!(call(&world, &token, "DELETE", &format!("orgs/{}/api-keys/{theirs}", other.org)).await.status, 404);

    let quota = json!({"quotas": {"api_keys": 2}});
    assert_eq!(ask(&world, &token, "PATCH", &format!("orgs/{}", acme.org), &quota).await.status, 200);
    assert_eq!(refused(&ask(&world, &token, "POST", &keys, &new).await).1, "too_many");
    assert_eq!(doers(&world, &acme.org, "api_key.deactivate").await, ["app"]);
    assert_eq!(doers(&world, &acme.org, "api_key.create").await, ["app", "api_key", "app"]);
    assert_eq!(doers(&world, &acme.org, "api_key.remove").await, ["app"]);
}

#[tokio::test]
async fn of_two_keys_for_one_place_one_is_made() {
    let world = World::with_orgs().await;
    let token = app_token(&world).await;
    let acme = world.org("Acme").await;
    let quota = json!({"quotas": {"api_keys": 1}});
    assert_eq!(ask(&world, &token, "PATCH", &format!("orgs/{}", acme.org), &quota).await.status, 200);
    let (keys, new) = (format!("orgs/{}/api-keys", acme.org), json!({"name": "CI", "permissions": ["read"]}));
    let (one, other) = tokio::join!(ask(&world, &token, "POST", &keys, &new), ask(&world, &token, "POST", &keys, &new));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409], "{} {}", one.body, other.body);
}

#[tokio::test]
async fn an_app_is_linked_changed_and_unlinked() {
    let world = World::with_orgs().await;
    let token = app_token(&world).await;
    let acme = world.org("Acme").await;
    world.add_confidential_app("badges", AuthMethod::ClientSecret, "secret").await;
    world.add_confidential_app("own", AuthMethod::ClientSecret, "secret").await;
    let owner = acme.org.clone();
    world.change_app("own", move |app| app.org_id = owner).await;
    let links = format!("orgs/{}/links", acme.org);
    let badges = format!("{links}/badges");
    assert_eq!(call(&world, &token, "GET", &badges).await.status, 404);
    let sends = json!({"permissions": ["CanSendAllMeritTemplates"]});
    for _ in 0..2 {
        let linked = ask(&world, &token, "PUT", &badges, &sends).await;
        assert_eq!(linked.status, 200, "{}", linked.body);
        assert_eq!(linked.json()["permissions"], sends["permissions"]);
    }
    let edits = json!({"permissions": ["CanEditOrg", "CanSendAllMeritTemplates"]});
    assert_eq!(outdated(&world, &token, "PUT", &badges, &edits).await, 412);
    assert_eq!(ask(&world, &token, "PUT", &badges, &edits).await.json()["permissions"].as_array().unwrap().len(), 2);
    let listed = call(&world, &token, "GET", &links).await.json();
    assert_eq!(listed["items"][0], call(&world, &token, "GET", &badges).await.json());
    for bad in [json!({"permissions": []}), json!({"permissions": ["CanDoAll"]})] {
        let answer = ask(&world, &token, "PUT", &badges, &bad).await;
        assert_eq!(refused(&answer), (400, "invalid_setting".to_owned(), json!("permissions")), "{bad}");
    }
    assert_eq!(refused(&ask(&world, &token, "PUT", &format!("{links}/own"), &sends).await).1, "own_app");
    assert_eq!(ask(&world, &token, "PUT", &format!("{links}/none"), &sends).await.status, 404);
    assert_eq!(outdated(&world, &token, "DELETE", &badges, &json!({})).await, 412);
    assert_eq!(call(&world, &token, "DELETE", &badges).await.status, 204);
    assert_eq!(call(&world, &token, "DELETE", &badges).await.status, 404);
    assert_eq!(doers(&world, &acme.org, "merit.app_link").await, ["app", "app"]);
    assert_eq!(doers(&world, &acme.org, "merit.app_unlink").await, ["app"]);
}

#[tokio::test]
async fn a_directory_is_connected_and_its_token_replaced() {
    let world = World::with_orgs().await;
    let token = app_token(&world).await;
    operator(&world, "owner", OperatorRole::Owner).await;
    let acme = world.org("Acme").await;
    let directories = format!("orgs/{}/directories", acme.org);
    let made = ask(&world, &token, "POST", &directories, &json!({"name": "Entra", "groups_give_roles": true})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    assert_eq!(
        (&made["url"], &made["groups_give_roles"], &made["made_by"]),
        (&json!("https://id.example.org/scim/v2"), &json!(true), &Value::Null)
    );
    assert_eq!(made["role_id"], json!(acme.member));
    let works = async |token: &str| {
        world.tick();
        world.call(As::Token(token), "GET", "/scim/v2/Users", &Value::Null).await.status == 200
    };
    let first = text(&made, "token").to_owned();
    assert!(works(&first).await);
    let one = format!("{directories}/{}", text(&made, "id"));
    assert!(!call(&world, &token, "GET", &one).await.body.contains(&first));
    assert_eq!(outdated(&world, &token, "POST", &format!("{one}/rotate"), &json!({})).await, 412);
    let second = ask(&world, &token, "POST", &format!("{one}/rotate"), &Value::Null).await.json();
    let second = text(&second, "token").to_owned();
    assert!(works(&first).await && works(&second).await);
    let third = ask(&world, &token, "POST", &format!("{one}/rotate"), &json!({"end_old": true})).await.json();
    assert!(!works(&first).await && !works(&second).await && works(text(&third, "token")).await);

    // A role that is called like the id of another is not taken for that one.
    let (org_id, decoy, now) = (acme.org.clone(), RoleId::new(world.now(), &*world.sigma.rng), world.now());
    let draft = RoleDraft::new(acme.member.as_str(), "", RolePermissions::default()).unwrap();
    let decoyed = move |tx: &mut dyn sigma_store::Tx| role::add(tx, &org_id, &Actor::Operator, &decoy, &draft, now);
    world.sigma.store.decide(decoyed).await.unwrap();
    let body = json!({"name": "Okta", "role": acme.member});
    let named = ask(&world, &token, "POST", &directories, &body).await.json();
    assert_eq!(named["role_id"], json!(acme.member));

    for (org, body, expected) in [
        (acme.org.as_str(), json!({"name": " "}), (400, "invalid_setting", json!("name"))),
        (acme.org.as_str(), json!({"name": "a", "role": "Baker"}), (409, "no_role_of_org", json!("role"))),
        (acme.org.as_str(), json!({"nom": "a"}), (400, "invalid_request", Value::Null)),
        ("operator", json!({"name": "a"}), (403, "operators_org", Value::Null)),
        ("nowhere", json!({"name": "a"}), (404, "not_found", Value::Null)),
    ] {
        let (status, code, field) =
            refused(&ask(&world, &token, "POST", &format!("orgs/{org}/directories"), &body).await);
        assert_eq!((status, code.as_str(), field), expected, "{org} {body}");
    }
    for _ in 2..10 {
        assert_eq!(ask(&world, &token, "POST", &directories, &json!({"name": "Okta"})).await.status, 201);
    }
    assert_eq!(refused(&ask(&world, &token, "POST", &directories, &json!({"name": "Okta"})).await).1, "too_many");
    assert_eq!(doers(&world, &acme.org, "scim_connection.rotate").await, ["app", "app"]);
    assert!(doers(&world, &acme.org, "scim_connection.create").await.iter().all(|kind| kind == "app"));
}

#[tokio::test]
async fn people_are_let_act_as_others_in_an_org_and_everywhere_by_owners_alone() {
    let world = World::with_orgs().await;
    add_app(&world).await;
    world
        .change_app("service", |app| {
            app.scopes = Scopes::parse("openid sigma:admin:read sigma:admin:write sigma:admin:orgs:write");
        })
        .await;
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let (_, ada) = person(&world, "ada").await;
    let of_app = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let of_owner = token_of(&world, &owner, "openid sigma:admin:write").await;
    let of_orgs = token_of(&world, &owner, "openid sigma:admin:orgs:write").await;
    let of_admin = token_of(&world, &admin, "openid sigma:admin:write").await;
    let acme = world.org("Acme").await;
    let list = format!("orgs/{}/impersonators", acme.org);
    let one = format!("{list}/{ada}");
    for _ in 0..2 {
        assert_eq!(call(&world, &of_app, "PUT", &one).await.status, 204);
    }
    assert_eq!(call(&world, &of_app, "GET", &list).await.json()["items"][0]["id"], json!(ada));
    assert_eq!(call(&world, &of_app, "DELETE", &one).await.status, 204);
    assert_eq!(call(&world, &of_app, "DELETE", &one).await.status, 404);
    assert_eq!(call(&world, &of_app, "PUT", &format!("{list}/user_ffffffffffffffffffffffff")).await.status, 404);
    assert_eq!(doers(&world, &acme.org, "impersonation.allow").await, ["app"]);
    assert_eq!(doers(&world, &acme.org, "impersonation.deny").await, ["app"]);

    // At every app, which is for owners, whose token reaches everything.
    let everywhere = format!("orgs/operator/impersonators/{ada}");
    for (token, code) in [(&of_app, "operators_org"), (&of_admin, "operators_org"), (&of_orgs, "forbidden")] {
        assert_eq!(refused(&call(&world, token, "PUT", &everywhere).await).1, code);
    }
    assert_eq!(call(&world, &of_owner, "PUT", &everywhere).await.status, 204);
    assert_eq!(call(&world, &of_orgs, "DELETE", &everywhere).await.status, 403);
    assert_eq!(call(&world, &of_owner, "DELETE", &everywhere).await.status, 204);
    // And so is what gives others access to the operator's own org.
    let key = json!({"name": "CI", "permissions": ["read"]});
    for (token, status) in [(&of_app, 403), (&of_admin, 403), (&of_orgs, 403), (&of_owner, 201)] {
        assert_eq!(ask(&world, token, "POST", "orgs/operator/api-keys", &key).await.status, status);
    }
}
