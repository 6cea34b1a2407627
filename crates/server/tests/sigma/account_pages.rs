//! `/account`: addresses and credentials of a signed-in user.

use http::{Request, StatusCode};
use serde_json::{Value, json};
use sigma_core::authentication::Credential;
use sigma_core::ids::UserId;
use sigma_store::email::{self, EmailProof};
use sigma_store::{credential, password};

use crate::support::client::USERINFO;
use crate::support::{Answer, Browser, Key, PASSWORD, World, claims, leads, without_interaction};

const ACCOUNT: &str = "/account";
const ADA: &str = "ada@example.org";

async fn id_of(browser: &Browser<'_>) -> UserId {
    UserId::from_text(browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap())
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    browser.get("/api/auth/get-session").await.body != "null"
}

/// A browser of a user with a key, a verified address and a password.
async fn ada(world: &World) -> Browser<'_> {
    let browser = world.browser();
    browser.sign_up(&Key::named("ada")).await;
    let id = id_of(&browser).await;
    world.db_set_email(&id, ADA, EmailProof::Verified).await;
    let set = browser.post_form("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
    world.mails().await;
    world.tick();
    browser
}

/// The code in the only queued mail, which went to `to`.
async fn mailed_code(world: &World, to: &str) -> String {
    let mail = world.mail().await;
    assert_eq!(mail.to, to);
    let is_code = |line: &&str| line.len() == 9 && line.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit());
    mail.text.lines().find(is_code).unwrap_or_else(|| panic!("no code: {}", mail.text)).to_owned()
}

async fn add(browser: &Browser<'_>, address: &str) -> Answer {
    browser.post_form("/account/emails/add", &[("email", address)]).await
}

async fn confirm(browser: &Browser<'_>, code: &str) -> Answer {
    browser.post_form("/account/emails/confirm", &[("code", code)]).await
}

/// Adds an address with the code that it was mailed.
async fn add_confirmed(world: &World, browser: &Browser<'_>, address: &str) {
    assert_eq!(add(browser, address).await.location(), ACCOUNT);
    let code = mailed_code(world, address).await;
    assert_eq!(confirm(browser, &code).await.location(), "/account?done=added");
    world.mails().await;
    world.tick();
}

/// The addresses of a user, the primary one first.
async fn addresses(world: &World, browser: &Browser<'_>) -> Vec<String> {
    let id = id_of(browser).await;
    let own = world.sigma.store.read(move |tx| email::list(tx, &id)).await.unwrap();
    own.into_iter().map(|email| email.address).collect()
}

async fn log_in(world: &World, address: &str) -> StatusCode {
    let status = world.browser().log_in(address, PASSWORD).await.status;
    world.tick();
    status
}

