//! An address that passes from one account to another: whoever holds its merits is asked, and nothing moves before they answer.

use serde_json::{Value, json};
use sigma_store::event::Trail;

use crate::support::merits::Issuer;
use crate::support::{Browser, World, text};

const WORK: &str = "work@example.org";
const PAGE: &str = "/account/merits";

/// Adds an address with the code that was mailed to it.
async fn prove(world: &World, browser: &Browser<'_>, address: &str) {
    assert_eq!(browser.post_form("/account/emails/add", &[("email", address)]).await.location(), "/account");
    let mail = world.mail().await;
    let is_code = |line: &&str| line.len() == 9 && line.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit());
    let code = mail.text.lines().find(is_code).unwrap().to_owned();
    let confirmed = browser.post_form("/account/emails/confirm", &[("code", &code)]).await;
    assert_eq!(confirmed.location(), "/account?done=added");
    world.mails().await;
    world.tick();
}

async fn give_up(world: &World, browser: &Browser<'_>, address: &str) {
    let removed = browser.post_form("/account/emails/remove", &[("email", address)]).await;
    assert_eq!(removed.location(), "/account?done=removed", "{}", removed.body);
    world.mails().await;
    world.tick();
}

/// The account that a merit belongs to, as its org sees it.
async fn holder(issuer: &Issuer<'_>, merit: &str) -> Value {
    let path = format!("/v2/orgs/{}/merits/{merit}", issuer.org.digits());
    issuer.get(&path).await.json()["recipientMember"]["id"].clone()
}

async fn id(browser: &Browser<'_>) -> Value {
    let session = browser.get("/api/auth/get-session").await.json();
    json!(text(&session["user"], "id").trim_start_matches("user_"))
}

async fn accept_all(world: &World, browser: &Browser<'_>) {
    let page = browser.get(PAGE).await.body;
    let forms = page.split("action=\"/account/merits/accept\">").skip(1);
    for form in forms {
        let key = form.split("name=\"merit\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(
            browser.post_form("/account/merits/accept", &[("merit", key)]).await.location(),
            "/account/merits?done=accepted"
        );
        world.tick();
    }
}

async fn answer(world: &World, browser: &Browser<'_>, hand_over: &str) -> String {
    world.tick();
    let form = [("email", WORK), ("hand_over", hand_over)];
    browser.post_form("/account/merits/claim", &form).await.location().to_owned()
}

#[tokio::test]
async fn the_holder_of_merits_is_asked_when_another_account_proves_their_address() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    for address in ["ada@example.org", "eve@example.org", "mallory@example.org"] {
        world.person(address).await;
    }
    let (ada, eve) = (world.entered("ada@example.org").await, world.entered("eve@example.org").await);
    let (ada_id, eve_id) = (id(&ada).await, id(&eve).await);
    prove(&world, &ada, WORK).await;
    let template = bakery.template("Baker", false).await;
    let (at_work, own) = (bakery.sent(&template, WORK).await, bakery.sent(&template, "ada@example.org").await);
    accept_all(&world, &ada).await;
    assert_eq!((holder(&bakery, &at_work).await, holder(&bakery, &own).await), (ada_id.clone(), ada_id.clone()));

    // She gives the address up, and Eve proves it: nothing moves, and only the holder is asked.
    give_up(&world, &ada, WORK).await;
    assert!(!ada.get(PAGE).await.body.contains("Another account confirmed"));
    prove(&world, &eve, WORK).await;
    assert_eq!(holder(&bakery, &at_work).await, ada_id, "nothing moved by itself");
    assert!(!eve.get(PAGE).await.body.contains("Baker"));
    assert!(ada.get(PAGE).await.body.contains("Another account confirmed work@example.org"));
    let before = world.trail(Trail::All).await;

    // Neither Eve nor anybody else can answer for her.
    let mallory = world.entered("mallory@example.org").await;
    for other in [&eve, &mallory] {
        assert_eq!(answer(&world, other, "true").await, "/account/merits?done=gone");
    }
    let anonymous = world.browser().post_form("/account/merits/claim", &[("email", WORK), ("hand_over", "true")]).await;
    assert!(anonymous.location().starts_with("/login"), "{}", anonymous.location());
    assert_eq!(holder(&bakery, &at_work).await, ada_id);

    // She keeps them: the question is gone, and the merit is hers.
    assert_eq!(answer(&world, &ada, "").await, "/account/merits?done=kept");
    let page = ada.get(PAGE).await.body;
    assert!(!page.contains("Another account confirmed") && page.contains("Baker"));
    assert_eq!(answer(&world, &ada, "true").await, "/account/merits?done=gone", "the question was answered");
    assert_eq!(holder(&bakery, &at_work).await, ada_id);

    // Proven anew, she is asked again, and hands over: what was sent to that address, and nothing else.
    give_up(&world, &eve, WORK).await;
    prove(&world, &eve, WORK).await;
    assert!(ada.get(PAGE).await.body.contains("Another account confirmed work@example.org"));
    assert_eq!(answer(&world, &ada, "true").await, "/account/merits?done=handed-over");
    assert_eq!((holder(&bakery, &at_work).await, holder(&bakery, &own).await), (eve_id.clone(), ada_id));
    assert!(eve.get(PAGE).await.body.contains("Baker"));
    let mut events = world.trail(Trail::All).await;
    events.retain(|event| !before.contains(event) && event.action == "merit.answer");
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.details.reason.as_deref(), Some("HandedOver"));
    assert!(!format!("{event:?}").contains(WORK));

    // What is sent to it from now on is Eve's, at once.
    let next = bakery.sent(&template, WORK).await;
    accept_all(&world, &eve).await;
    assert_eq!(holder(&bakery, &next).await, eve_id);
}

#[tokio::test]
async fn a_question_about_an_address_ends_when_the_claimant_gives_it_up() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    for address in ["ada@example.org", "eve@example.org"] {
        world.person(address).await;
    }
    let (ada, eve) = (world.entered("ada@example.org").await, world.entered("eve@example.org").await);
    prove(&world, &ada, WORK).await;
    let merit = bakery.sent(&bakery.template("Baker", false).await, WORK).await;
    accept_all(&world, &ada).await;
    let held_by = holder(&bakery, &merit).await;
    give_up(&world, &ada, WORK).await;
    prove(&world, &eve, WORK).await;
    give_up(&world, &eve, WORK).await;
    assert_eq!(answer(&world, &ada, "true").await, "/account/merits?done=gone");
    assert_eq!(holder(&bakery, &merit).await, held_by, "nobody has proven the address");
}

#[tokio::test]
async fn a_look_at_ones_merits_writes_only_when_something_waits() {
    let world = World::with_orgs().await;
    let bakery = world.issuer("bakery").await;
    world.person("ada@example.org").await;
    let ada = world.entered("ada@example.org").await;
    let template = bakery.template("Baker", false).await;
    bakery.sent(&template, "ada@example.org").await;
    let forget = "UPDATE merits SET user_id = NULL";
    world.sigma.store.write(move |tx| tx.execute(forget, &[])).await.unwrap();
    assert!(ada.get(PAGE).await.body.contains("Baker"), "what waits is attached");
    let stamps = || {
        world.sigma.store.read(|tx| {
            let rows = tx.query_all("SELECT updated_at FROM merits", &[])?;
            rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()
        })
    };
    let before = stamps().await.unwrap();
    world.tick();
    assert!(ada.get(PAGE).await.body.contains("Baker"));
    assert_eq!(stamps().await.unwrap(), before);
}
