//! The issuers whose tokens workloads exchange: their keys, and which app a workload may act as.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Deserialize;
use sigma_core::app::App;
use sigma_core::jose::JwkSet;
use sigma_core::json::Members;
use sigma_core::provider::is_endpoint;
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;
use sigma_core::workload::{Accepted, ClaimRules, VerifiedWorkload, WorkloadToken};
use tokio::sync::Mutex;

use crate::outbound::Fetcher;
use crate::providers::Clients;
use crate::settings::{WorkloadIssuer, WorkloadRule};

/// How long the address of an issuer's keys is used before it is looked up again.
const FRESH: Duration = Duration::from_hours(1);
/// How long a failure to look it up is believed.
const AGAIN: Duration = Duration::from_secs(10);

/// All configured issuers.
pub struct Workloads {
    issuers: Vec<Issuer>,
}

struct Issuer {
    settings: WorkloadIssuer,
    audience: String,
    rules: Vec<Rule>,
    keys: Option<Arc<JwkSet>>,
    clients: Clients,
    jwks_uri: RwLock<Option<Found>>,
    /// Held by the one request that looks the address up; the others wait for its result.
    finding: Mutex<()>,
}

struct Rule {
    app: String,
    scope: ScopeLimit,
    claims: ClaimRules,
}

#[derive(Clone)]
struct Found {
    uri: Option<String>,
    at: Timestamp,
}

/// What is used of the metadata of an issuer (OpenID Connect Discovery §3). Those of CI systems lack most of it.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Workloads {
    /// Those of the settings. `public` reaches what their metadata name on other hosts.
    ///
    /// # Errors
    /// A rule is not acceptable, or the keys of an issuer cannot be read.
    pub fn new(settings: &[WorkloadIssuer], own_issuer: &str, public: &Arc<Fetcher>) -> Result<Self, String> {
        let issuers = settings.iter().map(|settings| Issuer::new(settings, own_issuer, public));
        Ok(Self { issuers: issuers.collect::<Result<_, _>>()? })
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.issuers.is_empty()
    }

    /// Verifies a token, all but whether it was used before; `None` for one that no configured issuer made for this server.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Option<Workload<'_>> {
        let refuse = |problem: &dyn fmt::Display| tracing::info!(%problem, "the token of a workload was refused");
        let token = WorkloadToken::parse(token).inspect_err(|problem| refuse(problem)).ok()?;
        let issuer = self.issuers.iter().find(|issuer| issuer.settings.issuer == token.issuer());
        let Some(issuer) = issuer else {
            refuse(&"its issuer is not configured");
            return None;
        };
        let keys = issuer.keys(&token, now).await?;
        let accepted = Accepted {
            issuer: &issuer.settings.issuer,
            audience: &issuer.audience,
            reusable: issuer.settings.reusable,
            now,
        };
        let verified = token.verify(&keys, &accepted).inspect_err(|problem| refuse(problem)).ok()?;
        Some(Workload { verified, issuer })
    }
}

impl fmt::Debug for Workloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.issuers.iter().map(|issuer| &issuer.settings.issuer)).finish()
    }
}

/// The scopes that a workload gets at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeLimit {
    /// All of the app's.
    Unlimited,
    /// These.
    AtMost(Scopes),
}

impl ScopeLimit {
    /// What either of two allows.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::AtMost(one), Self::AtMost(other)) => Self::AtMost(one.union(&other)),
            _ => Self::Unlimited,
        }
    }
}

/// A workload whose token is valid.
pub struct Workload<'a> {
    verified: VerifiedWorkload,
    issuer: &'a Issuer,
}

impl Workload<'_> {
    /// What its token says.
    pub fn token(&self) -> &VerifiedWorkload {
        &self.verified
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer.settings.issuer
    }

    /// The id of its token, if that may be used once only.
    pub fn single_use(&self) -> Option<&str> {
        if self.issuer.settings.reusable { None } else { self.verified.jti.as_deref() }
    }

    /// The scopes that it gets at most as `app`; `None` if it may not act as that app.
    pub fn may_act_as(&self, app: &App) -> Option<ScopeLimit> {
        self.issuer.granted(app, &self.verified.claims)
    }
}

