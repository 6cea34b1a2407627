//! A proxy to a PostgreSQL server that can be cut at a chosen moment.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// When connections are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Never.
    Nothing,
    /// Once, at a COMMIT, which never reaches the server.
    BeforeCommit,
    /// Once, after a COMMIT, whose outcome never reaches the client.
    AfterCommit,
    /// Always, and at once.
    Everything,
    /// Never, but nothing passes any more, as if the server were frozen.
    Freeze,
}

/// A proxy on a port of its own.
pub struct Proxy {
    url: String,
    state: Arc<State>,
}

struct State {
    cut: Mutex<Cut>,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// A proxy to the server in `url`.
    pub fn to(url: &str) -> Self {
        let (credentials, rest) = url.split_once("://").unwrap().1.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("postgres://{credentials}@127.0.0.1:{port}/{database}");
        let state = Arc::new(State { cut: Mutex::new(Cut::Nothing), open: Mutex::default() });
        let (shared, server) = (Arc::clone(&state), server.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if *shared.cut.lock().unwrap() != Cut::Everything {
                    serve(&client, &server, &shared);
                }
            }
        });
        Self { url, state }
    }

    /// The address to connect to.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Cuts as `cut` says from now on.
    pub fn cut(&self, cut: Cut) {
        *self.state.cut.lock().unwrap() = cut;
        if cut == Cut::Everything {
            for connection in self.state.open.lock().unwrap().drain(..) {
                drop(connection.shutdown(Shutdown::Both));
            }
        }
    }
}

impl State {
    /// Waits while everything is frozen.
    fn thaw(&self) {
        while *self.cut.lock().unwrap() == Cut::Freeze {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

fn serve(client: &TcpStream, server: &str, state: &Arc<State>) {
    let server = TcpStream::connect(server).unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let mut open = state.open.lock().unwrap();
    open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
    drop(open);
    // Whether a COMMIT is on its way to the server, after which the client shall hear nothing more.
    let deaf = Arc::new(Mutex::new(false));
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (shared, awaits) = (Arc::clone(state), Arc::clone(&deaf));
    std::thread::spawn(move || {
        pump(&mut from, |bytes| {
            // The statement, not the isolation level of another.
            if bytes.windows(7).any(|window| window == b"COMMIT\0") {
                let mut cut = shared.cut.lock().unwrap();
                match *cut {
                    Cut::BeforeCommit => {
                        *cut = Cut::Nothing;
                        return false;
                    }
                    Cut::AfterCommit => {
                        *cut = Cut::Nothing;
                        *awaits.lock().unwrap() = true;
                    }
                    Cut::Nothing | Cut::Everything | Cut::Freeze => {}
                }
            }
            shared.thaw();
            to.write_all(bytes).is_ok()
        });
        drop(to.shutdown(Shutdown::Both));
        drop(from.shutdown(Shutdown::Both));
    });
    let (mut from, mut to) = (server, client.try_clone().unwrap());
    let shared = Arc::clone(state);
    std::thread::spawn(move || {
        pump(&mut from, |bytes| {
            shared.thaw();
            !*deaf.lock().unwrap() && to.write_all(bytes).is_ok()
        });
        drop(to.shutdown(Shutdown::Both));
        drop(from.shutdown(Shutdown::Both));
    });
}

/// Relays whatever comes, while wanted.
fn pump(from: &mut TcpStream, mut hand_on: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !hand_on(&buffer[..length]) {
            return;
        }
    }
}
