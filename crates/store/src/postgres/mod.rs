//! The engine for more than one machine: PostgreSQL 14 or newer, by clients that live on engine threads only.

mod client;
mod engine;
mod fault;
mod pool;
mod server;
mod spares;
mod tls;
mod tx;
mod values;
mod worker;

pub(crate) use client::{PostgresConnection, Trouble};
pub(crate) use engine::start;
pub(crate) use fault::Fault;
pub(crate) use server::Server;
pub use spares::Spares;
