//! Signing in by e-mail address and password: one answer for whatever is wrong, delays for who guesses, and a bounded pool
//! that hashes.

use futures_util::future::join_all;
use http::{Request, StatusCode};
use secrecy::SecretString;
use sigma_core::email;
use sigma_server::hashing::Lane;
use sigma_store::password;
use sigma_store::user;

use crate::support::{Answer, PASSWORD, World, query};

const LOG_IN: &str = "/login/password";

/// A sign-in on the page, from `address`.
async fn sign_in(world: &World, address: &str, mail: &str, password: &str) -> Answer {
    let request = Request::post(LOG_IN)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", world.sigma.issuer());
    let body = query(&[("email", mail), ("password", password)]);
    world.send_from(address.parse().unwrap(), request.body(body.into()).unwrap()).await
}

/// Wrong passwords for `mail`, one after another; their statuses.
async fn guess(world: &World, address: &str, mail: &str, times: u32) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 0..times {
        statuses.push(sign_in(world, address, mail, &format!("wrong {number}")).await.status.as_u16());
    }
    statuses
}

async fn failures(world: &World) -> i64 {
    let count = |tx: &mut dyn sigma_store::Tx| tx.query_opt("SELECT COUNT(*) FROM password_throttle", &[]);
    world.sigma.store.read(count).await.unwrap().unwrap().int(0).unwrap()
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_get_one_answer_and_leave_as_many_rows() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let mut reported = Vec::new();
    for mail in ["ada@example.org", "eve@example.org", "no address at all", ""] {
        let before = failures(&world).await;
        let answer = sign_in(&world, "192.0.2.1", mail, "wrong password").await;
        let headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        reported.push((answer.status, answer.body.replace(mail, "…"), headers, failures(&world).await - before));
    }
    assert_eq!(reported[0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(reported[0], reported[1]);
    assert_eq!(reported[2].0, reported[3].0);
    assert_eq!(reported[2].3, reported[0].3);
}

#[tokio::test]
async fn an_address_is_found_however_it_is_written() {
    let world = World::with_orgs().await;
    world.person("Ada@Example.org").await;
    for mail in ["ada@example.org", " ADA@EXAMPLE.ORG ", "Ada@Example.org"] {
        assert_eq!(sign_in(&world, "192.0.2.1", mail, PASSWORD).await.status, StatusCode::SEE_OTHER, "{mail}");
    }
    for password in [format!(" {PASSWORD}"), PASSWORD.to_uppercase(), format!("{PASSWORD}\0"), String::new()] {
        let answer = sign_in(&world, "192.0.2.1", "ada@example.org", &password).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{password:?}");
        world.advance(60);
    }
}

#[tokio::test]
async fn an_address_and_a_password_are_one_text_however_they_are_typed() {
    let world = World::with_orgs().await;
    let ada = world.person("Jos\u{e9}@b\u{fc}cher.example").await;
    let (now, composed) = (world.now(), "Gr\u{fc}\u{df}e aus K\u{f6}ln 42");
    let decomposed = "Gru\u{308}\u{df}e aus Ko\u{308}ln 42";
    let older = world.sigma.hasher.hash(Lane::Known, decomposed.into()).await.unwrap();
    let (id, hash) = (ada.clone(), older.clone());
    world.sigma.store.write(move |tx| password::set(tx, &id, &hash, "", now)).await.unwrap();
    let typed = "jose\u{301}@bu\u{308}cher.example";
    assert_eq!(sign_in(&world, "192.0.2.1", typed, composed).await.status, 401, "the hash is of something else");
    assert_eq!(sign_in(&world, "192.0.2.1", typed, decomposed).await.status, 303, "an older hash, as it was typed");
    for mail in ["jos\u{e9}@xn--bcher-kva.example", "JOSE\u{301}@B\u{fc}cher.EXAMPLE", typed] {
        for password in [composed, decomposed, "Gr\u{fc}\u{df}e\u{a0}aus\u{3000}K\u{f6}ln 42"] {
            assert_eq!(sign_in(&world, "192.0.2.1", mail, password).await.status, 303, "{mail} {password}");
        }
    }
    assert_eq!(sign_in(&world, "192.0.2.1", "jose@xn--bcher-kva.example", composed).await.status, 401);
    for address in ["संपर्क@डाटामेल.भारत", "ผู้ใช้@ตัวอย่าง.ไทย", "தமிழ்@உதாரணம்.இந்தியா"]
    {
        world.person(address).await;
        assert_eq!(sign_in(&world, "192.0.2.1", address, PASSWORD).await.status, 303, "{address}");
    }
}

#[tokio::test]
async fn wrong_passwords_are_delayed_from_the_third_on_with_doubling_waits() {
    for mail in ["ada@example.org", "nobody@example.org"] {
        let world = World::with_orgs().await;
        world.person("ada@example.org").await;
        assert_eq!(guess(&world, "192.0.2.1", mail, 5).await, [401, 401, 401, 429, 429]);
        let refused = sign_in(&world, "192.0.2.1", mail, PASSWORD).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "2"), "{mail}");
        world.advance(1);
        assert_eq!(guess(&world, "192.0.2.1", mail, 2).await, [401, 429]);
        world.advance(1);
        assert_eq!(guess(&world, "192.0.2.1", mail, 1).await, [429], "now it is two");
    }
}

