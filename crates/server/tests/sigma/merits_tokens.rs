//! Tokens of merits: each ends with what it stands for, and is good for one app, one org and, in the hands of a browser, once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::jose::{Algorithm, TokenKind};
use sigma_core::merits::{OrgPermission, OrgPermissions};
use sigma_server::merits::token::{issue_member_id, issue_org_id};
use sigma_store::merits::link;

use crate::support::forge::{claims, with};
use crate::support::merits::SECRET;
use crate::support::{World, text};

const PROFILE: &str = r#"[{"permissionType":"CanViewPublicProfile"}]"#;

#[tokio::test]
async fn an_app_gets_a_token_for_its_own_org_and_for_those_that_linked_it() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    // By id with and without prefix, and by client id; secrets are taken as they are.
    for id in [bakery.app.id.digits(), bakery.app.id.as_str(), "bakery"] {
        let basic = crate::support::client::basic(id, SECRET);
        let path = format!("/v2/orgs/{}/access", bakery.org.digits());
        let answer = world.v2(&basic, "POST", &path, &Value::Null).await;
        assert_eq!(answer.status, 200, "{id}: {}", answer.body);
    }
    for (basic, error) in [
        (crate::support::client::basic("bakery", "wrong"), "401 Unauthorized"),
        (crate::support::client::basic("nobody", SECRET), "401 Unauthorized"),
        (crate::support::client::basic("playground", ""), "401 Unauthorized"),
        (String::new(), "401 Unauthorized"),
        ("Basic ???".to_owned(), "401 Unauthorized"),
        (format!("Bearer {}", bakery.token), "401 Unauthorized"),
    ] {
        let answer = world.v2(&basic, "POST", &format!("/v2/orgs/{}/access", bakery.org.digits()), &Value::Null).await;
        assert_eq!(answer.merits_error(), error, "{basic}");
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    assert_eq!(world.org_access(&bakery.app, &harbour.org).await.merits_error(), "403 Forbidden");
    let unknown = sigma_core::ids::OrgId::new(world.now(), &*world.sigma.rng);
    assert_eq!(world.org_access(&bakery.app, &unknown).await.merits_error(), "404 NotFound");
    world.link(&bakery.app, &harbour.org, OrgPermissions::NONE.with(OrgPermission::Propose)).await;
    assert_eq!(world.org_access(&bakery.app, &harbour.org).await.status, 200);
}

#[tokio::test]
async fn an_org_access_token_ends_after_an_hour_with_the_link_and_with_the_secret() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let path = format!("/v2/orgs/{}", harbour.org.digits());
    let linked = OrgPermissions::NONE.with(OrgPermission::Send);
    world.link(&bakery.app, &harbour.org, linked).await;
    let through = harbour.through(&bakery.app).await;
    assert_eq!(through.get(&path).await.status, 200);
    assert_eq!(claims(&through.token)["aud"], "https://id.example.org/v2");

    let (org, app, now) = (harbour.org.clone(), bakery.app.id.clone(), world.now());
    let unlink = move |tx: &mut dyn sigma_store::Tx| link::remove(tx, &org, &app, &Actor::Operator, now);
    world.sigma.store.decide(unlink).await.unwrap();
    assert_eq!(through.get(&path).await.merits_error(), "401 Unauthorized", "unlinked in mid-flight");
    world.tick();
    world.link(&bakery.app, &harbour.org, linked).await;
    assert_eq!(through.get(&path).await.merits_error(), "401 Unauthorized", "a former link's token stays dead");

    let through = harbour.through(&bakery.app).await;
    assert_eq!(through.get(&path).await.status, 200);
    world.change_app("bakery", |app| app.secret = Some(Digest::of("another secret"))).await;
    assert_eq!(through.get(&path).await.merits_error(), "401 Unauthorized");

    assert_eq!(harbour.get(&path).await.status, 200);
    world.advance(3_601);
    assert_eq!(harbour.get(&path).await.merits_error(), "401 Unauthorized");
}

