//! The pages for passwords: forgotten, set by a link, changed.

use std::time::Duration;

use http::{Request, StatusCode};
use sigma_core::digest::Digest;
use sigma_core::email::Email;
use sigma_core::ids::UserId;
use sigma_store::email::EmailProof;
use sigma_store::params;
use sigma_store::user;

use crate::support::{Answer, As, Browser, Key, PASSWORD, World, leads, query};

const NEW: &str = "a wholly new password";
const FORGOT: &str = "/password/forgot";
const RESET: &str = "/password/reset";
const ACCOUNT: &str = "/account/password";

async fn forget(world: &World, mail: &str) -> Answer {
    world.browser().post_form(FORGOT, &[("email", mail)]).await
}

/// The secret of the link that the person was mailed.
async fn mailed_token(world: &World, mail: &str) -> String {
    assert_eq!(forget(world, mail).await.status, StatusCode::SEE_OTHER);
    let link = world.mail().await.link.unwrap();
    assert!(link.starts_with("/password/reset?token="), "{link}");
    link.split_once('=').unwrap().1.to_owned()
}

async fn set_by(browser: &Browser<'_>, token: &str, password: &str) -> Answer {
    browser.post_form(RESET, &[("token", token), ("password", password), ("again", password)]).await
}

async fn signs_in(world: &World, mail: &str, password: &str) -> bool {
    let form = [("email", mail), ("password", password)];
    world.browser().post_form("/login/password", &form).await.status == StatusCode::SEE_OTHER
}

/// A browser that is signed in by password.
async fn entered<'w>(world: &'w World, mail: &str) -> Browser<'w> {
    let browser = world.browser();
    let answer = browser.log_in(mail, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    world.tick();
    browser
}

async fn is_signed_in(browser: &Browser<'_>) -> bool {
    browser.get("/api/auth/get-session").await.body != "null"
}

fn problem(answer: &Answer) -> &str {
    let start = answer.body.split(r#"role="alert">"#).nth(1).unwrap_or_default();
    start.split("</p>").next().unwrap_or_default()
}

/// A person whose account nobody can sign in to yet, or whose address nobody has shown to be theirs.
async fn unproven(world: &World, mail: &str, key: Option<&Key>) -> UserId {
    let now = world.now();
    let (id, email) = (UserId::new(now, &*world.sigma.rng), Email::parse(mail).unwrap());
    let (user, key) = (id.clone(), key.map(Key::pubkey));
    let add = move |tx: &mut dyn sigma_store::Tx| {
        user::add_with_email(tx, &user, &email, EmailProof::Unverified, "Someone", now)?.unwrap();
        if let Some(key) = &key {
            tx.execute(
                "INSERT INTO credentials (kind, id, user_id, created_at) VALUES ('key', $1, $2, $3)",
                params![key, &user, now],
            )?;
        }
        Ok(())
    };
    world.sigma.store.write(add).await.unwrap();
    world.tick();
    id
}

#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_response() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let mut reported = Vec::new();
    for mail in ["ada@example.org", "nobody@example.org"] {
        let answer = forget(&world, mail).await;
        let page = world.browser().get(answer.location()).await;
        let headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        reported.push((answer.status, answer.location().to_owned(), headers, page.body));
    }
    assert_eq!(reported[0], reported[1]);
    assert!(reported[0].3.contains("If this address has an account here"), "{}", reported[0].3);
    assert_eq!(world.mail().await.to, "ada@example.org");
    let none = forget(&world, "no address").await;
    assert_eq!((none.status, problem(&none)), (StatusCode::BAD_REQUEST, ""));
    assert!(none.body.contains("This is not a valid e-mail address."));
}

