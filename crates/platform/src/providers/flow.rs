//! A browser on its way through a provider: what it does there and where it goes on travels as the sealed `state`, bound to
//! the browser by the cookie of interactions, and is taken up once.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sigma_core::digest::Digest;
use sigma_core::ids::{SessionId, UserId};
use sigma_core::provider::ProviderId;
use sigma_core::random::alphanumeric;
use sigma_core::time::Timestamp;
use sigma_store::replay_guard::{self, Once};
use url::Url;

use super::{Provider, ProviderFailure};
use crate::extract::Browser;
use crate::http::ApiError;
use crate::interaction::{Carried, Ongoing, browser_digest};
use crate::settings::ProviderKind;
use crate::state::AppState;

/// The purpose of the sealed value.
const CONTEXT: &[u8] = b"sigma provider flow 1";
/// Length of a flow's id: 131 bits.
const ID_LENGTH: usize = 22;
/// Characters of the mark of a server.
const MARK_LENGTH: usize = 16;
/// How long a user may take at the provider.
const LIFE: Duration = Duration::from_mins(30);

/// A flow as its state carries it. Short names: it travels in an address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    #[serde(rename = "f")]
    id: String,
    /// The provider.
    #[serde(rename = "p")]
    pub provider: ProviderId,
    /// The mark of its server: another one may have its id by the time the browser comes back.
    #[serde(rename = "w", default)]
    server: String,
    /// What it is for.
    #[serde(rename = "a")]
    pub aim: Aim,
    /// The user's destination.
    #[serde(rename = "i")]
    pub interaction: Carried,
    /// An address that a program asked to continue at, instead of the destination.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The user has to authenticate anew there.
    #[serde(rename = "n", default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
    /// When it began.
    #[serde(rename = "s")]
    pub started_at: Timestamp,
    #[serde(rename = "e")]
    expires_at: Timestamp,
    #[serde(rename = "b")]
    browser: String,
    #[serde(skip)]
    secrets: Option<Secrets>,
}

/// What a flow is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aim {
    /// Signing in.
    #[serde(rename = "s")]
    SignIn,
    /// Linking an account to a signed-in user.
    #[serde(rename = "l")]
    Link {
        /// The user.
        #[serde(rename = "u")]
        user_id: UserId,
        /// The session that asked.
        #[serde(rename = "s")]
        session_id: SessionId,
    },
    /// Fetching an encrypted backup on a device where nobody is signed in: it begins neither session nor account.
    #[serde(rename = "r")]
    Restore,
    /// Seeing what the provider tells, by somebody who runs the server: it begins neither session nor account.
    #[serde(rename = "t")]
    Test {
        /// Who tests.
        #[serde(rename = "u")]
        user_id: UserId,
        /// The session that asked.
        #[serde(rename = "s")]
        session_id: SessionId,
    },
}

/// An address on our origin or a trusted one, checked when it was accepted and again before it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Where to continue.
    #[serde(rename = "t")]
    pub to: String,
    /// Where to continue after a failure.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
}

/// What proves to the provider, and to us, that an answer belongs to a flow. Derived from its id, which only this server
/// can read.
#[derive(Clone, Debug)]
struct Secrets {
    nonce: String,
    verifier: String,
}

impl Secrets {
    fn of(sigma: &AppState, id: &str) -> Self {
        let derive = |purpose: &str| {
            URL_SAFE_NO_PAD.encode(hmac::sign(&sigma.cookie_key, format!("provider-{purpose}\n{id}").as_bytes()))
        };
        Self { nonce: derive("nonce"), verifier: derive("verifier") }
    }
}

impl Flow {
    /// The nonce that an ID token must repeat.
    pub(super) fn nonce(&self) -> &str {
        self.secrets.as_ref().map_or("", |secrets| &secrets.nonce)
    }

