//! PgBouncer between this process and the server: it works when configured, is named in the error when not, and leaves
//! other clients of its pool unaffected.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Child, Command, Stdio};

use sigma_store::testing::{Engine, TestStore, engines, eventually};
use sigma_store::{OpenError, Pooler, Store, StoreError, params};
use tempfile::TempDir;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A PgBouncer in transaction mode on a port of its own.
struct PgBouncer {
    process: Child,
    port: u16,
    _directory: TempDir,
}

impl PgBouncer {
    /// In front of the server in `url`, with `size` connections to it.
    fn before(url: &str, size: u32, more: &str) -> Self {
        let server = url.split_once('@').unwrap().1.split_once('/').unwrap().0;
        let server_port = server.rsplit(':').next().unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let file = directory.path().join("pgbouncer.ini");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut settings = std::fs::File::create(&file).unwrap();
        write!(
            settings,
            "[databases]\n* = host=127.0.0.1 port={server_port} user=postgres\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = {size}\nmax_client_conn = 200\n{more}\n"
        )
        .unwrap();
        // It refuses to run as root, which becomes the user that the Debian package of the server created.
        let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
        let mut command = if is_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "/usr/sbin/pgbouncer"]);
            command
        } else {
            Command::new("/usr/sbin/pgbouncer")
        };
        let process = command.arg("--quiet").arg(&file).stderr(Stdio::null()).spawn();
        let process = process.expect("pgbouncer is installed: scripts/install-test-deps.sh does it");
        let started = Self { process, port, _directory: directory };
        eventually(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        started
    }

    fn url(&self, direct: &str) -> String {
        let (user, rest) = direct.split_once('@').unwrap();
        format!("{user}@127.0.0.1:{}/{}", self.port, rest.split_once('/').unwrap().1)
    }

    /// What another client of the pool gets, one text per row.
    fn ask(&self, direct: &str, sql: &str) -> Vec<String> {
        let url = self.url(direct);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            let rows = client.simple_query(sql).await.unwrap();
            let texts = rows.iter().filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            texts.collect()
        })
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn put(store: &Store, key: u32) -> Result<u64, StoreError> {
    let key = key.to_be_bytes();
    store.write_blocking(move |tx| {
        tx.changed("thing", "key")?;
        tx.execute("INSERT INTO replay_guard (key, expires_at) VALUES ($1, 1)", params![key])
    })
}

fn remembered(store: &Store) -> i64 {
    let row = store.read_blocking(|tx| tx.query_opt("SELECT count(*) FROM replay_guard", &[])).unwrap().unwrap();
    row.int(0).unwrap()
}

/// What a session may have left behind.
const STATE: &str = "SELECT concat_ws(' ', current_setting('transaction_read_only'), current_setting('default_transaction_read_only'),
    current_setting('default_transaction_isolation'), current_setting('statement_timeout'), current_setting('lock_timeout'),
    current_setting('idle_in_transaction_session_timeout'), (SELECT count(*) FROM pg_prepared_statements))";

#[test]
fn a_store_works_through_pools_of_one_and_of_twenty_and_takes_nothing_from_other_clients() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    for size in [1, 20] {
        let direct = TestStore::new(Engine::Postgres);
        let url = &direct.database.options.url;
        let pooler = PgBouncer::before(url, size, "");
        let before = pooler.ask(url, STATE);
        let open = || {
            direct
                .beside(|options| {
                    options.url = pooler.url(url);
                    options.pooler = Pooler::Transaction;
                    options.writers = 8;
                })
                .unwrap()
        };
        let nodes = [open(), open()];
        std::thread::scope(|scope| {
            for thread in 0..8_u32 {
                let store = &nodes[usize::from(thread % 2 == 0)];
                scope.spawn(move || {
                    for key in 0..25 {
                        assert_eq!(put(store, thread * 1_000 + key), Ok(1));
                        assert!(remembered(store) > 0);
                    }
                });
            }
            let (pooler, before) = (&pooler, &before);
            scope.spawn(move || {
                for number in 0..25 {
                    assert_eq!(pooler.ask(url, STATE), *before, "what another client sees");
                    pooler.ask(url, &format!("CREATE TABLE other_{number} (x int)"));
                }
            });
        });
        for _ in 0..40 {
            assert_eq!(pooler.ask(url, STATE), *before, "whichever connection of the pool it gets");
        }
        assert_eq!(remembered(&direct), 200);
        for node in nodes {
            assert!(node.is_fresh());
            node.close();
        }
    }
}

#[test]
fn an_unconfigured_pooler_is_detected_and_left_untouched() {
    if !engines().contains(&Engine::Postgres) {
        return;
    }
    // One refuses the start-up parameters, the other drops them.
    for more in ["", "ignore_startup_parameters = options"] {
        let direct = TestStore::new(Engine::Postgres);
        let url = &direct.database.options.url;
        let pooler = PgBouncer::before(url, 1, more);
        let before = pooler.ask(url, STATE);
        let error = direct.beside(|options| options.url = pooler.url(url)).unwrap_err();
        assert!(matches!(error, OpenError::Server(_)), "{error:?}");
        let reported = error.to_string();
        assert!(reported.contains("PgBouncer") && reported.contains("store.pooler"), "{reported}");
        assert_eq!(pooler.ask(url, STATE), before);
        pooler.ask(url, "CREATE TABLE other_app (x int)");
    }
}