#[tokio::test]
async fn a_link_is_only_sent_where_the_address_is_known_to_be_the_accounts_or_nobody_can_sign_in() {
    let world = World::with_orgs().await;
    unproven(&world, "new@example.org", None).await;
    unproven(&world, "held@example.org", Some(&Key::named("holder"))).await;
    let off = world.person("off@example.org").await;
    let now = world.now();
    world.sigma.store.write(move |tx| user::set_disabled(tx, &off, true, now)).await.unwrap();
    for (mail, sent) in [("new@example.org", 1), ("held@example.org", 0), ("off@example.org", 0)] {
        assert_eq!(forget(&world, mail).await.location(), "/password/forgot?sent=1");
        assert_eq!(world.mails().await.len(), sent, "{mail}");
    }
}

#[tokio::test]
async fn an_account_gets_at_most_three_links_per_hour() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    for _ in 0..10 {
        assert_eq!(forget(&world, "ada@example.org").await.location(), "/password/forgot?sent=1");
    }
    assert_eq!(world.mails().await.len(), 3);
    world.advance(3_601);
    forget(&world, "ada@example.org").await;
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test]
async fn sixty_links_per_minute_and_address_may_be_requested() {
    let world = World::with(|settings| settings.limits.enabled = true).await;
    for number in 0..61 {
        let status = forget(&world, &format!("nobody{number}@example.org")).await.status;
        assert_eq!(status, if number < 60 { 303 } else { 429 });
    }
}

#[tokio::test]
async fn a_mail_links_to_the_configured_issuer_whatever_host_the_request_named() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    for (header, value) in
        [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")]
    {
        let request = Request::post(format!("https://evil.example{FORGOT}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://id.example.org")
            .header(header, value);
        world.send(request.body(query(&[("email", "ada@example.org")]).into()).unwrap()).await;
        let mail = world.mail().await;
        assert!(mail.text.contains("https://id.example.org/password/reset?token="), "{}", mail.text);
        assert!(!format!("{}{}{}", mail.subject, mail.text, mail.html).contains("evil"), "{header}");
    }
}

#[tokio::test]
async fn a_link_for_a_new_password_works_once_and_for_an_hour() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let token = mailed_token(&world, "ada@example.org").await;
    let rows = world.rows().await;
    let page = world.browser().get(&format!("{RESET}?token={token}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("ada@example.org"));
    assert_eq!(world.rows().await, rows, "looking at it does not use it");
    for wrong in ["", "x", &token.to_lowercase(), &format!("{token}x"), "%00"] {
        assert_eq!(world.browser().get(&format!("{RESET}?token={wrong}")).await.status, 404, "{wrong}");
        assert_eq!(set_by(&world.browser(), wrong, NEW).await.status, 404);
    }
    let browser = world.browser();
    let set = set_by(&browser, &token, NEW).await;
    assert_eq!((set.status, set.location()), (StatusCode::SEE_OTHER, "/account/password?saved=1"));
    assert!(browser.get(set.location()).await.body.contains("Your password has been set."));
    let again = set_by(&world.browser(), &token, "yet another one").await;
    assert_eq!(again.status, 404);
    assert!(again.body.contains("This link is no longer valid"));
    assert!(signs_in(&world, "ada@example.org", NEW).await);
    assert!(!signs_in(&world, "ada@example.org", PASSWORD).await);
    world.mails().await;
    let token = mailed_token(&world, "ada@example.org").await;
    world.advance(3_600);
    assert_eq!(set_by(&world.browser(), &token, "yet another one").await.status, 404, "an hour later");
}

#[tokio::test]
async fn a_link_goes_to_the_accounts_own_spelling_of_the_address() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let sent = world.browser().post_form("/password/forgot", &[("email", "ADA@Example.ORG")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!(world.mail().await.to, "ada@example.org");
}

#[tokio::test]
async fn one_link_used_twice_at_the_same_moment_sets_one_password() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let token = mailed_token(&world, "ada@example.org").await;
    let browsers: Vec<_> = (0..8).map(|_| world.browser()).collect();
    let passwords: Vec<_> = (0..8).map(|number| format!("password of number {number}")).collect();
    let tries = browsers.iter().zip(&passwords).map(|(browser, password)| set_by(browser, &token, password));
    let answers = futures_util::future::join_all(tries).await;
    let won: Vec<_> = answers.iter().zip(&passwords).filter(|(answer, _)| answer.status == 303).collect();
    assert_eq!(won.len(), 1);
    assert!(signs_in(&world, "ada@example.org", won[0].1).await);
}

#[tokio::test]
async fn a_reset_ends_all_sessions_voids_other_links_and_is_announced() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.member).await;
    let (here, there) = (entered(&world, "ada@example.org").await, entered(&world, "ada@example.org").await);
    let old = mailed_token(&world, "ada@example.org").await;
    let link = mailed_token(&world, "ada@example.org").await;
    let set = set_by(&here, &link, NEW).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER);
    assert!(is_signed_in(&here).await, "who set it is signed in");
    assert!(!is_signed_in(&there).await);
    assert_eq!(world.call(As::Token(&token), "GET", "/api/v1/auth/me", &serde_json::Value::Null).await.status, 401);
    assert_eq!(set_by(&world.browser(), &old, "yet another one").await.status, 404);
    let notice = world.mail().await;
    assert_eq!(
        (notice.to.as_str(), notice.subject.as_str()),
        ("ada@example.org", "Your password for id.example.org was changed")
    );
    assert_eq!(notice.link, None, "a notice lets nobody in");
}