#[tokio::test]
async fn the_right_password_ends_the_count_and_is_not_looked_at_while_one_has_to_wait() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    guess(&world, "192.0.2.1", "ada@example.org", 3).await;
    assert_eq!(sign_in(&world, "192.0.2.1", "ada@example.org", PASSWORD).await.status, 429);
    world.advance(1);
    assert_eq!(sign_in(&world, "192.0.2.1", "ada@example.org", PASSWORD).await.status, 303);
    assert_eq!(failures(&world).await, 0);
    assert_eq!(guess(&world, "192.0.2.1", "ada@example.org", 3).await, [401, 401, 401]);
}

#[tokio::test]
async fn guessing_from_one_address_locks_nobody_out() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    world.person("bob@example.org").await;
    for _ in 0..12 {
        guess(&world, "198.51.100.9", "ada@example.org", 4).await;
        world.advance(30);
    }
    assert_eq!(sign_in(&world, "192.0.2.1", "ada@example.org", PASSWORD).await.status, 303, "ada, elsewhere");
    assert_eq!(sign_in(&world, "198.51.100.9", "bob@example.org", PASSWORD).await.status, 303, "bob, beside them");
}

#[tokio::test]
async fn distributed_guessing_is_slowed_down_and_delays_the_user_at_most_a_minute() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let mut looked_at = 0;
    for number in 0..50 {
        let status = sign_in(&world, &format!("198.51.100.{number}"), "ada@example.org", "wrong password").await.status;
        looked_at += u32::from(status == 401);
    }
    assert_eq!(looked_at, 20);
    world.advance(60);
    assert_eq!(sign_in(&world, "192.0.2.1", "ada@example.org", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn concurrent_guesses_are_limited_like_sequential_ones() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    for mail in ["ada@example.org", "nobody@example.org"] {
        let guesses = (0..60).map(|_| sign_in(&world, "192.0.2.1", mail, "wrong password"));
        let statuses: Vec<_> = join_all(guesses).await.iter().map(|answer| answer.status.as_u16()).collect();
        // Three have their turn at once, and two more may have begun before the third was written down.
        let looked_at = statuses.iter().filter(|status| **status == 401).count();
        assert!((3..=5).contains(&looked_at), "{mail}: {looked_at}");
        assert_eq!(statuses.len() - looked_at, statuses.iter().filter(|status| **status == 429).count());
    }
}

#[tokio::test]
async fn when_the_hashing_pool_is_full_everybody_is_told_503_known_or_not_and_nobody_is_delayed() {
    let world = World::with(|settings| (settings.passwords.threads, settings.passwords.queue) = (1, 1)).await;
    world.person("ada0@example.org").await;
    let many = (0..24).map(|number| {
        let mail = format!("ada{number}@example.org");
        let world = &world;
        async move { sign_in(world, "192.0.2.1", &mail, "wrong password").await }
    });
    let answers = join_all(many).await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(busy.len() >= 10, "{} of 24", busy.len());
    assert!(busy.iter().all(|answer| answer.header("retry-after") == "1"));
    let wrong = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(busy.len() + wrong, 24, "a stranger's password is hashed as a person's is");
    assert_eq!(failures(&world).await, i64::try_from(wrong * 2).unwrap());
    assert_eq!(sign_in(&world, "192.0.2.2", "ada0@example.org", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_hash_that_costs_less_than_new_ones_is_replaced_when_its_person_signs_in() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let hash = async || {
        let id = ada.clone();
        world.sigma.store.read(move |tx| password::find(tx, &id)).await.unwrap().unwrap().hash
    };
    let old = hash().await;
    assert!(old.contains("$m=64,t=2,p=1$"), "{old}");
    let grown = world.beside_with(|settings| settings.passwords.memory_kib = 128).await;
    assert_eq!(sign_in(&grown, "192.0.2.1", "ada@example.org", "wrong password").await.status, 401);
    assert_eq!(hash().await, old);
    assert_eq!(sign_in(&grown, "192.0.2.1", "ada@example.org", PASSWORD).await.status, 303);
    let new = hash().await;
    assert!(new.contains("$m=128,t=2,p=1$"), "{new}");
    assert_eq!(sign_in(&grown, "192.0.2.1", "ada@example.org", PASSWORD).await.status, 303);
    assert_eq!(hash().await, new, "once");
    assert_eq!(sign_in(&world, "192.0.2.1", "ada@example.org", PASSWORD).await.status, 303, "older processes take it");
}

#[tokio::test]
async fn disabled_accounts_and_accounts_without_a_password_look_like_a_wrong_password() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let now = world.now();
    let id = ada.clone();
    world.sigma.store.write(move |tx| user::set_disabled(tx, &id, true, now)).await.unwrap();
    let off = sign_in(&world, "192.0.2.1", "ada@example.org", PASSWORD).await;
    let unknown = sign_in(&world, "192.0.2.1", "eve@example.org", PASSWORD).await;
    let body = |answer: &Answer, mail: &str| answer.body.replace(mail, "…");
    assert_eq!((off.status, body(&off, "ada@example.org")), (unknown.status, body(&unknown, "eve@example.org")));
    let id = ada.clone();
    world.sigma.store.write(move |tx| user::set_disabled(tx, &id, false, now)).await.unwrap();
    world
        .sigma
        .store
        .write(move |tx| tx.execute("DELETE FROM passwords WHERE user_id = $1", sigma_store::params![&ada]))
        .await
        .unwrap();
    let none = sign_in(&world, "192.0.2.1", "ada@example.org", PASSWORD).await;
    assert_eq!((none.status, body(&none, "ada@example.org")), (unknown.status, body(&unknown, "eve@example.org")));
}

#[tokio::test]
async fn a_password_reset_during_hashing_fails_the_login() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    let attempt = password::Attempt {
        email: email::fold("ada@example.org"),
        bucket: 0,
        network: "192.0.2.1".to_owned(),
        device: None,
        delays: true,
    };
    let now = world.now();
    let looked_up = world.sigma.store.read(move |tx| password::look_up(tx, &attempt, now)).await.unwrap();
    let proof = looked_up.proof().unwrap();
    let hash = world.sigma.hasher.hash(Lane::Known, SecretString::from("another password")).await.unwrap();
    world.sigma.store.write(move |tx| password::set(tx, &ada, &hash, "192.0.2.9", now)).await.unwrap();
    assert!(!world.sigma.store.write(move |tx| password::confirm(tx, &proof)).await.unwrap());
}

/// A world whose addresses are counted.
async fn limited() -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
    })
    .await
}

