//! Settings of webhooks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Addresses that are told of events.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Webhooks that an org may have, and the operator.
    pub per_org: u32,
    /// Events that may wait for one webhook.
    pub waiting: u32,
    /// Hours that a replaced secret signs beside the new one.
    pub overlap_hours: u32,
    /// Hours that a receiver may fail before its webhook is switched off.
    pub disable_after_hours: u32,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { per_org: 10, waiting: 10_000, overlap_hours: 24, disable_after_hours: 72 }
    }
}

impl Webhooks {
    /// How long a replaced secret signs.
    pub fn overlap(&self) -> Duration {
        Duration::from_hours(self.overlap_hours.into())
    }

    /// How long a receiver may fail.
    pub fn disable_after(&self) -> Duration {
        Duration::from_hours(self.disable_after_hours.into())
    }
}
