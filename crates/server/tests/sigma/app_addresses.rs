//! What is fetched from addresses that apps registered: request objects, key sets, logos. Their hosts are played by the test.

use image::{ImageFormat, RgbaImage};
use serde_json::{Value, json};
use sigma_core::app::AuthMethod;
use sigma_core::digest::Digest;
use sigma_core::ids::ClientId;
use sigma_core::jose::{Algorithm, SigningKey};
use sigma_server::settings::RegistrationMode;
use sigma_store::branding::{self, Branded};

use crate::support::client::{ISSUER, TOKEN, app_key, key_set};
use crate::support::client_host::{ClientHost, HOST, Mood, SLOW};
use crate::support::forge::{assertion, jws, with};
use crate::support::{APP, Answer, Browser, CHALLENGE, REDIRECT, World, ada, leads, query, text};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const OBJECT: &str = "/request.jwt";

/// A world that fetches from `host` alone.
async fn world_with(host: &ClientHost, change: impl FnOnce(&mut sigma_server::settings::Settings)) -> World {
    let world = World::with(change).await;
    world.sigma.fetch_by(&host.fetcher());
    world
}

/// The request object of `playground`, signed with RS256.
fn object(key: &SigningKey, changes: &Value) -> String {
    let claims = json!({
        "iss": APP, "aud": ISSUER, "client_id": APP, "response_type": "code", "redirect_uri": REDIRECT,
        "scope": "openid", "state": "inside", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    });
    jws(&json!({"alg": "RS256"}), &with(&claims, changes), |message| key.sign(message).unwrap())
}

/// Registers that the requests of `playground` are at `uris`, signed with `key`.
async fn publish(world: &World, key: &SigningKey, uris: Vec<String>) {
    let keys = key_set(&[key]);
    world
        .change_app(APP, |app| {
            app.jwks = Some(keys);
            app.metadata.request_uris = uris;
        })
        .await;
}

/// An arrival with that `request_uri`.
async fn arrive(browser: &Browser<'_>, uri: &str) -> Answer {
    browser.get(&format!("/oauth2/authorize?{}", query(&[("client_id", APP), ("request_uri", uri)]))).await
}

#[tokio::test]
async fn oidcc_request_uri_signed_rs256_is_fetched_once_and_kept_as_its_host_says() {
    let (host, key) = (ClientHost::serve().await, SigningKey::generate(Algorithm::RS256).unwrap());
    let world = world_with(&host, |_| {}).await;
    let uri = host.at(HOST, OBJECT);
    publish(&world, &key, vec![uri.clone()]).await;
    let first = object(&key, &json!({}));
    host.put(OBJECT, first.as_str());
    let browser = ada(&world).await;
    let answer = browser.agree(arrive(&browser, &uri).await).await;
    assert!(answer.location().starts_with(REDIRECT), "{}", answer.location());
    assert_eq!(answer.param("state").as_deref(), Some("inside"));
    for (seconds, fragment, fetches) in [
        (0, String::new(), 1),
        (0, format!("#{}", Digest::of(&first).base64url()), 1),
        (599, String::new(), 1),
        (2, String::new(), 2),
        // One that is neither its hash nor the one it was fetched with says that it changed (OpenID Connect Core §6.2).
        (0, "#version-2".to_owned(), 3),
        (0, "#version-2".to_owned(), 3),
        (0, String::new(), 3),
    ] {
        world.advance(seconds);
        let answer = arrive(&browser, &format!("{uri}{fragment}")).await;
        assert!(answer.location().starts_with(REDIRECT), "{}", answer.location());
        assert_eq!(host.fetches_of(OBJECT), fetches, "after {seconds} s with {fragment}");
    }
    // What the host no longer has is not used for longer than it said.
    host.keep("no-store");
    let second = object(&key, &json!({"state": "second"}));
    host.put(OBJECT, second.as_str());
    let hash = Digest::of(&second).base64url();
    assert_eq!(arrive(&browser, &format!("{uri}#{hash}")).await.param("state").as_deref(), Some("second"));
    world.advance(61);
    host.be(Mood::Says("HTTP/1.1 404 Not Found"));
    assert_eq!(arrive(&browser, &uri).await.param("error").as_deref(), Some("invalid_request_uri"));
}

