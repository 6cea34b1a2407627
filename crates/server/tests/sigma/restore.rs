//! Restoring a key by an account at a provider: tickets, links, pages (`docs/spec/backups.md#restoring`).

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use sigma_core::ids::UserId;
use sigma_core::provider::{ProviderId, Subject};
use sigma_server::restore_ticket::RestoreTicket;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;
use sigma_store::provider_account::Vouched;

use crate::provider_sign_in::world_with;
use crate::support::upstream::{Asked, Upstream};
use crate::support::{Answer, Browser, Key, World, ada};

const BACKUP: &str = "/api/backup";
const LINK: &str = "/api/backup/link-oauth";
const REFUSED: &str = "401 Authentication required";

fn blob(byte: u8) -> String {
    STANDARD.encode([byte; 100])
}

/// An account at GitHub.
fn github(subject: &str) -> Vouched {
    Vouched {
        provider_id: ProviderId::parse("github").unwrap(),
        issuer: "https://github.com".to_owned(),
        subject: Subject::parse(subject).unwrap(),
        email: Some("ada@example.com".to_owned()),
    }
}

/// What the provider's callback leaves in a browser that signed in there: a cookie, as `name=value`.
fn ticket(world: &World, subject: &str) -> String {
    let cookie = RestoreTicket::set_cookie(&world.sigma, &github(subject));
    for attribute in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=300", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// Asks for the backup of `oauth_id` with `cookies`.
async fn fetch_with(world: &World, oauth_id: &str, cookies: &str) -> Answer {
    let query = sigma_core::params::Params::from_pairs(vec![("oauthId".to_owned(), oauth_id.to_owned())]).to_query();
    let request = Request::get(format!("{BACKUP}?{query}")).header("cookie", cookies);
    world.send(request.body(Body::empty()).unwrap()).await
}

/// Links, as a browser with `cookies` and the signature of `key`.
async fn link_with(world: &World, key: &Key, cookies: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let request = Request::post(LINK)
        .header("content-type", "application/json")
        .header("origin", "https://id.example.org")
        .header("x-auth-token", key.token(LINK, world.now(), &body))
        .header("cookie", cookies);
    let answer = world.send(request.body(Body::from(body)).unwrap()).await;
    world.tick();
    answer
}

/// A browser that signed in at GitHub as `subject` links that account.
async fn link(world: &World, browser: &Browser<'_>, key: &Key, subject: &str) -> Answer {
    let cookies = format!("{}; {}", browser.cookies(), ticket(world, subject));
    link_with(world, key, &cookies, &json!({"bapId": key.bap_id(), "provider": "github"})).await
}

/// Ada, with a backup that her account at GitHub, 12345, restores.
async fn linked_ada(world: &World) -> Browser<'_> {
    let browser = ada(world).await;
    let stored = browser.post_json(BACKUP, &json!({"encryptedBackup": blob(1)})).await;
    assert_eq!(stored.status, 200, "{}", stored.body);
    let linked = link(world, &browser, &Key::named("ada"), "12345").await;
    assert_eq!(linked.json(), json!({"success": true, "bapId": Key::named("ada").bap_id()}));
    browser
}

