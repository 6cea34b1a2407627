//! Connections and the one middleware, with routes of their own behind them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod connections;
mod edge;
mod log;
mod redis;
mod shared_limits;
mod support;
mod tls;
