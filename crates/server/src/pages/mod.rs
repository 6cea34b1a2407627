//! The pages that people see: handlers, and below `view` what they look like.

pub mod assets;
pub mod view;
