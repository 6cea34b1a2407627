//! The signals that control a server, and those that end a command.

use std::io;
use std::sync::mpsc::sync_channel;
use std::thread;

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

/// From now on runs `clear` when a signal is to end the process, and then ends it as the signal would have: with 128 and its number, as
/// shells report it.
pub fn clear_when_stopped(clear: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let (ready, is_ready) = sync_channel(1);
    let listening = move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| cannot_listen(&error));
        let waited = runtime.and_then(|runtime| {
            runtime.block_on(async {
                let (mut stops, mut hangups) = (Stops::listen()?, hangups()?);
                drop(ready.send(Ok(())));
                Ok(tokio::select! {
                    stop = stops.next() => match stop {
                        Stop::Terminate => SignalKind::terminate(),
                        Stop::Interrupt => SignalKind::interrupt(),
                    },
                    _ = hangups.recv() => SignalKind::hangup(),
                })
            })
        });
        match waited {
            Ok(signal) => {
                clear();
                std::process::exit(128 + signal.as_raw_value());
            }
            Err(failure) => drop(ready.send(Err(failure))),
        }
    };
    thread::Builder::new().name("sigma-signals".to_owned()).spawn(listening).map_err(|error| cannot_listen(&error))?;
    is_ready.recv().unwrap_or_else(|_| Err(Failure::Failed("cannot listen for signals".to_owned())))
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| cannot_listen(&error))
}

fn cannot_listen(error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot listen for signals: {error}"))
}
