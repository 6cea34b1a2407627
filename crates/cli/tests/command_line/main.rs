//! The command line as an operator uses it: the real binary in a directory of its own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod admin;
mod app;
mod apply;
mod audit;
mod backups;
mod branding;
mod config;
mod doctor;
mod jobs;
mod link;
mod people;
mod person;
mod program;
mod remote;
mod scim;
mod server;
mod service;
mod start;
mod support;
mod telemetry;
mod user;
mod workspace;
