//! The pages of backups: those that restore a key, and the account's own.

pub mod account;
pub mod oauth_restore;
pub mod restore;