#[tokio::test]
async fn more_sessions_than_one_transaction_ends_are_ended_all_the_same() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    for part in 0_i64..3 {
        let (now, id) = (world.now(), ada.clone());
        let add = move |tx: &mut dyn sigma_store::Tx| {
            for number in 0_i64..300 {
                let name = format!("ses_{part}_{number}");
                tx.execute(
                    "INSERT INTO sessions (id, secret_hash, user_id, bap_id, auth_time, methods, address, user_agent,
                        created_at, updated_at, expires_at, ended_at, delete_after)
                     VALUES ($1, $2, $3, NULL, $4, 'password', '', '', $4, $4, $5, NULL, $5)",
                    params![&name, Digest::of(&name), &id, now, now.plus(Duration::from_hours(24))],
                )?;
            }
            Ok(())
        };
        world.sigma.store.write(add).await.unwrap();
    }
    let token = mailed_token(&world, "ada@example.org").await;
    assert_eq!(set_by(&world.browser(), &token, NEW).await.status, 303);
    let live = world.sigma.store.read(|tx| tx.query_opt("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL", &[]));
    assert_eq!(live.await.unwrap().unwrap().int(0).unwrap(), 1);
}

#[tokio::test]
async fn unacceptable_passwords_are_explained_and_the_link_still_works() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let token = mailed_token(&world, "ada@example.org").await;
    let browser = world.browser();
    for (password, again, words) in [
        ("short", "short", "The password is too short: at least 8 characters."),
        ("password1", "password1", "This is one of the most common passwords"),
        ("PassWord1", "PassWord1", "This is one of the most common passwords"),
        (&"x".repeat(129), &"x".repeat(129), "The password is too long"),
        (NEW, "another", "The passwords do not match."),
        (NEW, "", "The passwords do not match."),
        ("", "", "The password is too short"),
    ] {
        let form = [("token", token.as_str()), ("password", password), ("again", again)];
        let refused = browser.post_form(RESET, &form).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{password}");
        assert!(problem(&refused).starts_with(words), "{password}: {}", problem(&refused));
        assert!(!refused.body.contains(NEW), "a password is never sent back");
    }
    assert_eq!(set_by(&browser, &token, NEW).await.status, 303);
}

