//! Real server processes: several on one database, and faults around one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod away;
mod cluster;
mod faults;
mod flows;
mod load;
mod logs;
// Those of the edge restart it too.
#[allow(dead_code)]
#[path = "../../../edge/tests/http/redis.rs"]
mod redis;
mod shared_limits;
mod signals;
mod whole;
mod workspaces;
