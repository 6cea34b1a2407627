//! The whole server, but for the sockets: every request passes the middleware, the handlers and a real database. The
//! engine is `SIGMA_TEST_STORE`: `sqlite` (the default) or `postgres`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod authorize;
mod bad_input_oauth;
mod client_auth;
mod cookies;
mod csrf;
mod direct;
mod discovery;
mod end_session;
mod growth;
mod identities;
mod introspect_revoke;
mod invitations;
mod keys;
mod limits;
mod mail;
mod password_pages;
mod passwords;
mod privacy;
mod probes;
mod processes;
mod refresh_families;
mod rulings_oidc;
mod rulings_tokens;
mod sessions;
mod sign_in;
mod sign_up;
mod support;
mod token;
mod token_model;
mod userinfo;
mod workspace_checks;
mod workspace_errors;
mod workspace_guessing;
mod workspace_isolation;
mod workspace_keys;
mod workspace_pages;
mod workspace_pages_login;
mod workspace_pages_people;
mod workspace_processes;
mod workspace_quick_sessions;
mod workspace_roles;
mod workspace_sessions;
mod workspace_tokens;
mod workspace_users;
