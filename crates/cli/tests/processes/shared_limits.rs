//! Two servers that share rate limits by Redis: guesses at one count at the other, and a Redis that hangs keeps nobody waiting.

use std::time::Duration;

use sigma_store::testing::{Engine, engines};

use crate::redis::Redis;
use crate::whole::{Installation, Person, SIGN_IN, Server, timed};

/// The status of a sign-in with an invalid signature.
fn guess(server: &Server) -> u16 {
    let stolen = Person::named("somebody else").token(SIGN_IN, "");
    let forged = format!("{}|{}", Person::named("ada").pubkey(), stolen.split_once('|').unwrap().1);
    server.send("POST", SIGN_IN, &[("X-Auth-Token", &forged)], "{}").status
}

fn wait_for(server: &Server, words: &str) {
    for _ in 0..500 {
        if server.log().contains(words) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{words}: {}", server.log());
}

#[test]
fn guesses_at_one_server_count_at_the_other_unless_redis_hangs() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let installation = Installation::on(Engine::Postgres);
    let redis = Redis::start(installation.directory());
    let address = redis.address();
    let settings = [
        ("SIGMA__LIMITS__ENABLED", "true"),
        ("SIGMA__LIMITS__DELAYS", "false"),
        // One more only after twenty seconds.
        ("SIGMA__LIMITS__SIGN_IN", "3"),
        ("SIGMA__LIMITS__REDIS", address.as_str()),
        ("SIGMA__LIMITS__REDIS_WAIT_MILLISECONDS", "500"),
    ];
    let (one, other) = (installation.serve_with(&settings), installation.serve_with(&settings));
    for server in [&one, &other] {
        wait_for(server, "rate limits are shared");
    }
    assert_eq!((0..3).map(|_| guess(&one)).collect::<Vec<_>>(), [401; 3]);
    assert_eq!([guess(&other), guess(&one)], [429, 429]);

    redis.signal("STOP");
    let ada = Person::named("ada");
    let (signed_up, took) = timed(|| ada.sign_up(&other));
    assert_eq!(signed_up.status, 200);
    assert!(took < Duration::from_secs(10), "{took:?}");
    for server in [&one, &other] {
        assert_eq!(ada.ask(server, "POST", SIGN_IN, &[("X-Auth-Token", &ada.token(SIGN_IN, ""))], "{}").status, 200);
    }
    wait_for(&other, "rate limits are not shared");
    redis.signal("CONT");
    wait_for(&other, "rate limits are shared again");
    assert_eq!(guess(&other), 429, "what was counted before still counts");
    for server in [&one, &other] {
        assert!(!server.log().contains("hunter2"));
        assert!(server.log().matches("not shared").count() <= 1, "it is logged once: {}", server.log());
    }
}