#[tokio::test]
async fn a_forged_or_foreign_token_is_no_org_access_token() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let path = format!("/v2/orgs/{}", bakery.org.digits());
    let real = claims(&bakery.token);
    for kind in TokenKind::ALL {
        let forged = world.forge(kind, Algorithm::ES256, &real).await;
        let answer = world.v2(&format!("Bearer {forged}"), "GET", &path, &Value::Null).await;
        let expected = if kind == TokenKind::Org { 200 } else { 401 };
        assert_eq!(answer.status, expected, "{}", kind.typ());
    }
    for other in [
        json!({"aud": "https://id.example.org"}),
        json!({"iss": "https://other.example.org"}),
        json!({"link": 7}),
        json!({"secret": "x"}),
        json!({"exp": 1}),
        json!({"iat": world.now().seconds() + 3_600}),
        json!({"org": "000000000000000000000009"}),
        json!({"sub": "000000000000000000000009"}),
    ] {
        let forged = world.forge(TokenKind::Org, Algorithm::ES256, &with(&real, &other)).await;
        let answer = world.v2(&format!("Bearer {forged}"), "GET", &path, &Value::Null).await;
        assert_eq!(answer.merits_error(), "401 Unauthorized", "{other}");
    }
    let (signed, _) = bakery.token.rsplit_once('.').unwrap();
    for token in [format!("{signed}.AAAA"), format!("{}x", bakery.token), String::new()] {
        let answer = world.v2(&format!("Bearer {token}"), "GET", &path, &Value::Null).await;
        assert_eq!(answer.merits_error(), "401 Unauthorized", "{token}");
    }
}

#[tokio::test]
async fn a_member_id_token_is_exchanged_once_by_the_app_and_org_that_it_was_issued_to() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    let ada = world.person("ada@example.org").await;
    let permissions = serde_json::from_str(PROFILE).unwrap();
    let token = bakery.agreed(&ada, &permissions).await;
    let path = |token: &str| format!("/v2/member_id?member_id_token={token}");

    assert_eq!(harbour.get(&path(&token)).await.merits_error(), "404 NotFound", "another app and org");
    let second = world.merits_app(&bakery.org, "second").await;
    assert_eq!(bakery.through(&second).await.get(&path(&token)).await.merits_error(), "404 NotFound", "another app");
    world.link(&bakery.app, &harbour.org, OrgPermissions::OWNER).await;
    assert_eq!(
        harbour.through(&bakery.app).await.get(&path(&token)).await.merits_error(),
        "404 NotFound",
        "another org"
    );

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { 'B' } else { 'A' };
    let tampered = format!("{signed}.{flipped}{}", &signature[1..]);
    // Neither another algorithm nor a key of the server's that signs other tokens stands in for the MAC.
    let payload = signed.rsplit_once('.').unwrap().1;
    let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"sigma-member+jwt"}"#));
    let es256 = world.forge(TokenKind::Member, Algorithm::ES256, &claims(&token)).await;
    let of_org = issue_org_id(&world.sigma, &bakery.app.id, &bakery.org).unwrap();
    let long = format!("{signed}.{}", "A".repeat(4_000));
    for bad in [tampered.as_str(), "x", "", ".", "..", &bakery.token, &unsigned, &es256, &of_org, &long] {
        assert_eq!(bakery.get(&path(bad)).await.merits_error(), "400 invalid_request", "{bad}");
    }
    assert_eq!(bakery.get("/v2/member_id").await.merits_error(), "400 invalid_request");

    // None of these attempts used it up.
    assert_eq!(bakery.get(&path(&token)).await.json(), json!({"memberId": ada.digits()}));
    assert_eq!(bakery.get(&path(&token)).await.merits_error(), "404 NotFound", "used");
    let late = issue_member_id(&world.sigma, &bakery.app.id, &bakery.org, &ada).unwrap();
    world.advance(301);
    assert_eq!(bakery.get(&path(&late)).await.merits_error(), "404 NotFound", "expired");
}

#[tokio::test]
async fn two_exchanges_of_one_member_id_token_at_once_have_one_winner() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let ada = world.person("ada@example.org").await;
    let token = bakery.agreed(&ada, &serde_json::from_str(PROFILE).unwrap()).await;
    let path = format!("/v2/member_id?member_id_token={token}");
    let (one, two) = tokio::join!(bakery.get(&path), bakery.get(&path));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
}

