//! Dynamic client registration (RFC 7591, `docs/spec/registration.md`).

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use sigma_core::actor::Actor;
use sigma_core::digest::Digest;
use sigma_core::event::Event;
use sigma_core::ids::AppInvitationId;
use sigma_server::settings::RegistrationMode;
use sigma_store::app_invitation::{self, AppInvitation};
use sigma_store::event::Trail;
use sigma_store::registration;

use crate::support::client::{TOKEN, basic};
use crate::support::{Answer, CHALLENGE, Key, REDIRECT, VERIFIER, World};

pub const REGISTER: &str = "/api/auth/oauth2/register";

/// A world in which anybody may register apps.
pub async fn open() -> World {
    World::with(|settings| settings.registration.mode = RegistrationMode::Open).await
}

impl World {
    /// Sends metadata, with a Bearer token if one is given.
    pub async fn register_with(&self, metadata: &Value, token: Option<&str>) -> Answer {
        let mut request = Request::post(REGISTER).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(metadata.to_string())).unwrap()).await
    }

    /// Registers an app that is accepted; what it was told.
    pub async fn registered(&self, metadata: &Value) -> Value {
        let answer = self.register_with(metadata, None).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()
    }

    /// Makes an initial access token.
    pub async fn invite(&self, token: &str, uses: u32, seconds: u64) -> AppInvitationId {
        let now = self.now();
        let id = AppInvitationId::new(now, &*self.sigma.rng);
        let invitation = AppInvitation {
            id: id.clone(),
            name: String::new(),
            uses,
            uses_left: uses,
            created_at: now,
            expires_at: now.plus(std::time::Duration::from_secs(seconds)),
        };
        let digest = Digest::of(token);
        self.sigma.store.write(move |tx| app_invitation::add(tx, &invitation, &digest)).await.unwrap();
        id
    }
}