impl Issuer {
    fn new(settings: &WorkloadIssuer, own_issuer: &str, public: &Arc<Fetcher>) -> Result<Self, String> {
        let rule = |rule: &WorkloadRule| {
            let claims = ClaimRules::new(rule.claims.clone()).map_err(|problem| problem.to_string())?;
            let scope = match &rule.scope {
                None => ScopeLimit::Unlimited,
                Some(scope) => ScopeLimit::AtMost(Scopes::parse(scope)),
            };
            Ok(Rule { app: rule.app.clone(), scope, claims })
        };
        Ok(Self {
            audience: settings.audience.clone().unwrap_or_else(|| own_issuer.to_owned()),
            rules: settings.rules.iter().map(rule).collect::<Result<_, String>>()?,
            keys: settings.keys()?.map(Arc::new),
            settings: settings.clone(),
            clients: Clients::new(&Arc::new(Fetcher::for_operator_within(settings.time_limit())), public),
            jwks_uri: RwLock::default(),
            finding: Mutex::default(),
        })
    }

    fn granted(&self, app: &App, claims: &Members) -> Option<ScopeLimit> {
        let holding = self.rules.iter().filter(|rule| app.is_called(&rule.app) && rule.claims.hold_for(claims));
        holding.map(|rule| rule.scope.clone()).reduce(ScopeLimit::or)
    }

    async fn keys(&self, token: &WorkloadToken<'_>, now: Timestamp) -> Option<Arc<JwkSet>> {
        if let Some(keys) = &self.keys {
            return Some(Arc::clone(keys));
        }
        let uri = match &self.settings.jwks_uri {
            Some(uri) => uri.clone(),
            None => self.find_uri(now).await?,
        };
        // A configured address may be anywhere, as the issuer may.
        let configured = self.settings.jwks_uri.as_deref().unwrap_or(&self.settings.issuer);
        let (_, key_sets) = self.clients.to(configured, &uri);
        key_sets.find(&uri, now, |keys| token.names_key_of(keys)).await
    }

    /// The address of the keys, from memory if it is fresh. The old one stays in use while the issuer does not answer.
    async fn find_uri(&self, now: Timestamp) -> Option<String> {
        if let Some(found) = self.at_hand(now) {
            return found.uri;
        }
        let _finding = self.finding.lock().await;
        if let Some(found) = self.at_hand(now) {
            return found.uri;
        }
        let fetched = self.fetch_uri().await;
        let fetched = fetched.inspect_err(|error| {
            tracing::warn!(issuer = %self.settings.issuer, error, "the metadata of an issuer of workloads could not be fetched");
        });
        let mut latest = self.jwks_uri.write().unwrap_or_else(PoisonError::into_inner);
        let uri = fetched.ok().or_else(|| latest.take().and_then(|found| found.uri));
        *latest = Some(Found { uri: uri.clone(), at: now });
        uri
    }

    fn at_hand(&self, now: Timestamp) -> Option<Found> {
        let latest = self.jwks_uri.read().unwrap_or_else(PoisonError::into_inner);
        let found = latest.as_ref()?;
        let life = if found.uri.is_some() { FRESH } else { AGAIN };
        (now.since(found.at) < life).then(|| found.clone())
    }

    async fn fetch_uri(&self) -> Result<String, String> {
        let issuer = &self.settings.issuer;
        let url = sigma_core::provider::Metadata::url(issuer);
        let (fetcher, _) = self.clients.to(issuer, &url);
        let json = fetcher.get(&url).await.map_err(|error| error.to_string())?;
        let metadata: Metadata = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        if metadata.issuer != *issuer {
            return Err("the metadata are those of another issuer".to_owned());
        }
        if !is_endpoint(issuer, &metadata.jwks_uri) {
            return Err("jwks_uri is not an https URL".to_owned());
        }
        Ok(metadata.jwks_uri)
    }
}
