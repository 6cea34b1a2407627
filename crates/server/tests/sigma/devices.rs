//! Browsers that got in by a password before: the cookie that says so, and what it is worth while strangers guess.

use std::net::IpAddr;

use futures_util::future::join_all;
use http::Request;
use serde_json::json;
use sigma_server::hashing::Lane;

use crate::support::{Answer, PASSWORD, World, query};

/// The device cookie that an answer sets, as a browser sends it.
fn device(answer: &Answer) -> String {
    let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    let line = set.into_iter().find(|line| line.starts_with("__Host-sigma.device=")).unwrap_or_default();
    line.split(';').next().unwrap().to_owned()
}

/// A sign-in on the page from `address`, by a browser with these cookies.
async fn sign_in(world: &World, address: &str, cookies: &str, mail: &str, password: &str) -> Answer {
    let mut request = Request::post("/login/password")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("origin", world.sigma.issuer());
    if !cookies.is_empty() {
        request = request.header("cookie", cookies);
    }
    let body = query(&[("email", mail), ("password", password)]);
    world.send_from(address.parse().unwrap(), request.body(body.into()).unwrap()).await
}

/// A login by JSON from `address`, by a client with these cookies.
async fn log_in(world: &World, address: &str, cookies: &str, mail: &str, password: &str) -> Answer {
    let mut request = Request::post("/api/v1/auth/login").header("content-type", "application/json");
    if !cookies.is_empty() {
        request = request.header("cookie", cookies);
    }
    let body = json!({"email": mail, "password": password}).to_string();
    world.send_from(address.parse().unwrap(), request.body(body.into()).unwrap()).await
}

async fn limited() -> World {
    World::with(|settings| {
        settings.passwords.memory_kib = 64;
        settings.limits.enabled = true;
    })
    .await
}

#[tokio::test]
async fn a_known_browser_signs_in_during_a_distributed_guessing_attack() {
    let world = limited().await;
    world.person("ada@example.org").await;
    let first = sign_in(&world, "192.0.2.1", "", "ada@example.org", PASSWORD).await;
    assert_eq!(first.status, 303);
    let known = device(&first);
    assert!(!known.is_empty(), "{:?}", first.headers);
    let set = first.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned());
    let line = set.into_iter().find(|line| line.starts_with("__Host-sigma.device=")).unwrap();
    assert!(line.ends_with("; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax; Secure"), "{line}");
    // A guess at each end of the wait, from changing addresses, and in between everybody asks again and again.
    let mut guessed = 0;
    for round in 0..60 {
        for poll in 0..10 {
            let address = format!("198.51.{}.{}", round % 250, poll);
            let status = sign_in(&world, &address, "", "ada@example.org", "wrong password").await.status;
            guessed += u32::from(status == 401);
        }
        let here = format!("203.0.113.{}", round + 1);
        assert_eq!(sign_in(&world, &here, &known, "ada@example.org", PASSWORD).await.status, 303, "round {round}");
        assert_eq!(sign_in(&world, "198.51.0.1", &known, "ada@example.org", PASSWORD).await.status, 303, "beside them");
        world.advance(15);
    }
    assert!(guessed < 60, "{guessed} guesses in 15 minutes");
}

#[tokio::test]
async fn a_known_browser_counts_its_own_failures_and_waits_for_them() {
    let world = World::with_orgs().await;
    world.person("ada@example.org").await;
    let known = device(&sign_in(&world, "192.0.2.1", "", "ada@example.org", PASSWORD).await);
    let mut statuses = Vec::new();
    for number in 0..5 {
        let address = format!("198.51.100.{number}");
        statuses.push(sign_in(&world, &address, &known, "ada@example.org", "wrong").await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429], "wherever it is carried to");
    assert_eq!(
        sign_in(&world, "192.0.2.1", "", "ada@example.org", PASSWORD).await.status,
        303,
        "others do not wait for it"
    );
    world.advance(1);
    let again = sign_in(&world, "192.0.2.1", &known, "ada@example.org", PASSWORD).await;
    assert_eq!(again.status, 303);
    for _ in 0..3 {
        let renewed = device(&again);
        assert_eq!(sign_in(&world, "192.0.2.1", &renewed, "ada@example.org", "wrong").await.status, 401);
    }
    assert_eq!(
        sign_in(&world, "192.0.2.1", &known, "ada@example.org", PASSWORD).await.status,
        429,
        "it is one browser"
    );
}

