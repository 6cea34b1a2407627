//! What a service manager is told (`sd_notify(3)`): that the server is ready, that it stops, and that it is alive.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The socket of the service manager, if one started this process and wants to be told.
#[derive(Debug)]
pub struct Manager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often it is told that the server is alive: twice within the time after which it would restart it.
    beat: Option<Duration>,
}

impl Manager {
    /// The manager that the environment names.
    pub fn of_environment() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let socket = variable("NOTIFY_SOCKET").and_then(|name| match open(&name) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!(%error, socket = name, "the service manager cannot be told how the server is");
                None
            }
        });
        let own = std::process::id().to_string();
        let is_for_us = variable("WATCHDOG_PID").is_none_or(|process| process == own);
        let micros = variable("WATCHDOG_USEC").and_then(|micros| micros.parse::<u64>().ok());
        let beat = micros.filter(|micros| is_for_us && *micros > 1).map(|micros| Duration::from_micros(micros / 2));
        Self { socket, beat }
    }

    /// Requests are answered from now on.
    pub fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", status.replace('\n', " ")));
    }

    /// The server was told to stop.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stopping");
    }

    /// Tells the manager again and again that this task still runs, and so the others; never resolves.
    pub async fn beat(&self) {
        let Some(every) = self.beat.filter(|_| self.socket.is_some()) else { return std::future::pending().await };
        loop {
            self.tell("WATCHDOG=1");
            tokio::time::sleep(every).await;
        }
    }

    fn tell(&self, state: &str) {
        let Some((socket, manager)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(state.as_bytes(), manager) {
            tracing::warn!(%error, "the service manager could not be told how the server is");
        }
    }
}

/// A socket to the address: a path, or a name in the abstract namespace after an `@`.
fn open(name: &str) -> std::io::Result<(UnixDatagram, SocketAddr)> {
    let manager = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A manager that does not read must not stop the server.
    socket.set_nonblocking(true)?;
    Ok((socket, manager))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_is_found_by_path_and_by_abstract_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let name = format!("sigma-test-{}", std::process::id());
        let abstractly = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        for (name, manager) in
            [(path.display().to_string(), UnixDatagram::bind(&path).unwrap()), (format!("@{name}"), abstractly)]
        {
            let told = Manager { socket: Some(open(&name).unwrap()), beat: None };
            told.ready("listens on\n127.0.0.1:1");
            let mut buffer = [0; 200];
            let length = manager.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], b"READY=1\nSTATUS=listens on 127.0.0.1:1", "{name}");
        }
    }
}
