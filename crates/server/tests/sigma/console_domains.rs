//! Domains of orgs in the console and the management API.

use http::StatusCode;
use serde_json::{Value, json};
use sigma_core::operator::OperatorRole;
use sigma_server::settings::{ProviderKind, ProviderSignUp};
use sigma_store::event::Trail;

use crate::admin_api::{add_app, own_token};
use crate::console::operator;
use crate::domains::NameServer;
use crate::support::upstream::Upstream;
use crate::support::{As, World, text};

async fn world(names: &NameServer, upstream: &Upstream) -> World {
    World::with(|settings| {
        settings.dns.servers = vec![names.address];
        settings.passwords.memory_kib = 64;
        settings.sign_up.provider = ProviderSignUp::On;
        settings.providers = vec![upstream.settings("op", ProviderKind::OpenId)];
    })
    .await
}

#[tokio::test]
async fn the_operator_adds_proves_routes_and_removes_a_domain_of_an_org() {
    let (names, upstream) = (NameServer::serve().await, Upstream::serve().await);
    let world = world(&names, &upstream).await;
    let (acme, beta) = (world.org("Acme").await, world.org("Beta").await);
    add_app(&world).await;
    let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
    let call =
        async |method: &'static str, path: &str, body: Value| world.call(As::Token(&token), method, path, &body).await;
    let all = format!("/api/admin/v1/orgs/{}/domains", acme.org);
    for name in ["org", "https://example.org", "a b.org", ""] {
        assert_eq!(call("POST", &all, json!({ "domain": name })).await.status, StatusCode::BAD_REQUEST, "{name}");
    }
    let added = call("POST", &all, json!({"domain": "Example.ORG."})).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    let added = added.json();
    assert_eq!((&added["domain"], &added["proven_at"]), (&json!("example.org"), &Value::Null));
    assert_eq!(call("POST", &all, json!({"domain": "example.org"})).await.json(), added, "once");
    let one = format!("{all}/example.org");
    assert_eq!(call("GET", &one, Value::Null).await.json(), added);

    // What no name server says, or one that does not answer, proves nothing.
    let check = format!("{one}/check");
    names.publish(&["v=spf1 -all"]);
    let refused = call("POST", &check, json!({})).await;
    assert_eq!((refused.status, &refused.json()["code"]), (StatusCode::CONFLICT, &json!("record_missing")));
    assert_eq!(call("POST", &format!("{all}/other.org/check"), json!({})).await.status, StatusCode::NOT_FOUND);
    names.publish(&[added["record_value"].as_str().unwrap()]);
    let proven = call("POST", &check, json!({})).await.json();
    assert!(proven["proven_at"].is_string(), "{proven}");

    // Another org does not get it while the record stands.
    let others = format!("/api/admin/v1/orgs/{}/domains", beta.org);
    let other = call("POST", &others, json!({"domain": "example.org"})).await.json();
    let both = [&added["record_value"], &other["record_value"]].map(|value| value.as_str().unwrap());
    names.publish(&both);
    let foreign = call("POST", &format!("{others}/example.org/check"), json!({})).await;
    assert_eq!((foreign.status, &foreign.json()["code"]), (StatusCode::CONFLICT, &json!("domain_taken")));

    for bad in [json!({"provider": "none"}), json!({"provider": 1}), json!({"x": null})] {
        assert_eq!(call("PATCH", &one, bad.clone()).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let routed = call("PATCH", &one, json!({"provider": "op"})).await;
    assert_eq!(routed.json()["provider"], "op", "{}", routed.body);
    let kept = call("PATCH", &one, json!({})).await;
    assert_eq!((kept.status, &kept.json()["provider"]), (StatusCode::OK, &json!("op")), "what is left out stays");
    let wrong = call("PATCH", &one, json!({"provider": "none"})).await.json();
    assert_eq!((&wrong["code"], &wrong["field"]), (&json!("invalid_setting"), &json!("provider")));
    let led = world.browser().log_in("eve@example.org", "").await;
    assert!(led.location().starts_with(&upstream.origin), "{}", led.body);

    assert_eq!(call("DELETE", &one, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(call("DELETE", &one, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(call("GET", &all, Value::Null).await.json(), json!({"items": []}));
    for n in 0..20 {
        assert_eq!(call("POST", &all, json!({"domain": format!("d{n}.org")})).await.status, StatusCode::CREATED);
    }
    let many = call("POST", &all, json!({"domain": "d20.org"})).await;
    assert_eq!((many.status, &many.json()["code"]), (StatusCode::CONFLICT, &json!("too_many")));
    let trail: Vec<_> = world.trail(Trail::All).await.into_iter().map(|event| event.action).collect();
    for action in ["domain.add", "domain.prove", "domain.change", "domain.remove"] {
        assert!(trail.iter().any(|left| left == action), "{action}: {trail:?}");
    }
}

#[tokio::test]
async fn domains_of_an_org_have_a_page_in_the_console() {
    let (names, upstream) = (NameServer::serve().await, Upstream::serve().await);
    let world = world(&names, &upstream).await;
    let acme = world.org("Acme").await;
    let (admin, _) = operator(&world, "admin", OperatorRole::Admin).await;
    let (auditor, _) = operator(&world, "auditor", OperatorRole::Auditor).await;
    let (support, _) = operator(&world, "support", OperatorRole::Support).await;
    let path = format!("/console/orgs/{}/domains", acme.org);
    assert!(admin.get(&format!("/console/orgs/{}", acme.org)).await.body.contains(&path));
    let refused = admin.post_form(&path, &[("domain", "<b>")]).await;
    assert!(refused.status == 400 && !refused.body.contains("<b>"), "{}", refused.body);
    let added = admin.post_form(&path, &[("domain", "example.org")]).await;
    assert_eq!(added.location(), format!("{path}?done=domain-added"), "{}", added.body);
    let one = format!("{path}/example.org");
    let check = format!("{one}/check");
    assert_eq!(admin.post_form(&check, &[]).await.status, StatusCode::CONFLICT);
    let page = admin.get(&path).await.body;
    let rest = page.split("sigma-domain-verification=").nth(1).unwrap();
    names.publish(&[&format!("sigma-domain-verification={}", rest.split('<').next().unwrap())]);
    assert_eq!(admin.post_form(&check, &[]).await.location(), format!("{path}?done=domain-proven"));
    assert_eq!(admin.post_form(&one, &[("provider", "nobody")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.post_form(&one, &[("provider", "op")]).await.location(), format!("{path}?done=saved"));

    // Auditors see them; nobody below an admin changes them, and admins not those of the operator's own org.
    let seen = auditor.get(&path).await.body;
    assert!(seen.contains("example.org") && !seen.contains(&check), "{seen}");
    let remove = format!("{one}/remove");
    for browser in [&auditor, &support] {
        assert_eq!(browser.post_form(&remove, &[]).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(support.get(&path).await.status, StatusCode::FORBIDDEN);
    let own = format!("/console/orgs/{}/domains", sigma_core::ids::OrgId::operator());
    assert_eq!(admin.post_form(&own, &[("domain", "example.net")]).await.status, StatusCode::CONFLICT);
    let (owner, _) = operator(&world, "owner", OperatorRole::Owner).await;
    assert_eq!(owner.post_form(&own, &[("domain", "example.net")]).await.status, StatusCode::SEE_OTHER);

    // A session that was left open changes nothing.
    world.advance(16 * 60);
    let asked = admin.post_form(&remove, &[]).await;
    assert!(asked.location().starts_with("/login?interaction="), "{}", asked.body);
    assert!(admin.get(&path).await.body.contains("/login?interaction="));
}
