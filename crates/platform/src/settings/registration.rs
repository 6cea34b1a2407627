//! Who may register apps besides the operator.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigma_core::scope::{EMAIL, OFFLINE_ACCESS, OPENID, PROFILE, Scopes};

/// Who may register an app by a request (RFC 7591).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Nobody.
    #[default]
    Off,
    /// Whoever has an initial access token (`sigma app invite`).
    Token,
    /// Anybody.
    Open,
}

/// Apps that register themselves, and apps that people make for themselves.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Who may register an app by a request.
    pub mode: RegistrationMode,
    /// Signed-in people may make apps, on `/developers` and by `/api/oauth-clients`.
    pub developers: bool,
    /// Apps that may be registered at once in these ways.
    pub most_apps: u32,
    /// Days without use after which an app that registered itself is removed. One that came without an initial access token
    /// and was never used is removed after one day.
    pub unused_days: u32,
    /// The server's own scopes that such apps may request.
    pub scopes: Vec<String>,
    /// Consent to a self-registered web app whose redirect URIs are all https may be remembered.
    pub remember_consent: bool,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::Off,
            developers: false,
            most_apps: 10_000,
            unused_days: 90,
            scopes: [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS].map(str::to_owned).to_vec(),
            remember_consent: false,
        }
    }
}

impl Registration {
    /// Whether apps can register themselves at all.
    pub fn is_on(&self) -> bool {
        self.mode != RegistrationMode::Off
    }

    /// How long an app is kept after its last use.
    pub fn keep_unused(&self) -> Duration {
        Duration::from_hours(u64::from(self.unused_days) * 24)
    }

    /// The server's own scopes that such apps may request.
    pub fn allowed_scopes(&self) -> Scopes {
        Scopes::parse(&self.scopes.join(" "))
    }
}
