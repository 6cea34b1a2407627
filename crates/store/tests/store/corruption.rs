//! Damage is reported as damage, names what is damaged, and affects no other operation; on both engines.

use std::os::unix::fs::FileExt as _;

use sigma_store::testing::{Engine, TestStore};
use sigma_store::{OpenError, StoreError, on_both_engines, params};

on_both_engines! {
    fn a_row_that_no_rule_allows_is_told_and_others_are_served(store: TestStore) {
        store.write_blocking(|tx| {
            let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)";
            tx.execute(sql, params!["damaged", [1_u8, 2, 3]])?;
            tx.execute(sql, params!["whole", [7_u8; 32]])
        }).unwrap();
        let digest = |name: &'static str| store.read_blocking(move |tx| {
            tx.query_opt("SELECT value FROM meta WHERE name = $1", params![name])?.unwrap().digest(0)
        });
        let reported = StoreError::Corrupt("column 0 should hold a digest of 32 bytes, and holds bytes".to_owned());
        assert_eq!(digest("damaged").unwrap_err(), reported);
        assert!(digest("whole").is_ok());
    }
}

#[test]
fn invalid_utf_8_is_reported() {
    let store = TestStore::new(Engine::Sqlite);
    let row = store.read_blocking(|tx| tx.query_opt("SELECT CAST(x'ff41' AS TEXT)", &[])).unwrap().unwrap();
    assert!(matches!(row.text(0), Err(StoreError::Corrupt(_))));
}

#[test]
fn a_damaged_file_is_reported_without_a_crash() {
    let mut store = TestStore::new(Engine::Sqlite);
    store
        .write_blocking(|tx| {
            for number in 0..400_i64 {
                let sql = "INSERT INTO replay_guard (key, expires_at) VALUES ($1, $2)";
                tx.execute(sql, params![[&number.to_be_bytes()[..], &[7; 400]].concat(), number])?;
            }
            Ok(())
        })
        .unwrap();
    store.close();
    let path = store.directory().unwrap().join("sigma.sqlite");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    for (page, content) in (0_u64..).zip(std::fs::read(&path).unwrap().chunks(4_096)) {
        if content.windows(400).any(|window| window == [7; 400]) {
            file.write_all_at(&[0xA5; 512], page * 4_096).unwrap();
        }
    }
    store.reopen();
    let all = "SELECT key, expires_at FROM replay_guard ORDER BY expires_at";
    let read = store.read_blocking(move |tx| tx.query_all(all, &[])).map(|rows| rows.len());
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    let written = store.write_blocking(|tx| tx.execute("UPDATE replay_guard SET expires_at = expires_at + 1", &[]));
    assert!(matches!(written, Err(StoreError::Corrupt(_))), "{written:?}");
    let row = store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM orgs", &[])).unwrap().unwrap();
    assert_eq!(row.int(0).unwrap(), 0);
}

#[test]
fn a_truncated_file_is_refused_with_a_clear_error() {
    let store = TestStore::new(Engine::Sqlite);
    store.close();
    let path = store.directory().unwrap().join("sigma.sqlite");
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(10_000).unwrap();
    let error = store.beside(|_| {}).unwrap_err();
    assert!(matches!(error, OpenError::File { .. } | OpenError::Migration(_)), "{error:?}");
    assert!(error.to_string().contains("malformed"), "{error}");
}
