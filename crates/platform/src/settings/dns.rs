//! `[dns]`: where the records are looked up by which orgs prove their domains.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where the records are looked up by which orgs prove their domains.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dns {
    /// The name servers; those of the system by default.
    pub servers: Vec<SocketAddr>,
    /// How long an answer may take, in seconds.
    pub timeout_seconds: u32,
}

impl Default for Dns {
    fn default() -> Self {
        Self { servers: Vec::new(), timeout_seconds: 5 }
    }
}
