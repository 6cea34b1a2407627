//! What the signals of the system ask of a server.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Which signal told the server to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM: from a service manager, whose balancers need time to notice.
    Terminate,
    /// SIGINT: from somebody at a terminal, who does not.
    Interrupt,
}

/// The signals that end a server, each of which is told once.
pub struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    /// Listens from now on: none of these ends the process by itself any more.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Resolves at the next one.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.interrupt.recv() => Stop::Interrupt,
        }
    }
}

/// SIGHUP, which asks a server to read its configuration again.
pub fn hangups() -> Result<Signal, Failure> {
    listen(SignalKind::hangup())
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::Failed(format!("cannot listen for signals: {error}")))
}
