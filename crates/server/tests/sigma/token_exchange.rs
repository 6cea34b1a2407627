//! Token exchange (RFC 8693): what an app gets for a token, on whose behalf, how it ends, and what is refused.

use serde_json::{Value, json};
use sigma_core::app::{AuthMethod, GrantType};
use sigma_core::resource::ResourceScope;
use sigma_core::scope::Scopes;

use crate::support::client::{INTROSPECT, ISSUER, REVOKE, TOKEN, USERINFO, basic, changed};
use crate::support::forge::{claims, with};
use crate::support::{APP, Answer, Browser, Key, World, text};

const NOTES: &str = "https://notes.example.org/";
const BANK: &str = "https://bank.example.org/";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";

/// `service` signs people in; `notes` and `bank` serve the APIs, and `notes` may call the bank.
async fn world() -> World {
    let world = World::new().await;
    for name in ["service", "notes", "bank"] {
        world.add_confidential_app(name, AuthMethod::ClientSecret, "secret").await;
    }
    for (uri, server) in [(NOTES, "notes"), (BANK, "bank")] {
        let id = world.app(server).await.id;
        let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "Do it".to_owned() };
        world
            .add_resource_with(uri, |resource| {
                resource.servers = vec![id];
                resource.scopes = vec![scope(&format!("{server}:read")), scope(&format!("{server}:write"))];
            })
            .await;
        world.allow("service", uri).await;
    }
    world.allow("notes", BANK).await;
    world
}

async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    world.advance(60);
    browser
}