#[tokio::test]
async fn a_request_uri_is_followed_to_public_addresses_that_answer_as_they_should() {
    let (host, key) = (ClientHost::serve().await, SigningKey::generate(Algorithm::RS256).unwrap());
    let world = world_with(&host, |_| {}).await;
    let uri = host.at(HOST, OBJECT);
    publish(&world, &key, vec![uri.clone(), "https://10.0.0.1/request.jwt".to_owned()]).await;
    host.put(OBJECT, object(&key, &json!({})));
    let browser = ada(&world).await;
    let mut fetches = 0;
    let mut refused = async |what: &str, uri: &str, by_host: usize| {
        world.advance(61);
        for (beside, at) in [("", "/error"), (REDIRECT, REDIRECT)] {
            let request = query(&[("client_id", APP), ("request_uri", uri), ("redirect_uri", beside)]);
            let answer = browser.get(&format!("/oauth2/authorize?{request}")).await;
            assert!(answer.location().starts_with(at), "{what}: {}", answer.location());
            assert_eq!(answer.param("error").as_deref(), Some("invalid_request_uri"), "{what}");
        }
        fetches += by_host;
        assert_eq!(host.fetches_of(OBJECT), fetches, "{what}: what failed is not tried again at once");
    };
    for mood in [
        Mood::Says("HTTP/1.1 302 Found\r\nlocation: https://client.example.org/elsewhere"),
        Mood::Says("HTTP/1.1 500 Oops"),
        Mood::Endless,
        Mood::Silent,
    ] {
        host.be(mood.clone());
        refused(&format!("{mood:?}"), &uri, 1).await;
    }
    host.be(Mood::Fine);
    for private in ["10.0.0.1", "169.254.169.254", "::1"] {
        host.move_to(private);
        refused(private, &uri, 0).await;
    }
    refused("an address", "https://10.0.0.1/request.jwt", 0).await;
    host.move_to("127.0.0.1");
    refused("one that is not registered", &host.at(HOST, "/other.jwt"), 0).await;
    world.advance(61);
    assert_eq!(leads(&arrive(&browser, &uri).await), "/consent", "it is there again");
    // What is no request object of the app is refused as one that it had sent itself.
    for (what, body) in [
        ("unsigned", jws(&json!({"alg": "none"}), &json!({"client_id": APP}), |_| Vec::new()).into_bytes()),
        ("no object", b"\xff\xfe<html>".to_vec()),
        ("of another key", object(&SigningKey::generate(Algorithm::RS256).unwrap(), &json!({})).into_bytes()),
    ] {
        host.put(OBJECT, body);
        let answer = arrive(&browser, &format!("{uri}#{}", what.replace(' ', "-"))).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request_object"), "{what}");
    }
    // Longer than any request can be.
    host.put(OBJECT, vec![b'x'; 16 * 1_024 + 1]);
    assert_eq!(arrive(&browser, &format!("{uri}#long")).await.param("error").as_deref(), Some("invalid_request_uri"));
}

#[tokio::test]
async fn fetches_of_request_objects_are_limited_by_address_and_by_host() {
    let (host, key) = (ClientHost::serve().await, SigningKey::generate(Algorithm::RS256).unwrap());
    let world = world_with(&host, |settings| {
        settings.limits.enabled = true;
        (settings.limits.request_objects, settings.limits.request_objects_per_host) = (2, 3);
    })
    .await;
    let uri = host.at(HOST, OBJECT);
    publish(&world, &key, vec![uri.clone()]).await;
    host.put(OBJECT, object(&key, &json!({})));
    let from = async |last: u8, fragment: &str| {
        let uri = format!("{uri}{fragment}");
        let path = format!("/oauth2/authorize?{}", query(&[("client_id", APP), ("request_uri", &uri)]));
        let request = http::Request::get(path).header("accept", "text/html").body(axum::body::Body::empty()).unwrap();
        world.send_from([203, 0, 113, last].into(), request).await.status.as_u16()
    };
    assert_eq!((from(1, "#a").await, from(1, "#b").await), (303, 303));
    assert_eq!(from(1, "#c").await, 429, "an address has used up its own");
    assert_eq!((from(2, "#d").await, from(3, "#e").await), (303, 429), "and then all that is fetched from the host");
    assert_eq!(host.fetches_of(OBJECT), 3);
    for last in [1, 2, 3, 4] {
        assert_eq!(from(last, "").await, 303, "what is kept costs nothing");
    }
    // Who uses up what is fetched from a host keeps nobody out of its app.
    world.advance(601);
    assert_eq!((from(5, "#f").await, from(6, "#g").await, from(7, "#h").await), (303, 303, 303));
    world.advance(601);
    for last in [8, 9, 10] {
        assert_eq!(from(last, &format!("#{last}")).await, 303);
    }
    assert_eq!((from(11, "#other").await, from(11, "").await), (429, 303));
}