#[tokio::test]
async fn an_app_registers_itself_and_signs_somebody_in() {
    let world = open().await;
    let metadata = json!({"client_name": "Shop", "redirect_uris": [REDIRECT], "grant_types": ["authorization_code", "refresh_token"]});
    let answer = world.register_with(&metadata, None).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let told = answer.json();
    for (member, expected) in [
        ("client_name", json!("Shop")),
        ("redirect_uris", json!([REDIRECT])),
        ("grant_types", json!(["authorization_code", "refresh_token"])),
        ("response_types", json!(["code"])),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("application_type", json!("web")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("scope", json!("openid profile email offline_access")),
        ("client_secret_expires_at", json!(0)),
        ("client_id_issued_at", json!(world.now().seconds())),
    ] {
        assert_eq!(told[member], expected, "{member}");
    }
    let (id, secret) = (told["client_id"].as_str().unwrap(), told["client_secret"].as_str().unwrap());
    assert_eq!(told["registration_client_uri"], format!("https://id.example.org{REGISTER}/{id}"));
    assert_eq!(told["registration_access_token"].as_str().unwrap().len(), 43);

    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let code = browser.code(&[("client_id", id), ("redirect_uri", REDIRECT), ("code_challenge", CHALLENGE)]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let tokens = world.post_form(TOKEN, &form, &[("authorization", &basic(id, secret))]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    assert!(tokens.json()["id_token"].is_string());
}

#[tokio::test]
async fn registration_is_off_until_it_is_configured() {
    let world = World::new().await;
    let answer = world.register_with(&json!({"redirect_uris": [REDIRECT]}), None).await;
    assert_eq!(answer.error(), "403 access_denied: Client registration is disabled");
    let discovery = world.browser().get("/.well-known/openid-configuration").await.json();
    assert!(discovery.get("registration_endpoint").is_none());
    let discovery = open().await.browser().get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["registration_endpoint"], format!("https://id.example.org{REGISTER}"));
}

#[tokio::test]
async fn an_initial_access_token_is_counted_and_expires() {
    let world = World::with(|settings| settings.registration.mode = RegistrationMode::Token).await;
    let metadata = json!({"redirect_uris": [REDIRECT]});
    world.invite("two", 2, 3_600).await;
    world.invite("late", 2, 3_600).await;
    let none = world.register_with(&metadata, None).await;
    assert_eq!((none.status.as_u16(), none.header("www-authenticate")), (401, "Bearer"));
    let wrong = world.register_with(&metadata, Some("three")).await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.header("www-authenticate").starts_with(r#"Bearer error="invalid_token""#));
    // What is refused for its metadata costs no use.
    assert_eq!(world.register_with(&json!({}), Some("two")).await.status, 400);
    for expected in [201, 201, 401] {
        assert_eq!(world.register_with(&metadata, Some("two")).await.status.as_u16(), expected);
    }
    world.advance(3_600);
    assert_eq!(world.register_with(&metadata, Some("late")).await.status, 401);
}

#[tokio::test]
async fn an_app_that_nobody_invited_gets_no_tokens_of_its_own() {
    let world = open().await;
    world.invite("one", 1, 3_600).await;
    let metadata = json!({"redirect_uris": [REDIRECT], "grant_types": ["authorization_code", "client_credentials"]});
    assert_eq!(world.registered(&metadata).await["grant_types"], json!(["authorization_code"]));
    let alone = json!({"grant_types": ["client_credentials"], "response_types": []});
    assert!(world.register_with(&alone, None).await.error().starts_with("400 invalid_client_metadata"));
    let invited = world.register_with(&alone, Some("one")).await;
    assert_eq!(invited.status, 201, "{}", invited.body);
    let told = invited.json();
    let header = basic(told["client_id"].as_str().unwrap(), told["client_secret"].as_str().unwrap());
    let answer = world.post_form(TOKEN, &[("grant_type", "client_credentials")], &[("authorization", &header)]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_server_keeps_only_so_many_registered_apps() {
    let world = World::with(|settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.registration.most_apps = 2;
    })
    .await;
    let metadata = json!({"redirect_uris": [REDIRECT]});
    for expected in [201, 201, 403] {
        assert_eq!(world.register_with(&metadata, None).await.status.as_u16(), expected);
    }
}

#[tokio::test]
async fn who_registered_an_app_and_why_it_is_gone_is_recorded() {
    let world = open().await;
    let id = world.invite("one", 1, 3_600).await;
    let metadata = json!({"redirect_uris": [REDIRECT]});
    assert_eq!(world.register_with(&metadata, Some("one")).await.status, 201);
    assert!(world.sigma.store.write(move |tx| app_invitation::remove(tx, &id)).await.unwrap());
    let told = world.registered(&metadata).await;
    let ours = |events: &[Event], action: &str| {
        let found: Vec<_> = events.iter().filter(|event| event.action == action).cloned().collect();
        found
    };
    let events = world.trail(Trail::All).await;
    assert_eq!((ours(&events, "app.invite").len(), ours(&events, "app.uninvite").len()), (1, 1));
    let created = ours(&events, "app.create");
    let registered: Vec<_> = created.iter().filter(|event| event.details.method.is_some()).collect();
    assert_eq!(registered.len(), 2);
    assert!(registered.iter().all(|event| event.actor == Actor::Anonymous && event.address.is_some()));
    // Nobody used it for a day.
    world.advance(24 * 3_600);
    let now = world.now();
    assert!(world.sigma.store.write(move |tx| registration::remove_unused(tx, now)).await.unwrap());
    assert!(!world.sigma.store.write(move |tx| registration::remove_unused(tx, now)).await.unwrap());
    let gone = ours(&world.trail(Trail::All).await, "app.remove");
    let client_id = told["client_id"].as_str().unwrap();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].target, Some(("app".to_owned(), client_id.to_owned())));
    assert_eq!((gone[0].actor.kind(), gone[0].details.reason.as_deref()), ("system", Some("unused")));
    assert_eq!(world.sigma.find_named_app(client_id).await.unwrap().map(|app| app.id.clone()), None);
}
