//! Real server processes: several on one database, and what goes wrong around one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod cluster;
mod faults;
mod logs;
mod signals;
mod whole;
mod workspaces;