#[tokio::test]
async fn slow_hosts_of_some_apps_hold_up_neither_keys_nor_requests_of_others() {
    let (host, key) = (ClientHost::serve().await, SigningKey::generate(Algorithm::RS256).unwrap());
    let world = world_with(&host, |_| {}).await;
    let slow: Vec<String> = (0..100).map(|n| host.at(&format!("n{}.{SLOW}", n / 4), &format!("/{n}"))).collect();
    let app = world
        .add_app(|app| {
            app.client_id = ClientId::from_text("slow");
            app.dynamic = true;
            app.jwks = Some(key_set(&[&key]));
            app.metadata.request_uris.clone_from(&slow);
        })
        .await;
    publish(&world, &key, vec![host.at(HOST, OBJECT)]).await;
    host.put(OBJECT, object(&key, &json!({})));
    let owned = app_key();
    host.put("/keys.json", key_set(&[&owned]));
    world
        .add_app(|app| {
            app.client_id = ClientId::from_text("by-key");
            app.auth_method = AuthMethod::PrivateKeyJwt;
            app.jwks_uri = Some(host.at(HOST, "/keys.json"));
        })
        .await;
    let browser = world.browser();
    let arrivals = slow.iter().map(|uri| {
        let request = query(&[("client_id", app.client_id.as_str()), ("request_uri", uri)]);
        let path = format!("/oauth2/authorize?{request}");
        let browser = &browser;
        async move { browser.get(&path).await }
    });
    let slow = futures_util::future::join_all(arrivals);
    let quick = async {
        assert_eq!(ask(&world, &owned, "by-key", "1").await, 200);
        assert_eq!(leads(&arrive(&browser, &host.at(HOST, OBJECT)).await), "/login");
    };
    let quick = Box::pin(quick);
    match futures_util::future::select(Box::pin(slow), quick).await {
        futures_util::future::Either::Right(_) => {}
        futures_util::future::Either::Left(_) => panic!("they waited for the slow ones"),
    }
}

/// Asks for a token of an app's own; the status.
async fn ask(world: &World, key: &SigningKey, id: &str, jti: &str) -> u16 {
    let now = world.now().seconds();
    let claims = json!({"iss": id, "sub": id, "aud": ISSUER, "jti": jti, "exp": now + 300, "iat": now});
    let text = assertion(key, &claims);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", text.as_str()),
    ];
    world.post_form(TOKEN, &form, &[]).await.status.as_u16()
}

