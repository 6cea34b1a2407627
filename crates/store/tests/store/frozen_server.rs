//! Unresponsive servers: a host that accepts connections and stays silent, one that freezes in the middle of its work,
//! one with room for fewer connections than a process wants. None costs more than its limit, and none hides behind idle
//! workers.

use std::net::TcpListener;
use std::time::Duration;

use sigma_store::testing::{Engine, TestDatabase, TestStore, administer, engines, eventually};
use sigma_store::{OpenError, Outage, Store, StoreError, StoreOptions, params};

use crate::proxy::{Cut, Proxy};

/// A store on PostgreSQL, if that is tested at all.
fn postgres() -> Option<TestStore> {
    engines().contains(&Engine::Postgres).then(|| TestStore::new(Engine::Postgres))
}

fn put(store: &Store, key: u32) -> Result<u64, StoreError> {
    let key = key.to_be_bytes();
    store
        .write_blocking(move |tx| tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![key]))
}

fn remembered(store: &Store) -> Result<i64, StoreError> {
    let row = store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM replay_guard", &[]))?.unwrap();
    row.int(0)
}

/// `url` with `first` before its own host, and a second for a handshake.
fn with_hosts(url: &str, first: &str) -> String {
    let (user, rest) = url.split_once('@').unwrap();
    let (host, database) = rest.split_once('/').unwrap();
    format!("{user}@{first},{host}/{database}?connect_timeout=1")
}

fn host(url: &str) -> &str {
    url.split_once('@').unwrap().1.split_once('/').unwrap().0
}

/// Whether that happens within a few timeouts of a second or so: on a busy machine it takes longer, but not forever.
fn bounded<R>(work: impl FnOnce() -> R) -> R {
    let begun = tokio::time::Instant::now();
    let outcome = work();
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?}", begun.elapsed());
    outcome
}

fn quick(options: &mut StoreOptions) {
    options.statement_limit = Duration::from_secs(1);
    (options.writers, options.readers) = (2, 2);
}

#[test]
fn a_host_that_accepts_and_stays_silent_is_left_for_the_next() {
    let Some(direct) = postgres() else { return };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = with_hosts(&direct.database.options.url, &silent.local_addr().unwrap().to_string());
    let store = bounded(|| direct.beside(|options| options.url = url).unwrap());
    for key in 0..20 {
        assert_eq!(put(&store, key), Ok(1));
    }
    store.close();
}

#[test]
fn a_single_silent_host_times_out() {
    let Some(direct) = postgres() else { return };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let url = format!("postgres://postgres@{address}/postgres?connect_timeout=1");
    let error = bounded(|| direct.beside(|options| options.url = url).unwrap_err());
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    assert!(error.to_string().contains(&format!("{address} does not answer within 1000 ms")), "{error}");
}

#[test]
fn a_server_that_freezes_costs_an_operation_its_limit_and_the_next_host_takes_over() {
    let Some(direct) = postgres() else { return };
    let proxy = Proxy::to(&direct.database.options.url);
    let url = with_hosts(&direct.database.options.url, host(&proxy.url()));
    let store = direct
        .beside(|options| {
            quick(options);
            options.url = url;
        })
        .unwrap();
    assert_eq!(put(&store, 0), Ok(1));
    assert_eq!(remembered(&store), Ok(1));
    proxy.cut(Cut::Freeze);
    let mut key = 0;
    bounded(|| {
        // Each worker learns it once, from its own connection.
        eventually(|| {
            key += 1;
            match put(&store, key) {
                Ok(1) => true,
                Err(StoreError::Unavailable(Outage::TimedOut | Outage::OutcomeUnknown | Outage::Disconnected)) => false,
                other => panic!("{other:?}"),
            }
        });
        eventually(|| remembered(&store).is_ok());
    });
    eventually(|| store.is_fresh());
    for key in 1_000..1_020 {
        assert_eq!(put(&store, key), Ok(1), "the frozen host is not asked first any more");
    }
    store.close();
}

#[test]
fn a_server_that_thaws_is_used_again() {
    let Some(direct) = postgres() else { return };
    let proxy = Proxy::to(&direct.database.options.url);
    let store = direct
        .beside(|options| {
            quick(options);
            options.url = format!("{}?connect_timeout=1", proxy.url());
        })
        .unwrap();
    proxy.cut(Cut::Freeze);
    for key in 0..6 {
        let outcome = bounded(|| put(&store, key));
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    }
    proxy.cut(Cut::Nothing);
    eventually(|| put(&store, 100).is_ok());
    eventually(|| remembered(&store).is_ok());
    store.close();
}

#[test]
fn workers_without_a_connection_take_no_work() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let database = TestDatabase::empty(Engine::Postgres);
    let name = database.options.url.rsplit('/').next().unwrap().to_owned();
    let role = format!("{name}_role");
    // One for the feed, and four of the sixteen wanted.
    administer(&format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 5"));
    administer(&format!("ALTER DATABASE {name} OWNER TO {role}"));
    let store = database
        .beside(|options| {
            options.url = options.url.replace("postgres@", &format!("{role}@"));
            (options.writers, options.readers) = (8, 8);
        })
        .unwrap();
    for key in 0..200 {
        assert_eq!(put(&store, key), Ok(1));
        assert_eq!(remembered(&store), Ok(i64::from(key) + 1));
    }
    std::thread::scope(|scope| {
        for thread in 1..9_u32 {
            let store = &store;
            scope.spawn(move || {
                for key in 0..25 {
                    assert_eq!(put(store, thread * 1_000 + key), Ok(1));
                }
            });
        }
    });
    store.close();
    drop(database);
    administer(&format!("DROP ROLE {role}"));
}

#[test]
fn a_server_without_room_for_anybody_is_worth_waiting_for() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    let database = TestDatabase::empty(Engine::Postgres);
    let name = database.options.url.rsplit('/').next().unwrap().to_owned();
    let role = format!("{name}_role");
    administer(&format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 0"));
    let error =
        database.beside(|options| options.url = options.url.replace("postgres@", &format!("{role}@"))).unwrap_err();
    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    administer(&format!("DROP ROLE {role}"));
    let error =
        database.beside(|options| options.url = options.url.replace("postgres@", "nobody_at_all@")).unwrap_err();
    assert!(matches!(error, OpenError::Server(_)), "no waiting makes a role: {error:?}");
}
