//! Profiles: what a user fills in, who may read and write it, and what apps are told (`docs/spec/profile.md`).

use std::io::Cursor;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};
use sigma_core::scope::Scopes;

use crate::support::client::USERINFO;
use crate::support::{Answer, Browser, Key, World, ada, text};

const PROFILE: &str = "/api/profile";
const CREATE: &str = "/api/profile/create";
const PICTURE: &str = "/api/profile/picture";

async fn ask(browser: &Browser<'_>, method: Method, path: &str, body: &Value) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    browser.send(request.header("origin", "https://id.example.org"), body.to_string()).await
}

async fn put(browser: &Browser<'_>, body: &Value) -> Answer {
    ask(browser, Method::PUT, PROFILE, body).await
}

/// Asks as a program that signs with a key.
async fn signed(world: &World, key: &Key, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("x-auth-token", key.token(path, world.now(), body));
    let answer = world.send(request.body(Body::from(body.to_owned())).unwrap()).await;
    world.tick();
    answer
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 7])
    });
    let mut file = Vec::new();
    DynamicImage::from(image).write_to(&mut Cursor::new(&mut file), ImageFormat::Png).unwrap();
    file
}

async fn upload(browser: &Browser<'_>, kind: &str, file: Vec<u8>) -> Answer {
    let request = Request::put(PICTURE).header("content-type", kind).header("origin", "https://id.example.org");
    browser.send(request, file).await
}

/// Keeps pictures in a folder of the test.
async fn world_with_pictures() -> (World, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().to_owned();
    (World::with(|settings| settings.objects.folder = folder).await, directory)
}

#[tokio::test]
async fn a_profile_is_created_changed_and_deleted() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let none = browser.get(PROFILE).await;
    assert_eq!(none.status, 404);
    assert_eq!((&none.json()["success"], &none.json()["error"]), (&json!(false), &json!("profile_not_found")));
    assert_eq!(none.json()["message"], "No profile exists for this user");
    assert_eq!(put(&browser, &json!({"name": "Ada"})).await.json()["error"], "profile_not_found");
    let sent = json!({"alternateName": " ada ", "description": "Analyst", "password": "correct horse battery"});
    let made = ask(&browser, Method::POST, CREATE, &sent).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let (profile, key) = (made.json()["profile"].clone(), Key::named("ada"));
    assert_eq!(made.json()["success"], true);
    assert_eq!(profile["bapId"], key.bap_id());
    assert_eq!(profile["address"], key.0.public_key().address());
    assert_eq!(profile["isPublished"], false);
    assert_eq!(profile["createdAt"], world.now().millis());
    let identity =
        json!({"@type": "Person", "@context": "https://schema.org", "alternateName": "ada", "description": "Analyst"});
    assert_eq!(profile["identity"], identity);
    assert_eq!(browser.get(PROFILE).await.json()["profile"], profile);
    assert_eq!(ask(&browser, Method::POST, CREATE, &sent).await.error().split(':').next(), Some("409 profile_exists"));
    world.advance(60);
    let changed = put(&browser, &json!({"given_name": "Ada", "description": null, "bapId": key.bap_id()})).await;
    let identity = &changed.json()["profile"]["identity"];
    assert_eq!((&identity["alternateName"], &identity["givenName"]), (&json!("ada"), &json!("Ada")));
    assert_eq!(identity.get("description"), None);
    assert_eq!(changed.json()["profile"]["updatedAt"], world.now().millis());
    assert_eq!(changed.json()["profile"]["createdAt"], profile["createdAt"]);
    let gone = ask(&browser, Method::DELETE, PROFILE, &json!({})).await;
    assert_eq!((gone.status.as_u16(), gone.json()), (200, json!({"success": true})));
    assert_eq!(browser.get(PROFILE).await.status, 404);
    assert_eq!(ask(&browser, Method::DELETE, PROFILE, &json!({})).await.status, 404);
    let events = world.trail(sigma_store::event::Trail::All).await;
    let names: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert!(names.contains(&"profile.change") && names.contains(&"profile.remove"), "{names:?}");
    assert!(!format!("{events:?}").contains("Analyst"), "texts are not recorded");
}

