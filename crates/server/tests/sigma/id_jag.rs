//! The identity assertion authorization grant (`draft-ietf-oauth-identity-assertion-authz-grant`): assertions that this server issues
//! for others, and those of a provider that it accepts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sigma_core::app::{AuthMethod, GrantType};
use sigma_core::jose::{Algorithm, SigningKey, TokenKind, sign};
use sigma_core::resource::ResourceScope;
use sigma_server::settings::{
    IdJag, IdJagSource, IdJagSourceApp, IdJagTarget, IdJagTargetApp, ProviderKind, ProviderSignUp,
};
use sigma_store::event::Trail;

use crate::support::client::{ISSUER, REVOKE, TOKEN, USERINFO, basic, changed};
use crate::support::forge::{claims, header, jws, with};
use crate::support::upstream::Upstream;
use crate::support::{Answer, Browser, Key, REDIRECT, VERIFIER, World, text};

const CHAT: &str = "https://chat.example.org/";
const CHAT_API: &str = "https://api.chat.example.org/";
const NOTES: &str = "https://notes.example.org/";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

fn chat() -> IdJagTarget {
    let app = |app: &str, client_id: &str| IdJagTargetApp {
        app: app.to_owned(),
        client_id: Some(client_id.to_owned()),
        scope: "chat.read chat.write".to_owned(),
        resources: vec![CHAT_API.to_owned()],
    };
    IdJagTarget { audience: CHAT.to_owned(), apps: vec![app("service", "service-at-chat"), app("playground", "x")] }
}

/// Issues assertions for the chat, to `service`.
async fn issuer() -> World {
    let world = World::with(|settings| settings.id_jag = IdJag { issue: vec![chat()], ..IdJag::default() }).await;
    for name in ["service", "other"] {
        world.add_confidential_app(name, AuthMethod::ClientSecret, "secret").await;
    }
    world
}

/// The tokens of `service` about whoever uses `browser`.
async fn tokens(world: &World, browser: &Browser<'_>) -> Value {
    let query = Browser::request(&[("client_id", "service"), ("scope", "openid profile"), ("prompt", "consent")]);
    let code = browser.agree(browser.get(&query).await).await.param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json()
}

async fn ask(world: &World, app: &str, id_token: &str, change: &[(&str, &str)]) -> Answer {
    let form = [
        ("grant_type", EXCHANGE),
        ("requested_token_type", ID_JAG),
        ("audience", CHAT),
        ("subject_token", id_token),
        ("subject_token_type", ID),
    ];
    world.post_form(TOKEN, &changed(&form, change), &[("authorization", &basic(app, "secret"))]).await
}

