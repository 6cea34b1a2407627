//! Persistence of Sigma: one SQL text on SQLite and PostgreSQL.
//!
//! A store operation is a function `Fn(&mut dyn Tx) -> Result<R, StoreError>` over owned inputs: synchronous SQL in one
//! transaction. Ids, times and secrets are made before it. A refusal is an `Ok` and commits; an `Err` rolls back.
//! The rules for SQL that runs on both engines are in `README.md` beside this crate.

pub mod account;
pub mod app;
mod backoff;
pub mod backup;
pub mod backup_link;
pub mod branding;
mod cache;
pub mod cached;
mod changes;
pub mod code;
pub mod consent;
pub mod credential;
pub mod credential_change;
mod device_throttle;
pub mod email;
pub mod email_change;
pub mod email_sign_up;
mod engine;
mod error;
pub mod event;
mod expiring;
mod feed;
pub mod grant;
pub mod identity;
pub mod interaction;
pub mod invitation;
mod job;
pub mod job_queue;
pub mod key_sign_in;
pub mod meta;
mod migrations;
pub mod one_time_link;
pub mod org;
pub mod outbox;
pub mod password;
pub mod password_change;
pub mod password_cost;
pub mod password_throttle;
mod postgres;
pub mod provider_account;
pub mod provider_sign_in;
mod quota;
mod readiness;
pub mod refresh_token;
pub mod replay_guard;
pub mod resource;
pub mod revocation;
mod row;
mod seal;
pub mod session;
pub mod sign_in;
mod signal;
pub mod signature_throttle;
pub mod signed_request;
pub mod signing_key;
mod sql;
mod sqlite;
mod stamped;
mod stopwatch;
mod store;
mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
pub mod token_count;
mod tx;
pub mod user;
mod value;
mod watch;
mod writing;

pub use cache::Cache;
pub use error::{OpenError, Outage, Stop, StoreError};
pub use expiring::{EXPIRING, Expiring};
pub use row::Row;
pub use seal::{KeyFault, KeyFile, MasterKey, SealError};
pub use signal::Signal;
pub use stamped::Stamped;
pub use store::{Pooler, Store, StoreOptions};
pub use sweep::Swept;
pub use tx::{Owner, Tx};
pub use value::Value;
pub use watch::{Generation, Watch};
