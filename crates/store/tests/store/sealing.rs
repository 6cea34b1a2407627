//! Sealed values open only with the same key, for the same purpose, unaltered.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use sigma_core::random::SeededRng;
use sigma_store::{MasterKey, SealError};

fn key(seed: u64) -> MasterKey {
    let directory = tempfile::tempdir().unwrap();
    MasterKey::load_or_create(&directory.path().join("key"), &SeededRng::new(seed)).unwrap().key
}

proptest! {
    #[test]
    fn sealed_values_open_unless_a_byte_changed(
        plain: Vec<u8>, context in "[a-z:]{0,20}", at: prop::sample::Index, bit in 0..8_u8,
    ) {
        let key = key(1);
        let mut sealed = key.seal(&context, &plain, &SeededRng::new(2)).unwrap();
        prop_assert!(key.open(&context, &sealed).unwrap().as_slice() == plain.as_slice());
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(matches!(key.open(&context, &sealed), Err(SealError::Unopened | SealError::OtherKey)));
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
    assert!(matches!(key(2).open("signing-key:a", &sealed), Err(SealError::OtherKey)));
    assert!(matches!(key(1).open("signing-key:b", &sealed), Err(SealError::Unopened)));
    assert!(!sealed.windows(6).any(|window| window == b"secret"));
}

#[test]
fn the_key_file_is_created_once_and_private() {
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
fn a_key_file_readable_by_others_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let file = MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap();
    assert!(file.is_open_to_others());
    assert_eq!(file.mode, 0o644);
}

#[test]
fn invalid_key_files_are_refused_and_left_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let whole = STANDARD.encode([7; 32]);
    let cut = STANDARD.encode([7; 30]);
    let cases: [(&[u8], &str); 11] = [
        (b"", "is empty: put the key back from its backup"),
        (b" \n\n", "is empty: put the key back from its backup"),
        (b"# used: a database was sealed under this key\n", "is empty: put the key back from its backup"),
        (b"not a key", "is not base64 of 32 bytes: it was changed or cut off, or is something else"),
        (&whole.as_bytes()[..43], "is not base64 of 32 bytes: it was changed or cut off, or is something else"),
        (&[0xff; 32], "is not base64 of 32 bytes: it was changed or cut off, or is something else"),
        (&[b'\0'; 45], "is not base64 of 32 bytes: it was changed or cut off, or is something else"),
        (b"AAAA", "holds 3 bytes instead of 32: it was cut off, or is something else"),
        (&whole.as_bytes()[..40], "holds 30 bytes instead of 32: it was cut off, or is something else"),
        (cut.as_bytes(), "holds 30 bytes instead of 32: it was cut off, or is something else"),
        (&[b'A'; 10_000], "holds 768 bytes instead of 32: it was cut off, or is something else"),
    ];
    for (content, reported) in cases {
        std::fs::write(&path, content).unwrap();
        let error = MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap_err();
        assert_eq!(error.to_string(), format!("the master key file {} {reported}", path.display()));
        assert_eq!(std::fs::read(&path).unwrap(), content);
        if let Ok(text) = std::str::from_utf8(content)
            && content.len() < 1_024
        {
            assert_eq!(MasterKey::from_base64(text).unwrap_err().to_string(), format!("the master key {reported}"));
        }
    }
    let error = MasterKey::load_or_create(&directory.path().join("no/such"), &SeededRng::new(1)).unwrap_err();
    assert!(error.to_string().contains("no/such"), "{error}");
}

#[test]
fn a_used_key_says_so_and_is_the_same_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    assert!(!MasterKey::is_marked_used(&path));
    let fresh = MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap();
    let sealed = fresh.key.seal("context", b"secret", &SeededRng::new(2)).unwrap();
    assert!(!MasterKey::is_marked_used(&path));
    for _ in 0..3 {
        MasterKey::mark_used(&path).unwrap();
        assert!(MasterKey::is_marked_used(&path));
    }
    let marked = MasterKey::load_or_create(&path, &SeededRng::new(1)).unwrap();
    assert_eq!((marked.mode, marked.made), (0o600, false));
    assert_eq!(marked.key.open("context", &sealed).unwrap().as_slice(), b"secret");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 2, "it is marked once");
    assert!(MasterKey::from_base64(&text).is_ok(), "the file as a value of the environment");

    std::fs::remove_file(&path).unwrap();
    MasterKey::mark_used(&path).unwrap_err();
    assert!(!path.exists(), "a mark alone makes no file");
}

#[test]
fn debug_output_does_not_show_the_master_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = MasterKey::load_or_create(&directory.path().join("k"), &SeededRng::new(1)).unwrap();
    assert_eq!(format!("{:?}", file.key), "MasterKey(…)");
}
