//! Rate limits that instances share by a Redis server, without which each counts alone.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use sigma_core::time::{ManualClock, Timestamp};
use sigma_edge::settings::{Limits, RedisAddress};
use sigma_edge::shared::probe;
use sigma_edge::{ClientAddr, Limiter, Rule};

use crate::redis::Redis;

/// The limiter of an instance, connected.
async fn instance(redis: &Redis) -> Arc<Limiter> {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    let limiter = Arc::new(Limiter::new(&Limits { redis_wait_milliseconds: 500, ..Limits::default() }, clock));
    let address = RedisAddress::parse(&redis.address()).unwrap();
    limiter.share(address, None, hmac::Key::new(hmac::HMAC_SHA256, b"the key of all instances"));
    let sharing = Arc::clone(&limiter);
    tokio::spawn(async move { sharing.keep_sharing().await });
    is_shared(&limiter, true).await;
    limiter
}

async fn is_shared(limiter: &Limiter, expected: bool) {
    until("shared or not", || limiter.is_shared() == Some(expected)).await;
}

/// The server runs by the clock of this machine.
async fn until(what: &str, happened: impl Fn() -> bool) {
    for _ in 0..500 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}");
}

fn address(text: &str) -> ClientAddr {
    ClientAddr::from(text.parse::<IpAddr>().unwrap())
}

#[tokio::test]
async fn what_one_instance_counts_holds_at_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path());
    let (one, other) = (instance(&redis).await, instance(&redis).await);
    let caller = address("192.0.2.1");
    for (number, limiter) in [&one, &other, &one, &one, &other].into_iter().enumerate() {
        let remaining = limiter.charge_shared(Rule::SignIn, caller).await.unwrap().unwrap();
        assert_eq!((remaining.limit, usize::try_from(remaining.remaining).unwrap()), (5, 4 - number));
    }
    for limiter in [&one, &other] {
        let exceeded = limiter.charge_shared(Rule::SignIn, caller).await.unwrap_err();
        assert_eq!((exceeded.limit, exceeded.retry_after), (5, 12));
        assert!(limiter.peek_shared(Rule::SignIn, caller).await.is_err());
        assert!(limiter.charge_shared(Rule::SignIn, address("192.0.2.2")).await.is_ok());
    }
    one.refund(Rule::SignIn, caller);
    let third = instance(&redis).await;
    // On the same connection, so behind what was taken back.
    assert!(one.peek_shared(Rule::SignIn, caller).await.is_ok());
    assert_eq!(third.charge_shared(Rule::SignIn, caller).await.unwrap().unwrap().remaining, 0);

    // The whole quota of a /48 is sixteen times that of a /64.
    for network in 0..16_u8 {
        for _ in 0..5 {
            let caller = address(&format!("2001:db8:1:{network:x}::1"));
            assert!(one.charge_shared(Rule::SignIn, caller).await.is_ok());
        }
    }
    let exceeded = other.charge_shared(Rule::SignIn, address("2001:db8:1:ffff::1")).await.unwrap_err();
    assert_eq!((exceeded.limit, exceeded.retry_after), (80, 1));

    // Whoever reads the server learns no address, and nothing stays.
    let names = redis.ask(&["keys", "*"]);
    assert_eq!(names.lines().count(), 2 + 17, "{names}");
    for name in names.lines() {
        let digits = name.strip_prefix("sigma:limit:").unwrap();
        assert!(digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        let left: i64 = redis.ask(&["pttl", name]).trim().parse().unwrap();
        assert!((1..=60_000).contains(&left), "{name}: {left}");
    }
}

#[tokio::test]
async fn what_is_charged_in_the_background_reaches_the_others_too() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path());
    let (one, other) = (instance(&redis).await, instance(&redis).await);
    for _ in 0..600 {
        one.charge(Rule::App, "app_1").unwrap();
    }
    until("the counter", || redis.ask(&["dbsize"]).trim() == "1").await;
    until("the charges", || {
        let name = redis.ask(&["keys", "*"]);
        redis.ask(&["pttl", name.trim()]).trim().parse::<i64>().unwrap() > 55_000
    })
    .await;
    let _ = other.charge(Rule::App, "app_1").unwrap();
    until("the answer", || other.peek(Rule::App, "app_1").is_err()).await;
}

#[tokio::test]
async fn while_the_server_hangs_or_is_gone_each_instance_counts_alone() {
    let directory = tempfile::tempdir().unwrap();
    let mut redis = Redis::start(directory.path());
    let (one, other) = (instance(&redis).await, instance(&redis).await);
    for _ in 0..5 {
        one.charge_shared(Rule::SignIn, "ada").await.unwrap();
    }
    redis.signal("STOP");
    // It waits as long as it may, and then goes by what this instance knows.
    let answered = tokio::time::timeout(Duration::from_secs(5), other.charge_shared(Rule::SignIn, "ada")).await;
    assert!(answered.unwrap().is_ok());
    assert!(one.charge_shared(Rule::SignIn, "ada").await.is_err());
    is_shared(&other, false).await;
    for _ in 0..4 {
        other.charge_shared(Rule::SignIn, "ada").await.unwrap();
    }
    assert!(other.charge_shared(Rule::SignIn, "ada").await.is_err());

    redis.signal("CONT");
    is_shared(&one, true).await;
    is_shared(&other, true).await;
    one.charge_shared(Rule::SignIn, "bob").await.unwrap();
    assert_eq!(other.charge_shared(Rule::SignIn, "bob").await.unwrap().unwrap().remaining, 3);

    redis.restart();
    is_shared(&other, true).await;
    until("shared again", || {
        let (one, other) = (Arc::clone(&one), Arc::clone(&other));
        one.charge(Rule::App, "app_1").is_ok()
            && other.is_shared() == Some(true)
            && redis.ask(&["dbsize"]).trim() != "0"
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path());
    let right = redis.address();
    assert!(probe(&RedisAddress::parse(&right).unwrap(), None).await.is_ok());
    let wrong = RedisAddress::parse(&right.replace("hunter2", "hunter3")).unwrap();
    let refused = probe(&wrong, None).await.unwrap_err().to_string();
    assert!(refused.starts_with("it says: WRONGPASS") && !refused.contains("hunter3"), "{refused}");
    let open = RedisAddress::parse(&right.replace(":hunter2@", "")).unwrap();
    assert!(probe(&open, None).await.unwrap_err().to_string().contains("NOAUTH"));
}

#[tokio::test]
async fn a_server_that_does_not_know_passwords_shows_none() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start_with(directory.path(), &["--rename-command", "AUTH", ""]);
    let refused = probe(&RedisAddress::parse(&redis.address()).unwrap(), None).await.unwrap_err().to_string();
    assert!(refused.starts_with("it says: ERR") && !refused.contains("hunter2"), "{refused}");
}

#[tokio::test]
async fn a_server_that_forgets_lets_nobody_exceed_the_quota_of_one_instance() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path());
    let one = instance(&redis).await;
    let mut accepted = 0;
    for _ in 0..12 {
        redis.ask(&["flushall"]);
        accepted += u32::from(one.charge_shared(Rule::SignIn, "ada").await.is_ok());
    }
    assert_eq!(accepted, 5);
}

#[tokio::test]
async fn a_server_that_takes_no_writes_counts_as_away() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path());
    let address = RedisAddress::parse(&redis.address()).unwrap();
    assert!(probe(&address, None).await.is_ok());
    redis.ask(&["replicaof", "127.0.0.1", "9"]);
    let refused = probe(&address, None).await.unwrap_err().to_string();
    assert!(refused.contains("READONLY"), "{refused}");
}
