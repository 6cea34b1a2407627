//! `GET` and `POST /api/auth/callback/{provider}`: the browser comes back from a provider. The only place that acts on what
//! a provider told; failures lead to the page on which the user can go on, with an error code.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;
use sigma_core::actor::Actor;
use sigma_core::ids::{OrgId, SessionId, UserId};
use sigma_core::interaction::Continuation;
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_store::StoreError;
use sigma_store::org::provider_member::Assignment;
use sigma_store::provider_account::Vouched;
use sigma_store::provider_sign_in::{self, Link, Linked, NewUser, ProviderSignIn, ProviderSignedIn, Unlinked};
use utoipa::ToSchema;

use crate::error::API;
use crate::extract::{Browser, FORM, NewBrowserSession, SignedIn, is_content_type, wrong_content_type};
use crate::front_door::SignInMethod;
use crate::front_door::method::remember_method;
use crate::http::policy::{Cookies, ErrorPages};
use crate::http::{ApiError, Endpoint, Policy, RequestContext, Rule, routes};
use crate::interaction::with_cookie;
use crate::mail::AccountChange;
use crate::paths::{CONSOLE_PROVIDERS_PATH, LOGIN_PATH, RESTORE_PATH, login_url, restore_url};
use crate::providers::{
    Aim, Flow, PendingLink, Provider, ProviderFailure, Returned, Told, Trial, redirect_uri, take_up,
};
use crate::restore_ticket::RestoreTicket;
use crate::settings::ProviderSignUp;
use crate::state::AppState;

/// The path.
const PATH: &str = "/api/auth/callback/{provider}";
/// A provider sends browsers here from its own pages; the state says whether this browser asked for it.
const GET: Policy = Policy { error_pages: ErrorPages::ForBrowsers, ..API };
/// It changes nothing: the browser continues with GET, which carries its cookies.
const POST: Policy = Policy { cookies: Cookies::FromAnywhere, ..API };
/// How far a provider's clock may differ from ours.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::new(GET, routes!(provider_callback)), Endpoint::new(POST, routes!(provider_callback_by_form))]
}

/// What a provider returns.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "only described: the parameters are passed on as they are")]
pub struct ProviderAnswer {
    /// The code.
    code: Option<String>,
    /// The state that it was sent.
    state: String,
    /// Its issuer (RFC 9207).
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Where a provider returns the browser with `response_mode=form_post`: it continues with GET.
#[utoipa::path(
    post,
    path = PATH,
    operation_id = "providerCallbackByForm",
    tag = "Sign-in",
    params(("provider" = String, Path, description = "The id of the provider")),
    request_body(content = ProviderAnswer, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 303, description = "To the same address by GET"),
        (status = 415, description = "Not a form"),
    )
)]
pub async fn provider_callback_by_form(
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Redirect, ApiError> {
    if !is_content_type(&headers, FORM) {
        return Err(wrong_content_type("the body must be application/x-www-form-urlencoded"));
    }
    let form = Params::parse(&String::from_utf8_lossy(&body));
    let known = ["code", "state", "iss", "error"];
    let pairs = known.iter().filter_map(|name| Some(((*name).to_owned(), form.get(name)?.to_owned())));
    let query = Params::from_pairs(pairs.collect()).to_query();
    // The path matched, but may hold anything: only an id goes into the address.
    let provider: String = provider.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    Ok(Redirect::to(&format!("/api/auth/callback/{provider}?{query}")))
}

/// Where a provider returns the browser. Signs the user in, or links the account, and continues where they were going; a
/// failure continues there too, with `error`.
#[utoipa::path(
    get,
    path = PATH,
    operation_id = "providerCallback",
    tag = "Sign-in",
    params(
        ("provider" = String, Path, description = "The id of the provider"),
        ("code" = Option<String>, Query, description = "The code"),
        ("state" = Option<String>, Query, description = "The state that it was sent"),
        ("iss" = Option<String>, Query, description = "Its issuer (RFC 9207)"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
    ),
    responses((status = 303, description = "To where the user was going, or to a page that says why not, with `error`"))
)]
pub async fn provider_callback(
    State(sigma): State<AppState>,
    context: RequestContext,
    browser: Browser,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::parse(query.as_deref().unwrap_or_default());
    let Some(provider) = sigma.providers.find(&id) else { return Ok(lost(ProviderFailure::ProviderNotFound)) };
    let state = params.get("state").unwrap_or_default();
    let flow = match take_up(&sigma, &browser, &provider, state).await? {
        Ok(flow) => flow,
        Err(failure) => return Ok(lost(failure)),
    };
    let coming = Coming { sigma: &sigma, context: &context, browser: &browser, provider: &provider, flow: &flow };
    match coming.complete(&params).await {
        Ok(response) => Ok(response),
        Err(Stopped::Failed(failure)) => coming.fail(failure).await,
        Err(Stopped::Recorded(failure)) => coming.go_back(failure),
        Err(Stopped::Internal(error)) => Err(error),
    }
}

