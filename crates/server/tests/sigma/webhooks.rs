//! Webhooks (`docs/guides/webhooks.md`): what is delivered, signed with what, to whom, and what becomes of what fails.

use serde_json::{Value, json};
use sigma_core::event::Action;
use sigma_core::ids::OrgId;
use sigma_core::operator::OperatorRole;
use sigma_core::time::Timestamp;
use sigma_core::webhook::SigningSecret;
use sigma_server::webhooks;
use sigma_store::email::EmailProof;
use sigma_store::event::Trail;
use sigma_store::job_queue;
use sigma_store::webhook::delivery;

use crate::admin_api::{add_app, own_token};
use crate::console::person;
use crate::merits_org_pages::{at, bakery};
use crate::support::client_host::{ClientHost, HOST, SLOW};
use crate::support::receiver::{Received, Receiver};
use crate::support::{As, World, text};

const WEBHOOKS: &str = "/api/admin/v1/webhooks";
const DAY: u64 = 86_400;
const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

/// The operator of a world that may call this machine.
struct Operator {
    world: World,
    token: String,
}

/// A webhook as the API created it.
struct Hook {
    id: String,
    secret: String,
}

impl Operator {
    async fn new() -> Self {
        let world = World::with(|settings| {
            settings.outbound.allow = vec!["127.0.0.0/8".parse().unwrap()];
            settings.passwords.memory_kib = 64;
        })
        .await;
        add_app(&world).await;
        let token = text(&own_token(&world, "sigma:admin:write").await, "access_token").to_owned();
        Self { world, token }
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> crate::support::Answer {
        self.world.call(As::Token(&self.token), method, &format!("{WEBHOOKS}{path}"), body).await
    }

    /// A webhook of the operator at `receiver`.
    async fn hook(&self, receiver: &Receiver, events: &[&str]) -> Hook {
        let body = json!({"url": format!("{}/hook?tenant=1", receiver.origin), "events": events});
        let created = self.call("POST", "", &body).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let created = created.json();
        Hook { id: text(&created, "id").to_owned(), secret: text(&created, "secret").to_owned() }
    }

    async fn log(&self, hook: &Hook) -> Vec<Value> {
        let log = self.call("GET", &format!("/{}/deliveries", hook.id), &Value::Null).await;
        assert_eq!(log.status, 200, "{}", log.body);
        log.json()["items"].as_array().unwrap().clone()
    }
}

impl World {
    /// Reads the trail and delivers what is due until nothing is.
    async fn notify(&self) {
        self.tick();
        webhooks::follow_due(&self.sigma).await.unwrap();
        while webhooks::deliver_due(&self.sigma).await.unwrap() > 0 {}
    }
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The signature that a secret of ours makes of it.
    fn signature_by(&self, secret: &str) -> String {
        let at = Timestamp::from_seconds(self.header("webhook-timestamp").parse().unwrap());
        SigningSecret::parse(secret).unwrap().sign(self.header("webhook-id"), at, &self.body)
    }
}

#[tokio::test]
async fn an_event_is_posted_signed_to_the_webhook_whose_filter_takes_it() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let hook = operator.hook(&receiver, &["user.sign_up"]).await;
    assert!(hook.secret.starts_with("whsec_"));
    world.notify().await;
    assert!(receiver.received().is_empty(), "the filter takes neither the app nor the webhook");
    receiver.say("thank you");
    let (_, ada) = person(world, "ada").await;
    world.notify().await;
    let posts = receiver.received();
    let [one] = posts.as_slice() else { panic!("{}", posts.len()) };
    assert_eq!((one.uri.path(), one.uri.query()), ("/hook", Some("tenant=1")));
    assert_eq!(one.header("content-type"), "application/json");
    assert_eq!(one.header("webhook-signature"), one.signature_by(&hook.secret));
    let body = one.json();
    assert_eq!(body["type"], "user.sign_up");
    assert!(text(&body, "timestamp").ends_with('Z'));
    assert_eq!(body["data"]["user_id"], json!(ada.as_str()));
    assert_eq!(body["data"]["id"], json!(one.header("webhook-id")));
    // It is delivered once, however often the trail is read.
    world.advance(60);
    world.notify().await;
    assert!(receiver.received().is_empty());
    let log = operator.log(&hook).await;
    assert_eq!(log.len(), 1);
    assert_eq!(
        (&log[0]["state"], &log[0]["attempts"], &log[0]["status"], &log[0]["response"]),
        (&json!("delivered"), &json!(1), &json!(200), &json!("thank you"))
    );
    assert_eq!((&log[0]["event_id"], &log[0]["error"]), (&body["data"]["id"], &Value::Null));
}

