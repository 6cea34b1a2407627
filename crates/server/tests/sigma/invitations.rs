//! Invitations, as the person sees them who was invited.

use http::StatusCode;
use serde_json::json;
use sigma_core::actor::Actor;
use sigma_core::email::Email;
use sigma_core::ids::{MembershipId, RoleId, UserId};
use sigma_store::email::EmailProof;
use sigma_store::invitation::{self, Invite};
use sigma_store::org::api_key::MadeKeys;
use sigma_store::org::membership;
use sigma_store::user;

use crate::support::{APP, Answer, Browser, Key, PASSWORD, TestOrg, World};

const NEW: &str = "a wholly new password";

/// Invites; the path and the secret of the link.
pub async fn invite(world: &World, team: &TestOrg<'_>, mail: &str, role: &RoleId) -> String {
    let email = Email::parse(mail).unwrap();
    let folded = email.folded().to_owned();
    let own = world.sigma.store.read(move |tx| sigma_store::email::find_spelling(tx, &folded)).await.unwrap();
    let wanted = Invite {
        org_id: team.org.clone(),
        actor: Actor::Operator,
        name: "As Invited".to_owned(),
        id: MembershipId::random(&*world.sigma.rng),
        role_id: role.clone(),
        app_id: None,
        counted_as: mail.to_lowercase(),
        mail: world.sigma.composer().invitation(email.address(), "Acme", Some("Grace"), None).unwrap(),
        mailed_to: own.unwrap_or_else(|| email.address().to_owned()),
        email,
    };
    world.sigma.store.decide(move |tx| invitation::invite(tx, &wanted)).await.unwrap();
    world.tick();
    let link = world.mail().await.link.unwrap();
    assert!(link.starts_with("/invitation?token="), "{link}");
    link
}

fn token(link: &str) -> &str {
    link.split_once('=').unwrap().1
}

async fn join(browser: &Browser<'_>, link: &str, name: &str, password: &str) -> Answer {
    let form = [("token", token(link)), ("name", name), ("password", password), ("again", password)];
    browser.post_form("/invitation", &form).await
}

async fn agree(browser: &Browser<'_>, link: &str) -> Answer {
    browser.post_form("/invitation", &[("token", token(link))]).await
}

async fn state(world: &World, team: &TestOrg<'_>, mail: &'static str) -> Option<&'static str> {
    let org = team.org.clone();
    let found = world.sigma.store.read(move |tx| membership::find_by_email(tx, &org, mail)).await.unwrap();
    found.map(|member| member.state.as_str())
}

#[tokio::test]
async fn a_new_person_chooses_name_and_password_and_is_in() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let link = invite(&world, &acme, "bob@example.org", &acme.member).await;
    assert_eq!(state(&world, &acme, "bob@example.org").await, Some("invited"));
    let rows = world.rows().await;
    let browser = world.browser();
    let page = browser.get(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    for words in ["Acme", "bob@example.org", "value=\"As Invited\"", "name=\"password\""] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert_eq!(world.rows().await, rows, "looking changes nothing");
    for (name, password) in [("Bob", "short"), ("Bob", "password1"), ("", NEW), (&"x".repeat(101), NEW), ("a\0b", NEW)]
    {
        assert_eq!(join(&browser, &link, name, password).await.status, StatusCode::BAD_REQUEST, "{name} {password}");
    }
    let joined = join(&browser, &link, " Bob <b> ", NEW).await;
    assert_eq!((joined.status, joined.location()), (StatusCode::SEE_OTHER, "/workspace"));
    assert_eq!(state(&world, &acme, "bob@example.org").await, Some("active"));
    let session = browser.get("/api/auth/get-session").await.json();
    assert_eq!(
        (session["user"]["name"].as_str(), session["user"]["email"].as_str()),
        (Some("Bob <b>"), Some("bob@example.org"))
    );
    assert_eq!(session["user"]["emailVerified"], true);
    let body = json!({"email": "bob@example.org", "password": NEW});
    let login = world.call(crate::support::As::Nobody, "POST", "/api/v1/auth/login", &body).await;
    assert_eq!(login.status, 200, "{}", login.body);
    assert_eq!(join(&world.browser(), &link, "Eve", "another password").await.status, 404, "the link works once");
    assert_eq!(browser.get(&link).await.status, 404);
}

