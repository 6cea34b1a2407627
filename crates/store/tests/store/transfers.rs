//! Backups: from either engine to either engine, whole or not at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sigma_core::random::SeededRng;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::lost_time::LostTimes;
use sigma_store::testing::{Engine, TestDatabase, TestStore, engines, insist};
use sigma_store::transfer::{self, About, Header, Identity, Order, Recipient, Restored, Sum, TransferError};
use sigma_store::{MasterKey, StoreOptions, on_both_engines, params};
use tempfile::TempDir;

use crate::accounts::{add_person, sign_in};

const IDENTITY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
/// When backups are restored.
const RESTORED: Timestamp = Timestamp::from_seconds(1_772_400_000);
/// The recipient of [`IDENTITY`].
const RECIPIENT: &str = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";

fn master_key(letter: &str) -> MasterKey {
    MasterKey::from_base64(&format!("{}=", letter.repeat(43))).unwrap()
}

/// People, sessions, keys, and values that are hard to copy.
pub fn fill(store: &TestStore) {
    for name in ["ada", "grace"] {
        add_person(store, name);
        sign_in(store, name, &format!("the laptop of {name}"));
        store.advance(Duration::from_mins(1));
    }
    let sealed = master_key("A").seal("cookie-secret", b"secret", &SeededRng::new(7)).unwrap();
    insist(store, move |tx| {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)";
        tx.execute(sql, params!["cookie-secret", &sealed])?;
        tx.execute(sql, params!["empty", Vec::<u8>::new()])?;
        // Ordered by bytes, whatever the collation of a server.
        for name in ["Z", "a", "ä", "_", "é\u{301}", "日本", "a b", "A"] {
            tx.execute(sql, params![name, name.as_bytes()])?;
        }
        for number in 0..3_000_u32 {
            let key = number.to_be_bytes();
            tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2)", params![key, i64::MIN + 7])?;
        }
        Ok(())
    });
}

pub fn back_up(
    options: &StoreOptions,
    to: &Path,
    recipients: &[Recipient],
) -> Result<(Header, Vec<Sum>), TransferError> {
    let about = About { issuer: "https://id.test".to_owned(), sigma: "1".to_owned(), now: Timestamp::from_seconds(7) };
    transfer::backup(options, to, recipients, &about, &SeededRng::new(1), &mut |_| {})
}