#[tokio::test]
async fn a_webhook_that_is_switched_off_or_removed_is_told_nothing() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let hook = operator.hook(&receiver, &["user.sign_up"]).await;
    let path = format!("/{}", hook.id);
    let off = operator.call("PATCH", &path, &json!({"enabled": false})).await.json();
    assert_eq!((&off["enabled"], &off["disabled_reason"]), (&json!(false), &json!("choice")));
    person(world, "ada").await;
    world.notify().await;
    world.tick();
    assert_eq!(operator.call("PATCH", &path, &json!({"enabled": true})).await.json()["enabled"], true);
    person(world, "bob").await;
    world.notify().await;
    assert_eq!(receiver.received().len(), 1, "what happened meanwhile is not delivered");
    assert_eq!(operator.call("DELETE", &path, &Value::Null).await.status, 204);
    person(world, "cleo").await;
    world.notify().await;
    assert!(receiver.received().is_empty());
    for (method, path) in [("GET", path.clone()), ("DELETE", path.clone()), ("GET", format!("{path}/deliveries"))] {
        assert_eq!(operator.call(method, &path, &Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn a_replaced_secret_signs_beside_the_new_one_for_a_while() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let body = json!({"url": format!("{}/hook", receiver.origin), "events": ["webhook.test"], "signature": "ed25519"});
    let created = operator.call("POST", "", &body).await.json();
    let id = text(&created, "id").to_owned();
    let mut keys = vec![text(&created, "secret").to_owned()];
    assert!(keys[0].starts_with("whpk_"));
    let signatures = async || {
        assert_eq!(operator.call("POST", &format!("/{id}/test"), &Value::Null).await.status, 202);
        world.notify().await;
        let posts = receiver.received();
        assert_eq!((posts.len(), &posts[0].json()["type"]), (1, &json!("webhook.test")));
        posts[0].header("webhook-signature").split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(signatures().await.len(), 1);
    let rotated = operator.call("POST", &format!("/{id}/rotate-secret"), &Value::Null).await.json();
    keys.insert(0, text(&rotated, "secret").to_owned());
    let shown = operator.call("GET", &format!("/{id}"), &Value::Null).await.json();
    let public: Vec<_> = shown["secrets"].as_array().unwrap().iter().map(|one| text(one, "public_key")).collect();
    assert_eq!(public, keys);
    assert_eq!(shown["secrets"][1]["expires_at"], rotated["previous_expires_at"]);
    let both = signatures().await;
    assert!(both.len() == 2 && both.iter().all(|one| one.starts_with("v1a,")), "{both:?}");
    world.advance(24 * 3_600);
    assert_eq!(signatures().await.len(), 1);
    // However often it is replaced, the header stays short.
    for _ in 0..9 {
        operator.call("POST", &format!("/{id}/rotate-secret"), &Value::Null).await;
        world.tick();
    }
    assert_eq!(signatures().await.len(), 5);
}

#[tokio::test]
async fn what_fails_is_tried_for_a_day_then_can_be_repeated() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let hook = operator.hook(&receiver, &["user.sign_up"]).await;
    receiver.answer(Some(503));
    person(world, "ada").await;
    world.notify().await;
    person(world, "bob").await;
    world.notify().await;
    let first = receiver.received();
    assert_eq!(first.len(), 1, "the other waits with it");
    let log = operator.log(&hook).await;
    assert_eq!((&log[1]["state"], &log[1]["status"], &log[1]["attempts"]), (&json!("waiting"), &json!(503), &json!(1)));
    assert_eq!((&log[0]["state"], &log[0]["attempts"]), (&json!("waiting"), &json!(0)));
    world.advance(15);
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
    for _ in 0..26 {
        world.advance(3_600 + 900);
        world.notify().await;
    }
    assert!(receiver.received().len() < 30);
    let failed = operator.call("GET", &format!("/{}/deliveries?state=failed", hook.id), &Value::Null).await.json();
    assert_eq!(failed["items"].as_array().unwrap().len(), 2);
    world.advance(3_600);
    world.notify().await;
    assert!(receiver.received().is_empty(), "a day is over");
    receiver.answer(Some(204));
    let since = world.now().minus(std::time::Duration::from_hours(72)).iso8601();
    let repeat =
        async |since: &str| operator.call("POST", &format!("/{}/replay", hook.id), &json!({"since": since})).await;
    assert_eq!(repeat("yesterday").await.status, 400);
    assert_eq!(repeat(&world.now().iso8601()).await.json(), json!({"repeated": 0}));
    assert_eq!(repeat(&since).await.json(), json!({"repeated": 2}));
    world.notify().await;
    let mut posts = receiver.received();
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().any(|one| one.header("webhook-id") == first[0].header("webhook-id")));
    let id = posts.remove(0).header("webhook-id").to_owned();
    let path = format!("/{}/deliveries/{id}/replay", hook.id);
    assert_eq!(operator.call("POST", &path, &Value::Null).await.status, 202);
    world.notify().await;
    let again = receiver.received();
    assert_eq!((again.len(), again[0].header("webhook-id")), (1, id.as_str()));
    let unknown = format!("/{}/deliveries/evt_ffffffffffffffffffffffff/replay", hook.id);
    assert_eq!(operator.call("POST", &unknown, &Value::Null).await.status, 404);
}

#[tokio::test]
async fn an_event_that_is_refused_stands_in_nobodys_way() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let hook = operator.hook(&receiver, &["user.sign_up"]).await;
    receiver.answer(Some(422));
    person(world, "ada").await;
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
    // Refused again, it is tried later than what came meanwhile.
    world.advance(15);
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
    receiver.answer(Some(200));
    person(world, "bob").await;
    world.advance(10);
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
    world.advance(60);
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
    let log = operator.log(&hook).await;
    assert!(log.iter().all(|line| line["state"] == "delivered"), "{log:?}");
    assert_eq!((&log[0]["attempts"], &log[1]["attempts"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn a_receiver_that_fails_for_too_long_is_switched_off_and_the_owners_are_mailed() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let (owner, owner_id) = crate::console::operator(world, "owner", OperatorRole::Owner).await;
    crate::console::operator(world, "support", OperatorRole::Support).await;
    world.db_set_email(&owner_id, "owner@example.org", EmailProof::Verified).await;
    let hook = operator.hook(&receiver, &["user.sign_up"]).await;
    receiver.answer(Some(500));
    for day in 0..5 {
        person(world, &format!("person {day}")).await;
        for _ in 0..20 {
            world.notify().await;
            world.advance(DAY / 20);
        }
    }
    let shown = operator.call("GET", &format!("/{}", hook.id), &Value::Null).await.json();
    assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("failures")));
    receiver.received();
    person(world, "late").await;
    world.notify().await;
    assert!(receiver.received().is_empty());
    let mails = mails_of_disabled(world).await;
    let [(to, words)] = mails.as_slice() else { panic!("{mails:#?}") };
    assert_eq!(to, "owner@example.org");
    assert!(words.contains(&format!("/console/webhooks/{}", hook.id)), "{words}");
    let page = owner.get(&format!("/console/webhooks/{}", hook.id)).await;
    assert!(page.body.contains("Off: the receiver failed"), "{}", page.body);
    let disabled = world.trail(Trail::Of(Action::WebhookDisable)).await;
    assert_eq!((disabled.len(), disabled[0].details.reason.as_deref()), (1, Some("failures")));
}

/// Runs the job that mails that a webhook was switched off.
async fn mails_of_disabled(world: &World) -> Vec<(String, String)> {
    let now = world.sigma.store.database_now();
    let take = move |tx: &mut dyn sigma_store::Tx| {
        job_queue::take(tx, delivery::DISABLED_JOB, "test", now, std::time::Duration::from_mins(1))
    };
    let job = world.sigma.store.write(take).await.unwrap().expect("a job");
    world.mails().await;
    webhooks::mail_disabled(world.sigma.clone(), job).await.unwrap();
    world.mails().await.into_iter().map(|mail| (mail.to, mail.text)).collect()
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_switched_off_at_once() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let hook = operator.hook(&receiver, &["user.sign_up"]).await;
    receiver.answer(Some(410));
    person(world, "ada").await;
    world.notify().await;
    let shown = operator.call("GET", &format!("/{}", hook.id), &Value::Null).await.json();
    assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("gone")));
}

