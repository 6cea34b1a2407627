//! A proxy to a database server that can be cut, or left open and silent.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Connections are ended, and new ones too.
    Cut,
    /// Nothing passes, and nobody is told.
    Silent,
}

/// A proxy on a port of its own.
pub struct Proxy {
    pub url: String,
    state: Arc<State>,
}

struct State {
    way: Mutex<Way>,
    open: Mutex<Vec<TcpStream>>,
}

impl State {
    fn way(&self) -> Way {
        *self.way.lock().unwrap()
    }
}

impl Proxy {
    /// A proxy to the server in `url`.
    pub fn to(url: &str) -> Self {
        let (credentials, rest) = url.split_once("://").unwrap().1.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { way: Mutex::new(Way::Open), open: Mutex::default() });
        let (shared, server) = (Arc::clone(&state), server.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.way() != Way::Cut {
                    serve(&client, &server, &shared);
                }
            }
        });
        Self { url: format!("postgres://{credentials}@127.0.0.1:{port}/{database}"), state }
    }

    pub fn cut(&self) {
        *self.state.way.lock().unwrap() = Way::Cut;
        for connection in self.state.open.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    pub fn silence(&self) {
        *self.state.way.lock().unwrap() = Way::Silent;
    }

    pub fn mend(&self) {
        *self.state.way.lock().unwrap() = Way::Open;
    }
}

fn serve(client: &TcpStream, server: &str, state: &Arc<State>) {
    let Ok(server) = TcpStream::connect(server) else { return };
    for (from, to) in [(client, &server), (&server, client)] {
        state.open.lock().unwrap().push(from.try_clone().unwrap());
        let (mut from, mut to, state) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(state));
        std::thread::spawn(move || {
            let mut bytes = [0; 16_384];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                while state.way() == Way::Silent {
                    std::thread::sleep(Duration::from_millis(10));
                }
                if to.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
