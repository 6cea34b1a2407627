//! Encrypted backups: the API (`docs/spec/backups.md`).

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::{self, StreamExt as _};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::scope::Scopes;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;

use crate::support::{Answer, Browser, Key, World, ada, text};

const BACKUP: &str = "/api/backup";
const STATUS: &str = "/api/backup/status";
const VERSIONS: &str = "/api/backup/versions";
const SYNC: &str = "/api/backup/sync";

/// A backup of 100 bytes that are all `byte`.
fn blob(byte: u8) -> String {
    STANDARD.encode([byte; 100])
}

fn of(bap_id: &str) -> String {
    format!("{BACKUP}?bapId={bap_id}")
}

async fn put(browser: &Browser<'_>, backup: &str) -> Answer {
    browser.post_json(BACKUP, &json!({"encryptedBackup": backup})).await
}

async fn id_of(browser: &Browser<'_>) -> UserId {
    UserId::from_text(browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap())
}

/// A write signed in `X-Auth-Token` by `key`, without a session.
async fn signed(world: &World, key: &Key, path: &str, body: &str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("x-auth-token", key.token(path, world.now(), body));
    let answer = world.send(request.body(Body::from(body.to_owned())).unwrap()).await;
    world.tick();
    answer
}

async fn pull(world: &World, key: &Key, bap_id: &str) -> Answer {
    let token = key.token(SYNC, world.now(), "");
    let request =
        Request::get(format!("{SYNC}?bapId={bap_id}")).header("authorization", format!("Bitcoin-Auth {token}"));
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    world.tick();
    answer
}

