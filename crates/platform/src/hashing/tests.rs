use futures_util::FutureExt as _;
use sigma_core::random::SeededRng;

use super::*;

/// Costs low enough for tests.
fn cheap() -> Passwords {
    Passwords { memory_kib: 64, iterations: 1, parallelism: 1, threads: 1, queue: 4 }
}

fn hasher(settings: &Passwords) -> Hasher {
    Hasher::new(settings, Arc::new(SeededRng::new(7))).unwrap()
}

fn password(text: &str) -> SecretString {
    SecretString::from(text)
}

fn given(text: &str) -> GivenPassword {
    GivenPassword::new(password(text))
}

async fn verify(hasher: &Hasher, text: &str, stored: &str) -> Match {
    hasher.verify(Lane::Stranger, given(text), Reference::Stored(stored.to_owned())).await.unwrap()
}

#[tokio::test]
async fn a_password_matches_its_own_hash_and_no_other() {
    let hasher = hasher(&cheap());
    let hash = hasher.hash(Lane::Known, password("correct horse")).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
    assert_ne!(hash, hasher.hash(Lane::Known, password("correct horse")).await.unwrap(), "each has a salt of its own");
    let verify = async |text: &str| verify(&hasher, text, &hash).await;
    assert_eq!(verify("correct horse").await, Match::Right);
    assert_eq!(verify("correct horsf").await, Match::Wrong);
    assert_eq!(verify("").await, Match::Wrong);
    for cost in [None, Some("m=128,t=2,p=1"), Some("m=0"), Some("nonsense")] {
        let nothing = Reference::Nothing(cost.map(str::to_owned));
        assert_eq!(hasher.verify(Lane::Stranger, given("correct horse"), nothing).await.unwrap(), Match::Wrong);
    }
}

#[tokio::test]
async fn the_hash_is_that_of_the_reference_implementation() {
    // From the C library, by argon2-cffi: salt `somesaltsomesalt`, t=2, m=19456, p=1.
    let phc = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$K13EBUiG7JV+9ZxztmHFTdb7J0WQsnj2V8bZaqyPptE";
    let hasher = hasher(&Passwords { threads: 1, ..Passwords::default() });
    assert_eq!(verify(&hasher, "password", phc).await, Match::Right);
    assert_eq!(verify(&hasher, "Password", phc).await, Match::Wrong);
}

#[tokio::test]
async fn cheaper_hashes_are_upgraded_and_costlier_ones_kept() {
    let old = hasher(&cheap()).hash(Lane::Known, password("correct horse")).await.unwrap();
    for (grown, expected) in [
        (Passwords { memory_kib: 128, ..cheap() }, Match::Outgrown),
        (Passwords { iterations: 2, ..cheap() }, Match::Outgrown),
        (Passwords { memory_kib: 32, ..cheap() }, Match::Right),
    ] {
        let hasher = hasher(&grown);
        assert_eq!(verify(&hasher, "correct horse", &old).await, expected, "{grown:?}");
        assert_eq!(verify(&hasher, "wrong", &old).await, Match::Wrong);
    }
}

#[tokio::test]
async fn a_password_matches_in_every_unicode_form_and_old_hashes_as_typed() {
    let hasher = hasher(&cheap());
    let (composed, decomposed) = ("Grüße aus Köln", "Gru\u{308}ße aus Ko\u{308}ln");
    let hash = hasher.hash(Lane::Known, password(composed)).await.unwrap();
    assert_eq!(verify(&hasher, composed, &hash).await, Match::Right);
    assert_eq!(verify(&hasher, decomposed, &hash).await, Match::Right);
    assert_eq!(verify(&hasher, "Grüße\u{a0}aus Köln", &hash).await, Match::Right);
    let older = hasher.hash(Lane::Known, password(decomposed)).await.unwrap();
    assert_eq!(verify(&hasher, decomposed, &older).await, Match::Outgrown);
    assert_eq!(verify(&hasher, composed, &older).await, Match::Wrong);
}

#[tokio::test]
async fn a_flood_leaves_half_of_the_pool_to_known_browsers() {
    let hasher = hasher(&Passwords { queue: 4, ..cheap() });
    let (release, held) = crossbeam_channel::bounded::<()>(0);
    let (entered, started) = oneshot::channel();
    let blocked = tokio::spawn({
        let hasher = hasher.clone();
        let block = move |_: &mut Memory| {
            let _ = entered.send(());
            let _ = held.recv();
            Ok(())
        };
        async move { hasher.run(Lane::Stranger, block).await }
    });
    started.await.unwrap();
    let enter = |lane| Box::pin(hasher.verify(lane, given("x"), Reference::Nothing(None)));
    let mut waiting = Vec::new();
    for lane in [Lane::Stranger, Lane::Known] {
        for _ in 0..2 {
            let mut one = enter(lane);
            assert!((&mut one).now_or_never().is_none(), "{lane:?} has a place");
            waiting.push(one);
        }
        for _ in 0..100 {
            assert!(matches!(enter(lane).await, Err(HashingError::Busy)), "{lane:?} has no third");
        }
    }
    drop(release);
    blocked.await.unwrap().unwrap();
    for one in waiting {
        assert_eq!(one.await.unwrap(), Match::Wrong);
    }
}