#[tokio::test]
async fn a_device_cookie_is_void_for_other_accounts_after_a_reset_or_when_changed() {
    let world = World::with_orgs().await;
    let ada = world.person("ada@example.org").await;
    world.person("bob@example.org").await;
    let known = device(&sign_in(&world, "192.0.2.1", "", "ada@example.org", PASSWORD).await);
    let (name, value) = known.split_once('=').unwrap();
    let flipped: String = value
        .chars()
        .enumerate()
        .map(|(at, letter)| match (at, letter) {
            (9, 'A') => 'B',
            (9, _) => 'A',
            (_, letter) => letter,
        })
        .collect();
    let attack = async |mail: &str| {
        for number in 0..30 {
            sign_in(&world, &format!("198.51.100.{number}"), "", mail, "wrong").await;
        }
    };
    attack("ada@example.org").await;
    attack("bob@example.org").await;
    let here = "203.0.113.9";
    for forged in
        [format!("{name}={flipped}"), format!("{name}="), format!("{name}={}", "A".repeat(64)), "x=y".to_owned()]
    {
        let answer = sign_in(&world, here, &forged, "ada@example.org", PASSWORD).await;
        assert_eq!(answer.status, 429, "{forged}");
    }
    assert_eq!(sign_in(&world, here, &known, "bob@example.org", PASSWORD).await.status, 429, "another account");
    assert_eq!(sign_in(&world, here, &known, "ada@example.org", PASSWORD).await.status, 303);
    world.advance(180 * 86_400 + 1);
    attack("ada@example.org").await;
    assert_eq!(sign_in(&world, here, &known, "ada@example.org", PASSWORD).await.status, 429, "after half a year");
    world.advance(60);
    let known = device(&sign_in(&world, "192.0.2.77", "", "ada@example.org", PASSWORD).await);
    let (now, hash) = (world.now(), world.sigma.hasher.hash(Lane::Known, PASSWORD.into()).await.unwrap());
    let reset = move |tx: &mut dyn sigma_store::Tx| sigma_store::password::set(tx, &ada, &hash, "", now);
    world.sigma.store.write(reset).await.unwrap();
    attack("ada@example.org").await;
    assert_eq!(sign_in(&world, here, &known, "ada@example.org", PASSWORD).await.status, 429, "after a reset");
}

#[tokio::test]
async fn one_browser_is_known_for_several_accounts() {
    let world = World::with_orgs().await;
    let mut cookie = String::new();
    for number in 0..7 {
        let mail = format!("person{number}@example.org");
        world.person(&mail).await;
        cookie = device(&sign_in(&world, "192.0.2.1", &cookie, &mail, PASSWORD).await);
        assert!(cookie.len() < 400, "{}", cookie.len());
    }
    for number in 0..7 {
        let mail = format!("person{number}@example.org");
        for host in 0..25 {
            sign_in(&world, &format!("198.51.100.{host}"), "", &mail, "wrong").await;
        }
        let expected = if number < 2 { 429 } else { 303 };
        assert_eq!(sign_in(&world, "203.0.113.9", &cookie, &mail, PASSWORD).await.status, expected, "{mail}");
    }
}