#[tokio::test]
async fn a_person_with_an_account_agrees_and_keeps_name_and_password() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    world.person("ada@example.org").await;
    let link = invite(&world, &acme, "Ada@example.org", &acme.admin).await;
    assert_eq!(state(&world, &acme, "ada@example.org").await, Some("invited"));
    let refused = world.log_in("ada@example.org", Some(&acme.org)).await;
    assert_eq!(refused.status, 401, "who was invited is not in yet");
    // The link alone is not enough: somebody else may know the password of the account.
    let browser = world.browser();
    assert!(browser.get(&link).await.body.contains("Sign in to it to accept"));
    assert_eq!(agree(&browser, &link).await.status, StatusCode::CONFLICT);
    browser.log_in("ada@example.org", PASSWORD).await;
    let page = browser.get(&link).await;
    assert!(page.body.contains("Accept invitation") && !page.body.contains("name=\"password\""), "{}", page.body);
    // What is sent beside the button counts for nothing.
    let joined = join(&browser, &link, "Renamed", "another password").await;
    assert_eq!(
        (joined.status, joined.header("set-cookie")),
        (StatusCode::SEE_OTHER, ""),
        "a link alone signs nobody in"
    );
    assert_eq!(state(&world, &acme, "ada@example.org").await, Some("active"));
    let login = world.log_in("ada@example.org", Some(&acme.org)).await;
    assert_eq!((login.status.as_u16(), login.json()["user"]["name"].as_str()), (200, Some("ada")));
    assert_eq!(agree(&browser, &link).await.status, 404);
}

#[tokio::test]
async fn whoever_accepts_an_invitation_to_an_app_is_led_to_where_its_sign_in_begins() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (_, token) = acme.add("ada@example.org", &acme.admin).await;
    let body = json!({"email": "bob@example.org", "name": "Bob", "roleId": acme.member.as_str(), "appId": APP});
    let invite = async || world.call(crate::support::As::Token(&token), "POST", "/api/v1/users", &body).await;
    assert_eq!(invite().await.status, 404, "it is another org's");
    let org = acme.org.clone();
    let begins = |app: &mut sigma_core::app::App| {
        app.org_id = org.clone();
        app.metadata.initiate_login_uri = Some("https://app.example.org/login?from=sigma".to_owned());
    };
    world.change_app(APP, begins).await;
    let name = world.app(APP).await.name;
    let invited = invite().await;
    assert_eq!(invited.status, 201, "{}", invited.body);
    let mail = world.mail().await;
    assert!(mail.text.contains(&format!("you are led to {name}")), "{}", mail.text);
    let (browser, link) = (world.browser(), mail.link.unwrap());
    assert!(browser.get(&link).await.body.contains(&format!("Then you are led to {name}")));
    let joined = join(&browser, &link, "Bob", NEW).await;
    assert_eq!(joined.location(), "https://app.example.org/login?from=sigma&iss=https%3A%2F%2Fid.example.org");
    assert_eq!(state(&world, &acme, "bob@example.org").await, Some("active"));
}

#[tokio::test]
async fn an_account_accepts_by_its_own_session() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let (holder, browser) = (Key::named("holder"), world.browser());
    browser.sign_up(&holder).await;
    let user = browser.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    world.db_set_email(&UserId::from_text(user), "ada@example.org", EmailProof::Unverified).await;
    let link = invite(&world, &acme, "ada@example.org", &acme.member).await;
    let stranger = world.browser();
    assert!(stranger.get(&link).await.body.contains("Sign in to it to accept"));
    let refused = join(&stranger, &link, "Eve", NEW).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(!stranger.cookies().contains("session_token"), "{}", stranger.cookies());
    let other = world.browser();
    other.sign_up(&Key::named("other")).await;
    assert_eq!(agree(&other, &link).await.status, StatusCode::CONFLICT);
    assert_eq!(state(&world, &acme, "ada@example.org").await, Some("invited"));
    assert!(browser.get(&link).await.body.contains("Accept invitation"));
    assert_eq!(agree(&browser, &link).await.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&world, &acme, "ada@example.org").await, Some("active"));
}