fn restore(
    file: &Path,
    options: &StoreOptions,
    change: impl FnOnce(&mut Order<'_>),
) -> Result<Restored, TransferError> {
    let (identities, key) = (Identity::parse_file(IDENTITY).unwrap(), master_key("A"));
    let now = RESTORED;
    let opened = std::fs::File::open(file).unwrap();
    let mut order =
        Order { file: &opened, name: file, identities: &identities, master_key: Some(&key), revoke_since: None, now };
    change(&mut order);
    transfer::restore(&order, options, &SeededRng::new(2), &mut |_| {})
}

/// A database that is not there yet.
fn nowhere(folder: &TempDir) -> (StoreOptions, PathBuf) {
    let path = folder.path().join("restored.sqlite");
    (StoreOptions::serve(format!("sqlite:{}", path.display())), path)
}

on_both_engines! {
    fn a_backup_is_restored_on_each_engine(store: TestStore) {
        fill(&store);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.backup.age");
        // The server goes on: what it writes during the backup is not in it, and it is not kept waiting.
        let (header, sums) = back_up(&store.database.options, &file, &[Recipient::parse(RECIPIENT).unwrap()]).unwrap();
        assert_eq!((header.all_rows() > 3_010, header.engine.as_str()), (true, store.engine_name()));
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
        for engine in engines() {
            let target = TestDatabase::empty(engine);
            let restored = restore(&file, &target.options, |_| {}).unwrap();
            assert_eq!(restored.backup.sums, sums);
            let again = folder.path().join(format!("{engine:?}.backup"));
            let (copied, copied_sums) = back_up(&target.options, &again, &[]).unwrap();
            assert_eq!((copied_sums, copied.rows), (sums.clone(), header.rows.clone()));
            let opened = target.beside(|_| {}).unwrap();
            let names = opened.read_blocking(|tx| tx.query_all("SELECT value FROM meta WHERE name = 'ä'", &[])).unwrap();
            assert_eq!(names[0].bytes(0).unwrap(), "ä".as_bytes());
            opened.close();
            let refused = restore(&file, &target.options, |_| {}).unwrap_err();
            assert!(matches!(refused, TransferError::NotEmpty(..)), "{refused}");
        }
    }

    fn what_began_since_a_time_is_ended(store: TestStore) {
        fill(&store);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.backup");
        back_up(&store.database.options, &file, &[]).unwrap();
        let target = TestDatabase::empty(store.engine);
        let since = store.clock.now().minus(Duration::from_secs(90));
        let restored = restore(&file, &target.options, |order| order.revoke_since = Some(since)).unwrap();
        assert_eq!(restored.revoked.unwrap().sessions, 1);
        let opened = target.beside(|_| {}).unwrap();
        let sql = "SELECT user_id FROM sessions WHERE ended_at IS NULL";
        let left = opened.read_blocking(move |tx| tx.query_all(sql, &[])).unwrap();
        assert_eq!(left.len(), 1);
        assert!(left[0].text(0).unwrap().contains("ada"), "{left:?}");
        let lost = opened.read_blocking(LostTimes::load).unwrap();
        let (since, until) = (since.seconds(), RESTORED.seconds());
        let included = [since - 1, since, until, until + 1].map(|issued_at| lost.include(issued_at));
        assert_eq!(included, [false, true, true, false]);
        opened.close();
        // A backup that is made later knows that time still, and the next restore adds its own.
        let again = folder.path().join("two.backup");
        back_up(&target.options, &again, &[]).unwrap();
        let next = TestDatabase::empty(store.engine);
        restore(&again, &next.options, |order| {
            (order.revoke_since, order.now) = (Some(Timestamp::from_seconds(until + 100)), Timestamp::from_seconds(until + 200));
        })
        .unwrap();
        let opened = next.beside(|_| {}).unwrap();
        let lost = opened.read_blocking(LostTimes::load).unwrap();
        let included = [since, until, until + 99, until + 150, until + 201].map(|issued_at| lost.include(issued_at));
        assert_eq!(included, [true, true, false, true, false]);
        opened.close();
    }

    fn without_revocation_no_time_is_lost(store: TestStore) {
        fill(&store);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.backup");
        back_up(&store.database.options, &file, &[]).unwrap();
        for since in [None, Some(RESTORED.plus(Duration::from_secs(1)))] {
            let target = TestDatabase::empty(store.engine);
            restore(&file, &target.options, |order| order.revoke_since = since).unwrap();
            let opened = target.beside(|_| {}).unwrap();
            let lost = opened.read_blocking(LostTimes::load).unwrap();
            assert!(!lost.include(RESTORED.seconds()) && !lost.include(RESTORED.seconds() + 1), "{since:?}");
            opened.close();
        }
    }
}

#[test]
fn a_backup_that_cannot_be_used_changes_nothing() {
    let store = TestStore::new(Engine::Sqlite);
    fill(&store);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.backup");
    back_up(&store.database.options, &file, &[]).unwrap();
    let encrypted = folder.path().join("two.backup.age");
    back_up(&store.database.options, &encrypted, &[Recipient::parse(RECIPIENT).unwrap()]).unwrap();
    let (options, path) = nowhere(&folder);
    let refused = |file: &Path, change: &dyn Fn(&mut Order<'_>)| {
        let error = restore(file, &options, |order| change(order)).unwrap_err().to_string();
        assert!(!path.exists(), "{error}");
        error
    };
    let bytes = std::fs::read(&file).unwrap();
    let damaged = folder.path().join("damaged.backup");
    for end in [0, 12, 40, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&damaged, &bytes[..end]).unwrap();
        let error = refused(&damaged, &|_| {});
        assert!(error.contains("damaged") || error.contains("not a backup"), "{error}");
    }
    for place in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut changed = bytes.clone();
        changed[place] ^= 4;
        std::fs::write(&damaged, &changed).unwrap();
        refused(&damaged, &|_| {});
    }
    let other = master_key("E");
    for file in [&file, &encrypted] {
        let error = transfer::restore(
            &Order {
                file: &std::fs::File::open(file).unwrap(),
                name: file,
                identities: &Identity::parse_file(IDENTITY).unwrap(),
                master_key: Some(&other),
                revoke_since: None,
                now: Timestamp::from_seconds(1),
            },
            &options,
            &SeededRng::new(2),
            &mut |_| {},
        );
        assert!(matches!(error, Err(TransferError::OtherMasterKey)), "{error:?}");
    }
    let error = refused(&encrypted, &|order| order.identities = &[]);
    assert!(error.contains("--identity"), "{error}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "two backups, the damaged one and the lock: {left:?}");
}

#[test]
fn a_running_server_is_not_overwritten() {
    let store = TestStore::new(Engine::Sqlite);
    fill(&store);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.backup");
    back_up(&store.database.options, &file, &[]).unwrap();
    let empty = TestStore::new(Engine::Sqlite);
    let refused = restore(&file, &empty.database.options, |_| {}).unwrap_err().to_string();
    assert!(refused.contains("already uses"), "{refused}");
    empty.close();
    // A file without rows is as good as none.
    restore(&file, &empty.database.options, |_| {}).unwrap();
}

