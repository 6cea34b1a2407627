use std::net::IpAddr;
use std::time::Duration;

use sigma_core::time::ManualClock;

use super::quota::SITE;
use super::*;

fn limiter() -> (Limiter, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    (Limiter::new(&Limits::default(), clock.clone()), clock)
}

fn address(text: &str) -> ClientAddr {
    ClientAddr::from(text.parse::<IpAddr>().unwrap())
}

#[test]
fn a_quota_allows_bursts_and_refills_evenly() {
    let (limiter, clock) = limiter();
    let caller = address("192.0.2.1");
    for left in (0..10).rev() {
        assert_eq!(limiter.charge(Rule::Token, caller).unwrap().unwrap().remaining, left);
    }
    let refused = limiter.charge(Rule::Token, caller).unwrap_err();
    assert_eq!(refused, Exceeded { rule: Rule::Token, limit: 10, retry_after: 6, reset: 1_800_000_060 });
    clock.advance(Duration::from_secs(5));
    assert_eq!(limiter.charge(Rule::Token, caller).unwrap_err().retry_after, 1);
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        limiter.charge(Rule::Token, caller),
        Ok(Some(Remaining { limit: 10, remaining: 0, reset: 1_800_000_066 }))
    );
    clock.advance(Duration::from_mins(2));
    assert_eq!(limiter.peek(Rule::Token, caller).unwrap().unwrap().remaining, 10);
}

#[test]
fn a_rejected_request_does_not_extend_the_wait() {
    let (limiter, clock) = limiter();
    for _ in 0..50 {
        let _ = limiter.charge(Rule::SignIn, address("192.0.2.1"));
    }
    clock.advance(Duration::from_secs(12));
    assert!(limiter.charge(Rule::SignIn, address("192.0.2.1")).is_ok());
}

#[test]
fn a_peek_counts_nothing_and_a_refund_takes_a_charge_back() {
    let (limiter, _) = limiter();
    let caller = address("192.0.2.1");
    for _ in 0..20 {
        assert_eq!(limiter.peek(Rule::SignIn, caller).unwrap().unwrap().remaining, 5);
    }
    for _ in 0..20 {
        limiter.charge(Rule::SignIn, caller).unwrap();
        assert_eq!(limiter.refund(Rule::SignIn, caller).unwrap().remaining, 5);
    }
    for _ in 0..5 {
        limiter.charge(Rule::SignIn, caller).unwrap();
    }
    assert!(limiter.peek(Rule::SignIn, caller).is_err());
}

#[test]
fn rules_and_callers_are_counted_separately() {
    let (limiter, _) = limiter();
    for _ in 0..5 {
        limiter.charge(Rule::SignIn, address("192.0.2.1")).unwrap();
    }
    assert!(limiter.charge(Rule::SignIn, address("192.0.2.1")).is_err());
    assert!(limiter.charge(Rule::Direct, address("192.0.2.1")).is_ok());
    assert!(limiter.charge(Rule::SignIn, address("192.0.2.2")).is_ok());
    assert!(limiter.charge(Rule::SignIn, "192.0.2.1").is_ok());
}

#[test]
fn ipv6_addresses_are_counted_by_their_64_bit_network() {
    let (limiter, _) = limiter();
    for host in 1..=5 {
        limiter.charge(Rule::SignIn, address(&format!("2001:db8:0:1::{host}"))).unwrap();
    }
    assert!(limiter.charge(Rule::SignIn, address("2001:db8:0:1:ffff::9")).is_err());
    assert!(limiter.charge(Rule::SignIn, address("2001:db8:0:2::1")).is_ok());
}

#[test]
fn an_ipv4_address_mapped_into_ipv6_is_the_same_caller() {
    let (limiter, _) = limiter();
    for _ in 0..5 {
        limiter.charge(Rule::SignIn, address("192.0.2.1")).unwrap();
    }
    assert!(limiter.charge(Rule::SignIn, address("::ffff:192.0.2.1")).is_err());
    assert!(limiter.charge(Rule::SignIn, address("::ffff:192.0.2.2")).is_ok());
}

#[test]
fn a_flood_of_unknown_names_neither_uses_memory_nor_frees_an_offender() {
    let (limiter, _) = limiter();
    for _ in 0..5 {
        limiter.charge(Rule::SignIn, "offender").unwrap();
    }
    let before: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().capacity()).sum();
    for name in 0..200_000 {
        let _ = limiter.charge(Rule::SignIn, format!("unknown-{name}").as_str());
    }
    let after: usize = limiter.shards.iter().map(|shard| shard.lock().unwrap().capacity()).sum();
    assert_eq!(before, after);
    assert!(limiter.charge(Rule::SignIn, "offender").is_err());
}

#[test]
fn a_limit_of_zero_or_disabled_limits_reject_nothing() {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    let off = Limits { enabled: false, ..Limits::default() };
    let zero = Limits { sign_in: 0, ..Limits::default() };
    for limits in [off, zero] {
        let limiter = Limiter::new(&limits, clock.clone());
        for _ in 0..100 {
            assert_eq!(limiter.charge(Rule::SignIn, "someone"), Ok(None));
        }
        assert_eq!(limiter.refund(Rule::SignIn, "someone"), None);
    }
}

#[test]
fn an_ipv6_site_has_sixteen_times_the_quota_and_never_more() {
    let (limiter, _) = limiter();
    let mut taken = 0;
    for network in 0..200 {
        for host in 0..5 {
            taken +=
                u32::from(limiter.charge(Rule::SignIn, address(&format!("2001:db8:1:{network:x}::{host}"))).is_ok());
        }
    }
    assert_eq!(taken, 5 * SITE);
    let refused = limiter.charge(Rule::SignIn, address("2001:db8:1:ffff::1")).unwrap_err();
    assert_eq!(refused.limit, 5 * SITE);
    assert!(limiter.peek(Rule::SignIn, address("2001:db8:1:fffe::1")).is_err());
    assert!(limiter.charge(Rule::SignIn, address("2001:db8:2::1")).is_ok(), "another site");
    limiter.refund(Rule::SignIn, address("2001:db8:1:0::1"));
    assert!(
        limiter.charge(Rule::SignIn, address("2001:db8:1:fffd::1")).is_ok(),
        "what is taken back is the site's too"
    );
}

#[test]
fn a_refused_network_takes_nothing_from_its_site() {
    let (limiter, _) = limiter();
    for _ in 0..1_000 {
        let _ = limiter.charge(Rule::SignIn, address("2001:db8:1:1::1"));
    }
    assert!(limiter.charge(Rule::SignIn, address("2001:db8:1:2::1")).is_ok());
}

#[test]
fn accounts_at_one_address_are_limited_separately() {
    let (limiter, _) = limiter();
    for here in ["192.0.2.1", "2001:db8:1:1::1"].map(address) {
        for _ in 0..6 {
            let _ = limiter.charge(Rule::SignIn, Key::At(here, "ada"));
        }
        assert!(limiter.charge(Rule::SignIn, Key::At(here, "ada")).is_err());
        assert!(limiter.charge(Rule::SignIn, Key::At(here, "bob")).is_ok());
        assert!(limiter.charge(Rule::SignIn, here).is_ok());
    }
}
