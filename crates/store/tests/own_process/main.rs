//! A store in a process of its own, which is killed, runs out of disk space or is read-only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs
)]

mod full_disk;
mod killed;
mod read_only;