/// The address that the page of an invitation leads to for sign-in.
fn sign_in_of(page: &Answer) -> String {
    let link = page.body.split("href=\"/login?").nth(1).unwrap_or_else(|| panic!("no way to sign in: {}", page.body));
    format!("/login?{}", link.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test]
async fn an_invitation_survives_signing_in_and_switching_accounts() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    world.person("bob@example.org").await;
    let (ada, key) = (world.browser(), Key::named("ada"));
    ada.sign_up(&key).await;
    let ada = ada.get("/api/auth/get-session").await.json()["user"]["id"].as_str().unwrap().to_owned();
    let ada = UserId::from_text(ada);
    let link = invite(&world, &acme, "ada@example.org", &acme.member).await;
    // Nobody has shown to read the mail of that address.
    world.db_set_email(&ada, "ada@example.org", EmailProof::Unverified).await;

    let browser = world.browser();
    let sign_in = sign_in_of(&browser.get(&link).await);
    let page = browser.get(&sign_in).await;
    assert!(page.body.contains("Sign in to accept the invitation"), "{}", page.body);
    assert!(!sign_in.contains(token(&link)), "the secret of the link is sealed");
    let form = sign_in.replace("/login?", "/login/password?");
    let credentials = |mail| [("email", mail), ("password", PASSWORD)];
    let answer = browser.post_form(&form, &credentials("bob@example.org")).await;
    assert_eq!(answer.location(), link);
    // It is not Bob's: the page says so, and leads to a sign-in that does not go on with Bob's session.
    let again = browser.get(&link).await;
    assert!(again.body.contains("You are signed in as"), "{}", again.body);
    let switch = sign_in_of(&again);
    assert_eq!(browser.get(&switch).await.status, StatusCode::OK);
    assert_eq!(browser.sign_in(&key).await.status, 200);
    assert_eq!(browser.get(&switch.replace("&switch=1", "")).await.location(), link);
    assert!(browser.get(&link).await.body.contains("Accept invitation"));
    assert_eq!(agree(&browser, &link).await.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&world, &acme, "ada@example.org").await, Some("active"));
    // The sealed link is nothing to another browser.
    assert_eq!(world.browser().get(&sign_in).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_invitation_ends_when_it_expires_is_resent_or_cancelled() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let first = invite(&world, &acme, "bob@example.org", &acme.member).await;
    let find = |mail: &'static str| {
        let org = acme.org.clone();
        world.sigma.store.read(move |tx| membership::find_by_email(tx, &org, mail))
    };
    let bob = find("bob@example.org").await.unwrap().unwrap().user_id;
    let (org, user, mail) = (
        acme.org.clone(),
        bob.clone(),
        world.sigma.composer().invitation("bob@example.org", "Acme", None, None).unwrap(),
    );
    let again =
        move |tx: &mut dyn sigma_store::Tx| invitation::send_again(tx, &org, &Actor::Operator, &user, "bob", &mail);
    world.sigma.store.decide(again).await.unwrap();
    let second = world.mail().await.link.unwrap();
    assert_eq!(world.browser().get(&first).await.status, 404, "sent again");
    assert_eq!(world.browser().get(&second).await.status, 200);
    world.advance(7 * 86_400 - 1);
    assert_eq!(world.browser().get(&second).await.status, 200, "a week, but for a second");
    world.advance(1);
    assert_eq!(world.browser().get(&second).await.status, 404, "a week");
    assert_eq!(join(&world.browser(), &second, "Bob", NEW).await.status, 404);
}

#[tokio::test]
async fn a_cancelled_invitation_creates_no_account() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let link = invite(&world, &acme, "bob@example.org", &acme.member).await;
    let org = acme.org.clone();
    let bob = world.sigma.store.read(move |tx| membership::find_by_email(tx, &org, "bob@example.org")).await;
    let (org, bob, now) = (acme.org.clone(), bob.unwrap().unwrap().user_id, world.now());
    let take_back = move |tx: &mut dyn sigma_store::Tx| {
        membership::remove(tx, &org, &Actor::Operator, &bob, MadeKeys::Deactivate, now)
    };
    world.sigma.store.decide(take_back).await.unwrap();
    assert_eq!(join(&world.browser(), &link, "Bob", NEW).await.status, 404);
    let gone = world.sigma.store.read(|tx| user::find_by_email(tx, "bob@example.org")).await.unwrap();
    assert_eq!(gone, None);
    assert_eq!(world.browser().get(&link).await.status, 404);
}

#[tokio::test]
async fn invitations_end_with_their_workspace_or_account() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    let removed = invite(&world, &acme, "bob@example.org", &acme.member).await;
    acme.remove().await;
    assert_eq!(join(&world.browser(), &removed, "Bob", NEW).await.status, 404);
    let ada = world.person("ada@example.org").await;
    let off = invite(&world, &zeta, "ada@example.org", &zeta.member).await;
    let now = world.now();
    world.sigma.store.write(move |tx| user::set_disabled(tx, &ada, true, now)).await.unwrap();
    assert_eq!(agree(&world.browser(), &off).await.status, 404);
}