#[tokio::test]
async fn addresses_that_are_not_public_are_refused_when_they_are_entered_and_when_they_are_called() {
    let host = ClientHost::serve().await;
    let operator = Operator::new().await;
    let world = &operator.world;
    for url in ["https://10.0.0.1/hook", "http://hooks.example.org/", "https://ada@hooks.example.org/", "ftp://x", ""] {
        let refused = operator.call("POST", "", &json!({"url": url})).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (400, &json!("invalid_request")), "{url}");
    }
    world.sigma.fetch_by(&host.fetcher());
    host.put("/hook", "ok");
    let body = json!({"url": host.at(HOST, "/hook"), "events": ["webhook.test"]});
    let created = operator.call("POST", "", &body).await.json();
    let hook = Hook { id: text(&created, "id").to_owned(), secret: String::new() };
    let test = async || {
        operator.call("POST", &format!("/{}/test", hook.id), &Value::Null).await;
        world.notify().await;
        operator.log(&hook).await.remove(0)
    };
    assert_eq!(test().await["state"], "delivered");
    // The name leads into our network from now on.
    host.move_to("10.0.0.1");
    let line = test().await;
    assert_eq!((&line["state"], &line["error"]), (&json!("waiting"), &json!("the address is not public")));
    assert_eq!(host.fetches_of("/hook"), 1);
}

