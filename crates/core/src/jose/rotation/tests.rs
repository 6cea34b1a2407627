use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A key store without actual keys.
#[derive(Clone, Debug, Default)]
struct Keys {
    records: Vec<KeyRecord>,
    made: usize,
}

impl Keys {
    fn apply(&mut self, steps: Vec<RotationStep>, now: Timestamp) {
        for step in steps {
            match step {
                RotationStep::Make { algorithm, active_from } => {
                    self.made += 1;
                    self.records.push(KeyRecord {
                        kid: format!("key {}", self.made),
                        algorithm,
                        created_at: now,
                        active_from,
                        retired_at: None,
                        delete_after: None,
                    });
                }
                RotationStep::Retire { kid, retired_at, delete_after } => {
                    let key = self.records.iter_mut().find(|key| key.kid == kid).unwrap();
                    assert_eq!((key.retired_at, key.delete_after), (None, None), "retired once");
                    (key.retired_at, key.delete_after) = (Some(retired_at), Some(delete_after));
                }
                RotationStep::Delete { kid } => {
                    let before = self.records.len();
                    self.records.retain(|key| key.kid != kid);
                    assert_eq!(self.records.len() + 1, before, "deleted once");
                }
            }
        }
    }

    fn plan(&mut self, now: Timestamp) {
        let steps = plan(&self.records, now, &RotationPolicy::default());
        self.apply(steps, now);
        assert_eq!(plan(&self.records, now, &RotationPolicy::default()), [], "a plan carried out leaves nothing to do");
    }

    fn force(&mut self, algorithm: Algorithm, promptness: Promptness, now: Timestamp) {
        let steps = force_rotation(&self.records, algorithm, promptness, now, &RotationPolicy::default());
        self.apply(steps, now);
    }

    fn signer(&self, algorithm: Algorithm, now: Timestamp) -> KeyRecord {
        signer(&self.records, algorithm, now).expect("there is a signer").clone()
    }

    fn has(&self, kid: &str) -> bool {
        self.records.iter().any(|key| key.kid == kid)
    }
}

#[test]
fn the_very_first_set_has_every_algorithm_and_signs_at_once() {
    let mut keys = Keys::default();
    keys.plan(START);
    assert_eq!(keys.records.len(), Algorithm::ALL.len());
    for algorithm in Algorithm::ALL {
        assert_eq!(keys.signer(algorithm, START).active_from, START);
    }
}

#[test]
fn a_key_is_published_a_day_before_it_signs_and_signs_for_90_days() {
    let mut keys = Keys::default();
    keys.plan(START);
    let first = keys.signer(Algorithm::RS256, START).kid;
    let due = START.plus(DAY * 90);

    keys.plan(due.minus(DAY + HOUR));
    assert_eq!(keys.records.len(), 3, "nothing is made earlier than needed");
    keys.plan(due.minus(DAY));
    assert_eq!(keys.records.len(), 6);
    assert_eq!(keys.signer(Algorithm::RS256, due.minus(HOUR)).kid, first);
    let second = keys.signer(Algorithm::RS256, due);
    assert_ne!(second.kid, first);
    assert_eq!(second.created_at.plus(DAY), second.active_from);
}

#[test]
fn a_retired_key_verifies_until_the_last_token_it_signed_has_expired() {
    let mut keys = Keys::default();
    keys.plan(START);
    let first = keys.signer(Algorithm::ES256, START).kid;
    keys.plan(START.plus(DAY * 89));
    let retired = START.plus(DAY * 90);
    keys.plan(retired);
    assert_ne!(keys.signer(Algorithm::ES256, retired).kid, first);
    keys.plan(retired.plus(DAY * 30));
    assert!(keys.has(&first), "a token of 30 days signed in the last second");
    keys.plan(retired.plus(DAY * 30 + HOUR * 2));
    assert!(!keys.has(&first));
}

#[test]
fn a_server_that_slept_through_a_rotation_still_publishes_before_use() {
    let mut keys = Keys::default();
    keys.plan(START);
    let first = keys.signer(Algorithm::EdDSA, START).kid;
    let woken = START.plus(DAY * 400);
    keys.plan(woken);
    assert_eq!(keys.signer(Algorithm::EdDSA, woken).kid, first);
    keys.plan(woken.plus(DAY));
    assert_ne!(keys.signer(Algorithm::EdDSA, woken.plus(DAY)).kid, first);
}