#[tokio::test]
async fn an_address_is_added_with_the_mailed_code_and_signs_in_with_the_password() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    assert_eq!(log_in(&world, "work@example.org").await, StatusCode::UNAUTHORIZED);
    assert_eq!(add(&browser, "work@example.org").await.location(), ACCOUNT);
    let page = browser.get(ACCOUNT).await;
    assert!(page.body.contains("We sent a message to") && page.body.contains("work@example.org"), "{}", page.body);
    assert_eq!(addresses(&world, &browser).await, [ADA], "nobody's before it is confirmed");
    assert_eq!(log_in(&world, "work@example.org").await, StatusCode::UNAUTHORIZED);
    let code = mailed_code(&world, "work@example.org").await;
    let added = confirm(&browser, &code).await;
    assert_eq!(added.location(), "/account?done=added");
    assert!(browser.get(added.location()).await.body.contains("The address was added."));
    assert_eq!(world.mail().await.to, ADA, "the notice goes to the address known before");
    assert_eq!(addresses(&world, &browser).await, [ADA, "work@example.org"]);
    assert_eq!(log_in(&world, "work@example.org").await, StatusCode::SEE_OTHER);
    assert_eq!(confirm(&browser, &code).await.status, StatusCode::UNAUTHORIZED, "a code works once");
    assert_eq!(add(&browser, "WORK@example.org").await.status, StatusCode::CONFLICT, "theirs already");
    assert_eq!(add(&browser, "no address").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn adding_an_address_tells_nothing_about_other_accounts() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    world.person("known@example.org").await;
    let mut seen = Vec::new();
    for address in ["known@example.org", "fresh@example.org"] {
        let answer = add(&browser, address).await;
        let page = browser.get(ACCOUNT).await;
        seen.push((answer.status, answer.location().to_owned(), page.body.replace(address, "…")));
        let mail = world.mail().await;
        assert_eq!(mail.to, address);
        let is_known = address == "known@example.org";
        assert_eq!(mail.text.contains("belongs to another account"), is_known, "{}", mail.text);
        assert_eq!(confirm(&browser, "1234 5678").await.status, StatusCode::UNAUTHORIZED);
        world.tick();
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(addresses(&world, &browser).await, [ADA]);
}

#[tokio::test]
async fn codes_for_new_addresses_cannot_be_guessed_and_mails_are_limited() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    add(&browser, "work@example.org").await;
    let code = mailed_code(&world, "work@example.org").await;
    let wrong = if code == "0000 0000" { "1111 1111" } else { "0000 0000" };
    for _ in 0..5 {
        assert_eq!(confirm(&browser, wrong).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(confirm(&browser, &code).await.status, StatusCode::UNAUTHORIZED, "too many attempts");
    assert!(browser.get(ACCOUNT).await.body.contains("There were too many wrong codes"));
    assert_eq!(addresses(&world, &browser).await, [ADA]);
    for number in 0..6 {
        let address = format!("other{number}@example.org");
        assert_eq!(add(&browser, &address).await.location(), ACCOUNT);
        assert_eq!(world.mails().await.len(), usize::from(number < 4), "{number}");
    }
    world.advance(3_601);
    let page = browser.get(ACCOUNT).await;
    assert!(!page.body.contains("We sent a message to"), "a code expires");
    // A code of another account is none here.
    let (other, key) = (world.browser(), Key::named("eve"));
    other.sign_up(&key).await;
    add(&other, "eve@example.org").await;
    let theirs = mailed_code(&world, "eve@example.org").await;
    browser.sign_in(&Key::named("ada")).await;
    add(&browser, "mine@example.org").await;
    world.mails().await;
    assert_eq!(confirm(&browser, &theirs).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.post_form("/account/emails/cancel", &[]).await.location(), ACCOUNT);
    assert_eq!(confirm(&other, &theirs).await.status, StatusCode::UNAUTHORIZED, "cancelled");
}

#[tokio::test]
async fn only_a_confirmed_address_becomes_primary_and_both_are_told() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    add_confirmed(&world, &browser, "work@example.org").await;
    world.person("bob@example.org").await;
    let make = async |address: &str| browser.post_form("/account/emails/primary", &[("email", address)]).await;
    for foreign in ["bob@example.org", "nobody@example.org", "", "'; --"] {
        assert_eq!(make(foreign).await.status, StatusCode::CONFLICT, "{foreign}");
    }
    assert_eq!(world.mails().await.len(), 0);
    assert_eq!(make("Work@example.org").await.location(), "/account?done=primary");
    let mut reported: Vec<_> = world.mails().await.into_iter().map(|mail| mail.to).collect();
    reported.sort_unstable();
    assert_eq!(reported, [ADA, "work@example.org"]);
    assert_eq!(addresses(&world, &browser).await, ["work@example.org", ADA]);
    let shown = browser.get("/api/auth/get-session").await.json();
    assert_eq!(shown["user"]["email"], "work@example.org");
    assert_eq!(make("work@example.org").await.location(), "/account?done=primary", "once more changes nothing");
    assert_eq!(world.mails().await.len(), 0);
}

#[tokio::test]
async fn an_address_is_removed_unless_it_is_primary_or_the_password_needs_it() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    let remove = async |address: &str| browser.post_form("/account/emails/remove", &[("email", address)]).await;
    assert_eq!(remove(ADA).await.status, StatusCode::CONFLICT, "the only one, and there is a password");
    add_confirmed(&world, &browser, "work@example.org").await;
    assert_eq!(remove(ADA).await.status, StatusCode::CONFLICT, "the primary one");
    assert_eq!(remove("nobody@example.org").await.status, StatusCode::CONFLICT);
    // A link that was mailed to it stops working with it.
    browser.post_form("/password/forgot", &[("email", "work@example.org")]).await;
    let link = world.mail().await.link.unwrap();
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    assert_eq!(remove("work@example.org").await.location(), "/account?done=removed");
    let mut reported: Vec<_> = world.mails().await.into_iter().map(|mail| mail.to).collect();
    reported.sort_unstable();
    assert_eq!(reported, [ADA, "work@example.org"]);
    assert_eq!(addresses(&world, &browser).await, [ADA]);
    assert_eq!(browser.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(log_in(&world, "work@example.org").await, StatusCode::UNAUTHORIZED);
    assert_eq!(log_in(&world, ADA).await, StatusCode::SEE_OTHER);
    // Somebody else may have it now.
    let other = world.browser();
    other.sign_up(&Key::named("bob")).await;
    add_confirmed(&world, &other, "work@example.org").await;
    assert_eq!(addresses(&world, &other).await, ["work@example.org"]);
    let gone = other.post_form("/account/emails/remove", &[("email", "work@example.org")]).await;
    assert_eq!(gone.location(), "/account?done=removed", "a key needs no address");
    assert_eq!(addresses(&world, &other).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_credential_is_retired_and_other_sessions_end() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    let user = id_of(&browser).await;
    let there = world.entered(ADA).await;
    let page = browser.get(ACCOUNT).await;
    let key = Key::named("ada").pubkey();
    assert!(page.body.contains(">Key</strong>") && page.body.contains(">Password</strong>"), "{}", page.body);
    assert!(page.body.contains(&format!("{}…{}", &key[..8], &key[key.len() - 8..])));
    let retire = async |kind: &str, id: &str| {
        browser.post_form("/account/credentials/retire", &[("kind", kind), ("id", id)]).await
    };
    for (kind, id) in [("key", "02ab"), ("password", "user_x"), ("fingerprint", key.as_str()), ("", "")] {
        assert_eq!(retire(kind, id).await.status, StatusCode::CONFLICT, "{kind} {id}");
    }
    let retired = retire("password", user.as_str()).await;
    assert_eq!(retired.location(), "/account?done=retired");
    assert_eq!(world.mail().await.subject, "Your account on id.example.org was changed");
    assert!(is_signed_in(&browser).await && !is_signed_in(&there).await);
    assert_eq!(log_in(&world, ADA).await, StatusCode::UNAUTHORIZED);
    let (id, hash) = (user.clone(), user.clone());
    assert!(world.sigma.store.read(move |tx| password::find(tx, &hash)).await.unwrap().is_none());
    let stored = world.sigma.store.read(move |tx| credential::find(tx, &Credential::password(&id))).await.unwrap();
    assert!(stored.unwrap().retired_at.is_some());
    assert_eq!(retire("key", &key).await.status, StatusCode::CONFLICT, "the last one");
    assert_eq!(browser.sign_in(&Key::named("ada")).await.status, 200);
    // A password may be set again; it is a new one.
    let set = browser.post_form("/account/password", &[("password", PASSWORD), ("again", PASSWORD)]).await;
    assert_eq!(set.location(), "/account/password?saved=1");
    world.tick();
    assert_eq!(log_in(&world, ADA).await, StatusCode::SEE_OTHER);
    assert_eq!(retire("key", &key).await.location(), "/account?done=retired");
    assert_eq!(browser.sign_in(&Key::named("ada")).await.status, 403, "a retired key is nobody's");
}

#[tokio::test]
async fn an_address_that_two_accounts_wait_for_is_that_of_the_first_to_confirm_it() {
    let world = World::with_orgs().await;
    let (one, other) = (ada(&world).await, world.browser());
    other.sign_up(&Key::named("eve")).await;
    let mut codes = Vec::new();
    for browser in [&one, &other] {
        assert_eq!(add(browser, "both@example.org").await.location(), ACCOUNT);
        codes.push(mailed_code(&world, "both@example.org").await);
    }
    assert_eq!(confirm(&other, &codes[0]).await.status, StatusCode::UNAUTHORIZED, "the code of another account");
    let (first, second) = tokio::join!(confirm(&one, &codes[0]), confirm(&other, &codes[1]));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 401], "{} {}", first.body, second.body);
    world.tick();
    let owned = [addresses(&world, &one).await, addresses(&world, &other).await].concat();
    assert_eq!(owned.iter().filter(|address| *address == "both@example.org").count(), 1, "{owned:?}");
    for (browser, code) in [(&one, &codes[0]), (&other, &codes[1])] {
        assert_eq!(confirm(browser, code).await.status, StatusCode::UNAUTHORIZED, "a code works once");
    }
}