#[tokio::test]
async fn a_receiver_that_hangs_hurts_no_other() {
    let host = ClientHost::serve().await;
    let operator = Operator::new().await;
    let world = &operator.world;
    world.sigma.fetch_by(&host.fetcher());
    host.put("/hook", "ok");
    for url in [host.at(&format!("a.{SLOW}"), "/hook"), host.at(HOST, "/hook")] {
        assert_eq!(operator.call("POST", "", &json!({"url": url, "events": ["user.sign_up"]})).await.status, 201);
    }
    for name in ["ada", "bob", "cleo", "dan", "eve"] {
        person(world, name).await;
    }
    world.notify().await;
    // Five and the two that the other waits for.
    assert_eq!(host.fetches_of("/hook"), 7);
    world.notify().await;
    assert_eq!(host.fetches_of("/hook"), 7, "it waits");
}

#[tokio::test]
async fn two_processes_deliver_an_event_once() {
    let operator = Operator::new().await;
    let (one, receiver) = (&operator.world, Receiver::serve().await);
    let other = one.beside().await;
    let hook = operator.hook(&receiver, &["user.sign_up"]).await;
    for number in 0..8 {
        person(one, &format!("person {number}")).await;
    }
    futures_util::future::join(one.notify(), other.notify()).await;
    one.advance(60);
    futures_util::future::join(one.notify(), other.notify()).await;
    assert_eq!(receiver.received().len(), 8);
    assert!(operator.log(&hook).await.iter().all(|line| line["attempts"] == 1 && line["state"] == "delivered"));
}