async fn id_of(browser: &Browser<'_>) -> UserId {
    UserId::from_text(browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_ticket_fetches_the_linked_backup_once() {
    let world = World::new().await;
    let browser = linked_ada(&world).await;
    let id = id_of(&browser).await;
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    let ticket = ticket(&world, "12345");
    let answer = fetch_with(&world, "github|12345", &ticket).await;
    assert_eq!(answer.json()["encryptedBackup"], blob(1), "{}", answer.body);
    assert_eq!(answer.json()["bapId"], Key::named("ada").bap_id());
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-sigma-restore=;") && cookie.contains("Max-Age=0"), "{cookie}");
    assert_eq!(fetch_with(&world, "github|12345", &ticket).await.refusal(), REFUSED, "a ticket is good once");
    assert_eq!(world.mail().await.to, "ada@example.org");
    let events = world.trail(Trail::User(id)).await;
    let event = events.iter().find(|event| event.action == "backup.retrieve").unwrap();
    assert_eq!((event.actor.kind(), event.details.method.as_deref()), ("anonymous", Some("provider")));
    assert!(event.address.is_some());
}

#[tokio::test]
async fn a_ticket_of_another_issuer_under_the_same_id_fetches_and_links_nothing() {
    let world = World::new().await;
    let browser = linked_ada(&world).await;
    let other = Vouched { issuer: "https://evil.example".to_owned(), ..github("12345") };
    let cookie = RestoreTicket::set_cookie(&world.sigma, &other);
    let ticket = cookie.split(';').next().unwrap();
    let refused = fetch_with(&world, "github|12345", ticket).await;
    assert_eq!(refused.status, 404, "{}", refused.body);
    let key = Key::named("ada");
    let body = json!({"bapId": key.bap_id(), "provider": "github"});
    let refused = link_with(&world, &key, &format!("{}; {ticket}", browser.cookies()), &body).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
}

#[tokio::test]
async fn a_ticket_begins_no_session() {
    let world = World::new().await;
    linked_ada(&world).await;
    let ticket = ticket(&world, "12345");
    for path in ["/api/auth/get-session", "/api/backup/status", "/api/backup/versions", BACKUP, "/account/backup"] {
        let request = Request::get(path).header("cookie", &ticket).header("accept", "application/json");
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert!(answer.body == "null" || [401, 303].contains(&answer.status.as_u16()), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn guessing_ids_of_github_accounts_reveals_nothing() {
    let world = World::new().await;
    linked_ada(&world).await;
    let other = ticket(&world, "99999");
    let refusals = async |cookies: &str| {
        let mut all = Vec::new();
        for oauth_id in ["github|12345", "github|12346", "google|12345", "github", "github|", "|", "nonsense", "%00"] {
            let answer = fetch_with(&world, oauth_id, cookies).await;
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("request_id");
            all.push((answer.status.as_u16(), body));
        }
        all
    };
    for cookies in ["", "__Host-sigma-restore=forged", &other] {
        let all = refusals(cookies).await;
        assert!(all.iter().all(|refusal| *refusal == all[0]), "{all:?}");
        assert_eq!(all[0].0, 401);
        assert_eq!(all[0].1["error"], "unauthorized");
        assert_eq!(all[0].1["message"], "Authentication required");
    }
    let unlinked = fetch_with(&world, "github|99999", &other).await;
    assert_eq!(unlinked.refusal(), "404 404 not_found: no backup for this identity");
}

#[tokio::test]
async fn attempts_without_a_ticket_are_limited_by_address() {
    let world = World::with(|settings| {
        settings.limits.enabled = true;
        settings.limits.restores = 3;
    })
    .await;
    linked_ada(&world).await;
    for guess in 0..3 {
        assert_eq!(fetch_with(&world, &format!("github|{guess}"), "").await.status, 401);
    }
    let limited = fetch_with(&world, "github|12345", "").await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!limited.header("retry-after").is_empty());
    let entitled = fetch_with(&world, "github|12345", &ticket(&world, "12345")).await;
    assert_eq!(entitled.status, 200, "who is entitled does not wait for others at the address");
}

#[tokio::test]
async fn a_ticket_lapses_and_cannot_be_altered() {
    let world = World::new().await;
    linked_ada(&world).await;
    let good = ticket(&world, "12345");
    let of_other = ticket(&world, "12346");
    let (content, _) = good.split_once('.').unwrap();
    let (_, signature) = of_other.split_once('.').unwrap();
    let spliced = format!("{content}.{signature}");
    let longer = format!("{good}A");
    let bare = content.to_owned();
    for altered in [&spliced, &longer, &bare, &good.to_uppercase()] {
        assert_eq!(fetch_with(&world, "github|12345", altered).await.refusal(), REFUSED, "{altered}");
    }
    world.advance(299);
    assert_eq!(fetch_with(&world, "github|12345", &good).await.status, 200);
    let late = ticket(&world, "12345");
    world.advance(301);
    assert_eq!(fetch_with(&world, "github|12345", &late).await.refusal(), REFUSED);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_up_a_ticket() {
    let world = World::new().await;
    linked_ada(&world).await;
    let ticket = ticket(&world, "12345");
    for site in ["cross-site", "same-site", "none"] {
        let request = Request::get(format!("{BACKUP}?oauthId=github%7C12345"))
            .header("cookie", &ticket)
            .header("sec-fetch-site", site);
        assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, 401, "{site}");
    }
    let request = Request::get(format!("{BACKUP}?oauthId=github%7C12345"))
        .header("cookie", &ticket)
        .header("sec-fetch-site", "same-origin");
    assert_eq!(world.send(request.body(Body::empty()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn one_ticket_used_twice_at_once_is_good_for_one() {
    let world = World::new().await;
    linked_ada(&world).await;
    let ticket = ticket(&world, "12345");
    let attempts = (0..8).map(|_| fetch_with(&world, "github|12345", &ticket));
    let answers = futures_util::future::join_all(attempts).await;
    let granted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(granted, 1);
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status.as_u16())));
}

#[tokio::test]
async fn the_user_of_the_account_fetches_it_in_a_fresh_session() {
    let world = World::new().await;
    let browser = linked_ada(&world).await;
    let path = format!("{BACKUP}?oauthId=github%7C12345");
    assert_eq!(browser.get(&path).await.json()["backup"], blob(1));
    let eve = world.browser();
    eve.sign_up(&Key::named("eve")).await;
    assert_eq!(eve.get(&path).await.refusal(), REFUSED);
    world.advance(901);
    assert_eq!(browser.get(&path).await.refusal(), "403 Sign in again first SESSION_NOT_FRESH");
}

#[tokio::test]
async fn linking_takes_a_fresh_session_and_a_signature_of_the_same_account() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let (key, eve) = (Key::named("ada"), Key::named("eve"));
    let mallory = world.browser();
    mallory.sign_up(&eve).await;
    let body = json!({"bapId": key.bap_id(), "provider": "github"});
    let ticket = ticket(&world, "1");
    let cookies = format!("{}; {ticket}", browser.cookies());
    // Without a session, with the session of somebody else, with a key of somebody else.
    assert_eq!(link_with(&world, &key, &ticket, &body).await.status, 401);
    let foreign = format!("{}; {ticket}", mallory.cookies());
    assert_eq!(link_with(&world, &key, &foreign, &body).await.status, 401);
    assert_eq!(link_with(&world, &eve, &cookies, &body).await.status, 401);
    // Without a signature.
    let unsigned = Request::post(LINK)
        .header("content-type", "application/json")
        .header("origin", "https://id.example.org")
        .header("cookie", &cookies);
    let unsigned = world.send(unsigned.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(unsigned.refusal(), "401 No auth token provided");
    // Signed for another body, or for none.
    for signed in ["", r#"{"bapId":"other","provider":"github"}"#] {
        let request = Request::post(LINK)
            .header("content-type", "application/json")
            .header("origin", "https://id.example.org")
            .header("x-auth-token", key.token(LINK, world.now(), signed))
            .header("cookie", &cookies);
        let answer = world.send(request.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(answer.status, 401, "{signed}: {}", answer.body);
        world.tick();
    }
    // An identity of somebody else, and an account at the provider that nobody proved.
    let theirs = json!({"bapId": eve.bap_id(), "provider": "github"});
    let refused = "403 This identity is not yours BAP_OWNERSHIP_FAILED";
    assert_eq!(link_with(&world, &key, &cookies, &theirs).await.refusal(), refused);
    let unproven = link_with(&world, &key, &browser.cookies(), &body).await;
    assert_eq!(unproven.json()["code"], "OAUTH_ACCOUNT_NOT_PROVEN");
    let other = link_with(&world, &key, &cookies, &json!({"bapId": key.bap_id(), "provider": "google"})).await;
    assert_eq!(other.json()["code"], "OAUTH_ACCOUNT_NOT_PROVEN");
    world.advance(901);
    let old = link_with(&world, &key, &format!("{}; {}", browser.cookies(), self::ticket(&world, "1")), &body).await;
    assert_eq!(old.refusal(), "403 Sign in again first SESSION_NOT_FRESH");
    browser.sign_in(&key).await;
    assert_eq!(link(&world, &browser, &key, "1").await.status, 200);
}

#[tokio::test]
async fn a_link_call_cannot_be_replayed() {
    let world = World::with(|settings| settings.limits.delays = false).await;
    let browser = ada(&world).await;
    let key = Key::named("ada");
    let body = json!({"bapId": key.bap_id(), "provider": "github"}).to_string();
    let token = key.token(LINK, world.now(), &body);
    let send = async |subject: &str| {
        let cookies = format!("{}; {}", browser.cookies(), ticket(&world, subject));
        let request = Request::post(LINK)
            .header("content-type", "application/json")
            .header("origin", "https://id.example.org")
            .header("x-auth-token", &token)
            .header("cookie", cookies);
        world.send(request.body(Body::from(body.clone())).unwrap()).await
    };
    assert_eq!(send("1").await.status, 200);
    assert_eq!(send("2").await.refusal(), "401 Invalid auth token signature");
}

#[tokio::test]
async fn an_account_at_a_provider_restores_one_identity_and_the_refusal_does_not_say_whose() {
    let world = World::new().await;
    let browser = linked_ada(&world).await;
    assert_eq!(link(&world, &browser, &Key::named("ada"), "12345").await.status, 200, "again");
    let eve = world.browser();
    eve.sign_up(&Key::named("eve")).await;
    let taken = link(&world, &eve, &Key::named("eve"), "12345").await;
    let words = "This OAuth account is already linked to another Bitcoin identity";
    assert_eq!(taken.refusal(), format!("409 {words} OAUTH_ALREADY_LINKED"));
    let ada = Key::named("ada");
    for revealing in [ada.bap_id(), ada.pubkey(), id_of(&browser).await.to_string()] {
        assert!(!taken.body.contains(&revealing), "{}", taken.body);
    }
    let restored = fetch_with(&world, "github|12345", &ticket(&world, "12345")).await;
    assert_eq!(restored.json()["bapId"], ada.bap_id());
}

#[tokio::test]
async fn linking_can_store_the_backup_along_with_it_and_is_announced() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let (key, id) = (Key::named("ada"), id_of(&browser).await);
    world.db_set_email(&id, "ada@example.org", EmailProof::Verified).await;
    let cookies = format!("{}; {}", browser.cookies(), ticket(&world, "7"));
    let body = json!({"bapId": key.bap_id(), "provider": "github", "encryptedBackup": "%%%"});
    assert_eq!(link_with(&world, &key, &cookies, &body).await.status, 400);
    let body = json!({"bapId": key.bap_id(), "provider": "github", "encryptedBackup": blob(5)});
    assert_eq!(link_with(&world, &key, &cookies, &body).await.status, 200);
    assert!(world.mail().await.text.contains("can restore your encrypted backup"));
    let names: Vec<_> = world.trail(Trail::User(id)).await.into_iter().map(|event| event.action).collect();
    assert!(names.contains(&"backup.link".to_owned()) && names.contains(&"credential.add".to_owned()), "{names:?}");
    let restored = fetch_with(&world, "github|7", &ticket(&world, "7")).await;
    assert_eq!(restored.json()["backup"], blob(5));
}

#[tokio::test]
async fn the_restore_page_of_a_new_device_shows_its_form_only_to_a_ticket() {
    let world = World::new().await;
    linked_ada(&world).await;
    let without = world.browser().get("/oauth-restore").await;
    assert_eq!(without.status, 200);
    assert!(!without.body.contains("restore-password"), "{}", without.body);
    let request =
        Request::get("/oauth-restore").header("accept", "text/html").header("cookie", ticket(&world, "12345"));
    let with = world.send(request.body(Body::empty()).unwrap()).await;
    assert!(with.body.contains(r#"data-oauth-id="github|12345""#), "{}", with.body);
    assert!(!with.body.contains(&blob(1)), "the page holds no backup");
}

#[tokio::test]
async fn restoring_in_a_session_takes_a_fresh_one() {
    let world = World::new().await;
    let anonymous = world.browser().get("/restore").await;
    assert!(anonymous.location().starts_with("/login?"), "{}", anonymous.location());
    let browser = ada(&world).await;
    let none = browser.get("/restore").await;
    assert!(none.status == 200 && !none.body.contains("restore-password"), "{}", none.body);
    browser.post_json(BACKUP, &json!({"encryptedBackup": blob(1)})).await;
    let page = browser.get("/restore").await.body;
    assert!(page.contains(&format!(r#"data-bap-id="{}""#, Key::named("ada").bap_id())), "{page}");
    world.advance(901);
    let login = browser.get("/restore").await.location().to_owned();
    assert!(login.starts_with("/login?interaction="), "{login}");
    assert!(browser.get(&login).await.body.contains("/restore"), "the sign-in leads back");
}

#[tokio::test]
async fn the_account_page_downloads_restores_and_removes_in_a_fresh_session() {
    let world = World::new().await;
    let browser = ada(&world).await;
    let bap_id = Key::named("ada").bap_id();
    for byte in [1, 2] {
        browser.post_json(BACKUP, &json!({"encryptedBackup": blob(byte)})).await;
        world.advance(1);
    }
    let page = browser.get("/account/backup").await.body;
    assert!(page.contains("Earlier versions") && page.contains("/account/backup/download"), "{page}");
    let versions = browser.get("/api/backup/versions").await.json();
    let earlier = versions["versions"][1]["id"].as_str().unwrap().to_owned();
    let file = browser.post_form("/account/backup/download", &[("bapId", &bap_id), ("version", &earlier)]).await;
    assert_eq!(file.body, blob(1));
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"sigma-"));
    assert_eq!(file.header("cache-control"), "no-store");
    let restored = browser.post_form("/account/backup/restore", &[("version", &earlier)]).await;
    assert_eq!(restored.location(), "/account/backup?done=restored");
    assert_eq!(browser.get(BACKUP).await.json()["backup"], blob(1));
    for (path, form) in [
        ("/account/backup/download", vec![("bapId", "x")]),
        ("/account/backup/restore", vec![("version", "x")]),
        ("/account/backup/remove", vec![("bapId", "x")]),
        ("/account/backup/remove", vec![]),
    ] {
        assert_eq!(browser.post_form(path, &form).await.status, StatusCode::CONFLICT, "{path}");
    }
    world.advance(901);
    assert!(!browser.get("/account/backup").await.body.contains("/account/backup/download"));
    for path in ["download", "restore", "remove"] {
        let form = [("bapId", &*bap_id), ("version", &*earlier)];
        let refused = browser.post_form(&format!("/account/backup/{path}"), &form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    browser.sign_in(&Key::named("ada")).await;
    let removed = browser.post_form("/account/backup/remove", &[("bapId", &bap_id)]).await;
    assert_eq!(removed.location(), "/account/backup?done=removed");
    assert_eq!(browser.get(BACKUP).await.status, 404);
    let id = id_of(&browser).await;
    assert!(world.trail(Trail::User(id)).await.iter().any(|event| event.action == "backup.remove"));
}

#[tokio::test]
async fn a_new_device_gets_the_backup_by_way_of_the_provider_and_nothing_else() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let old = ada(&world).await;
    let key = Key::named("ada");
    // Linked on the account page, as people do: it restores what they stored last.
    old.post_json(BACKUP, &json!({"encryptedBackup": blob(1)})).await;
    let answer = old.post_form("/account/providers/link", &[("provider", "github")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let asked = Asked::of(answer.location());
    let emails = json!([{"email": "ada@example.com", "primary": true, "verified": true}]);
    let linked = old.get(&upstream.consent_github(&asked, &json!(12345), &emails)).await;
    assert!(linked.location().contains("done=linked"), "{}", linked.location());

    let new = world.browser();
    let page = new.get("/oauth-restore").await.body;
    for label in ["Continue with op", "Continue with Google", "Continue with GitHub"] {
        assert!(page.contains(label), "{label}: {page}");
    }
    let users = async || {
        world.rows().await.into_iter().filter(|(table, _)| ["users", "sessions"].contains(table)).collect::<Vec<_>>()
    };
    let before = users().await;
    let asked = Asked::of(new.post_form("/oauth-restore", &[("provider", "github")]).await.location());
    let back = new.get(&upstream.consent_github(&asked, &json!(12345), &emails)).await;
    assert_eq!(back.location(), "/oauth-restore");
    assert_eq!(users().await, before, "neither a session nor an account");
    assert_eq!(new.get("/api/auth/get-session").await.body, "null");
    assert!(new.get("/oauth-restore").await.body.contains(r#"data-oauth-id="github|12345""#));
    let other = world.browser().get(&format!("{BACKUP}?oauthId=github%7C12345")).await;
    assert_eq!(other.refusal(), REFUSED, "another browser has no ticket");
    let restored = new.get(&format!("{BACKUP}?oauthId=github%7C12345")).await;
    assert_eq!(restored.json()["encryptedBackup"], blob(1), "{}", restored.body);
    assert_eq!(new.get(&format!("{BACKUP}?oauthId=github%7C12345")).await.refusal(), REFUSED);
    new.sign_in(&key).await;
    assert_ne!(new.get("/api/auth/get-session").await.body, "null");
}

#[tokio::test]
async fn an_app_that_waits_is_where_a_restored_key_leads() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let login = browser.authorize(&[]).await.location().to_owned();
    let interaction = login.split_once('?').unwrap().1;
    let restore = format!("/oauth-restore?{interaction}");
    assert!(browser.get(&login).await.body.contains(&format!("href=\"{restore}\"")));
    let page = browser.get(&restore).await.body;
    assert!(page.contains(&format!("action=\"{restore}\"")), "{page}");
    let asked = Asked::of(browser.post_form(&restore, &[("provider", "op")]).await.location());
    let denied = browser.get(&asked.callback(&[("error", "access_denied"), ("state", asked.get("state"))])).await;
    assert_eq!(denied.param("error").as_deref(), Some("access_denied"));
    assert!(denied.location().starts_with("/oauth-restore?interaction="), "{}", denied.location());
    let asked = Asked::of(browser.post_form(denied.location(), &[("provider", "op")]).await.location());
    let back = browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
    assert!(back.location().starts_with("/oauth-restore?interaction="), "{}", back.location());
    let page = browser.get(back.location()).await.body;
    assert!(page.contains("data-continue-url=\"/api/auth/oauth2/authorize?interaction="), "{page}");
    assert_eq!(browser.get("/api/auth/get-session").await.body, "null");
    // What another server sealed, or nobody, leads nowhere.
    let forged = browser.get("/oauth-restore?interaction=forged").await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST, "{}", forged.body);
}

#[tokio::test]
async fn a_stranger_at_the_provider_gets_a_ticket_that_restores_nothing() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = world.browser();
    let asked = Asked::of(browser.post_form("/oauth-restore", &[("provider", "op")]).await.location());
    let claims = upstream.claims(&asked, world.now(), "stranger");
    assert_eq!(browser.get(&upstream.consent(&asked, &claims)).await.location(), "/oauth-restore");
    let answer = browser.get(&format!("{BACKUP}?oauthId=op%7Cstranger")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.body);
    // What the provider refuses leads back, with the reason.
    let asked = Asked::of(browser.post_form("/oauth-restore", &[("provider", "op")]).await.location());
    let denied = browser.get(&asked.callback(&[("error", "access_denied"), ("state", asked.get("state"))])).await;
    assert_eq!(denied.location(), "/oauth-restore?error=access_denied");
    assert!(browser.get(denied.location()).await.body.contains("role=\"alert\""));
    let unknown = browser.post_form("/oauth-restore", &[("provider", "nowhere")]).await;
    assert_eq!(unknown.location(), "/oauth-restore?error=oauth_provider_not_found");
}

#[tokio::test]
async fn an_account_that_is_linked_already_needs_no_ticket_to_name_its_identity() {
    let upstream = Upstream::serve().await;
    let world = world_with(&upstream, |_| {}).await;
    let browser = ada(&world).await;
    let key = Key::named("ada");
    let answer = browser.post_form("/account/providers/link", &[("provider", "op")]).await;
    let asked = Asked::of(answer.location());
    browser.get(&upstream.consent(&asked, &upstream.claims(&asked, world.now(), "ada"))).await;
    let body = json!({"bapId": key.bap_id(), "provider": "op", "encryptedBackup": blob(3)});
    assert_eq!(link_with(&world, &key, &browser.cookies(), &body).await.status, 200);
    let unlinked = json!({"bapId": key.bap_id(), "provider": "github"});
    let refused = link_with(&world, &key, &browser.cookies(), &unlinked).await;
    assert_eq!(refused.json()["code"], "OAUTH_ACCOUNT_NOT_PROVEN");
}