    /// The PKCE verifier (RFC 7636).
    pub(super) fn verifier(&self) -> &str {
        self.secrets.as_ref().map_or("", |secrets| &secrets.verifier)
    }
}

/// A flow that began.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: String,
    /// `Set-Cookie`, if the interaction just began.
    pub set_cookie: Option<String>,
}

/// What a flow is to do.
#[derive(Clone, Debug)]
pub struct NewFlow {
    /// What it is for.
    pub aim: Aim,
    /// An address that a program asked to continue at.
    pub place: Option<Place>,
    /// The user has to authenticate anew at the provider.
    pub anew: bool,
    /// The address that the user gave, so that the provider need not ask for it.
    pub login_hint: Option<String>,
}

impl NewFlow {
    /// One that continues at the user's destination, with whatever session the provider has.
    pub const fn of(aim: Aim) -> Self {
        Self { aim, place: None, anew: false, login_hint: None }
    }
}

/// Begins a flow of the browser whose interaction is `ongoing`.
///
/// # Errors
/// Inner: the provider does not answer. Outer: encryption failed, which cannot happen.
pub async fn begin(
    sigma: &AppState,
    provider: &Provider,
    ongoing: Ongoing,
    new: NewFlow,
) -> Result<Result<Begun, ProviderFailure>, ApiError> {
    let NewFlow { aim, place, anew, login_hint } = new;
    let now = sigma.now();
    let id = alphanumeric(&*sigma.rng, ID_LENGTH);
    let secrets = Secrets::of(sigma, &id);
    let interaction = ongoing.carried();
    let flow = Flow {
        id,
        provider: provider.id().clone(),
        server: mark_of(provider),
        aim,
        place,
        anew,
        started_at: now,
        expires_at: now.plus(LIFE).min(interaction.expires_at),
        browser: ongoing.stored.browser.base64url(),
        interaction,
        secrets: None,
    };
    let state = sigma.interaction_key.seal_value(CONTEXT, &flow, &*sigma.rng);
    let state = state.map_err(|_| ApiError::internal("a state could not be sealed"))?;
    let endpoint = match provider.kind() {
        ProviderKind::GitHub => provider.github_authorization(),
        ProviderKind::OpenId | ProviderKind::Google => match provider.prepare(now).await {
            Ok(endpoint) => endpoint,
            Err(failure) => return Ok(Err(failure)),
        },
    };
    let Ok(mut url) = Url::parse(&endpoint) else { return Ok(Err(ProviderFailure::Unavailable)) };
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", &provider.settings().client_id);
        query.append_pair("redirect_uri", &redirect_uri(sigma, provider.id()));
        query.append_pair("response_type", "code");
        query.append_pair("scope", &provider.settings().scope());
        query.append_pair("state", &state);
        query.append_pair("code_challenge", &Digest::of(&secrets.verifier).base64url());
        query.append_pair("code_challenge_method", "S256");
        match provider.kind() {
            ProviderKind::GitHub => {}
            ProviderKind::OpenId | ProviderKind::Google => {
                query.append_pair("nonce", &secrets.nonce);
            }
        }
        if let Some(address) = &login_hint {
            let name = if provider.kind() == ProviderKind::GitHub { "login" } else { "login_hint" };
            query.append_pair(name, address);
        }
        // Google and GitHub know no `login`; the choice of an account is as much as they ask for.
        match (provider.kind(), anew) {
            (ProviderKind::OpenId, true) => {
                query.append_pair("prompt", "login").append_pair("max_age", "0");
            }
            (ProviderKind::Google | ProviderKind::GitHub, true) => {
                query.append_pair("prompt", "select_account");
            }
            (_, false) => {}
        }
    }
    Ok(Ok(Begun { url: url.into(), set_cookie: ongoing.set_cookie }))
}

