//! The roles of a workspace.

pub mod create;
pub mod list;
pub mod remove;
pub mod replace;
pub mod resolve;
pub mod show;