#[tokio::test]
async fn an_event_whose_transaction_committed_late_is_found() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    operator.hook(&receiver, &["user.sign_up"]).await;
    person(world, "ada").await;
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
    // As if the next event had been written before those that were read.
    let late = world.now();
    person(world, "bob").await;
    let set = move |tx: &mut dyn sigma_store::Tx| {
        tx.execute("UPDATE webhook_cursors SET at = $1 WHERE name = 'end'", sigma_store::params![late.plus(SECOND * 9)])
    };
    world.sigma.store.write(set).await.unwrap();
    world.notify().await;
    assert!(receiver.received().is_empty());
    world.advance(21);
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn an_org_is_told_of_its_own_events_alone() {
    let world = World::with(|settings| {
        settings.outbound.allow_tenants = vec!["127.0.0.0/8".parse().unwrap()];
        settings.passwords.memory_kib = 64;
    })
    .await;
    let receiver = Receiver::serve().await;
    let (bakery, ada) = bakery(&world).await;
    let other = world.verified_org("Other").await;
    other.add("zoe@example.org", &other.admin).await;
    let zoe = world.entered("zoe@example.org").await;
    let url = format!("{}/hook", receiver.origin);
    let created = ada.post_form(&at(&bakery, "webhooks"), &[("url", &url), ("events", "")]).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let secret = created.body.split("whsec_").nth(1).unwrap().split('<').next().unwrap();
    let secret = format!("whsec_{secret}");
    world.notify().await;
    receiver.received();
    other.add("x@example.org", &other.member).await;
    bakery.add("y@example.org", &bakery.member).await;
    world.notify().await;
    let posts = receiver.received();
    assert!(!posts.is_empty());
    for one in &posts {
        let body = one.json();
        assert_eq!(body["data"]["org_id"], json!(bakery.org.as_str()), "{body}");
        assert!(body["data"].get("address").is_none() && body["data"].get("user_agent").is_none());
        assert_eq!(one.header("webhook-signature"), one.signature_by(&secret));
    }
    assert!(posts.iter().any(|one| one.json()["type"] == "member.add"));
    // What is one org's is nothing to another.
    let list = ada.get(&at(&bakery, "webhooks")).await;
    let id = list.body.split("/webhooks/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(ada.get(&at(&bakery, &format!("webhooks/{id}"))).await.status, 200);
    let event = posts[0].header("webhook-id").to_owned();
    for browser in [&zoe, &world.browser()] {
        for org in [&bakery, &other] {
            let path = at(org, &format!("webhooks/{id}"));
            assert_ne!(browser.get(&path).await.status, 200);
            let form = [("do", "replay"), ("event", event.as_str())];
            assert!(!browser.post_form(&path, &form).await.location().contains("done"));
            assert!(!browser.post_form(&path, &[("do", "remove")]).await.location().contains("done"));
        }
    }
    assert!(!zoe.get(&at(&other, "webhooks")).await.body.contains(&id));
    // The owner of it acts on it.
    let path = at(&bakery, &format!("webhooks/{id}"));
    for (what, done) in [("test", "tested"), ("disable", "disabled"), ("enable", "enabled")] {
        let acted = ada.post_form(&path, &[("do", what)]).await;
        assert_eq!(acted.location(), format!("{path}?done={done}"), "{}", acted.body);
        assert_eq!(ada.get(acted.location()).await.status, 200);
    }
    let replayed = ada.post_form(&path, &[("do", "replay"), ("event", &event)]).await;
    assert_eq!(replayed.location(), format!("{path}?done=replayed"));
    let since = [("do", "replay-failed"), ("since", "2020-01-01")];
    assert_eq!(ada.post_form(&path, &since).await.location(), format!("{path}?done=replayed"));
    assert!(ada.post_form(&path, &[("do", "rotate")]).await.body.contains("whsec_"));
    let saved = [("do", "save"), ("url", url.as_str()), ("description", "Ours"), ("events", "member.*\r\nrole.create")];
    assert_eq!(ada.post_form(&path, &saved).await.location(), format!("{path}?done=saved"));
    for (field, value) in [("url", "http://10.0.0.1/"), ("events", "user.dance"), ("description", "a\nb")] {
        let mut form = saved.to_vec();
        form.iter_mut().filter(|(name, _)| *name == field).for_each(|(_, old)| *old = value);
        assert_eq!(ada.post_form(&path, &form).await.status, 400, "{field}");
    }
    let removed = ada.post_form(&path, &[("do", "remove")]).await;
    assert_eq!(removed.location(), format!("{}?done=removed", at(&bakery, "webhooks")));
    assert_eq!(ada.get(&path).await.status, 404);
}

#[tokio::test]
async fn the_pages_of_the_console_create_change_and_repeat() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let (owner, _) = crate::console::operator(world, "owner", OperatorRole::Owner).await;
    let url = format!("{}/hook", receiver.origin);
    let form = [("url", url.as_str()), ("events", "user.sign_up"), ("signature", "ed25519")];
    let created = owner.post_form("/console/webhooks", &form).await;
    assert!(created.status == 201 && created.body.contains("whpk_"), "{}", created.body);
    person(world, "ada").await;
    receiver.say("<script>alert(1)</script>");
    world.notify().await;
    let posts = receiver.received();
    let list = owner.get("/console/webhooks").await;
    let id = list.body.split("/console/webhooks/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/console/webhooks/{id}");
    let page = owner.get(&path).await;
    assert!(page.body.contains("Delivered") && page.body.contains(posts[0].header("webhook-id")));
    assert!(page.body.contains("&#60;script&#62;") && !page.body.contains("<script>alert"), "{}", page.body);
    let replayed = owner.post_form(&path, &[("do", "replay"), ("event", posts[0].header("webhook-id"))]).await;
    assert_eq!(replayed.location(), format!("{path}?done=replayed"));
    world.notify().await;
    assert_eq!(receiver.received().len(), 1);
    assert_eq!(owner.post_form(&path, &[("do", "nothing")]).await.status, 400);
    // A change needs a recent authentication.
    world.advance(16 * 60);
    assert!(owner.get(&path).await.body.contains("sign in once more"));
    let asked = owner.post_form(&path, &[("do", "remove")]).await;
    assert!(asked.location().starts_with("/login?"), "{}", asked.location());
    assert_eq!(owner.get(&path).await.status, 200);
}