#[tokio::test]
async fn apps_are_not_told_a_retired_key() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    let key = Key::named("ada").pubkey();
    let shown = async || {
        let tokens = browser.tokens("openid profile").await;
        let access = tokens["access_token"].as_str().unwrap().to_owned();
        let userinfo = world.get_with_token(USERINFO, &access).await.json();
        let session = browser.get("/api/auth/get-session").await.json();
        let address = userinfo["bitcoin_address"].clone();
        ([claims(&access)["pubkey"].clone(), userinfo["pubkey"].clone(), session["user"]["pubkey"].clone()], address)
    };
    let (before, address) = shown().await;
    assert_eq!(before, [json!(key), json!(key), json!(key)]);
    assert!(address.is_string());
    let form = [("kind", "key"), ("id", key.as_str())];
    assert_eq!(browser.post_form("/account/credentials/retire", &form).await.location(), "/account?done=retired");
    world.tick();
    assert_eq!(shown().await, ([Value::Null, Value::Null, Value::Null], Value::Null));
}

#[tokio::test]
async fn changes_need_a_recent_sign_in_and_a_session_of_the_account() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    let user = id_of(&browser).await;
    add_confirmed(&world, &browser, "work@example.org").await;
    let forms: [(&str, Vec<(&str, &str)>); 4] = [
        ("/account/emails/add", vec![("email", "new@example.org")]),
        ("/account/emails/primary", vec![("email", "work@example.org")]),
        ("/account/emails/remove", vec![("email", "work@example.org")]),
        ("/account/credentials/retire", vec![("kind", "password"), ("id", user.as_str())]),
    ];
    world.advance(16 * 60);
    let rows = world.rows().await;
    for (path, form) in &forms {
        let refused = browser.post_form(path, form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.body.contains("Sign in again"), "{path}: {}", refused.body);
        let anybody = world.browser().post_form(path, form).await;
        assert_eq!(leads(&anybody), "/login", "{path}");
        let quiet = world.browser().get(path).await;
        assert_eq!(quiet.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(world.rows().await, rows);
    let page = browser.get(ACCOUNT).await;
    assert!(!page.body.contains("Make primary"), "nothing to press");
    let Some(link) = page.body.split("href=\"/login?").nth(1) else { panic!("{}", page.body) };
    let sign_in = format!("/login?{}", link.split('"').next().unwrap());
    assert!(browser.get(&sign_in).await.body.contains("Confirm that it is you"));
    browser.sign_in(&Key::named("ada")).await;
    assert_eq!(browser.get(&sign_in).await.location(), ACCOUNT);
    for (path, form) in &forms[1..] {
        let answer = browser.post_form(path, form).await;
        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(leads(&world.browser().get(ACCOUNT).await), "/login");
}

#[tokio::test]
async fn the_forms_of_the_account_are_only_taken_from_its_own_pages() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    let rows = world.rows().await;
    for path in [
        "/account/emails/add",
        "/account/emails/confirm",
        "/account/emails/cancel",
        "/account/emails/primary",
        "/account/emails/remove",
        "/account/credentials/retire",
    ] {
        for origin in ["https://evil.example", "null"] {
            let request = Request::post(path)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("origin", origin);
            let answer = browser.send(request, "email=evil%40example.org").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} from {origin}");
        }
    }
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn nobody_sees_or_changes_the_account_of_another() {
    let world = World::with_orgs().await;
    let browser = ada(&world).await;
    add_confirmed(&world, &browser, "work@example.org").await;
    let stranger = world.browser();
    stranger.sign_up(&Key::named("eve")).await;
    let page = stranger.get(ACCOUNT).await;
    assert!(!page.body.contains("@example.org") && !page.body.contains(&Key::named("ada").pubkey()), "{}", page.body);
    let key = Key::named("ada").pubkey();
    for (path, form) in [
        ("/account/emails/primary", vec![("email", "work@example.org")]),
        ("/account/emails/remove", vec![("email", "work@example.org")]),
        ("/account/credentials/retire", vec![("kind", "key"), ("id", key.as_str())]),
    ] {
        let foreign = stranger.post_form(path, &form).await;
        assert_eq!(foreign.status, StatusCode::CONFLICT, "{path}");
        let nobodys: Vec<_> = form.iter().map(|(name, _)| (*name, "key")).collect();
        let unknown = stranger.post_form(path, &nobodys).await;
        assert_eq!(without_interaction(&foreign.body), without_interaction(&unknown.body), "{path}");
    }
    assert_eq!(addresses(&world, &browser).await, [ADA, "work@example.org"]);
}

#[tokio::test]
async fn a_password_signs_in_with_confirmed_addresses_only() {
    let world = World::with_orgs().await;
    let user = world.person(ADA).await;
    assert_eq!(log_in(&world, ADA).await, StatusCode::SEE_OTHER);
    world.db_set_email(&user, ADA, EmailProof::Unverified).await;
    let refused = world.browser().log_in(ADA, PASSWORD).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let unknown = world.browser().log_in("nobody@example.org", PASSWORD).await;
    assert_eq!(
        without_interaction(&refused.body).replace(ADA, ""),
        without_interaction(&unknown.body).replace("nobody@example.org", "")
    );
}
