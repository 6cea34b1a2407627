//! placeholder

pub mod http;
pub mod pages;
pub mod settings;
