//! Upstream providers: who they are, how a browser is sent to one, and what came back. Whose account it is here, and what
//! that leads to, is decided by whoever began the flow.
//!
//! Each provider returns browsers to an address of its own, and what it returns is accepted only for a flow that began
//! with it: answers of two providers cannot be mixed up (RFC 9700 §4.4).

mod declared;
mod failure;
mod flow;
mod github;
mod id_jag;
mod openid;
mod pending;
mod trial;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sigma_core::provider::{ClaimNames, Claimed, Metadata, ProviderId, Subject};
use sigma_core::time::Timestamp;
use sigma_store::provider_account::Vouched;
use tokio::sync::Mutex;

pub use declared::{Providers, follow, is_in_reach};
pub use failure::ProviderFailure;
pub use flow::{Aim, Begun, Flow, NewFlow, NotTrusted, Place, begin, redirect_uri, take_up};
pub use pending::{PendingLink, expired_pending};
pub use trial::Trial;

use crate::branding::read_logo;
use crate::objects::Logo;
use crate::outbound::{Answer, FetchError, Fetcher, KeySets, Outgoing};
use crate::settings::{Provider as Settings, ProviderKind, ProviderSignUp};

/// How long metadata are used before they are fetched again.
const FRESH: Duration = Duration::from_hours(1);
/// How long a failure to fetch them is believed.
const AGAIN: Duration = Duration::from_secs(10);

/// The clients for requests to providers. What the operator configured may be anywhere, and what was declared where the settings
/// allow it; what a provider's metadata name on another host must be public, so that no provider makes this server call into its own
/// network.
#[derive(Clone)]
pub(crate) struct Clients {
    own: (Arc<Fetcher>, Arc<KeySets>),
    public: (Arc<Fetcher>, Arc<KeySets>),
}

impl Clients {
    /// Those with `own` for the hosts of issuers, and `public` for others.
    pub(crate) fn new(own: &Arc<Fetcher>, public: &Arc<Fetcher>) -> Self {
        let with_keys = |fetcher: &Arc<Fetcher>| (Arc::clone(fetcher), Arc::new(KeySets::new(fetcher)));
        Self { own: with_keys(own), public: with_keys(public) }
    }

    /// The client for `url`, which the server at `issuer` named.
    pub(crate) fn to(&self, issuer: &str, url: &str) -> &(Arc<Fetcher>, Arc<KeySets>) {
        let host = |url: &str| url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        if host(issuer) == host(url) { &self.own } else { &self.public }
    }
}

/// A configured provider.
pub struct Provider {
    settings: Settings,
    secret: Option<SecretString>,
    sign_up: ProviderSignUp,
    icon: Option<Logo>,
    clients: Clients,
    metadata: RwLock<Option<Fetched>>,
    /// Held by the one request that fetches metadata; the others wait for its result.
    fetching: Mutex<()>,
}

#[derive(Clone)]
struct Fetched {
    metadata: Option<Arc<Metadata>>,
    at: Timestamp,
    /// Whether it did not answer then.
    fails: bool,
}

/// Whether a provider answers, as far as this process knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It was not asked yet, or has no metadata to ask for.
    Unknown,
    /// It told its metadata at that time.
    Answers(Timestamp),
    /// It did not at that time.
    Fails(Timestamp),
}

/// What a provider told of an account, once it was verified.
#[derive(Clone, Debug)]
pub struct Told {
    /// The account.
    pub subject: Subject,
    /// When the user authenticated there, if it says so.
    pub auth_time: Option<Timestamp>,
    /// What it claims of the account.
    pub claimed: Claimed,
}

