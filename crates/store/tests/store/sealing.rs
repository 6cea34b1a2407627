//! What is sealed opens only with the same key, for the same purpose, unchanged.

use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;
use sigma_core::random::SeededRng;
use sigma_store::{MasterKey, SealError};

fn key(seed: u64) -> MasterKey {
    let directory = tempfile::tempdir().unwrap();
    MasterKey::load_or_create(&directory.path().join("key"), &SeededRng::new(seed)).unwrap().key
}

proptest! {
    #[test]
    fn what_is_sealed_opens_and_any_changed_byte_does_not(
        plain: Vec<u8>, context in "[a-z:]{0,20}", at: prop::sample::Index, bit in 0..8_u8,
    ) {
        let key = key(1);
        let mut sealed = key.seal(&context, &plain, &SeededRng::new(2)).unwrap();
        prop_assert!(key.open(&context, &sealed).unwrap().as_slice() == plain.as_slice());
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(matches!(key.open(&context, &sealed), Err(SealError::Unopened)));
    }

    #[test]
    fn no_input_panics(sealed: Vec<u8>, text: String) {
        prop_assert!(key(1).open("context", &sealed).is_err());
        drop(MasterKey::from_base64(&text));
    }
}

#[test]
fn another_key_and_another_context_do_not_open() {
    let sealed = key(1).seal("signing-key:a", b"secret", &SeededRng::new(3)).unwrap();
    assert!(matches!(key(2).open("signing-key:a", &sealed), Err(SealError::Unopened)));
    assert!(matches!(key(1).open("signing-key:b", &sealed), Err(SealError::Unopened)));
    assert!(!sealed.windows(6).any(|window| window == b"secret"));
}

#[test]
fn the_key_file_is_made_once_and_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let first = MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap();
    assert!(first.made && first.mode == 0o600 && !first.is_open_to_others());
    let sealed = first.key.seal("context", b"secret", &SeededRng::new(2)).unwrap();
    let again = MasterKey::load_or_create(&path, &SeededRng::new(3)).unwrap();
    assert!(!again.made);
    assert_eq!(again.key.open("context", &sealed).unwrap().as_slice(), b"secret");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(MasterKey::from_base64(&text).unwrap().open("context", &sealed).unwrap().as_slice(), b"secret");
}

#[test]
fn many_that_start_at_once_agree_on_one_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..16)
            .map(|seed| {
                let path = &path;
                scope.spawn(move || MasterKey::load_or_create(path, &SeededRng::new(seed)).unwrap())
            })
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(keys.iter().filter(|file| file.made).count(), 1);
    let sealed = keys[0].key.seal("context", b"secret", &SeededRng::new(99)).unwrap();
    assert!(keys.iter().all(|file| file.key.open("context", &sealed).is_ok()));
}

#[test]
fn a_key_file_that_others_may_read_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let file = MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap();
    assert!(file.is_open_to_others());
    assert_eq!(file.mode, 0o644);
}

#[test]
fn what_is_no_key_is_refused_in_plain_words_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    for content in ["", "short", "AAAA", &"A".repeat(10_000)] {
        std::fs::write(&path, content).unwrap();
        let error = MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap_err();
        assert_eq!(error.to_string(), "the master key is not 32 bytes in base64");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
    let error = MasterKey::load_or_create(&directory.path().join("no/such"), &SeededRng::new(1)).unwrap_err();
    assert!(error.to_string().contains("no/such"), "{error}");
}

#[test]
fn a_key_does_not_print() {
    let directory = tempfile::tempdir().unwrap();
    let file = MasterKey::load_or_create(&directory.path().join("k"), &SeededRng::new(1)).unwrap();
    assert_eq!(format!("{:?}", file.key), "MasterKey(…)");
}