#[test]
fn a_forced_rotation_waits_for_publication_unless_told_now() {
    let mut keys = Keys::default();
    keys.plan(START);
    let first = keys.signer(Algorithm::ES256, START).kid;
    let now = START.plus(HOUR);

    keys.force(Algorithm::ES256, Promptness::AfterPublication, now);
    keys.force(Algorithm::ES256, Promptness::AfterPublication, now);
    assert_eq!(keys.records.len(), 4, "asked twice, one successor");
    assert_eq!(keys.signer(Algorithm::ES256, now).kid, first);
    assert_eq!(keys.signer(Algorithm::ES256, now.plus(DAY)).kid, "key 4");

    keys.force(Algorithm::ES256, Promptness::Now, now);
    assert_eq!(keys.signer(Algorithm::ES256, now).kid, "key 5");
    assert_eq!(
        keys.signer(Algorithm::ES256, now.plus(DAY)).kid,
        "key 5",
        "the published successor may have leaked too"
    );
    assert!(keys.has(&first), "what the old key signed is still verified");
    assert_eq!(keys.signer(Algorithm::RS256, now).kid, "key 1", "other algorithms keep their keys");
}

#[test]
fn two_processes_that_plan_at_once_leave_one_signer() {
    let mut keys = Keys::default();
    let both = plan(&keys.records, START, &RotationPolicy::default());
    keys.apply(both.clone(), START);
    keys.apply(both, START);
    assert_eq!(keys.records.len(), 6);
    keys.plan(START.plus(HOUR));
    let unretired = keys.records.iter().filter(|key| key.retired_at.is_none()).count();
    assert_eq!(unretired, 3);
}

#[test]
fn a_clock_that_runs_behind_has_a_signer_too() {
    let mut keys = Keys::default();
    keys.plan(START);
    keys.force(Algorithm::ES256, Promptness::Now, START);
    let behind = START.minus(HOUR);
    assert_eq!(keys.signer(Algorithm::ES256, behind).kid, "key 4");
    assert_eq!(keys.signer(Algorithm::RS256, behind).kid, "key 1");
}

/// A possible event, and the time that passes before it.
#[derive(Clone, Copy, Debug)]
enum Event {
    Plan,
    Force(Promptness),
    /// A token with this lifetime, signed with keys that were read this long ago.
    Sign(Duration, Duration),
}

fn events() -> impl Strategy<Value = Vec<(Duration, Algorithm, Event)>> {
    let policy = RotationPolicy::default();
    let life = (1..=policy.longest_token_life.as_secs()).prop_map(Duration::from_secs);
    let stale = (0..policy.slack.as_secs()).prop_map(Duration::from_secs);
    let event = prop_oneof![
        6 => Just(Event::Plan),
        1 => Just(Event::Force(Promptness::Now)),
        1 => Just(Event::Force(Promptness::AfterPublication)),
        6 => (life, stale).prop_map(|(life, stale)| Event::Sign(life, stale)),
    ];
    let seconds =
        prop_oneof![Just(0u64), Just(DAY.as_secs()), 0..7_200u64, 0..(30 * DAY.as_secs()), 0..(200 * DAY.as_secs())];
    let algorithm = prop::sample::select(&Algorithm::ALL[..]);
    prop::collection::vec((seconds.prop_map(Duration::from_secs), algorithm, event), 1..60)
}

proptest! {
    #[test]
    fn one_key_signs_it_was_published_before_and_its_tokens_verify_until_they_expire(events in events()) {
        let policy = RotationPolicy::default();
        let mut now = START;
        let mut keys = Keys::default();
        keys.plan(now);
        let mut history = vec![(now, keys.clone())];
        // Keys that may sign without having been published: the first ones, and those of an immediate rotation.
        let mut at_once: Vec<String> = keys.records.iter().map(|key| key.kid.clone()).collect();
        let mut tokens: HashMap<String, Timestamp> = HashMap::new();

        for (passed, algorithm, event) in events {
            now = now.plus(passed);
            match event {
                Event::Plan => keys.plan(now),
                Event::Force(promptness) => {
                    keys.force(algorithm, promptness, now);
                    if promptness == Promptness::Now {
                        at_once.push(format!("key {}", keys.made));
                    }
                }
                Event::Sign(life, stale) => {
                    // Another process may not have read the latest keys yet.
                    let (_, seen) = history.iter().rev().find(|(at, _)| *at <= now.minus(stale)).unwrap_or(&history[0]);
                    let signer = seen.signer(algorithm, now);
                    prop_assert!(
                        at_once.contains(&signer.kid) || signer.created_at.plus(policy.publication) <= now,
                        "{signer:?} signs at {now} without having been published"
                    );
                    let expires = tokens.entry(signer.kid).or_default();
                    *expires = (*expires).max(now.plus(life));
                }
            }
            history.push((now, keys.clone()));
            for algorithm in Algorithm::ALL {
                let signer = keys.signer(algorithm, now);
                prop_assert_eq!(signer.algorithm, algorithm);
                prop_assert_eq!(signer.retired_at, None);
            }
            for (kid, expires) in &tokens {
                prop_assert!(*expires < now || keys.has(kid), "{kid} is gone at {now}, its tokens live until {expires}");
            }
        }
    }
}
