//! `[resolver]`: the server that knows the published records of BAP identities.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The server that knows the published records of BAP identities; none by default.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResolverSettings {
    /// Its address, before `/identity/get`.
    pub url: Option<String>,
    /// How long an answer may take, in seconds.
    pub timeout_seconds: u32,
    /// How long a record is used before it is looked up again, in seconds.
    pub cache_seconds: u32,
}

impl Default for ResolverSettings {
    fn default() -> Self {
        Self { url: None, timeout_seconds: 2, cache_seconds: 3_600 }
    }
}

impl ResolverSettings {
    /// How long an answer may take.
    pub fn time_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout_seconds))
    }

    /// How long a record is used before it is looked up again.
    pub fn fresh(&self) -> Duration {
        Duration::from_secs(u64::from(self.cache_seconds))
    }
}