#[tokio::test]
async fn userinfo_has_what_is_filled_in_and_nothing_else() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let tokens = browser.tokens("openid profile").await;
    let info = async || world.get_with_token(USERINFO, text(&tokens, "access_token")).await.json();
    let before = info().await;
    assert!(before.get("updated_at").is_none() && before.get("gender").is_none(), "{before}");
    let all = json!({
        "name": "Ada Lovelace", "given_name": "Augusta", "family_name": "King", "middle_name": "Ada", "nickname": "Ada",
        "preferred_username": "ada", "profile": "https://ada.example/me", "image": "https://ada.example/a.png",
        "website": "https://ada.example/", "gender": "female", "birthdate": "1815-12-10", "zoneinfo": "Europe/London",
        "locale": "en-GB", "alternateName": "countess", "description": "private"
    });
    assert_eq!(ask(&browser, Method::POST, CREATE, &all).await.status, 200);
    let after = info().await;
    for claim in [
        "name",
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
    ] {
        assert_eq!(after[claim], all[claim], "{claim}");
    }
    assert_eq!(after["picture"], all["image"]);
    assert_eq!(after["updated_at"], world.now().seconds());
    assert_eq!(after["bap"], Value::Null, "nothing is published");
    assert!(after.get("description").is_none() && after.get("alternateName").is_none());
    let discovery = world.browser().get("/.well-known/openid-configuration").await.json();
    let supported = discovery["claims_supported"].as_array().unwrap();
    for claim in after.as_object().unwrap().keys() {
        assert!(supported.contains(&json!(claim)), "{claim} is not in discovery");
    }
    // Without the scope nothing, individually requested claims alone.
    let tokens = browser.tokens("openid email").await;
    let info = world.get_with_token(USERINFO, text(&tokens, "access_token")).await.json();
    assert_eq!(info.as_object().unwrap().len(), 1, "{info}");
    let asked = json!({"userinfo": {"birthdate": null}}).to_string();
    let code = browser.code(&[("scope", "openid email profile"), ("claims", &asked)]).await;
    assert_eq!(browser.redeem(&code).await.status, 200);
    let session = browser.get("/api/auth/get-session").await.json();
    assert_eq!((&session["user"]["name"], &session["user"]["image"]), (&json!("Ada Lovelace"), &all["image"]));
    put(&browser, &json!({"name": ""})).await;
    let list = browser.get("/api/auth/organization/list").await.json();
    assert_eq!((&list[0]["name"], &list[0]["logo"]), (&json!("countess"), &all["image"]));
}

#[tokio::test]
async fn each_identity_has_a_profile_of_its_own() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let second = Key::named("second");
    assert_eq!(browser.sign_up_as(&Key::named("ada"), &second.bap_id()).await.status, 200);
    let (first, second) = (Key::named("ada").bap_id(), second.bap_id());
    for (bap_id, name) in [(&first, "Ada"), (&second, "Someone")] {
        let made = ask(&browser, Method::POST, CREATE, &json!({"bapId": bap_id, "name": name})).await;
        assert_eq!(made.json()["profile"]["bapId"], bap_id.as_str(), "{}", made.body);
    }
    for (bap_id, name) in [(&first, "Ada"), (&second, "Someone")] {
        let set = json!({"organizationId": bap_id});
        assert_eq!(browser.post_json("/api/auth/organization/set-active", &set).await.json()["name"], name);
        assert_eq!(browser.get(PROFILE).await.json()["profile"]["identity"]["name"], name);
        let named = browser.get(&format!("{PROFILE}?bapId={bap_id}")).await.json();
        assert_eq!(named["profile"]["identity"]["name"], name);
        let tokens = browser.tokens("openid profile").await;
        let shown = world.get_with_token(USERINFO, text(&tokens, "access_token")).await.json();
        assert_eq!(shown["name"], name, "{shown}");
    }
}

#[tokio::test]
async fn the_profile_of_another_account_is_out_of_reach() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (eve, ada) = (Key::named("eve"), Key::named("ada"));
    let eves = world.browser();
    eves.sign_up(&eve).await;
    ask(&browser, Method::POST, CREATE, &json!({"name": "Ada"})).await;
    let foreign = json!({"bapId": ada.bap_id(), "name": "Eve"});
    let rows = world.rows().await;
    for answer in [
        eves.get(&format!("{PROFILE}?bapId={}", ada.bap_id())).await,
        put(&eves, &foreign).await,
        ask(&eves, Method::POST, CREATE, &foreign).await,
        ask(&eves, Method::DELETE, &format!("{PROFILE}?bapId={}", ada.bap_id()), &json!({})).await,
        eves.get(&format!("{PROFILE}?bapId=%00")).await,
    ] {
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["code"]),
            (403, &json!("BAP_OWNERSHIP_FAILED")),
            "{}",
            answer.body
        );
    }
    assert_eq!(world.rows().await, rows);
    assert_eq!(browser.get(PROFILE).await.json()["profile"]["identity"]["name"], "Ada");
}

