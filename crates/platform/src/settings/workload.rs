//! `[[workloads]]`: the issuers whose tokens workloads exchange, and what they get.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigma_core::ids::AppRef;
use sigma_core::jose::JwkSet;
use sigma_core::provider::is_endpoint;
use sigma_core::workload::ClaimRules;

/// The issuer of GitHub Actions.
pub const GITHUB_ACTIONS: &str = "https://token.actions.githubusercontent.com";

/// A trusted issuer of tokens.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadIssuer {
    /// `iss` of its tokens, byte for byte.
    pub issuer: String,
    /// `aud` of its tokens; by default the issuer of this server.
    #[serde(default)]
    pub audience: Option<String>,
    /// The address of its keys; by default the one that its discovery document names.
    #[serde(default)]
    pub jwks_uri: Option<String>,
    /// A file with its keys instead, for an issuer that this server cannot reach.
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// Take the same token until it expires, for tokens that a workload is given only now and then. Otherwise each once.
    #[serde(default)]
    pub reusable: bool,
    /// Which workloads act as which app.
    pub rules: Vec<WorkloadRule>,
    /// How long one request to it may take, in seconds.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: u32,
}

const fn default_timeout() -> u32 {
    5
}

impl Default for WorkloadIssuer {
    fn default() -> Self {
        Self {
            issuer: String::new(),
            audience: None,
            jwks_uri: None,
            jwks_file: None,
            reusable: false,
            rules: Vec::new(),
            timeout_seconds: default_timeout(),
        }
    }
}

/// Workloads that act as an app.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadRule {
    /// The app, by its client id.
    pub app: String,
    /// The scopes that they get at most, space-separated; by default those of the app.
    #[serde(default)]
    pub scope: Option<String>,
    /// What the claims of the token must be.
    pub claims: BTreeMap<String, String>,
}

impl WorkloadIssuer {
    /// How long one request to it may take.
    pub fn time_limit(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout_seconds))
    }

    /// Its keys, if they are in a file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no keys.
    pub fn keys(&self) -> Result<Option<JwkSet>, String> {
        let Some(file) = &self.jwks_file else { return Ok(None) };
        let failed = |error: &dyn std::fmt::Display| format!("jwks_file: {}: {error}", file.display());
        let json = std::fs::read(file).map_err(|error| failed(&error))?;
        JwkSet::parse(&json).map(Some).map_err(|error| failed(&error))
    }

    /// The first problem of it.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    pub fn check(&self) -> Result<(), String> {
        let Self { issuer, jwks_uri, .. } = self;
        if issuer.is_empty() {
            return Err("issuer is missing: \"iss\" of its tokens, such as https://gitlab.com".to_owned());
        }
        // Where the keys are given, the issuer is only a name.
        if jwks_uri.is_none() && self.jwks_file.is_none() && !is_endpoint(issuer, issuer) {
            return Err(format!("issuer \"{issuer}\" must be https, unless jwks_uri or jwks_file is set"));
        }
        if jwks_uri.as_ref().is_some_and(|uri| !is_endpoint(uri, uri)) {
            return Err("jwks_uri must be https; plain http is allowed on this machine".to_owned());
        }
        if jwks_uri.is_some() && self.jwks_file.is_some() {
            return Err("set jwks_uri or jwks_file, not both".to_owned());
        }
        if self.audience.as_ref().is_some_and(String::is_empty) {
            return Err("audience must not be empty".to_owned());
        }
        if !(1..=30).contains(&self.timeout_seconds) {
            return Err("timeout_seconds must be 1 to 30".to_owned());
        }
        if !(1..=100).contains(&self.rules.len()) {
            return Err("there must be 1 to 100 rules".to_owned());
        }
        for rule in &self.rules {
            if AppRef::parse(&rule.app).is_none() {
                return Err(format!("rules: \"{}\" is not a client id", rule.app));
            }
            ClaimRules::new(rule.claims.clone()).map_err(|problem| format!("rules for {}: {problem}", rule.app))?;
        }
        self.keys().map(|_| ())
    }
}
