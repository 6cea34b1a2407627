//! One server on one database file; admin commands beside it.

use sigma_store::testing::{Engine, TestStore, engines};
use sigma_store::{OpenError, Store, StoreError, params};

fn put(store: &Store, key: u32) -> Result<u64, StoreError> {
    let key = key.to_be_bytes();
    store
        .write_blocking(move |tx| tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![key]))
}

fn remembered(store: &Store) -> i64 {
    let row = store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM replay_guard", &[])).unwrap().unwrap();
    row.int(0).unwrap()
}

#[test]
fn a_second_server_on_one_file_is_refused_until_the_first_has_ended() {
    let first = TestStore::new(Engine::Sqlite);
    let error = first.beside(|_| {}).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    let reported = error.to_string();
    assert!(reported.contains("another `sigma serve` already uses"), "{reported}");
    assert!(reported.contains(&format!("process {}", std::process::id())), "{reported}");
    assert!(reported.contains("sigma.sqlite.lock"), "{reported}");
    put(&first, 1).unwrap();
    first.close();
    let second = first.beside(|_| {}).unwrap();
    assert_eq!(remembered(&second), 1);
    second.close();
}

#[test]
fn the_same_file_by_another_name_is_refused_too() {
    let first = TestStore::new(Engine::Sqlite);
    let directory = first.directory().unwrap();
    let link = directory.join("other.sqlite");
    std::os::unix::fs::symlink(directory.join("sigma.sqlite"), &link).unwrap();
    let error = first.beside(|options| options.url = format!("sqlite:{}", link.display())).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
}

#[test]
fn many_servers_share_one_postgresql() {
    if engines().contains(&Engine::Postgres) {
        let first = TestStore::new(Engine::Postgres);
        let second = first.beside(|_| {}).unwrap();
        put(&first, 1).unwrap();
        put(&second, 2).unwrap();
        assert_eq!(remembered(&first), 2);
        second.close();
    }
}

#[test]
fn an_admin_command_works_beside_a_busy_server() {
    for engine in engines() {
        let server = TestStore::new(engine);
        let admin = server.beside(|options| options.exclusive = false).unwrap();
        std::thread::scope(|scope| {
            let load: Vec<_> = (0..4_u32)
                .map(|thread| {
                    let server = &server;
                    scope.spawn(move || (0..100).for_each(|n| assert_eq!(put(server, thread * 1_000 + n), Ok(1))))
                })
                .collect();
            for key in 10_000..10_020 {
                put(&admin, key).unwrap();
            }
            for thread in load {
                thread.join().unwrap();
            }
        });
        admin.close();
        assert_eq!(remembered(&server), 420);
    }
}