#[tokio::test]
async fn an_org_id_token_is_exchanged_once_by_the_app_that_was_linked() {
    let world = World::with_orgs().await;
    let (bakery, harbour) = (world.issuer("bakery").await, world.issuer("harbour").await);
    world.link(&bakery.app, &harbour.org, OrgPermissions::OWNER).await;
    let token = issue_org_id(&world.sigma, &bakery.app.id, &harbour.org).unwrap();
    let path = |token: &str| format!("/v2/org_id?org_id_token={token}");
    let get = async |app, path: &str| world.as_app(app, "GET", path, &Value::Null).await;

    assert_eq!(get(&harbour.app, &path(&token)).await.merits_error(), "404 NotFound", "another app");
    let ada = world.person("ada@example.org").await;
    let member = issue_member_id(&world.sigma, &bakery.app.id, &harbour.org, &ada).unwrap();
    assert_eq!(get(&bakery.app, &path(&member)).await.merits_error(), "400 invalid_request");
    assert_eq!(get(&bakery.app, &path(&token)).await.json(), json!({"orgId": harbour.org.digits()}));
    assert_eq!(get(&bakery.app, &path(&token)).await.merits_error(), "404 NotFound", "used");
    let late = issue_org_id(&world.sigma, &bakery.app.id, &harbour.org).unwrap();
    world.advance(301);
    assert_eq!(get(&bakery.app, &path(&late)).await.merits_error(), "404 NotFound", "expired");
}

#[tokio::test]
async fn success_and_failure_urls_stay_on_the_site_of_the_app() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let request = |success: &str, failure: &str| {
        json!({
            "requestedPermissions": [{"permissionType": "CanManageOrg"}],
            "successUrl": success, "failureUrl": failure, "state": "<3",
        })
    };
    let ask = async |body: Value| world.as_app(&bakery.app, "POST", "/v2/request_linkapp_url", &body).await;
    for good in ["/back", "back?x=1", "https://bakery.example/back", "?x=1"] {
        let answer = ask(request(good, "/failed")).await;
        assert_eq!(answer.status, 200, "{good}: {}", answer.body);
        let url = answer.json()["request_linkapp_url"].as_str().unwrap().to_owned();
        assert!(url.starts_with("https://id.example.org/link-app?token="), "{url}");
    }
    for bad in [
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "https://bakery.example.evil.example/",
        "https://bakery.example@evil.example/",
        "http://bakery.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        "/a\nb",
    ] {
        assert_eq!(ask(request(bad, "/failed")).await.merits_error(), "400 invalid_url", "{bad:?}");
        assert_eq!(ask(request("/back", bad)).await.merits_error(), "400 invalid_url", "{bad:?}");
    }
    for bad in [
        json!({"successUrl": "/a", "failureUrl": "/b"}),
        json!({"requestedPermissions": [], "successUrl": "/a", "failureUrl": "/b"}),
        json!({"requestedPermissions": [{"permissionType": "CanFly"}], "successUrl": "/a", "failureUrl": "/b"}),
        json!({"requestedPermissions": [{"permissionType": "CanViewPublicProfile"}], "successUrl": "/a", "failureUrl": "/b"}),
    ] {
        assert_eq!(ask(bad.clone()).await.merits_error(), "400 invalid_request", "{bad}");
    }
}

#[tokio::test]
async fn a_login_request_is_answered_under_both_of_its_names() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    let org = bakery.org.digits();
    for name in ["request_loginwithsigma_url", "request_loginwithmerit_url"] {
        let body = json!({
            "requestedPermissions": [{"permissionType": "CanViewPublicProfile"}, {"permissionType": "CanViewAllStandardMeritsFromOrg"}],
            "successUrl": "/back", "failureUrl": "/failed", "state": "<3-from",
        });
        let answer = bakery.post(&format!("/v2/orgs/{org}/{name}"), &body).await.json();
        assert!(text(&answer, name).starts_with("https://id.example.org/login-with-sigma?token="), "{answer}");
        assert_eq!(answer["state"], "<3-from");
        assert_eq!(text(&answer, "expiration").len(), "2026-03-01T12:00:30.123Z".len());
    }
    let harbour = world.issuer("harbour").await;
    let body = json!({"requestedPermissions": [{"permissionType": "CanViewPublicProfile"}], "successUrl": "/", "failureUrl": "/"});
    let path = format!("/v2/orgs/{}/request_loginwithsigma_url", harbour.org.digits());
    assert_eq!(bakery.post(&path, &body).await.merits_error(), "403 Forbidden");
    world.change_app("bakery", |app| app.site_url = None).await;
    let path = format!("/v2/orgs/{org}/request_loginwithsigma_url");
    assert_eq!(bakery.post(&path, &body).await.merits_error(), "400 invalid_request");
}