#[tokio::test]
async fn what_is_done_with_a_webhook_is_recorded() {
    let operator = Operator::new().await;
    let (world, receiver) = (&operator.world, Receiver::serve().await);
    let hook = operator.hook(&receiver, &["webhook.test"]).await;
    let path = format!("/{}", hook.id);
    let tested = operator.call("POST", &format!("{path}/test"), &Value::Null).await.json();
    world.notify().await;
    let replay = format!("{path}/deliveries/{}/replay", text(&tested, "event_id"));
    operator.call("POST", &replay, &Value::Null).await;
    operator.call("POST", &format!("{path}/rotate-secret"), &Value::Null).await;
    for _ in 0..2 {
        operator.call("PATCH", &path, &json!({"description": "Ours"})).await;
    }
    receiver.answer(Some(410));
    world.notify().await;
    operator.call("DELETE", &path, &Value::Null).await;
    let app = world.app("service").await.id;
    let mut left = Vec::new();
    for event in world.trail(Trail::Org(OrgId::operator())).await.into_iter().rev() {
        if event.target != Some(("webhook".to_owned(), hook.id.clone())) {
            continue;
        }
        let is_system = event.action == "webhook.disable";
        assert_eq!(event.actor.id(), (!is_system).then_some(app.as_str()), "{}", event.action);
        left.push(event.action);
    }
    // Those of one moment have no order.
    left.sort_unstable();
    assert_eq!(
        left,
        [
            "webhook.change",
            "webhook.create",
            "webhook.disable",
            "webhook.remove",
            "webhook.replay",
            "webhook.rotate_secret",
            "webhook.test"
        ]
    );
}

#[tokio::test]
async fn webhooks_are_limited_and_bodies_checked() {
    let operator = Operator::new().await;
    let body = json!({"url": "https://hooks.example.org/"});
    for wrong in [
        json!({"url": "https://hooks.example.org/", "event": ["user.*"]}),
        json!({"url": "https://hooks.example.org/", "events": ["user.dance"]}),
        json!({"url": "https://hooks.example.org/", "signature": "rsa"}),
        json!({"url": "https://hooks.example.org/", "description": "x".repeat(201)}),
        json!({}),
    ] {
        assert_eq!(operator.call("POST", "", &wrong).await.status, 400, "{wrong}");
    }
    for _ in 0..10 {
        assert_eq!(operator.call("POST", "", &body).await.status, 201);
        operator.world.tick();
    }
    let more = operator.call("POST", "", &body).await;
    assert_eq!((more.status.as_u16(), &more.json()["code"]), (409, &json!("too_many")));
    let first = operator.call("GET", "?limit=7", &Value::Null).await.json();
    let rest = operator.call("GET", &format!("?limit=7&after={}", text(&first, "next")), &Value::Null).await.json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (3, &Value::Null));
}