#[tokio::test]
async fn an_app_gets_an_assertion_for_another_server_as_the_operator_allows() {
    let world = issuer().await;
    let ada = world.browser();
    ada.sign_up(&Key::named("ada")).await;
    let tokens = tokens(&world, &ada).await;
    let id_token = text(&tokens, "id_token");
    let answer = ask(&world, "service", id_token, &[("scope", "chat.read"), ("resource", CHAT_API)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert_eq!((&answer["issued_token_type"], &answer["token_type"]), (&json!(ID_JAG), &json!("N_A")));
    assert_eq!((&answer["scope"], &answer["expires_in"]), (&json!("chat.read"), &json!(300)));
    assert!(answer.get("refresh_token").is_none());
    let assertion = text(&answer, "access_token");
    assert_eq!(header(assertion)["typ"], "oauth-id-jag+jwt");
    let (said, of_ada) = (claims(assertion), claims(id_token));
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("sub", of_ada["sub"].clone()),
        ("aud", json!(CHAT)),
        ("client_id", json!("service-at-chat")),
        ("scope", json!("chat.read")),
        ("resource", json!(CHAT_API)),
        ("auth_time", of_ada["auth_time"].clone()),
        ("acr", of_ada["acr"].clone()),
        ("amr", of_ada["amr"].clone()),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert!(said["jti"].is_string() && said.get("name").is_none(), "{said}");
    // It is a token of no other kind here.
    assert_eq!(world.userinfo_status(assertion).await, 401);
    // As much as allowed, for an access token too, and never longer than that lives.
    let access = text(&tokens, "access_token");
    let all = ask(&world, "service", access, &[("subject_token_type", ACCESS)]).await.json();
    assert_eq!(all["scope"], "chat.read chat.write");
    let forged = with(&of_ada, &json!({"exp": world.now().seconds() + 60, "aud": "service"}));
    let short = world.forge(TokenKind::Id, Algorithm::ES256, &forged).await;
    assert_eq!(ask(&world, "service", &short, &[]).await.json()["expires_in"], 60);
}

#[tokio::test]
async fn each_parameter_of_a_request_for_an_assertion_is_checked() {
    let world = issuer().await;
    let ada = world.browser();
    ada.sign_up(&Key::named("ada")).await;
    let tokens = tokens(&world, &ada).await;
    let (id_token, access) = (text(&tokens, "id_token"), text(&tokens, "access_token"));
    let of_ada = claims(id_token);
    let old =
        world.forge(TokenKind::Id, Algorithm::ES256, &with(&of_ada, &json!({"exp": world.now().seconds()}))).await;
    let elsewhere = world.forge(TokenKind::Id, Algorithm::ES256, &with(&of_ada, &json!({"sid": "ses_x"}))).await;
    let invalid = "400 invalid_request: the subject token is not valid";
    let target = "400 invalid_target: the resource was not granted";
    let kind = "400 invalid_request: this subject_token_type is not supported";
    for (change, error) in [
        (&[("audience", "")][..], "400 invalid_request: audience must name one authorization server"),
        (&[("audience", "https://other.example.org/")], target),
        (&[("audience", "https://chat.example.org")], target),
        (&[("resource", "https://other.example.org/")], target),
        (&[("scope", "chat.admin")], "400 invalid_scope: the subject token does not have this scope"),
        (&[("subject_token", "x")], invalid),
        (&[("subject_token", access)], invalid),
        (&[("subject_token", &old)], invalid),
        (&[("subject_token", &elsewhere)], invalid),
        (&[("subject_token_type", "urn:ietf:params:oauth:token-type:saml2")], kind),
        (&[("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token")], kind),
        (&[("subject_token_type", ID_JAG)], kind),
        (
            &[("actor_token", access), ("actor_token_type", ACCESS)],
            "400 invalid_request: actor_token is not supported with this requested_token_type",
        ),
        (
            &[("requested_token_type", "urn:ietf:params:oauth:token-type:jwt")],
            "400 invalid_request: this requested_token_type is not supported",
        ),
    ] {
        assert_eq!(ask(&world, "service", id_token, change).await.error(), error, "{change:?}");
    }
    // Of another app, whoever it was issued to.
    assert_eq!(ask(&world, "other", id_token, &[]).await.error(), target, "no rule for that app");
    let stolen = world.forge(TokenKind::Id, Algorithm::ES256, &with(&of_ada, &json!({"aud": "other"}))).await;
    assert_eq!(ask(&world, "service", &stolen, &[]).await.error(), invalid);
    // Two audiences, and a public app.
    let form = [
        ("grant_type", EXCHANGE),
        ("requested_token_type", ID_JAG),
        ("audience", CHAT),
        ("audience", CHAT_API),
        ("subject_token", id_token),
        ("subject_token_type", ID),
    ];
    let two = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await;
    assert_eq!(two.error(), "400 invalid_request: audience must name one authorization server");
    world.change_app("playground", |app| app.grant_types.push(GrantType::TokenExchange)).await;
    let public = [&changed(&form, &[("audience", CHAT)])[..], &[("client_id", "playground")]].concat();
    assert!(world.post_form(TOKEN, &public, &[]).await.error().starts_with("400 unauthorized_client"));
    // Not after the user took the app's access back, and not where it is off.
    assert_eq!(ask(&world, "service", id_token, &[]).await.status, 200);
    let app_id = world.app("service").await.id;
    assert_eq!(ada.post_form("/account/apps/remove", &[("app", app_id.as_str())]).await.status, 303);
    assert_eq!(ask(&world, "service", id_token, &[]).await.error(), invalid);
    let world = World::new().await;
    world.add_confidential_app("service", AuthMethod::ClientSecret, "secret").await;
    let off = ask(&world, "service", id_token, &[]).await;
    assert_eq!(off.error(), "400 invalid_request: this requested_token_type is not supported");
}

#[tokio::test]
async fn an_assertion_is_not_issued_after_the_session_ended_or_to_whoever_acts_for_the_user() {
    let world = issuer().await;
    let ada = world.browser();
    ada.sign_up(&Key::named("ada")).await;
    let first = tokens(&world, &ada).await;
    let own = [("grant_type", "client_credentials")];
    let own = world.post_form(TOKEN, &own, &[("authorization", &basic("service", "secret"))]).await.json();
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", text(&first, "access_token")),
        ("subject_token_type", ACCESS),
        ("actor_token", text(&own, "access_token")),
        ("actor_token_type", ACCESS),
    ];
    let delegated = world.post_form(TOKEN, &form, &[("authorization", &basic("service", "secret"))]).await.json();
    let refused = ask(&world, "service", text(&delegated, "access_token"), &[("subject_token_type", ACCESS)]).await;
    assert!(refused.error().starts_with("400 invalid_request"), "{}", refused.body);
    let of_nobody = ask(&world, "service", text(&own, "access_token"), &[("subject_token_type", ACCESS)]).await;
    assert!(of_nobody.error().starts_with("400 invalid_request"), "{}", of_nobody.body);
    assert_eq!(ask(&world, "service", text(&first, "id_token"), &[]).await.status, 200);
    ada.post_json("/api/auth/sign-out", &json!({})).await;
    for (name, kind) in [("id_token", ID), ("access_token", ACCESS)] {
        let refused = ask(&world, "service", text(&first, name), &[("subject_token_type", kind)]).await;
        assert_eq!(refused.error(), "400 invalid_request: the subject token is not valid", "{name}");
    }
}

/// A world that trusts `upstream`, with a user who has linked an account there.
struct Trusting {
    upstream: Upstream,
    world: World,
}

impl Trusting {
    async fn new() -> Self {
        let upstream = Upstream::serve().await;
        let provider = upstream.settings("op", ProviderKind::OpenId);
        let other = upstream.settings("other", ProviderKind::OpenId);
        let app = |app: &str| IdJagSourceApp { app: app.to_owned(), scope: "openid profile notes:read".to_owned() };
        let accept = IdJagSource { provider: provider.id.clone(), apps: vec![app("wiki"), app("playground")] };
        let world = World::with(|settings| {
            settings.sign_up.provider = ProviderSignUp::On;
            settings.providers = vec![provider, other];
            settings.id_jag = IdJag { accept: vec![accept], ..IdJag::default() };
        })
        .await;
        for name in ["wiki", "other"] {
            world.add_confidential_app(name, AuthMethod::ClientSecret, "secret").await;
            world.change_app(name, |app| app.grant_types.push(GrantType::JwtBearer)).await;
        }
        let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "Do it".to_owned() };
        let scopes = vec![scope("notes:read"), scope("notes:write")];
        world.add_resource_with(NOTES, |resource| resource.scopes = scopes).await;
        world.allow("wiki", NOTES).await;
        Self { upstream, world }
    }

    /// Ada signs up with her account at the provider.
    async fn ada(&self) -> Browser<'_> {
        let ada = self.world.browser();
        self.upstream.round(&ada, "op", self.world.now(), "ada").await;
        ada
    }

    fn said(&self, jti: &str) -> Value {
        let now = self.world.now().seconds();
        json!({
            "iss": self.upstream.origin, "sub": "ada", "aud": ISSUER, "client_id": "wiki", "jti": jti, "iat": now,
            "exp": now + 300, "auth_time": now - 60, "scope": "openid profile notes:read", "resource": NOTES,
        })
    }

    fn assertion(&self, claims: &Value) -> String {
        sign(&self.upstream.key, TokenKind::IdJag, claims).unwrap()
    }

    async fn redeem_as(&self, app: &str, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", BEARER), ("assertion", assertion)];
        self.world.post_form(TOKEN, &changed(&form, more), &[("authorization", &basic(app, "secret"))]).await
    }

    async fn redeem(&self, claims: &Value, more: &[(&str, &str)]) -> Answer {
        self.redeem_as("wiki", &self.assertion(claims), more).await
    }
}