/// The flow of the sealed `state` that `provider` returned to `browser`. It is taken up once, whatever comes of it.
///
/// # Errors
/// Inner: it is no flow of this browser with this provider, or was taken up before. Outer: the store does not answer.
pub async fn take_up(
    sigma: &AppState,
    browser: &Browser,
    provider: &Provider,
    state: &str,
) -> Result<Result<Flow, ProviderFailure>, ApiError> {
    let not_found = Ok(Err(ProviderFailure::StateNotFound));
    let Some(mut flow) = sigma.interaction_key.open_value::<Flow>(CONTEXT, state) else { return not_found };
    let shown = browser_digest(sigma, browser).map(|digest| digest.base64url());
    // Without a mark it began at a server of an earlier version.
    let is_of_server = flow.provider == *provider.id() && (flow.server.is_empty() || flow.server == mark_of(provider));
    if !is_of_server || shown.as_ref() != Some(&flow.browser) || sigma.now() >= flow.expires_at {
        return not_found;
    }
    let key = Digest::of(format!("provider-flow\n{}", flow.id));
    let Some(once) = Once::new(key, flow.expires_at, sigma.store.database_now()) else { return not_found };
    if !sigma.store.write(move |tx| replay_guard::spend(tx, &once)).await? {
        return not_found;
    }
    flow.secrets = Some(Secrets::of(sigma, &flow.id));
    Ok(Ok(flow))
}

/// What tells the server of a provider from others that have its id before or after it: it is short, because it travels in an address.
fn mark_of(provider: &Provider) -> String {
    Digest::of(provider.settings().issuer()).base64url().chars().take(MARK_LENGTH).collect()
}

/// Where a provider returns browsers.
pub fn redirect_uri(sigma: &AppState, provider: &ProviderId) -> String {
    format!("{}/api/auth/callback/{provider}", sigma.issuer())
}

impl Place {
    /// The addresses that a program asked for: paths of ours, or URLs on our origin or a trusted one.
    pub fn of(sigma: &AppState, to: Option<&str>, on_error: Option<&str>) -> Option<Result<Self, NotTrusted>> {
        let to = to?;
        let checked = || {
            let on_error = on_error.map(|url| allowed(sigma, url)).transpose()?;
            Ok(Self { to: allowed(sigma, to)?, on_error })
        };
        Some(checked())
    }

    /// The address, unless it is no longer trusted.
    pub fn target(&self, sigma: &AppState) -> Option<String> {
        allowed(sigma, &self.to).ok()
    }

    /// The address after a failure, with its code.
    pub fn target_on(&self, sigma: &AppState, code: &str) -> Option<String> {
        let to = allowed(sigma, self.on_error.as_deref().unwrap_or(&self.to)).ok()?;
        let (before, fragment) = to.split_at(to.find('#').unwrap_or(to.len()));
        let separator = if before.contains('?') { '&' } else { '?' };
        Some(format!("{before}{separator}error={code}{fragment}"))
    }
}

/// An address is neither ours nor on a trusted origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTrusted;

/// The longest address.
const LONGEST_PLACE: usize = 1_024;

/// A path of ours, or the URL on a trusted origin.
fn allowed(sigma: &AppState, text: &str) -> Result<String, NotTrusted> {
    if text.len() > LONGEST_PLACE {
        return Err(NotTrusted);
    }
    let own = Url::parse(sigma.issuer()).map_err(|_| NotTrusted)?;
    let url = own.join(text).map_err(|_| NotTrusted)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotTrusted);
    }
    if url.origin() == own.origin() {
        // Parsed, so that no other origin hides in it: `//`, a backslash, white space.
        let path = &url[url::Position::BeforePath..];
        return if path.starts_with("//") { Err(NotTrusted) } else { Ok(path.to_owned()) };
    }
    let origin = url.origin().ascii_serialization();
    let is_trusted = sigma.settings.sign_in.trusted_origins.contains(&origin);
    if is_trusted && matches!(url.scheme(), "https" | "http") { Ok(url.into()) } else { Err(NotTrusted) }
}