#[tokio::test]
async fn a_person_invited_twice_sets_a_password_once_and_agrees_the_second_time() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    let first = invite(&world, &acme, "bob@example.org", &acme.member).await;
    let second = invite(&world, &zeta, "bob@example.org", &zeta.member).await;
    let browser = world.browser();
    assert_eq!(join(&browser, &first, "Bob", NEW).await.status, 303);
    assert!(browser.get(&second).await.body.contains("Accept invitation"));
    assert_eq!(join(&browser, &second, "Robert", "another password").await.status, 303);
    assert_eq!(state(&world, &zeta, "bob@example.org").await, Some("active"));
    let answer = world.browser().log_in("bob@example.org", NEW).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "the second link changed no password");
}

#[tokio::test]
async fn who_sets_a_password_by_a_link_can_still_accept_and_a_reset_voids_invitations_of_who_could_sign_in() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    world.person("ada@example.org").await;
    // An account that nobody can sign in to yet, as the operator makes them.
    let (id, now) = (UserId::new(world.now(), &*world.sigma.rng), world.now());
    let add = move |tx: &mut dyn sigma_store::Tx| {
        let email = Email::parse("bob@example.org").unwrap();
        user::add_with_email(tx, &id, &email, EmailProof::Verified, "bob", now)
    };
    world.sigma.store.write(add).await.unwrap().unwrap();
    for (mail, works) in [("bob@example.org", true), ("ada@example.org", false)] {
        let invited = invite(&world, &acme, mail, &acme.member).await;
        world.browser().post_form("/password/forgot", &[("email", mail)]).await;
        let reset = world.mail().await.link.unwrap();
        let form = [("token", token(&reset)), ("password", NEW), ("again", NEW)];
        assert_eq!(world.browser().post_form("/password/reset", &form).await.status, 303);
        world.mails().await;
        let browser = world.browser();
        browser.log_in(mail, NEW).await;
        assert_eq!(agree(&browser, &invited).await.status == 303, works, "{mail}");
    }
}

#[tokio::test]
async fn names_on_the_page_are_text() {
    let world = World::with_orgs().await;
    let acme = world.org("<script>alert(1)</script>").await;
    let link = invite(&world, &acme, "bob@example.org", &acme.member).await;
    let page = world.browser().get(&link).await;
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let refused = join(&world.browser(), &link, "\"><script>alert(2)</script>", "short").await;
    assert!(!refused.body.contains("<script>alert"), "{}", refused.body);
}

#[tokio::test]
async fn the_account_is_made_when_the_invitation_is_accepted_and_two_links_make_one() {
    let world = World::with_orgs().await;
    let (acme, zeta) = (world.org("Acme").await, world.org("Zeta").await);
    let first = invite(&world, &acme, "Bob@example.org", &acme.member).await;
    let second = invite(&world, &zeta, "bob@EXAMPLE.org", &zeta.member).await;
    let find = || world.sigma.store.read(|tx| user::find_by_email(tx, "bob@example.org"));
    assert_eq!(find().await.unwrap(), None);
    assert_eq!(join(&world.browser(), &first, "Bob", "short").await.status, 400);
    assert_eq!(find().await.unwrap(), None, "what was not accepted makes none");
    world.advance(1_000);
    let browser = world.browser();
    assert_eq!(join(&browser, &first, "Bob", NEW).await.status, 303);
    let bob = find().await.unwrap().unwrap();
    assert_eq!((bob.name.as_str(), bob.email.as_deref()), ("Bob", Some("Bob@example.org")));
    assert_eq!((bob.email_verified, bob.created_at), (true, world.now()));
    assert_eq!(agree(&browser, &second).await.status, 303);
    for team in [&acme, &zeta] {
        let (org, id) = (team.org.clone(), bob.id.clone());
        let member = world.sigma.store.read(move |tx| membership::find(tx, &org, &id)).await.unwrap().unwrap();
        assert_eq!((member.state.as_str(), member.name.as_str()), ("active", "Bob"));
    }
}

#[tokio::test]
async fn nobody_becomes_a_member_twice() {
    let world = World::with_orgs().await;
    let acme = world.org("Acme").await;
    let link = invite(&world, &acme, "ada@example.org", &acme.admin).await;
    // Their account takes the address after they were put into the workspace under another.
    let ada = world.person("other@example.org").await;
    acme.join(&ada, &acme.member).await;
    world.db_set_email(&ada, "ada@example.org", EmailProof::Verified).await;
    assert_eq!(world.browser().get(&link).await.status, 404);
    assert_eq!(agree(&world.browser(), &link).await.status, 404);
}
