//! The signals that control a server.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// The signal that stopped the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM: from a service manager; load balancers need time to notice.
    Terminate,
    /// SIGINT: from a terminal.
    Interrupt,
}

/// The signals that stop a server.
pub struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    /// Starts listening; from now on they no longer terminate the process by themselves.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Resolves at the next signal.
    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.terminate.recv() => Stop::Terminate,
            _ = self.interrupt.recv() => Stop::Interrupt,
        }
    }
}

/// SIGHUP, which reloads the configuration.
pub fn hangups() -> Result<Signal, Failure> {
    listen(SignalKind::hangup())
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::Failed(format!("cannot listen for signals: {error}")))
}
