//! The HTTP surface of Sigma: endpoints and pages. One file per endpoint, named after it.

mod access;
mod account;
pub mod branding;
mod document;
mod error;
mod extract;
mod front_door;
pub mod hashing;
mod i18n;
mod identity;
mod interaction;
pub mod jobs;
pub mod keys;
pub mod mail;
mod oauth;
pub mod objects;
mod orgs;
pub mod outbound;
pub mod pages;
pub mod passwords;
mod paths;
mod pulse;
mod quick;
pub mod routes;
mod server;
pub mod settings;
pub mod state;
mod token_counts;
mod wallet;
mod wellknown;
pub mod workspace;

pub use routes::openapi;
pub use server::{Server, StartError};
pub use sigma_edge as http;

#[cfg(test)]
mod page_tests;