#[tokio::test]
async fn oidcc_registration_jwks_uri_and_refresh_token_rp_key_rotation() {
    let host = ClientHost::serve().await;
    let world = world_with(&host, |settings| settings.registration.mode = RegistrationMode::Token).await;
    world.invite("one", 1, 3_600).await;
    let (first, second, stranger) = (app_key(), app_key(), app_key());
    host.put("/keys.json", key_set(&[&first]));
    let metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
        "jwks_uri": host.at(HOST, "/keys.json"),
    });
    let told = world.register_with(&metadata, Some("one")).await.json();
    let id = text(&told, "client_id");
    assert_eq!(host.fetches(), 0, "nothing is fetched before it is needed");
    assert_eq!((ask(&world, &first, id, "1").await, ask(&world, &first, id, "2").await), (200, 200));
    assert_eq!(host.fetches(), 1);
    // The app changes its keys: the new one is found at once, if the last look was a minute ago.
    host.put("/keys.json", key_set(&[&second]));
    assert_eq!(ask(&world, &second, id, "3").await, 401);
    world.advance(60);
    assert_eq!((ask(&world, &second, id, "4").await, ask(&world, &first, id, "5").await), (200, 401));
    assert_eq!(host.fetches(), 2);
    for _ in 0..3 {
        assert_eq!(ask(&world, &stranger, id, "6").await, 401);
    }
    assert_eq!(host.fetches(), 2, "a stranger's key makes nothing be fetched twice a minute");
    // While the host is away, slow or somewhere else, the keys that are known count.
    for (number, mood) in
        [Mood::Silent, Mood::Endless, Mood::Says("HTTP/1.1 302 Found\r\nlocation: /keys.json")].into_iter().enumerate()
    {
        host.be(mood.clone());
        world.advance(601);
        assert_eq!(ask(&world, &second, id, &format!("away {number}")).await, 200, "{mood:?}");
    }
    host.be(Mood::Fine);
    host.move_to("10.0.0.1");
    world.advance(601);
    assert_eq!(ask(&world, &second, id, "7").await, 200);
    assert_eq!(ask(&world, &first, id, "8").await, 401);
}

#[tokio::test]
async fn oidcc_registration_logo_uri_is_fetched_encoded_anew_and_removed_with_its_app() {
    let host = ClientHost::serve().await;
    let folder = tempfile::tempdir().unwrap();
    let world = world_with(&host, |settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.objects.folder = folder.path().to_owned();
    })
    .await;
    let mut png = Vec::new();
    RgbaImage::from_pixel(8, 8, image::Rgba([9, 9, 9, 255]))
        .write_to(&mut std::io::Cursor::new(&mut png), ImageFormat::Png)
        .unwrap();
    host.put("/logo.png", png);
    host.put("/logo.svg", "<svg onload='alert(1)'/>");
    let logo_of = async |path: &str| {
        let metadata = json!({"redirect_uris": [REDIRECT], "logo_uri": host.at(HOST, path)});
        let told = world.registered(&metadata).await;
        let app = world.app(text(&told, "client_id")).await;
        world.work_off(sigma_server::jobs::kinds(&world.sigma)).await;
        let whose = Branded::App(app.id.clone(), app.org_id.clone());
        (told, world.sigma.store.read(move |tx| branding::find(tx, &whose)).await.unwrap().logo)
    };
    let (told, shown) = logo_of("/logo.png").await;
    let object = shown.unwrap();
    assert!(folder.path().join(&object).is_file());
    let (other, same) = logo_of("/logo.png").await;
    assert_eq!(same.as_ref(), Some(&object), "objects are named by their content");
    for (what, mood, path) in [
        ("a drawing with a script", Mood::Fine, "/logo.svg"),
        ("a redirect", Mood::Says("HTTP/1.1 302 Found\r\nlocation: /logo.png"), "/logo.png"),
        ("5 MB", Mood::Endless, "/logo.png"),
        ("slow", Mood::Silent, "/logo.png"),
    ] {
        host.be(mood);
        assert_eq!(logo_of(path).await.1, None, "{what}");
    }
    host.be(Mood::Fine);
    host.move_to("192.168.1.1");
    assert_eq!(logo_of("/logo.png").await.1, None, "a private address");
    // It goes with the last app that shows it.
    for (told, is_there) in [(told, true), (other, false)] {
        let (uri, token) = (text(&told, "registration_client_uri"), text(&told, "registration_access_token"));
        let path = uri.strip_prefix(ISSUER).unwrap();
        let request = http::Request::delete(path).header("authorization", format!("Bearer {token}"));
        assert_eq!(world.send(request.body(axum::body::Body::empty()).unwrap()).await.status, 204);
        world.run_job("unused_logos").await;
        assert_eq!(folder.path().join(&object).is_file(), is_there);
    }
}