/// The tokens of `service` after Ada's consent.
async fn tokens(world: &World, browser: &Browser<'_>, scope: &str, resources: &[&str]) -> Value {
    let query = Browser::request(&[("client_id", "service"), ("scope", scope)]);
    let query = resources.iter().fold(query, |query, uri| query + "&resource=" + uri);
    let code = browser.agree(browser.get(&query).await).await.param("code").unwrap();
    let answer = world.exchange_with_secret("service", &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// A token for both APIs and for this server.
async fn full(world: &World, browser: &Browser<'_>) -> String {
    let scope = "openid profile notes:read notes:write bank:read";
    text(&tokens(world, browser, scope, &[NOTES, BANK]).await, "access_token").to_owned()
}

async fn exchange(world: &World, app: &str, token: &str, more: &[(&str, &str)]) -> Answer {
    let form = [("grant_type", GRANT), ("subject_token", token), ("subject_token_type", ACCESS)];
    world.post_form(TOKEN, &changed(&form, more), &[("authorization", &basic(app, "secret"))]).await
}

/// The token that `app` gets for `token`.
async fn exchanged(world: &World, app: &str, token: &str, more: &[(&str, &str)]) -> String {
    let answer = exchange(world, app, token, more).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    text(&answer.json(), "access_token").to_owned()
}

async fn introspected(world: &World, app: &str, token: &str) -> Value {
    let answer = world.post_form(INTROSPECT, &[("token", token)], &[("authorization", &basic(app, "secret"))]).await;
    answer.json()
}

async fn is_active(world: &World, app: &str, token: &str) -> bool {
    introspected(world, app, token).await["active"] == true
}

#[tokio::test]
async fn an_app_exchanges_its_own_token_for_less() {
    let world = world().await;
    let browser = ada(&world).await;
    let source = full(&world, &browser).await;
    let answer = exchange(&world, "service", &source, &[("scope", "notes:read"), ("resource", NOTES)]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let answer = answer.json();
    let token = text(&answer, "access_token");
    let (before, after) = (claims(&source), claims(token));
    assert_eq!(
        answer,
        json!({
            "access_token": token, "issued_token_type": ACCESS, "token_type": "Bearer",
            "expires_in": after["exp"].as_i64().unwrap() - after["iat"].as_i64().unwrap(),
            "expires_at": after["exp"], "scope": "notes:read",
        })
    );
    assert_eq!((&after["aud"], &after["scope"]), (&json!(NOTES), &json!("notes:read")));
    for kept in ["iss", "sub", "gid", "sid", "auth_time", "acr", "client_id", "exp"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert!(after["jti"] != before["jti"] && after.get("act").is_none() && after.get("name").is_none());
    assert!(is_active(&world, "notes", token).await);
    assert_eq!(world.userinfo_status(token).await, 401, "it is no longer for this server");
    // Without parameters it is a copy, which never outlives the source.
    world.advance(1_000);
    let copy = claims(&exchanged(&world, "service", &source, &[]).await);
    assert_eq!((&copy["aud"], &copy["scope"], &copy["exp"]), (&before["aud"], &before["scope"], &before["exp"]));
    world.change_app("service", |app| app.access_seconds = Some(60)).await;
    let short = claims(&exchanged(&world, "service", &source, &[]).await);
    assert_eq!(short["exp"].as_i64().unwrap() - short["iat"].as_i64().unwrap(), 60);
}

#[tokio::test]
async fn an_api_acts_for_the_user_and_is_named_in_the_token() {
    let world = world().await;
    let browser = ada(&world).await;
    let source = full(&world, &browser).await;
    let token = exchanged(&world, "notes", &source, &[("audience", BANK)]).await;
    let (before, after) = (claims(&source), claims(&token));
    assert_eq!((&after["sub"], &after["gid"]), (&before["sub"], &before["gid"]));
    assert_eq!((&after["client_id"], &after["act"]), (&json!("notes"), &json!({"sub": "notes"})));
    assert_eq!((&after["aud"], &after["scope"]), (&json!(BANK), &json!("openid profile bank:read")));
    let seen = introspected(&world, "bank", &token).await;
    assert_eq!((&seen["client_id"], &seen["act"]), (&json!("notes"), &json!({"sub": "notes"})));
    assert_eq!((&seen["acr"], &seen["auth_time"]), (&before["acr"], &before["auth_time"]));
    assert!(!is_active(&world, "service", &token).await, "it belongs to another app");
    // The bank acts after the notes; its own exchange does not make the chain shorter.
    let next = exchanged(&world, "bank", &token, &[]).await;
    assert_eq!(claims(&next)["act"], json!({"sub": "bank", "act": {"sub": "notes"}}));
    let again = exchanged(&world, "bank", &next, &[("scope", "bank:read")]).await;
    assert_eq!(claims(&again)["act"], json!({"sub": "bank", "act": {"sub": "notes"}}));
    // At this server it may do what the token allows and its own registration does.
    let here = exchanged(&world, "notes", &source, &[("audience", ISSUER)]).await;
    assert!(world.get_with_token(USERINFO, &here).await.json().get("name").is_some());
    world.change_app("notes", |app| app.scopes = Scopes::parse("openid")).await;
    assert!(world.get_with_token(USERINFO, &here).await.json().get("name").is_none());
}

#[tokio::test]
async fn an_app_that_names_itself_as_actor_is_named_in_the_token() {
    let world = world().await;
    let browser = ada(&world).await;
    let source = full(&world, &browser).await;
    let own = async |app: &str| {
        let answer = world
            .post_form(TOKEN, &[("grant_type", "client_credentials")], &[("authorization", &basic(app, "secret"))])
            .await;
        text(&answer.json(), "access_token").to_owned()
    };
    let (service, bank) = (own("service").await, own("bank").await);
    let actor = [("actor_token", service.as_str()), ("actor_token_type", ACCESS)];
    let token = exchanged(&world, "service", &source, &actor).await;
    assert_eq!(claims(&token)["act"], json!({"sub": "service"}));
    for wrong in [bank.as_str(), source.as_str(), "nonsense"] {
        let actor = [("actor_token", wrong), ("actor_token_type", ACCESS)];
        let refused = exchange(&world, "service", &source, &actor).await;
        assert_eq!(refused.error(), "400 invalid_request: the actor token is not this client's own");
    }
    // A token of an app for itself is exchanged like any other, and has no user after it either.
    let copy = exchanged(&world, "service", &service, &[]).await;
    assert_eq!(claims(&copy)["sources"], json!([claims(&service)["jti"]]));
    assert_eq!(world.userinfo_status(&copy).await, 403);
    world.post_form(REVOKE, &[("token", &service)], &[("authorization", &basic("service", "secret"))]).await;
    assert!(!is_active(&world, "service", &copy).await);
}

#[tokio::test]
async fn what_comes_of_a_token_ends_with_the_grant_of_its_source() {
    let world = world().await;
    let browser = ada(&world).await;
    let chain = async || {
        let source = full(&world, &browser).await;
        let notes = exchanged(&world, "notes", &source, &[]).await;
        let bank = exchanged(&world, "bank", &notes, &[("resource", BANK)]).await;
        assert!(is_active(&world, "notes", &notes).await && is_active(&world, "bank", &bank).await);
        (source, notes, bank)
    };
    let revoke = async |app: &str, token: &str| {
        let form = [("token", token)];
        assert_eq!(world.post_form(REVOKE, &form, &[("authorization", &basic(app, "secret"))]).await.status, 200);
    };
    // The app that the user consented to revokes its token.
    let (source, notes, bank) = chain().await;
    revoke("service", &source).await;
    assert!(!is_active(&world, "notes", &notes).await && !is_active(&world, "bank", &bank).await);
    assert_eq!(
        exchange(&world, "notes", &source, &[]).await.error(),
        "400 invalid_request: the subject token is not valid"
    );
    // The app that acts revokes its own: the source goes on, and what came of the revoked one does not.
    let (source, notes, bank) = chain().await;
    revoke("bank", &notes).await;
    assert!(is_active(&world, "notes", &notes).await, "it is not the bank's");
    revoke("notes", &notes).await;
    assert!(is_active(&world, "service", &source).await);
    assert!(!is_active(&world, "notes", &notes).await && !is_active(&world, "bank", &bank).await);
    // An app that took part is disabled.
    for app in ["service", "notes"] {
        let (_, _, bank) = chain().await;
        world.change_app(app, |app| app.disabled = true).await;
        assert!(!is_active(&world, "bank", &bank).await, "{app}");
        world.change_app(app, |app| app.disabled = false).await;
        assert!(is_active(&world, "bank", &bank).await, "{app}");
    }
    // The user signs out.
    let (_, notes, bank) = chain().await;
    assert_eq!(browser.post_json("/api/auth/sign-out", &json!({})).await.status, 200);
    assert!(!is_active(&world, "notes", &notes).await && !is_active(&world, "bank", &bank).await);
}

#[tokio::test]
async fn a_token_is_exchanged_by_the_app_that_it_was_issued_to_or_that_serves_its_audience() {
    let world = world().await;
    let browser = ada(&world).await;
    let notes = tokens(&world, &browser, "openid notes:read", &[NOTES]).await;
    let notes = text(&notes, "access_token");
    let stranger = "400 invalid_request: the subject token was neither issued to this client nor is it for a resource \
                    that this client serves";
    assert_eq!(exchange(&world, "bank", notes, &[]).await.error(), stranger);
    // Being listed for a resource is not serving it.
    world.allow("bank", NOTES).await;
    assert_eq!(exchange(&world, "bank", notes, &[]).await.error(), stranger);
    assert_eq!(exchange(&world, "notes", notes, &[]).await.status, 200);
    // A public app has nothing to exchange with, and an app needs the grant type.
    let form = [("grant_type", GRANT), ("subject_token", notes), ("subject_token_type", ACCESS), ("client_id", APP)];
    let refused = world.post_form(TOKEN, &form, &[]).await;
    assert_eq!(refused.error(), "400 unauthorized_client: the client may not use this grant_type");
    world.change_app("notes", |app| app.grant_types.retain(|grant| *grant != GrantType::TokenExchange)).await;
    let refused = exchange(&world, "notes", notes, &[]).await;
    assert_eq!(refused.error(), "400 unauthorized_client: the client may not use this grant_type");
}

#[tokio::test]
async fn each_parameter_of_an_exchange_is_refused_as_rfc_8693_says() {
    let world = world().await;
    let browser = ada(&world).await;
    let all = tokens(&world, &browser, "openid notes:read offline_access", &[NOTES]).await;
    let source = text(&all, "access_token");
    let token = |name: &str| text(&all, name).to_owned();
    let (id_token, refresh_token) = (token("id_token"), token("refresh_token"));
    let real = claims(source);
    let forged = async |change: Value| world.forge_access(&with(&real, &change)).await;
    let expired = forged(json!({"exp": world.now().seconds()})).await;
    let bound = forged(json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}})).await;
    let others = forged(json!({"iss": "https://elsewhere.example.org"})).await;
    let deep = (0..8).fold(Value::Null, |act, _| {
        if act.is_null() { json!({"sub": "service"}) } else { json!({"sub": "service", "act": act}) }
    });
    let deep = forged(json!({"act": deep, "client_id": "bank"})).await;
    let invalid = "400 invalid_request: the subject token is not valid";
    let kind = "400 invalid_request: this subject_token_type is not supported";
    let target = "400 invalid_target: the subject token is not for this resource";
    let scope = "400 invalid_scope: the subject token does not have this scope";
    let table: [(&[(&str, &str)], &str); 24] = [
        (&[("subject_token", "")], "400 invalid_request: subject_token is required"),
        (&[("subject_token_type", "")], "400 invalid_request: subject_token_type is required"),
        (&[("subject_token_type", "access_token")], kind),
        (&[("subject_token_type", "urn:ietf:params:oauth:token-type:saml2")], kind),
        (&[("subject_token_type", ID), ("subject_token", &id_token)], invalid),
        (&[("subject_token_type", REFRESH), ("subject_token", &refresh_token)], kind),
        (&[("subject_token", &id_token)], invalid),
        (&[("subject_token", &refresh_token)], invalid),
        (&[("subject_token", "nonsense")], invalid),
        (&[("subject_token", &expired)], invalid),
        (
            &[("subject_token", &bound)],
            "400 invalid_request: the subject token is bound to a key whose possession was not proven",
        ),
        (&[("subject_token", &others)], invalid),
        (&[("subject_token", &deep)], "400 invalid_request: the subject token came of too many exchanges"),
        (&[("actor_token", source)], "400 invalid_request: actor_token_type is required with actor_token"),
        (&[("actor_token_type", ACCESS)], "400 invalid_request: actor_token_type is not allowed without actor_token"),
        (
            &[("actor_token", source), ("actor_token_type", "urn:x")],
            "400 invalid_request: this actor_token_type is not supported",
        ),
        (
            &[("actor_token", &id_token), ("actor_token_type", ID)],
            "400 invalid_request: the actor token is not this client's own",
        ),
        (&[("requested_token_type", REFRESH)], "400 invalid_request: this requested_token_type is not supported"),
        (&[("requested_token_type", ID)], "400 invalid_request: this requested_token_type is not supported"),
        (&[("scope", "notes:read notes:write")], scope),
        (&[("scope", "offline_access")], scope),
        (&[("resource", BANK)], target),
        (&[("resource", "https://unknown.example.org/")], target),
        (&[("audience", "service")], target),
    ];
    for (change, error) in table {
        assert_eq!(exchange(&world, "notes", source, change).await.error(), error, "{change:?}");
    }
    let three = [("audience", NOTES), ("resource", NOTES), ("audience", ISSUER)];
    assert_eq!(exchange(&world, "notes", source, &three).await.status, 200, "both may repeat");
    let twice = [("scope", "openid"), ("scope", "openid")];
    let repeated = "400 invalid_request: parameters must not be repeated";
    assert_eq!(exchange(&world, "notes", source, &twice).await.error(), repeated);
    let many: Vec<String> = (0..100).map(|n| format!("urn:x:{n}")).collect();
    let many: Vec<_> = many.iter().map(|uri| ("audience", uri.as_str())).collect();
    assert_eq!(
        exchange(&world, "notes", source, &many).await.error(),
        "400 invalid_target: the resource was not granted"
    );
    // Nothing was changed by all this.
    assert!(is_active(&world, "service", source).await);
}