impl Provider {
    fn new(settings: &Settings, sign_up: ProviderSignUp, clients: &Clients) -> Result<Self, String> {
        let id = &settings.id;
        let secret = match &settings.client_secret_file {
            None => settings.client_secret.clone(),
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    format!("the client secret of {id} cannot be read: {}: {error}", file.display())
                })?;
                Some(SecretString::from(text.trim()))
            }
        };
        let icon = settings.icon.as_ref().and_then(|path| {
            read_logo(path).inspect_err(|error| tracing::error!(error, provider = %id, "the icon is not shown")).ok()
        });
        let default = if settings.allowed_domains.is_empty() { sign_up } else { ProviderSignUp::On };
        Ok(Self {
            secret,
            sign_up: settings.sign_up.unwrap_or(default),
            icon,
            clients: clients.clone(),
            settings: settings.clone(),
            metadata: RwLock::default(),
            fetching: Mutex::default(),
        })
    }

    /// Its id.
    pub fn id(&self) -> &ProviderId {
        &self.settings.id
    }

    /// Its protocol.
    pub fn kind(&self) -> ProviderKind {
        self.settings.kind
    }

    /// What its button says.
    pub fn label(&self) -> &str {
        self.settings.label()
    }

    /// The file name of its icon.
    pub fn icon(&self) -> Option<&str> {
        self.icon.as_ref().map(|icon| icon.name.as_str())
    }

    /// What becomes of an account that nobody has linked.
    pub fn sign_up(&self) -> ProviderSignUp {
        self.sign_up
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The account that it told of, as the store knows it.
    pub fn vouched(&self, told: &Told) -> Vouched {
        Vouched {
            provider_id: self.id().clone(),
            issuer: self.settings.issuer().to_owned(),
            subject: told.subject.clone(),
            email: told.claimed.email.as_ref().map(|email| email.address().to_owned()),
        }
    }

    /// Redeems the code that it returned to the browser, and verifies what it tells.
    ///
    /// # Errors
    /// [`ProviderFailure`]
    pub async fn redeem(&self, flow: &Flow, code: &str, returned: Returned<'_>) -> Result<Told, ProviderFailure> {
        let told = match self.kind() {
            ProviderKind::OpenId | ProviderKind::Google => self.redeem_openid(flow, code, returned).await?,
            ProviderKind::GitHub => self.redeem_github(flow, code, returned).await?,
        };
        self.check_domain(&told.claimed)?;
        Ok(told)
    }

    /// Whether the account has a verified address at an allowed domain, if there are such.
    fn check_domain(&self, claimed: &Claimed) -> Result<(), ProviderFailure> {
        let allowed = &self.settings.allowed_domains;
        if allowed.is_empty() {
            return Ok(());
        }
        match &claimed.email {
            None => Err(ProviderFailure::EmailNotFound),
            Some(_) if !claimed.email_verified => Err(ProviderFailure::EmailNotVerified),
            Some(_) if claimed.verified_email_at(allowed).is_none() => Err(ProviderFailure::EmailDoesNotMatch),
            Some(_) => Ok(()),
        }
    }

    fn claim_names(&self) -> ClaimNames<'_> {
        let claims = &self.settings.claims;
        ClaimNames {
            name: &claims.name,
            email: &claims.email,
            email_verified: &claims.email_verified,
            groups: &claims.groups,
        }
    }

    /// Sends a request to one of its endpoints.
    async fn ask(&self, outgoing: Outgoing<'_>) -> Result<Answer, FetchError> {
        let (fetcher, _) = self.clients.to(self.settings.issuer(), outgoing.url);
        let limit = Duration::from_secs(u64::from(self.settings.timeout_seconds));
        tokio::time::timeout(limit, fetcher.ask(outgoing)).await.unwrap_or(Err(FetchError::TimedOut))
    }

    /// Its metadata, from memory if they are fresh. Old ones stay in use while it does not answer.
    async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, ProviderFailure> {
        if let Some(known) = self.at_hand(now) {
            return known.metadata.ok_or(ProviderFailure::Unavailable);
        }
        let _fetching = self.fetching.lock().await;
        if let Some(known) = self.at_hand(now) {
            return known.metadata.ok_or(ProviderFailure::Unavailable);
        }
        self.fetch_anew(now).await.ok_or(ProviderFailure::Unavailable)
    }

    /// Fetches its metadata; those of before if it does not answer.
    async fn fetch_anew(&self, now: Timestamp) -> Option<Arc<Metadata>> {
        let fetched = self.fetch_metadata().await;
        let fetched = fetched.inspect_err(|error| {
            tracing::warn!(provider = %self.id(), error, "the metadata of a provider could not be fetched");
        });
        let mut latest = self.metadata.write().unwrap_or_else(PoisonError::into_inner);
        let fails = fetched.is_err();
        let metadata = fetched.ok().or_else(|| latest.take().and_then(|known| known.metadata));
        *latest = Some(Fetched { metadata: metadata.clone(), at: now, fails });
        metadata
    }

    /// Fetches its metadata now, whatever is in memory: see [`reach`](Self::reach). GitHub has none.
    pub async fn check(&self, now: Timestamp) {
        if self.kind() != ProviderKind::GitHub {
            let _fetching = self.fetching.lock().await;
            self.fetch_anew(now).await;
        }
    }

    /// Whether it answered when its metadata were last asked for.
    pub fn reach(&self) -> Reach {
        let latest = self.metadata.read().unwrap_or_else(PoisonError::into_inner);
        match latest.as_ref() {
            None => Reach::Unknown,
            Some(known) if known.fails => Reach::Fails(known.at),
            Some(known) => Reach::Answers(known.at),
        }
    }

    fn at_hand(&self, now: Timestamp) -> Option<Fetched> {
        let latest = self.metadata.read().unwrap_or_else(PoisonError::into_inner);
        let known = latest.as_ref()?;
        let life = if known.metadata.is_some() { FRESH } else { AGAIN };
        (now.since(known.at) < life).then(|| known.clone())
    }

    async fn fetch_metadata(&self) -> Result<Arc<Metadata>, String> {
        let issuer = self.settings.issuer();
        let url = Metadata::url(issuer);
        let answer = self.ask(Outgoing::get(&url)).await.map_err(|error| error.to_string())?;
        if answer.status != 200 {
            return Err(format!("the server answered {}", answer.status));
        }
        Metadata::parse(issuer, &answer.body).map(Arc::new).map_err(|error| error.to_string())
    }

    fn client_secret(&self) -> Option<&str> {
        self.secret.as_ref().map(ExposeSecret::expose_secret)
    }
}

/// What came with the code.
#[derive(Clone, Copy, Debug)]
pub struct Returned<'a> {
    /// The issuer that the provider names (RFC 9207).
    pub issuer: Option<&'a str>,
    /// The address that it returned to.
    pub redirect_uri: &'a str,
    /// The time.
    pub now: Timestamp,
}
