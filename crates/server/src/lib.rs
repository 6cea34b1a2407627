//! The HTTP surface of Sigma: endpoints and pages. One file per endpoint, named after it. What the surfaces share is in
//! `sigma-platform`, and is named here as if it were part of this crate.

mod account;
mod backup;
mod developers;
mod document;
mod front_door;
mod identity;
mod oauth;
mod profile;
mod pulse;
mod registration;
pub mod restore_ticket;
pub mod routes;
mod server;
mod signer;
mod wallet;
mod wellknown;

pub use routes::openapi;
pub use server::{Server, StartError};
pub use sigma_merits as merits;
pub use sigma_platform::{
    access, app_trial, backchannel, branding, client_documents, declarations, directories, doctor, dpop, error, export,
    extract, factors, hashing, http, i18n, interaction, jobs, key_command, keys, mail, objects, orgs, outbound, pages,
    passwords, paths, profiles, providers, quick, redirect_refusals, settings, state, token_answers, token_counts,
    webhooks,
};
pub use sigma_workspace as workspace;

#[cfg(test)]
mod page_tests;