#[test]
fn a_backup_never_takes_the_place_of_another_and_leaves_no_draft() {
    let store = TestStore::new(Engine::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let (file, left) =
        (folder.path().join("one.backup"), folder.path().join(".sigma-20261127T214346Z.backup.unfinished-abcd1234"));
    let notes = folder.path().join(".notes.unfinished-plan");
    std::fs::write(&left, "what a killed backup left").unwrap();
    std::fs::write(&notes, "what somebody writes").unwrap();
    back_up(&store.database.options, &file, &[]).unwrap();
    assert!(!left.exists() && notes.exists());
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(back_up(&store.database.options, &file, &[]), Err(TransferError::File { .. })));
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_has_rows_is_not_overwritten_whoever_wrote_them_and_wherever_they_are() {
    let store = TestStore::new(Engine::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("one.backup");
    back_up(&store.database.options, &backup, &[]).unwrap();
    let refused = |name: &str| {
        let url = format!("sqlite:{}", folder.path().join(name).display());
        let options = StoreOptions { url, ..store.database.options.clone() };
        matches!(restore(&backup, &options, |_| {}), Err(TransferError::NotEmpty(..)))
    };
    // The log of a database whose file was moved away may hold all of it.
    std::fs::write(folder.path().join("moved.sqlite-wal"), "log").unwrap();
    assert!(refused("moved.sqlite"));
    assert_eq!(std::fs::read(folder.path().join("moved.sqlite-wal")).unwrap(), b"log");
    let other = rusqlite::Connection::open(folder.path().join("other.sqlite")).unwrap();
    other.execute_batch("CREATE TABLE \"odd name\" (t TEXT); INSERT INTO \"odd name\" VALUES ('precious')").unwrap();
    assert!(refused("other.sqlite"));
    assert!(!refused("new.sqlite"));
}

#[test]
fn a_restored_database_belongs_to_the_owner_of_its_folder_and_what_a_killed_restore_left_is_gone() {
    use std::os::unix::fs::{MetadataExt as _, chown, symlink};
    let store = TestStore::new(Engine::Sqlite);
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("one.backup");
    back_up(&store.database.options, &backup, &[]).unwrap();
    let there = folder.path().join("there");
    std::fs::create_dir(&there).unwrap();
    // Only root can give it away; for everybody else it is their own already.
    let _ = chown(&there, Some(65_534), Some(65_534));
    let owner = std::fs::metadata(&there).unwrap().uid();
    let left = ["", "-wal"].map(|suffix| there.join(format!("db.sqlite.restoring-abcd1234{suffix}")));
    let others = ["db.sqlite.restoring-plan", "db.sqlite.restoring-abcd1234-notes"].map(|name| there.join(name));
    for file in left.iter().chain(&others) {
        std::fs::write(file, "x").unwrap();
    }
    // The database stays on the disk that the link names.
    let link = folder.path().join("link.sqlite");
    symlink("there/db.sqlite", &link).unwrap();
    let url = format!("sqlite:{}", link.display());
    restore(&backup, &StoreOptions { url: url.clone(), ..store.database.options.clone() }, |_| {}).unwrap();
    for name in ["db.sqlite", "db.sqlite.lock"] {
        assert_eq!(std::fs::metadata(there.join(name)).unwrap().uid(), owner, "{name}");
    }
    assert!(link.is_symlink() && !left.iter().any(|file| file.exists()) && others.iter().all(|file| file.exists()));
    std::fs::write(&left[0], "x").unwrap();
    transfer::clear_unfinished(&url);
    assert!(!left[0].exists() && there.join("db.sqlite").exists());
}

#[test]
fn the_master_key_is_replaced_in_one_piece_or_not_at_all() {
    let store = TestStore::new(Engine::Sqlite);
    fill(&store);
    let (old, new, third) = (master_key("A"), master_key("E"), master_key("I"));
    let sealed = old.seal("signing-key:k1", b"private", &SeededRng::new(3)).unwrap();
    insist(&store, move |tx| {
        let sql = "INSERT INTO signing_keys (kid, algorithm, private_key, public_jwk, created_at, active_from)
             VALUES ('k1', 'ES256', $1, '{}', 1, 1)";
        tx.execute(sql, params![&sealed])
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.backup");
    back_up(&store.database.options, &file, &[]).unwrap();
    for engine in engines() {
        let database = TestDatabase::empty(engine);
        restore(&file, &database.options, |_| {}).unwrap();
        let change = |old: &MasterKey, new: &MasterKey| {
            transfer::rekey(&database.options, old, new, &SeededRng::new(4), &mut |_| {})
        };
        let server = database.beside(|_| {}).unwrap();
        let running = change(&old, &new).unwrap_err().to_string();
        assert!(running.contains("already uses") || running.contains("stop every server"), "{running}");
        server.close();
        // The database server takes a moment to see that the connections are gone.
        let is_gone = || !change(&third, &new).unwrap_err().to_string().contains("stop every server");
        assert!((0..200).any(|_| is_gone() || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            false
        }));
        let wrong = change(&third, &new).unwrap_err();
        assert!(matches!(wrong, TransferError::OtherMasterKey), "{wrong}");
        assert_eq!(change(&old, &new).unwrap(), 2);
        let opened = database.beside(|_| {}).unwrap();
        let read = |sql: &'static str| {
            opened.read_blocking(move |tx| tx.query_opt(sql, &[])).unwrap().unwrap().bytes(0).unwrap()
        };
        let key = read("SELECT private_key FROM signing_keys");
        let secret = read("SELECT value FROM meta WHERE name = 'cookie-secret'");
        assert_eq!(new.open("signing-key:k1", &key).unwrap().as_slice(), b"private");
        assert_eq!(new.open("cookie-secret", &secret).unwrap().as_slice(), b"secret");
        assert!(old.open("signing-key:k1", &key).is_err());
        opened.close();
    }
}