#[tokio::test]
async fn a_client_of_the_api_that_keeps_cookies_is_known_as_well() {
    let world = limited().await;
    let acme = world.org("Acme").await;
    acme.add("ada@example.org", &acme.admin).await;
    let first = log_in(&world, "192.0.2.1", "", "ada@example.org", PASSWORD).await;
    assert_eq!(first.status, 200);
    let known = device(&first);
    for number in 0..30 {
        log_in(&world, &format!("198.51.100.{number}"), "", "ada@example.org", "wrong").await;
    }
    assert_eq!(log_in(&world, "203.0.113.9", "", "ada@example.org", PASSWORD).await.status, 429);
    let cookies = format!("a=b; {known}; c=d");
    assert_eq!(log_in(&world, "203.0.113.9", &cookies, "ada@example.org", PASSWORD).await.status, 200);
    assert_eq!(sign_in(&world, "203.0.113.9", &known, "ada@example.org", PASSWORD).await.status, 303, "on pages too");
    let wrong = log_in(&world, "203.0.113.9", &cookies, "ada@example.org", "wrong").await;
    assert_eq!((wrong.status.as_u16(), device(&wrong)), (401, String::new()), "a failure is given none");
}

#[tokio::test]
async fn known_browsers_sign_in_when_others_exhaust_the_hashing_pool() {
    let world = World::with(|settings| {
        settings.limits.enabled = true;
        (settings.passwords.threads, settings.passwords.queue) = (1, 8);
    })
    .await;
    world.person("ada@example.org").await;
    let known = device(&sign_in(&world, "192.0.2.1", "", "ada@example.org", PASSWORD).await);
    let flood = (0..300).map(|number| {
        let (address, mail) =
            (format!("10.{}.{}.9", number / 250, number % 250), format!("nobody{number}@example.org"));
        let world = &world;
        async move { sign_in(world, &address, "", &mail, "wrong password").await.status.as_u16() }
    });
    let honest = async {
        let mut statuses = Vec::new();
        for number in 0..4 {
            let address = format!("203.0.113.{number}");
            statuses.push(sign_in(&world, &address, &known, "ada@example.org", PASSWORD).await.status.as_u16());
        }
        statuses
    };
    let (flooded, honest) = futures_util::future::join(join_all(flood), honest).await;
    assert_eq!(honest, [303; 4]);
    let busy = flooded.iter().filter(|status| **status == 503).count();
    assert!(busy > 100, "{busy} of 300 found no place");
    let again =
        (0..200).map(|number| {
            let world = &world;
            async move {
                sign_in(world, "198.51.100.1", "", &format!("nobody{number}@example.org"), "x").await.status.as_u16()
            }
        });
    let again = join_all(again).await;
    assert_eq!(
        again.iter().filter(|status| **status != 429).count(),
        60,
        "503 or 401, each is one of an address's share"
    );
}

#[tokio::test]
async fn the_page_offers_a_mailed_link_past_the_delay() {
    let world = limited().await;
    world.person("ada@example.org").await;
    let attack = async || {
        for number in 0..30 {
            sign_in(&world, &format!("198.51.100.{number}"), "", "ada@example.org", "wrong password").await;
        }
    };
    attack().await;
    let refused = sign_in(&world, "203.0.113.9", "", "ada@example.org", PASSWORD).await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert!(
        refused.body.contains("href=\"/password/forgot\"") && refused.body.contains("with a link that we e-mail you")
    );
    let here = "203.0.113.9".parse::<IpAddr>().unwrap();
    let post = async |path: &str, form: &[(&str, &str)]| {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .header("origin", world.sigma.issuer());
        world.send_from(here, request.body(query(form).into()).unwrap()).await
    };
    assert_eq!(post("/password/forgot", &[("email", "ada@example.org")]).await.status, 303);
    let link = world.mail().await.link.unwrap();
    let token = link.split_once('=').unwrap().1.to_owned();
    attack().await;
    let chosen = "another long password";
    let set = post("/password/reset", &[("token", &token), ("password", chosen), ("again", chosen)]).await;
    assert_eq!(set.status, 303, "{}", set.body);
    let known = device(&set);
    attack().await;
    assert_eq!(sign_in(&world, "203.0.113.9", &known, "ada@example.org", chosen).await.status, 303);
}