#[tokio::test]
async fn apps_read_with_profile_and_write_with_their_own_scope_as_the_chosen_identity() {
    let world = World::new().await;
    world.change_app("playground", |app| app.scopes = Scopes::parse("openid profile email sigma:profile")).await;
    let browser = ada(&world).await;
    let second = Key::named("second").bap_id();
    browser.sign_up_as(&Key::named("ada"), &second).await;
    let first = json!({"organizationId": Key::named("ada").bap_id()});
    assert_eq!(browser.post_json("/api/auth/organization/set-active", &first).await.status, 200);
    ask(&browser, Method::POST, CREATE, &json!({"name": "Ada"})).await;
    ask(&browser, Method::POST, CREATE, &json!({"name": "Secret", "bapId": second})).await;
    let reader = browser.tokens("openid profile").await;
    let read = async |path: &str| world.get_with_token(path, text(&reader, "access_token")).await;
    assert_eq!(read(PROFILE).await.json()["profile"]["identity"]["name"], "Ada");
    assert_eq!(read(&format!("{PROFILE}?bapId={second}")).await.status, 403);
    let send = async |token: &str, method: &str, body: &Value| {
        let request = Request::builder()
            .method(method)
            .uri(PROFILE)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        world.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let change = json!({"nickname": "ada"});
    assert_eq!(send(text(&reader, "access_token"), "PUT", &change).await.status, 403);
    assert_eq!(send(text(&reader, "access_token"), "DELETE", &change).await.status, 403);
    let writer = browser.tokens("openid sigma:profile").await;
    let written = send(text(&writer, "access_token"), "PUT", &change).await;
    assert_eq!(written.json()["profile"]["identity"]["nickname"], "ada", "{}", written.body);
    let foreign = json!({"nickname": "ada", "bapId": second});
    assert_eq!(send(text(&writer, "access_token"), "PUT", &foreign).await.status, 403);
    let events = world.trail(sigma_store::event::Trail::All).await;
    let by: Vec<_> =
        events.iter().filter(|event| event.action == "profile.change").map(|event| event.actor.kind()).collect();
    assert_eq!(by.iter().filter(|kind| **kind == "app").count(), 1, "{by:?}");
    assert_eq!(send(text(&writer, "access_token"), "DELETE", &change).await.status, 200);
}

#[tokio::test]
async fn a_key_writes_what_it_signs_once_and_deletes_nothing() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let key = Key::named("ada");
    let body = json!({"name": "Ada"}).to_string();
    let token = key.token(CREATE, world.now(), &body);
    let send = async |token: &str, body: &str| {
        let request = Request::post(CREATE).header("content-type", "application/json").header("x-auth-token", token);
        world.send(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    let rows = world.rows().await;
    let unbound = key.token(CREATE, world.now(), "");
    for (token, body) in [(&unbound, body.as_str()), (&token, "{\"name\":\"Eve\"}"), (&unbound, "")] {
        assert_eq!(send(token, body).await.refusal(), "401 Invalid auth token signature", "{body}");
    }
    assert_eq!(world.rows().await, rows);
    assert_eq!(send(&token, &body).await.status, 200);
    assert_eq!(send(&token, &body).await.refusal(), "401 Invalid auth token signature", "a replay");
    let changed = signed(&world, &key, Method::PUT, PROFILE, &json!({"name": "A"}).to_string()).await;
    assert_eq!(changed.json()["profile"]["identity"]["name"], "A", "{}", changed.body);
    let deleted = signed(&world, &key, Method::DELETE, PROFILE, "").await;
    assert_eq!(deleted.json()["error"], "session_required");
    assert_eq!(signed(&world, &key, Method::GET, PROFILE, "").await.status, 200);
    assert_eq!(browser.get(PROFILE).await.status, 200);
}

#[tokio::test]
async fn bad_profiles_are_refused_and_change_nothing() {
    let world = World::new().await;
    let browser = ada(&world).await;
    ask(&browser, Method::POST, CREATE, &json!({"name": "Ada"})).await;
    let before = browser.get(PROFILE).await.body;
    for bad in [
        json!({"name": 7}),
        json!({"name": ["a"]}),
        json!(["a"]),
        json!({"name": "x".repeat(201)}),
        json!({"nickname": "a\u{0}b"}),
        json!({"nickname": "a\u{202e}b"}),
        json!({"website": "http://ada.example"}),
        json!({"website": "javascript:alert(1)"}),
        json!({"profile": "https://user:pass@ada.example"}),
        json!({"image": "data:text/html,<script>"}),
        json!({"image": "data:image/svg+xml;base64,PHN2Zy8+"}),
        json!({"image": "data:image/png;base64,!!!"}),
        json!({"birthdate": "1815-02-30"}),
        json!({"zoneinfo": "../../etc/passwd"}),
        json!({"locale": "english please"}),
        json!({"description": "x".repeat(1_001)}),
    ] {
        let answer = put(&browser, &bad).await;
        assert_eq!(answer.status, 400, "{bad}: {}", answer.body);
        assert_eq!(answer.json()["success"], false);
        assert_eq!(browser.get(PROFILE).await.body, before, "{bad}");
    }
    let form = Request::put(PROFILE).header("content-type", "text/plain").header("origin", "https://id.example.org");
    assert_eq!(browser.send(form, "{}").await.status, 415);
    for garbage in ["", "{", "null", "{\"name\":\"a\",\"name\":\"b\"}"] {
        let request =
            Request::put(PROFILE).header("content-type", "application/json").header("origin", "https://id.example.org");
        assert_eq!(browser.send(request, garbage).await.status, 400, "{garbage}");
    }
    let large = put(&browser, &json!({"description": "x".repeat(1_200_000)})).await;
    assert_eq!(large.status, 413);
    assert_eq!(world.browser().get(PROFILE).await.status, 401);
}

#[tokio::test]
async fn an_uploaded_picture_is_shown_in_several_sizes_and_goes_when_it_is_replaced() {
    let (world, directory) = world_with_pictures().await;
    let browser = ada(&world).await;
    let made = upload(&browser, "image/png", png(700, 500)).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let image = made.json()["profile"]["identity"]["image"].as_str().unwrap().to_owned();
    let path = image.strip_prefix("https://id.example.org").unwrap().to_owned();
    for size in ["512", "128", "48"] {
        let path = path.replace("-512", &format!("-{size}"));
        let answer = world.browser().get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "image/jpeg"), "{path}");
        assert!(answer.header("content-security-policy").contains("sandbox"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    let tokens = browser.tokens("openid profile").await;
    let info = world.get_with_token(USERINFO, text(&tokens, "access_token")).await.json();
    assert_eq!(info["picture"], image.as_str());
    // Sending the profile back as it was read keeps the picture.
    assert_eq!(put(&browser, &json!({"image": image})).await.status, 200);
    assert_eq!(world.browser().get(&path).await.status, 200);
    let inline = format!("data:image/png;base64,{}", STANDARD.encode(png(60, 60)));
    let replaced = put(&browser, &json!({"image": inline})).await;
    let second = replaced.json()["profile"]["identity"]["image"].as_str().unwrap().to_owned();
    assert!(second.starts_with("https://id.example.org/pictures/") && second != image, "{second}");
    assert_eq!(world.browser().get(&path).await.status, 404);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
    assert_eq!(put(&browser, &json!({"image": "https://ada.example/a.png"})).await.status, 200);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    upload(&browser, "image/png", png(20, 20)).await;
    ask(&browser, Method::DELETE, PROFILE, &json!({})).await;
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    for name in ["x.jpg", "../profile.rs", "%2e%2e%2fx-48.jpg", &format!("{}-47.jpg", "0".repeat(32))] {
        assert_eq!(world.browser().get(&format!("/pictures/{name}")).await.status, 404, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_picture_is_refused() {
    let (world, directory) = world_with_pictures().await;
    let browser = ada(&world).await;
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#.to_vec();
    let mut bomb = png(8, 8);
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    for (kind, file, status) in [
        ("image/svg+xml", svg.clone(), 415),
        ("text/html", b"<script>".to_vec(), 415),
        ("image/png", svg, 400),
        ("image/jpeg", b"<script>alert(1)</script>".to_vec(), 400),
        ("image/png", bomb, 400),
        ("image/png", png(30_000, 1), 400),
        ("image/png", Vec::new(), 400),
        ("image/png", vec![0; 5 * 1024 * 1024 + 1], 413),
    ] {
        let answer = upload(&browser, kind, file).await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.body);
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    assert_eq!(browser.get(PROFILE).await.status, 404, "no profile came of it");
    let stranger = Request::put(PICTURE).header("content-type", "image/png").body(Body::from(png(8, 8))).unwrap();
    assert_eq!(world.send(stranger).await.status, 401);
}

#[tokio::test]
async fn a_picture_whose_upload_was_interrupted_is_deleted_by_the_job() {
    let (world, directory) = world_with_pictures().await;
    let browser = ada(&world).await;
    let user = browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    let (id, owner) = ("0".repeat(32), sigma_core::ids::UserId::from_text(user));
    let (row, now) = (id.clone(), world.now());
    world.sigma.store.write(move |tx| sigma_store::picture::add(tx, &row, &owner, now)).await.unwrap();
    world.sigma.brands.objects.add_picture(&id, png(20, 20).into()).await.unwrap();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
    world.run_job("pictures").await;
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_account_holds_a_bounded_number_of_profiles() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for number in 0..21 {
        let bap_id = Key::named(&format!("root {number}")).bap_id();
        browser.sign_up_as(&Key::named("ada"), &bap_id).await;
        let made = ask(&browser, Method::POST, CREATE, &json!({"bapId": bap_id, "name": "Ada"})).await;
        assert_eq!(made.status, if number < 20 { 200 } else { 409 }, "{number}: {}", made.body);
    }
}