#[tokio::test]
async fn what_is_no_whole_hash_never_matches() {
    let hasher = hasher(&cheap());
    for stored in ["", "x", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA", "$2b$12$abcdefghijklmnopqrstuv"] {
        let reference = Reference::Stored(stored.to_owned());
        let verdict = hasher.verify(Lane::Stranger, given("x"), reference).await;
        assert!(matches!(verdict, Err(HashingError::Failed(_))), "{stored}: {verdict:?}");
    }
}

#[tokio::test]
async fn a_full_pool_refuses_at_once_and_serves_again_afterwards() {
    let hasher = hasher(&Passwords { queue: 1, ..cheap() });
    let (release, held) = crossbeam_channel::bounded::<()>(0);
    let (entered, started) = oneshot::channel();
    let blocked = tokio::spawn({
        let hasher = hasher.clone();
        async move {
            hasher
                .run(Lane::Known, move |_| {
                    let _ = entered.send(());
                    let _ = held.recv();
                    Ok(())
                })
                .await
        }
    });
    started.await.unwrap();
    let mut waiting = Box::pin(hasher.hash(Lane::Known, password("correct horse")));
    assert!((&mut waiting).now_or_never().is_none());
    for _ in 0..100 {
        assert!(matches!(hasher.hash(Lane::Known, password("one more")).await, Err(HashingError::Busy)));
    }
    let mut stranger = Box::pin(hasher.hash(Lane::Stranger, password("correct horse")));
    assert!((&mut stranger).now_or_never().is_none(), "the other lane has a place");
    drop(release);
    blocked.await.unwrap().unwrap();
    assert!(waiting.await.is_ok() && stranger.await.is_ok());
    assert!(hasher.hash(Lane::Known, password("one more")).await.is_ok());
}

#[tokio::test]
async fn a_panicking_hash_fails_only_its_own_request() {
    let hasher = hasher(&cheap());
    let broken: Result<(), _> = hasher.run(Lane::Known, |_| panic!("a defect")).await;
    assert!(matches!(broken, Err(HashingError::Failed(_))));
    assert!(hasher.hash(Lane::Known, password("correct horse")).await.is_ok());
}

#[tokio::test]
async fn hashes_of_other_servers_are_checked_once_and_then_replaced() {
    // By Python's hashlib and libxcrypt.
    let hashes = [
        "$pbkdf2-sha1$i=1000$c29tZXNhbHRzb21lc2FsdA$42+d12kt/KU+Ky2S7cI6iQS2OFc",
        "$pbkdf2-sha256$i=1000$c29tZXNhbHRzb21lc2FsdA$f2yJk+Dph1FxQ+yhQ5KLmg1c5wfFtFU14dLQONYBoAE",
        "$pbkdf2-sha512$i=1000$c29tZXNhbHRzb21lc2FsdA$RbkohYpABhrVf6dAjV1mgswjeaDcEw/Z9Lqqoc7ZO6eeqGc4EIBheeCgNOsc3H1ATsxkis9nQ04P4KAKB0FMcA",
        "$scrypt$ln=10,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$yALJnsFxauKkuF0VG58vDqriCmlZJaHv3/Yg+rL2eO8RhQSrWzzPVvRMQ7sTS+KeOb9pyiQwDRFaInij4gLpKw",
        "$2a$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    ];
    let checker = hasher(&cheap());
    for hash in hashes {
        assert_eq!(verify(&checker, "correct horse", hash).await, Match::Outgrown, "{hash}");
        for wrong in ["correct horsf", "Correct horse", "correct hors", "correct horse ", ""] {
            assert_eq!(verify(&checker, wrong, hash).await, Match::Wrong, "{hash} {wrong}");
        }
    }
    // From the reference implementation of argon2.
    let argon2i = "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
    assert_eq!(verify(&checker, "password", argon2i).await, Match::Outgrown);
    assert_eq!(verify(&checker, "Password", argon2i).await, Match::Wrong);
}

#[tokio::test]
async fn bcrypt_reads_no_more_than_72_bytes_of_a_password() {
    let hash = "$2b$04$abcdefghijklmnopqrstuupyx.CCFuHQSsDDVHcjYFEGmYGicuOOi";
    let long = format!("correct horse{}", "x".repeat(80));
    assert_eq!(verify(&hasher(&cheap()), &long, hash).await, Match::Outgrown);
}

#[tokio::test]
async fn nobody_costs_what_a_hash_of_another_server_costs() {
    let hasher = hasher(&cheap());
    for cost in ["2b$04", "scrypt$ln=10,r=8,p=1", "pbkdf2-sha256$i=1000", "argon2i$v=19$m=64,t=1,p=1"] {
        let nothing = Reference::Nothing(Some(cost.to_owned()));
        assert_eq!(
            hasher.verify(Lane::Stranger, given("correct horse"), nothing).await.unwrap(),
            Match::Wrong,
            "{cost}"
        );
    }
}