#[tokio::test]
async fn an_assertion_of_a_trusted_provider_gives_an_app_access_for_an_hour() {
    let trusting = Trusting::new().await;
    let (world, ada) = (&trusting.world, trusting.ada().await);
    let ada_id = text(&ada.get("/api/auth/get-session").await.json()["user"], "id").to_owned();
    let answer = trusting.redeem(&trusting.said("1"), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert!(
        ["refresh_token", "id_token", "issued_token_type"].iter().all(|name| answer.get(name).is_none()),
        "{answer}"
    );
    let token = text(&answer, "access_token");
    let issued = claims(token);
    for (name, value) in [
        ("sub", json!(ada_id)),
        ("client_id", json!("wiki")),
        ("scope", json!("openid profile notes:read")),
        ("aud", json!([NOTES, ISSUER])),
        ("acr", json!("1")),
        ("auth_time", json!(trusting.world.now().seconds() - 60)),
    ] {
        assert_eq!(issued[name], value, "{name}");
    }
    assert!(issued.get("sid").is_none() && issued.get("act").is_none(), "{issued}");
    assert_eq!(issued["exp"].as_i64().unwrap() - issued["iat"].as_i64().unwrap(), 3_600);
    assert_eq!(world.get_with_token(USERINFO, token).await.json()["sub"], json!(ada_id));
    // Less on request.
    let less = trusting.redeem(&trusting.said("2"), &[("scope", "notes:read"), ("resource", NOTES)]).await.json();
    assert_eq!(claims(text(&less, "access_token"))["scope"], "notes:read");
    // The user sees it, and ends it.
    world.tick();
    let events = world.trail(Trail::All).await;
    let event = events.iter().find(|event| event.action == "assertion.accept").unwrap();
    assert_eq!(event.user_id.as_ref().map(ToString::to_string), Some(ada_id));
    assert!(ada.get("/account/activity").await.body.contains("got access by an assertion of your identity provider"));
    let app_id = world.app("wiki").await.id;
    assert!(ada.get("/account/apps").await.body.contains(app_id.as_str()));
    assert_eq!(ada.post_form("/account/apps/remove", &[("app", app_id.as_str())]).await.status, 303);
    assert_eq!(world.userinfo_status(token).await, 401);
    // And the app.
    let third = trusting.redeem(&trusting.said("3"), &[]).await.json();
    let third = text(&third, "access_token");
    assert_eq!(world.userinfo_status(third).await, 200);
    let revoked = world.post_form(REVOKE, &[("token", third)], &[("authorization", &basic("wiki", "secret"))]).await;
    assert_eq!((revoked.status.as_u16(), world.userinfo_status(third).await), (200, 401));
}

#[tokio::test]
async fn an_assertion_that_is_replayed_or_not_for_this_app_and_server_is_refused() {
    let trusting = Trusting::new().await;
    let _ada = trusting.ada().await;
    let now = trusting.world.now().seconds();
    let invalid = "400 invalid_grant: the assertion is not valid";
    for change in [
        json!({"iss": "https://idp.example.org"}),
        json!({"iss": ISSUER}),
        json!({"iss": null}),
        json!({"aud": "https://other.example.org"}),
        json!({"aud": [ISSUER, "https://other.example.org"]}),
        json!({"aud": null}),
        json!({"client_id": "other"}),
        json!({"client_id": null}),
        json!({"sub": "eve"}),
        json!({"sub": null}),
        json!({"jti": null}),
        json!({"exp": now}),
        json!({"exp": now + 86_400}),
        json!({"exp": null}),
        json!({"iat": now + 120}),
        json!({"nbf": now + 120}),
        json!({"resource": 7}),
        json!({"cnf": {"x5t#S256": "x"}}),
    ] {
        let refused = trusting.redeem(&with(&trusting.said("1"), &change), &[]).await;
        assert_eq!(refused.error(), invalid, "{change}");
    }
    // A token that can do nothing of what the assertion says would be taken for one that can.
    let nothing = trusting.redeem(&with(&trusting.said("1"), &json!({"scope": "chat.admin"})), &[]).await;
    assert_eq!(nothing.error(), "400 invalid_scope: the scope was not granted");
    // Other kinds of tokens, other keys, no signature.
    let said = trusting.said("1");
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let mut bad: BTreeMap<&str, String> = BTreeMap::new();
    for kind in [TokenKind::Id, TokenKind::Access, TokenKind::Logout] {
        bad.insert(kind.typ(), sign(&trusting.upstream.key, kind, &said).unwrap());
    }
    bad.insert("other key", sign(&other, TokenKind::IdJag, &said).unwrap());
    bad.insert("none", jws(&json!({"alg": "none", "typ": "oauth-id-jag+jwt"}), &said, |_| Vec::new()));
    bad.insert("MAC", jws(&json!({"alg": "HS256", "typ": "oauth-id-jag+jwt"}), &said, |_| vec![0; 32]));
    bad.insert("nonsense", "a.b.c".to_owned());
    // This server's own assertion (draft, "Cross-Domain Use").
    let own = with(&said, &json!({"iss": ISSUER}));
    bad.insert("its own", trusting.world.forge(TokenKind::IdJag, Algorithm::ES256, &own).await);
    for (name, assertion) in bad {
        assert_eq!(trusting.redeem_as("wiki", &assertion, &[]).await.error(), invalid, "{name}");
    }
    for (more, error) in [
        (&[("assertion", "")][..], "400 invalid_request: assertion is required"),
        (&[("scope", "openid email")], "400 invalid_scope: the scope was not granted"),
        (&[("scope", "notes:write")], "400 invalid_scope: the scope was not granted"),
        (&[("scope", "offline_access")], "400 invalid_scope: the scope was not granted"),
        (&[("resource", "https://bank.example.org/")], "400 invalid_target: the resource was not granted"),
    ] {
        assert_eq!(trusting.redeem(&said, more).await.error(), error, "{more:?}");
    }
    let unknown = with(&said, &json!({"resource": "https://bank.example.org/"}));
    assert_eq!(trusting.redeem(&unknown, &[]).await.error(), "400 invalid_target: the resource was not granted");
    // The provider asserts more than the operator allows.
    let more =
        with(&trusting.said("more"), &json!({"scope": "openid notes:read notes:write sigma:backup offline_access"}));
    let most = trusting.redeem(&more, &[]).await.json();
    assert_eq!(claims(text(&most, "access_token"))["scope"], "openid notes:read");
    // By another app, a public one, one without the grant type.
    let refused = trusting.redeem_as("other", &trusting.assertion(&said), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: assertions of this issuer are not accepted from this client");
    let world = &trusting.world;
    let assertion = trusting.assertion(&said);
    let public = [("grant_type", BEARER), ("assertion", assertion.as_str()), ("client_id", "playground")];
    assert!(world.post_form(TOKEN, &public, &[]).await.error().starts_with("400 unauthorized_client"));
    world.change_app("playground", |app| app.grant_types.push(GrantType::JwtBearer)).await;
    assert!(world.post_form(TOKEN, &public, &[]).await.error().starts_with("400 unauthorized_client"));
    // None of this used it up; twice it is not taken, on any node.
    assert_eq!(trusting.redeem(&said, &[]).await.status, 200);
    assert_eq!(trusting.redeem(&said, &[]).await.error(), "400 invalid_grant: the assertion was used before");
}

#[tokio::test]
async fn an_assertion_is_no_way_around_a_second_factor_a_disabled_account_or_an_unlinked_one() {
    let trusting = Trusting::new().await;
    let (world, ada) = (&trusting.world, trusting.ada().await);
    let ada_id = text(&ada.get("/api/auth/get-session").await.json()["user"], "id").to_owned();
    let ada_id = sigma_core::ids::UserId::from_text(ada_id);
    world.change_app("wiki", |app| app.require_second_factor = true).await;
    let refused = trusting.redeem(&trusting.said("1"), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: the user has to sign in here, with a second factor");
    world.change_app("wiki", |app| app.require_second_factor = false).await;
    let token = trusting.redeem(&trusting.said("1"), &[]).await.json();
    let token = text(&token, "access_token");
    let set = async |disabled: bool| {
        let (id, now) = (ada_id.clone(), world.now());
        world.sigma.store.write(move |tx| sigma_store::user::set_disabled(tx, &id, disabled, now)).await.unwrap();
    };
    set(true).await;
    assert_eq!(world.userinfo_status(token).await, 401);
    let refused = trusting.redeem(&trusting.said("2"), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: the assertion is not valid");
    set(false).await;
    let unlink = |tx: &mut dyn sigma_store::Tx| tx.execute("DELETE FROM provider_accounts", sigma_store::params![]);
    assert_eq!(world.sigma.store.write(unlink).await.unwrap(), 1);
    let refused = trusting.redeem(&trusting.said("2"), &[]).await;
    assert_eq!(refused.error(), "400 invalid_grant: the assertion is not valid");
}

#[tokio::test]
async fn discovery_says_what_is_on() {
    let path = "/.well-known/openid-configuration";
    let names = async |world: &World| {
        let found = world.browser().get(path).await.json();
        (
            found["identity_chaining_requested_token_types_supported"].clone(),
            found["authorization_grant_profiles_supported"].clone(),
            found["grant_types_supported"].as_array().unwrap().contains(&json!(BEARER)),
        )
    };
    assert_eq!(names(&World::new().await).await, (Value::Null, Value::Null, false));
    assert_eq!(names(&issuer().await).await, (json!([ID_JAG]), Value::Null, false));
    let trusting = Trusting::new().await;
    let profile = json!(["urn:ietf:params:oauth:grant-profile:id-jag"]);
    assert_eq!(names(&trusting.world).await, (Value::Null, profile, true));
    // Where nobody is trusted, the grant type does not exist.
    let world = World::new().await;
    world.add_confidential_app("wiki", AuthMethod::ClientSecret, "secret").await;
    world.change_app("wiki", |app| app.grant_types.push(GrantType::JwtBearer)).await;
    let form = [("grant_type", BEARER), ("assertion", "x")];
    let off = world.post_form(TOKEN, &form, &[("authorization", &basic("wiki", "secret"))]).await;
    assert!(off.error().starts_with("400 unsupported_grant_type"), "{}", off.body);
}