#[tokio::test]
async fn a_signed_in_person_changes_their_password_by_the_one_they_have() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let (here, there) = (entered(&world, "ada@example.org").await, entered(&world, "ada@example.org").await);
    let page = here.get(ACCOUNT).await;
    assert!(page.body.contains("name=\"current\"") && page.body.contains("ada@example.org"), "{}", page.body);
    let change = async |current: &str, new: &str| {
        here.post_form(ACCOUNT, &[("current", current), ("password", new), ("again", new)]).await
    };
    let wrong = change("not the password", NEW).await;
    assert_eq!((wrong.status, problem(&wrong)), (StatusCode::UNAUTHORIZED, "Incorrect password."));
    let common = change(PASSWORD, "password1").await;
    assert_eq!(common.status, StatusCode::BAD_REQUEST);
    let changed = change(PASSWORD, NEW).await;
    assert_eq!((changed.status, changed.location()), (StatusCode::SEE_OTHER, "/account/password?saved=1"));
    assert!(is_signed_in(&here).await && !is_signed_in(&there).await);
    assert_eq!(world.mail().await.subject, "Your password for id.example.org was changed");
    assert!(signs_in(&world, "ada@example.org", NEW).await && !signs_in(&world, "ada@example.org", PASSWORD).await);
}

#[tokio::test]
async fn an_unattended_session_cannot_be_used_to_guess_the_password() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let browser = entered(&world, "ada@example.org").await;
    let mut statuses = Vec::new();
    for number in 0..5 {
        let guess = format!("guess {number}");
        let form = [("current", guess.as_str()), ("password", NEW), ("again", NEW)];
        statuses.push(browser.post_form(ACCOUNT, &form).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
}

#[tokio::test]
async fn a_person_with_a_key_sets_a_first_password_beside_it_soon_after_signing_in() {
    let world = World::with_orgs().await;
    let ada = Key::named("ada");
    let browser = world.browser();
    browser.sign_up(&ada).await;
    let page = browser.get(ACCOUNT).await;
    assert!(page.body.contains("needs a confirmed e-mail address"), "{}", page.body);
    let form = [("password", NEW), ("again", NEW)];
    assert_eq!(browser.post_form(ACCOUNT, &form).await.status, StatusCode::FORBIDDEN);
    let user = browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    world.db_set_email(&UserId::from_text(user), "ada@example.org", EmailProof::Verified).await;
    world.advance(901);
    assert!(browser.get(ACCOUNT).await.body.contains("sign in again first"));
    assert_eq!(browser.post_form(ACCOUNT, &form).await.status, StatusCode::FORBIDDEN, "a session that was left open");
    browser.sign_in(&ada).await;
    assert_eq!(browser.post_form(ACCOUNT, &form).await.status, StatusCode::SEE_OTHER);
    assert!(signs_in(&world, "ada@example.org", NEW).await);
    assert_eq!(world.browser().sign_in(&ada).await.status, StatusCode::OK, "the key works as before");
    let again = browser.post_form(ACCOUNT, &[("password", "other password"), ("again", "other password")]).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "from now on the one that is set is asked for");
}

#[tokio::test]
async fn anonymous_visitors_are_sent_to_sign_in() {
    let world = World::with_orgs().await;
    let browser = world.browser();
    assert_eq!(leads(&browser.get(ACCOUNT).await), "/login");
    let form = [("current", PASSWORD), ("password", NEW), ("again", NEW)];
    assert_eq!(leads(&browser.post_form(ACCOUNT, &form).await), "/login");
}

#[tokio::test]
async fn another_site_can_neither_send_links_nor_set_passwords_nor_sign_in_its_visitor() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let token = mailed_token(&world, "ada@example.org").await;
    let rows = world.rows().await;
    let reset = query(&[("token", &token), ("password", NEW), ("again", NEW)]);
    for (path, form) in
        [(FORGOT, query(&[("email", "ada@example.org")])), (RESET, reset), ("/invitation", query(&[("token", "x")]))]
    {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site");
        let answer = world.send(request.body(form.into()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (403, ""), "{path}");
    }
    assert_eq!(world.rows().await, rows);
}