async fn push_as(world: &World, token: &str, body: &str) -> Answer {
    let request = Request::post(SYNC)
        .header("content-type", "application/json")
        .header("authorization", format!("Bitcoin-Auth {token}"));
    world.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

async fn push(world: &World, key: &Key, body: &Value) -> Answer {
    let body = body.to_string();
    let answer = push_as(world, &key.token(SYNC, world.now(), &body), &body).await;
    world.tick();
    answer
}

#[tokio::test]
async fn a_stored_backup_comes_back_as_it_was_sent() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let bap_id = Key::named("ada").bap_id();
    assert_eq!(browser.get(&of(&bap_id)).await.refusal(), "404 404 not_found: no backup for this identity");
    let nothing = json!({"hasCloudBackup": false, "isOutdated": false});
    assert_eq!(browser.get(STATUS).await.json(), nothing);
    let stored = put(&browser, &blob(1)).await;
    assert_eq!(stored.status, 200, "{}", stored.body);
    let expected = json!({"success": true, "bapId": bap_id, "message": "Backup stored successfully"});
    assert_eq!(stored.json(), expected);
    let at = world.now().iso8601();
    let answer = browser.get(&of(&bap_id)).await;
    let expected = json!({
        "success": true, "encryptedBackup": blob(1), "backup": blob(1), "bapId": bap_id, "lastUpdated": at,
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("cache-control"), "no-store");
    for path in [BACKUP.to_owned(), format!("{BACKUP}?bapid={bap_id}")] {
        assert_eq!(browser.get(&path).await.json()["backup"], blob(1), "{path}");
    }
    let hash = Digest::of(blob(1)).hex();
    let expected = json!({"hasCloudBackup": true, "isOutdated": false, "lastUpdated": at, "cloudBackupHash": hash});
    assert_eq!(browser.get(STATUS).await.json(), expected);
    assert_eq!(browser.get(&format!("{STATUS}?bapId={bap_id}")).await.json(), expected);
    let foreign = Key::named("eve").bap_id();
    assert_eq!(browser.get(&format!("{STATUS}?bapId={foreign}")).await.json(), nothing);
}

#[tokio::test]
async fn what_is_not_a_backup_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let browser = ada(&world).await;
    put(&browser, &blob(1)).await;
    let send = async |body: &Value| browser.post_json(BACKUP, body).await;
    assert_eq!(send(&json!({})).await.refusal(), "400 encryptedBackup required");
    assert_eq!(send(&json!({"encryptedBackup": ""})).await.refusal(), "400 encryptedBackup required");
    for (backup, status) in [
        ("%%%not base64%%%".to_owned(), 400),
        (r#"{"version":1,"ciphertext":"AA==","iv":"AA==","tag":"AA=="}"#.to_owned(), 400),
        (STANDARD.encode([7; 45]), 400),
        (format!("{}\n", blob(2)), 400),
        (blob(2).trim_end_matches('=').to_owned(), 400),
        ("A".repeat(257 * 1024), 413),
        ("A".repeat(400 * 1024), 413),
    ] {
        let answer = send(&json!({"encryptedBackup": backup})).await;
        assert_eq!(answer.status.as_u16(), status, "{} characters: {}", backup.len(), answer.body);
    }
    for body in
        [json!([]), json!("text"), json!({"encryptedBackup": 1}), json!({"encryptedBackup": blob(2), "bapId": 1})]
    {
        assert_eq!(send(&body).await.status, 400, "{body}");
    }
    let form = browser.post_form(BACKUP, &[("encryptedBackup", &blob(2))]).await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(browser.get(BACKUP).await.json()["backup"], blob(1));
    let longest = "A".repeat(256 * 1024);
    assert_eq!(send(&json!({"encryptedBackup": longest})).await.status, 200);
    assert_eq!(browser.get(BACKUP).await.json()["backup"], longest);
}

#[tokio::test]
async fn a_body_of_five_megabytes_is_refused_without_being_read() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let request = || Request::post(BACKUP).header("content-type", "application/json");
    let huge = json!({"encryptedBackup": "A".repeat(5 * 1024 * 1024)}).to_string();
    assert_eq!(browser.send(request(), huge.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.send(request().body(Body::from(huge.clone())).unwrap()).await.status, 413);
    assert_eq!(push_as(&world, "x", &huge).await.status, 413);
    assert_eq!(world.held().0, 0);
}

#[tokio::test]
async fn a_slow_body_is_given_up_and_stores_nothing() {
    let world = World::with(|settings| settings.http.body_seconds = 1).await;
    let browser = ada(&world).await;
    let begun = stream::iter([Ok::<_, std::io::Error>(r#"{"encryptedBackup":""#)]);
    let request = Request::post(BACKUP).header("content-type", "application/json");
    let answer = browser.send(request, Body::from_stream(begun.chain(stream::pending()))).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{}", answer.body);
    assert_eq!(browser.get(STATUS).await.json()["hasCloudBackup"], false);
    assert_eq!(world.held().0, 0);
}

#[tokio::test]
async fn backups_of_foreign_identities_are_neither_read_nor_written() {
    let world = World::new().await;
    let browser = ada(&world).await;
    put(&browser, &blob(1)).await;
    let (ada, eve) = (Key::named("ada"), Key::named("eve"));
    let mallory = world.browser();
    mallory.sign_up(&eve).await;
    let foreign = json!({"encryptedBackup": blob(9), "bapId": ada.bap_id()});
    let refused = "403 This identity is not yours BAP_OWNERSHIP_FAILED";
    assert_eq!(mallory.post_json(BACKUP, &foreign).await.refusal(), refused);
    assert_eq!(signed(&world, &eve, BACKUP, &foreign.to_string()).await.refusal(), refused);
    assert_eq!(push(&world, &eve, &foreign).await.refusal(), refused);
    assert_eq!(pull(&world, &eve, &ada.bap_id()).await.refusal(), refused);
    assert_eq!(mallory.get(&of(&ada.bap_id())).await.status, 404);
    let version = browser.get(VERSIONS).await.json()["versions"][0]["id"].as_str().unwrap().to_owned();
    for bap_id in [ada.bap_id(), eve.bap_id()] {
        assert_eq!(mallory.get(&format!("{}&version={version}", of(&bap_id))).await.status, 404);
    }
    assert_eq!(mallory.get(&format!("{VERSIONS}?bapId={}", ada.bap_id())).await.json(), json!({"versions": []}));
    // What older servers honoured.
    let smuggled = json!({"encryptedBackup": blob(8), "oauthProvider": "github", "oauthId": "github|1"});
    assert_eq!(mallory.post_json(BACKUP, &smuggled).await.status, 200);
    assert_eq!(browser.get(BACKUP).await.json()["backup"], blob(1));
}

#[tokio::test]
async fn a_bad_overwrite_is_undone_with_an_earlier_version() {
    let world = World::new().await;
    let browser = ada(&world).await;
    for byte in [1, 2] {
        put(&browser, &blob(byte)).await;
        world.advance(1);
    }
    let listed = browser.get(VERSIONS).await.json();
    let versions = listed["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    assert_eq!(versions[1]["hash"], Digest::of(blob(1)).hex());
    assert_eq!(versions[1]["size"], blob(1).len());
    assert_eq!(versions[0].as_object().unwrap().len(), 4);
    let earlier = text(&versions[1], "id");
    let answer = browser.get(&format!("{BACKUP}?version={earlier}")).await;
    assert_eq!(answer.json()["encryptedBackup"], blob(1));
    for unknown in ["bak_000000000000000000000000", "%00", "'"] {
        assert_eq!(browser.get(&format!("{BACKUP}?version={unknown}")).await.status, 404, "{unknown}");
    }
    put(&browser, &blob(1)).await;
    assert_eq!(browser.get(BACKUP).await.json()["encryptedBackup"], blob(1));
}

#[tokio::test]
async fn a_session_that_is_not_recent_is_given_no_backup() {
    let world = World::new().await;
    let browser = ada(&world).await;
    put(&browser, &blob(1)).await;
    world.advance(901);
    assert_eq!(browser.get(BACKUP).await.refusal(), "403 Sign in again first SESSION_NOT_FRESH");
    assert_eq!(browser.get(STATUS).await.json()["hasCloudBackup"], true);
    assert_eq!(put(&browser, &blob(2)).await.status, 200, "the wallet refreshes it in any session");
    browser.sign_in(&Key::named("ada")).await;
    assert_eq!(browser.get(BACKUP).await.json()["backup"], blob(2));
}

#[tokio::test]
async fn nobody_without_a_credential_gets_or_stores_a_backup() {
    let world = World::new().await;
    let browser = ada(&world).await;
    put(&browser, &blob(1)).await;
    let anonymous = world.browser();
    for path in [of(&Key::named("ada").bap_id()), BACKUP.to_owned(), STATUS.to_owned(), VERSIONS.to_owned()] {
        assert_eq!(anonymous.get(&path).await.refusal(), "401 Unauthorized UNAUTHORIZED", "{path}");
    }
    assert_eq!(put(&anonymous, &blob(2)).await.refusal(), "401 Unauthorized UNAUTHORIZED");
    assert_eq!(anonymous.get(SYNC).await.refusal(), "401 No auth token provided");
}

#[tokio::test]
async fn an_app_sees_the_status_alone() {
    let world = World::new().await;
    world.change_app("playground", |app| app.scopes = Scopes::parse("openid profile sigma:backup")).await;
    let browser = ada(&world).await;
    put(&browser, &blob(1)).await;
    let code = browser.authorize(&[("scope", "openid sigma:backup"), ("bapId", &Key::named("ada").bap_id())]).await;
    let code = browser.agree(code).await.param("code").unwrap();
    let tokens = browser.redeem(&code).await.json();
    let token = text(&tokens, "access_token");
    let status = world.get_with_token(STATUS, token).await;
    assert_eq!(status.json()["hasCloudBackup"], true, "{}", status.body);
    for path in [BACKUP, VERSIONS] {
        assert_eq!(world.get_with_token(path, token).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let write = Request::post(BACKUP)
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"));
    let body = json!({"encryptedBackup": blob(9)}).to_string();
    assert_eq!(world.send(write.body(Body::from(body)).unwrap()).await.status, StatusCode::FORBIDDEN);
    let other = browser.tokens("openid profile").await;
    assert_eq!(world.get_with_token(STATUS, text(&other, "access_token")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_signature_stores_what_its_body_says_once() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let key = Key::named("ada");
    let body = json!({"encryptedBackup": blob(1)}).to_string();
    let token = key.token(BACKUP, world.now(), &body);
    let send = async |token: &str, body: &str| {
        let request = Request::post(BACKUP).header("content-type", "application/json").header("x-auth-token", token);
        world.send(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    assert_eq!(send(&token, &body).await.status, 200);
    assert_eq!(send(&token, &body).await.refusal(), "401 Invalid auth token signature", "a replay");
    let unbound = key.token(BACKUP, world.now(), "");
    assert_eq!(send(&unbound, &body).await.refusal(), "401 Invalid auth token signature");
    let other = json!({"encryptedBackup": blob(2)}).to_string();
    world.tick();
    let token = key.token(BACKUP, world.now(), &body);
    assert_eq!(send(&token, &other).await.refusal(), "401 Invalid auth token signature");
    assert_eq!(browser.get(BACKUP).await.json()["backup"], blob(1));
}

#[tokio::test]
async fn programs_sync_with_a_key_of_the_identity() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    ada(&world).await;
    let key = Key::named("ada");
    let bap_id = key.bap_id();
    let first = pull(&world, &key, &bap_id).await;
    assert_eq!(first.refusal(), "404 404 not_found: no backup for this identity");
    assert_eq!(first.json()["error"], "not_found");
    let body = json!({"bapId": bap_id, "encryptedBackup": blob(1)});
    assert_eq!(push(&world, &key, &body).await.status, 200);
    let pulled = pull(&world, &key, &bap_id).await;
    assert_eq!(pulled.json()["encryptedBackup"], blob(1));
    assert_eq!(pulled.json()["lastUpdated"].as_str().map(str::len), Some(24));
    assert_eq!(pulled.header("access-control-allow-origin"), "*");
    assert_eq!(push(&world, &key, &json!({"encryptedBackup": blob(1)})).await.refusal(), "400 bapId required");
    let no_identity = pull(&world, &key, "").await;
    assert_eq!(no_identity.refusal(), "400 bapId required");
    let text = body.to_string();
    let sent = key.token(SYNC, world.now(), &text);
    assert_eq!(push_as(&world, &sent, &text).await.status, 200);
    assert_eq!(push_as(&world, &sent, &text).await.refusal(), "401 Invalid auth token signature", "a replay");
    let unbound = key.token(SYNC, world.now(), "");
    assert_eq!(push_as(&world, &unbound, &text).await.refusal(), "401 Invalid auth token signature");
    for (name, value) in [("authorization", "Bearer x"), ("authorization", "Bitcoin-Auth x")] {
        let request = Request::get(format!("{SYNC}?bapId={bap_id}")).header(name, value);
        assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, 400, "{value}");
    }
    let elsewhere = key.token(BACKUP, world.now(), "");
    let request =
        Request::get(format!("{SYNC}?bapId={bap_id}")).header("authorization", format!("Bitcoin-Auth {elsewhere}"));
    assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, 401);
}

#[tokio::test]
async fn a_retired_key_does_not_sync() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (key, id) = (Key::named("ada"), id_of(&browser).await);
    put(&browser, &blob(1)).await;
    assert_eq!(pull(&world, &key, &key.bap_id()).await.status, 200);
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    let set = [("password", crate::support::PASSWORD), ("again", crate::support::PASSWORD)];
    assert_eq!(browser.post_form("/account/password", &set).await.status, StatusCode::SEE_OTHER);
    let retired = [("kind", "key"), ("id", &*key.pubkey())];
    assert_eq!(browser.post_form("/account/credentials/retire", &retired).await.status, StatusCode::SEE_OTHER);
    assert_eq!(pull(&world, &key, &key.bap_id()).await.status, StatusCode::FORBIDDEN);
    let body = json!({"bapId": key.bap_id(), "encryptedBackup": blob(2)});
    assert_eq!(push(&world, &key, &body).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_account_that_signs_with_our_origin_syncs_with_published_clients_too() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let key = Key::named("ada");
    put(&browser, &blob(1)).await;
    let bound = |path: &str| format!("https://id.example.org{path}");
    let sign_in = Request::post("/api/auth/sign-in/sigma")
        .header("content-type", "application/json")
        .header("x-auth-token", key.token(&bound("/api/auth/sign-in/sigma"), world.now(), ""));
    assert_eq!(world.send(sign_in.body(Body::from("{}")).unwrap()).await.status, 200);
    let bare = pull(&world, &key, &key.bap_id()).await;
    assert_eq!(bare.json()["encryptedBackup"], blob(1), "{}", bare.body);
    let token = key.token(&bound(SYNC), world.now(), "");
    let request =
        Request::get(format!("{SYNC}?bapId={}", key.bap_id())).header("authorization", format!("Bitcoin-Auth {token}"));
    assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.json()["encryptedBackup"], blob(1));
}

#[tokio::test]
async fn every_retrieval_is_recorded_and_announced_by_mail() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let id = id_of(&browser).await;
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    put(&browser, &blob(1)).await;
    assert!(world.mails().await.is_empty());
    assert_eq!(browser.get(BACKUP).await.status, 200);
    let mail = world.mail().await;
    assert_eq!(mail.to, "ada@example.org");
    assert!(mail.text.contains("encrypted backup was retrieved"), "{}", mail.text);
    // Not again and again to somebody who fetches it several times.
    assert_eq!(browser.get(BACKUP).await.status, 200);
    assert!(world.mails().await.is_empty());
    world.advance(700);
    assert_eq!(pull(&world, &Key::named("ada"), &Key::named("ada").bap_id()).await.status, 200);
    assert_eq!(world.mails().await.len(), 1);
    let events = world.trail(Trail::User(id)).await;
    let methods: Vec<_> = events
        .iter()
        .filter(|event| event.action == "backup.retrieve")
        .map(|event| event.details.method.clone().unwrap_or_default())
        .collect();
    assert_eq!(methods, ["key", "session", "session"]);
    assert!(events.iter().any(|event| event.action == "backup.store"));
    let page = browser.get("/account/activity").await.body;
    assert!(page.contains("Your encrypted backup was retrieved"), "{page}");
}

#[tokio::test]
async fn retrievals_and_writes_are_limited_by_user() {
    let world = World::with(|settings| {
        settings.limits.enabled = true;
        (settings.limits.backup_reads, settings.limits.backup_writes) = (3, 2);
    })
    .await;
    let browser = ada(&world).await;
    for byte in [1, 2] {
        assert_eq!(put(&browser, &blob(byte)).await.status, 200);
    }
    let refused = put(&browser, &blob(3)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!refused.header("retry-after").is_empty());
    for _ in 0..3 {
        assert_eq!(browser.get(BACKUP).await.status, 200);
    }
    assert_eq!(browser.get(BACKUP).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(pull(&world, &Key::named("ada"), &Key::named("ada").bap_id()).await.status, 429);
    assert_eq!(browser.get(STATUS).await.status, 200);
}

#[tokio::test]
async fn invalid_signatures_at_sync_are_delayed_and_valid_ones_are_not() {
    let world = World::new().await;
    let browser = ada(&world).await;
    put(&browser, &blob(1)).await;
    let (ada, eve) = (Key::named("ada"), Key::named("eve"));
    let forge = async || {
        let forged = eve.token(SYNC, world.now(), "").replacen(&eve.pubkey(), &ada.pubkey(), 1);
        let request = Request::get(format!("{SYNC}?bapId={}", ada.bap_id()))
            .header("authorization", format!("Bitcoin-Auth {forged}"));
        world.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
    };
    assert_eq!([forge().await, forge().await, forge().await, forge().await], [401, 401, 401, 429]);
    assert_eq!(pull(&world, &ada, &ada.bap_id()).await.status, 200);
}

#[tokio::test]
async fn the_database_holds_no_backup_in_the_clear() {
    let world = World::new().await;
    let browser = ada(&world).await;
    put(&browser, &blob(0xAB)).await;
    let sealed =
        world.sigma.store.read(|tx| Ok(tx.query_opt("SELECT sealed FROM backups", &[])?.unwrap().bytes(0).unwrap()));
    let sealed = sealed.await.unwrap();
    assert!(!sealed.windows(8).any(|window| window == [0xAB; 8]));
}