/// To the sign-in page, if nothing is known of where the user was going.
fn lost(failure: ProviderFailure) -> Response {
    Redirect::to(&format!("{LOGIN_PATH}?error={}", failure.code())).into_response()
}

/// A browser that came back.
struct Coming<'a> {
    sigma: &'a AppState,
    context: &'a RequestContext,
    browser: &'a Browser,
    provider: &'a Provider,
    flow: &'a Flow,
}

/// Why it does not go on as intended.
enum Stopped {
    /// A failure that is to be recorded.
    Failed(ProviderFailure),
    /// A failure that the store recorded.
    Recorded(ProviderFailure),
    /// The store does not answer.
    Internal(ApiError),
}

impl From<ProviderFailure> for Stopped {
    fn from(failure: ProviderFailure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        Self::Internal(error)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

impl Coming<'_> {
    async fn complete(&self, params: &Params) -> Result<Response, Stopped> {
        if let Some(error) = params.get("error") {
            return Err(match error {
                "server_error" | "temporarily_unavailable" => ProviderFailure::Unavailable,
                _ => ProviderFailure::AccessDenied,
            }
            .into());
        }
        let code = params.get("code").ok_or(ProviderFailure::NoCode)?;
        // Each costs requests to the provider: counted as a failure until it succeeded.
        let client = self.context.client();
        self.context.charge_shared(Rule::SignIn, client).await.map_err(|_| ProviderFailure::TooManyRequests)?;
        let now = self.sigma.now();
        let redirect_uri = redirect_uri(self.sigma, self.provider.id());
        let returned = Returned { issuer: params.get("iss"), redirect_uri: &redirect_uri, now };
        let told = self.provider.redeem(self.flow, code, returned).await?;
        let auth_time = auth_time(self.flow, told.auth_time, now)?;
        let response = match &self.flow.aim {
            Aim::SignIn => self.sign_in(&told, auth_time).await?,
            Aim::Restore => self.restore(&self.provider.vouched(&told))?,
            Aim::Link { user_id, session_id } => self.link(user_id, session_id, self.provider.vouched(&told)).await?,
            Aim::Test { user_id, session_id } => self.test(user_id, session_id, &told).await?,
        };
        self.context.refund(Rule::SignIn, client);
        Ok(response)
    }

    async fn sign_in(&self, told: &Told, auth_time: Timestamp) -> Result<Response, Stopped> {
        let (sigma, context) = (self.sigma, self.context);
        let vouched = self.provider.vouched(told);
        let policy = self.provider.sign_up();
        // Counted in advance and taken back unless an account was created, so that concurrent requests all count.
        let quota = match policy {
            ProviderSignUp::On => context.charge_shared(Rule::SignUp, context.client()).await,
            ProviderSignUp::Off | ProviderSignUp::WithKey => Ok(()),
        };
        let unlinked = match (policy, &quota) {
            (ProviderSignUp::On, Ok(())) => Unlinked::Create(self.new_user(told)),
            _ => Unlinked::Refuse,
        };
        let session = NewBrowserSession::of(sigma, context, self.browser);
        let request = ProviderSignIn {
            vouched: vouched.clone(),
            auth_time,
            unlinked,
            assignment: self.assignment(told).await?,
            session: session.new.clone(),
        };
        let store = sigma.store_for(context, Actor::Anonymous);
        let outcome = store.write(move |tx| provider_sign_in::sign_in(tx, &request)).await?;
        let is_new = matches!(outcome, ProviderSignedIn::SignedIn { is_new: true, .. });
        if policy == ProviderSignUp::On && quota.is_ok() && !is_new {
            context.refund(Rule::SignUp, context.client());
        }
        match outcome {
            ProviderSignedIn::SignedIn { .. } => {
                let response = session.set_cookies(sigma, self.go_on()?);
                Ok(with_cookie(response, Some(&remember_method(SignInMethod::Provider, sigma))))
            }
            ProviderSignedIn::NotLinked if quota.is_err() => Err(Stopped::Recorded(ProviderFailure::TooManyRequests)),
            ProviderSignedIn::NotLinked if policy == ProviderSignUp::WithKey => self.create_key_first(&vouched),
            ProviderSignedIn::NotLinked => Err(Stopped::Recorded(ProviderFailure::SignUpDisabled)),
            ProviderSignedIn::OtherIssuer => Err(Stopped::Recorded(ProviderFailure::IssuerMismatch)),
            ProviderSignedIn::Disabled => Err(Stopped::Recorded(ProviderFailure::UserDisabled)),
        }
    }

    /// The account that is created for one that nobody has linked. The address is taken over only from a domain that the
    /// operator lets this provider vouch for.
    fn new_user(&self, told: &Told) -> NewUser {
        let claimed = &told.claimed;
        let trusted = claimed.verified_email_at(&self.provider.settings().trusted_email_domains);
        let of_address = || claimed.email.as_ref().and_then(|email| email.address().split('@').next());
        let name = match claimed.name.as_str() {
            "" => of_address().unwrap_or(self.provider.label()).to_owned(),
            name => name.to_owned(),
        };
        NewUser { id: UserId::new(self.sigma.now(), &*self.sigma.rng), name, email: trusted.cloned() }
    }

    /// The role that the account's groups give.
    async fn assignment(&self, told: &Told) -> Result<Option<Assignment>, StoreError> {
        let Some(mapping) = &self.provider.settings().membership else { return Ok(None) };
        let org_id = match &mapping.org {
            Some(name) => self.sigma.org_named(name).await?,
            None => OrgId::operator(),
        };
        let first = mapping.roles.iter().find(|pair| told.claimed.groups.contains(&pair.group));
        let managed = mapping.roles.iter().map(|pair| pair.role.clone()).collect();
        Ok(Some(Assignment { org_id, role: first.map(|pair| pair.role.clone()), managed }))
    }

    /// To the page that creates a key; the account waits in the browser.
    fn create_key_first(&self, vouched: &Vouched) -> Result<Response, Stopped> {
        let name = self.interaction()?;
        let cookie = PendingLink::set_cookie(self.sigma, self.browser, vouched);
        let response = Redirect::to(&format!("/signup?interaction={name}")).into_response();
        Ok(with_cookie(response, cookie.as_deref()))
    }

    /// Links the account to the user whose session asked for it, if that is still there and recent.
    async fn link(&self, user_id: &UserId, session_id: &SessionId, vouched: Vouched) -> Result<Response, Stopped> {
        let signed_in = SignedIn::find(self.sigma, self.browser).await?;
        let signed_in = signed_in.filter(|it| it.account.user.id == *user_id && it.session.id == *session_id);
        let signed_in = signed_in.filter(|it| it.may_change_credentials(self.sigma));
        let signed_in = signed_in.ok_or(Stopped::Recorded(ProviderFailure::UnableToLink))?;
        let linked = link_to(self.sigma, self.context, &signed_in, vouched).await?;
        match linked {
            Linked::Linked | Linked::AlreadyTheirs => Ok(self.go_on()?),
            Linked::OfAnother => Err(Stopped::Recorded(ProviderFailure::LinkedToAnother)),
            Linked::TooMany => Err(Stopped::Recorded(ProviderFailure::TooManyLinked)),
            Linked::Disabled => Err(Stopped::Recorded(ProviderFailure::UserDisabled)),
        }
    }

    /// To the page that shows what the provider told, if the session that asked is still there.
    async fn test(&self, user_id: &UserId, session_id: &SessionId, told: &Told) -> Result<Response, Stopped> {
        let signed_in = SignedIn::find(self.sigma, self.browser).await?;
        let is_theirs = signed_in.is_some_and(|it| it.account.user.id == *user_id && it.session.id == *session_id);
        if !is_theirs {
            return Err(Stopped::Recorded(ProviderFailure::StateNotFound));
        }
        Ok(Redirect::to(&Trial::shown_at(self.sigma, user_id, self.provider, told)?).into_response())
    }

    /// To the page that restores a key: with a ticket for this account, and nothing else.
    fn restore(&self, vouched: &Vouched) -> Result<Response, ApiError> {
        let ticket = RestoreTicket::set_cookie(self.sigma, vouched);
        Ok(with_cookie(Redirect::to(&self.restore_url()?).into_response(), Some(&ticket)))
    }

    /// The page that restores a key, with what waits for it.
    fn restore_url(&self) -> Result<String, ApiError> {
        match &self.flow.interaction.continuation {
            Continuation::Restore | Continuation::Home => Ok(RESTORE_PATH.to_owned()),
            _ => Ok(restore_url(&self.interaction()?)),
        }
    }

    /// To where the user was going.
    fn go_on(&self) -> Result<Response, ApiError> {
        let to = match &self.flow.place {
            // An origin that is no longer trusted gets nobody.
            Some(place) => place.target(self.sigma).unwrap_or_else(|| "/".to_owned()),
            None => match self.flow.aim {
                // That page decides what the sign-in still needs.
                Aim::SignIn => login_url(&self.interaction()?),
                Aim::Restore => self.restore_url()?,
                Aim::Link { .. } => "/account?done=linked".to_owned(),
                Aim::Test { .. } => CONSOLE_PROVIDERS_PATH.to_owned(),
            },
        };
        Ok(Redirect::to(&to).into_response())
    }

    /// Records the failure, and goes back.
    async fn fail(&self, failure: ProviderFailure) -> Result<Response, ApiError> {
        if self.flow.aim == Aim::SignIn {
            let (id, code, now) = (self.provider.id().clone(), failure.code(), self.sigma.now());
            let store = self.sigma.store_for(self.context, Actor::Anonymous);
            store.write(move |tx| provider_sign_in::record_failure(tx, id.as_str(), code, now)).await?;
        }
        self.go_back(failure)
    }

    /// To the page on which the user can go on, which says why it failed.
    fn go_back(&self, failure: ProviderFailure) -> Result<Response, ApiError> {
        let code = failure.code();
        let to = match &self.flow.place {
            Some(place) => place.target_on(self.sigma, code).unwrap_or_else(|| format!("{LOGIN_PATH}?error={code}")),
            None => match self.flow.aim {
                Aim::SignIn => format!("{}&error={code}", login_url(&self.interaction()?)),
                Aim::Restore => {
                    let url = self.restore_url()?;
                    format!("{url}{}error={code}", if url.contains('?') { '&' } else { '?' })
                }
                Aim::Link { .. } => format!("/account?error={code}"),
                Aim::Test { .. } => format!("{CONSOLE_PROVIDERS_PATH}?error={code}"),
            },
        };
        Ok(Redirect::to(&to).into_response())
    }

    /// The name of the interaction that the user came with.
    fn interaction(&self) -> Result<String, ApiError> {
        let digest = crate::interaction::browser_digest(self.sigma, self.browser);
        let digest = digest.ok_or_else(|| ApiError::internal("a flow of no browser was taken up"))?;
        self.flow.interaction.name(self.sigma, digest)
    }
}

/// Links the account to a signed-in user, whose recent authentication was checked.
pub(super) async fn link_to(
    sigma: &AppState,
    context: &RequestContext,
    signed_in: &SignedIn,
    vouched: Vouched,
) -> Result<Linked, ApiError> {
    let user_id = signed_in.account.user.id.clone();
    let notices = sigma.notices(&signed_in.account.user, AccountChange::ProviderLinked)?;
    let wanted = Link { user_id: user_id.clone(), vouched, notices, now: sigma.now() };
    let store = sigma.store_for(context, Actor::User(user_id));
    let linked = store.write(move |tx| provider_sign_in::link(tx, &wanted)).await?;
    if linked == Linked::Linked {
        sigma.mail_was_promised();
    }
    Ok(linked)
}

/// When the user authenticated, by our clock. A time that the provider told counts if it is longer ago than clocks differ.
fn auth_time(flow: &Flow, told: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, ProviderFailure> {
    let Some(told) = told.filter(|told| now.since(*told) > CLOCK_SKEW) else { return Ok(now) };
    if !flow.anew {
        return Ok(told);
    }
    if told.plus(CLOCK_SKEW) < flow.started_at {
        return Err(ProviderFailure::NotFresh);
    }
    Ok(told.max(flow.started_at))
}
