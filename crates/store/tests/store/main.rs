//! The store as its users see it, on both engines. One binary, so that the engines are linked once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod account_deletion;
mod account_races;
mod accounts;
mod acting;
mod aggregates_once;
mod backups;
mod change_feed;
mod client_documents;
mod corruption;
mod credentials;
mod dead_threads;
mod dialect;
mod email_sign_ups;
mod emails;
mod events;
mod frozen_server;
mod group_commit;
mod identity_keys;
mod invitations;
mod jobs;
mod lost_connections;
mod merits;
mod nodes;
mod one_server;
mod overload;
mod passwords;
mod pgbouncer;
mod profiles;
mod provider_accounts;
mod proxy;
mod pushed_requests;
mod races;
mod readiness;
mod registrations;
mod sealing;
mod second_factors;
mod sign_in_races;
mod sweeping;
mod tls;
mod transactions;
mod versions;
mod wallets;
mod workspace_races;
mod workspaces;