#[tokio::test]
async fn mistyped_passwords_block_nobody_else_at_the_address() {
    let world = limited().await;
    for number in 0..50 {
        world.person(&format!("person{number}@example.org")).await;
    }
    for number in 0..49 {
        let mail = format!("person{number}@example.org");
        assert_eq!(sign_in(&world, "192.0.2.1", &mail, "mistyped").await.status, 401);
    }
    for number in 0..50 {
        let mail = format!("person{number}@example.org");
        assert_eq!(sign_in(&world, "192.0.2.1", &mail, PASSWORD).await.status, 303, "{mail}");
    }
    for _ in 0..20 {
        assert_eq!(
            sign_in(&world, "192.0.2.1", "person0@example.org", PASSWORD).await.status,
            303,
            "right ones are free"
        );
    }
    let mut looked_at = 0;
    for number in 0..200 {
        let mail = format!("nobody{number}@example.org");
        looked_at += u32::from(sign_in(&world, "192.0.2.9", &mail, "wrong password").await.status == 401);
    }
    assert_eq!(looked_at, 60, "a generous share of an address, and an end to it");
}

#[tokio::test]
async fn polling_one_account_does_not_affect_others_at_the_address() {
    let world = limited().await;
    world.person("ada@example.org").await;
    world.person("bob@example.org").await;
    for _ in 0..200 {
        sign_in(&world, "192.0.2.1", "ada@example.org", "wrong password").await;
    }
    assert_eq!(sign_in(&world, "192.0.2.1", "bob@example.org", PASSWORD).await.status, 303);
}
