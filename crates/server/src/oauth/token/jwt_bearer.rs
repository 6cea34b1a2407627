//! `grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 §2.1) for one kind of assertion alone: the word of a provider
//! that users have linked, that an app acts for one of them (`docs/spec/id-jag.md`).

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use sigma_core::app::App;
use sigma_core::authentication::{Acr, Authentication};
use sigma_core::authorize::MOST_RESOURCES;
use sigma_core::code::Authorization;
use sigma_core::digest::Digest;
use sigma_core::dpop::Thumbprint;
use sigma_core::grant::Grant;
use sigma_core::id_jag::{Accepted, IdJag, VerifiedIdJag};
use sigma_core::ids::{GrantId, SessionId};
use sigma_core::provider::Subject;
use sigma_core::resource::Targets;
use sigma_core::scope::{KNOWN, Scopes};
use sigma_platform::providers::Provider;
use sigma_platform::settings::{ID_JAG_SCOPES, IdJagSourceApp};
use sigma_store::id_jag::{self, Acceptance, Asserted};
use sigma_store::provider_account;
use sigma_store::replay_guard::Once;

use super::exchange::{LONGEST, issue};
use super::{TokenAnswer, TokenError};
use crate::extract::AppRequest;
use crate::http::RequestContext;
use crate::oauth::forms::TokenForm;
use crate::state::AppState;

const INVALID: TokenError = TokenError::InvalidGrant("the assertion is not valid");

/// Issues an access token for an assertion.
pub async fn redeem(
    sigma: &AppState,
    context: &RequestContext,
    request: AppRequest<TokenForm>,
    jkt: Option<Thumbprint>,
) -> Result<TokenAnswer, TokenError> {
    let AppRequest { caller, form } = request;
    let app = caller.app;
    if !app.auth_method.is_confidential() {
        return Err(TokenError::UnauthorizedClient);
    }
    let text = form.assertion.ok_or(TokenError::InvalidRequest("assertion is required"))?;
    let now = sigma.now();
    let assertion = IdJag::parse(text.expose_secret())
        .inspect_err(|problem| tracing::info!(%problem, "an identity assertion was refused"))
        .map_err(|_| INVALID)?;
    let (provider, rule) = source(sigma, &app, assertion.issuer())?;
    let is_client = |client_id: &str| app.is_called(client_id);
    let accepted =
        Accepted { issuer: provider.settings().issuer(), audience: sigma.issuer(), is_client: &is_client, now };
    let verified = provider.verify_id_jag(&assertion, &accepted).await.ok_or(INVALID)?;
    if verified.cnf.as_ref().is_some_and(|bound| jkt.as_ref() != Some(&bound.jkt)) {
        return Err(TokenError::InvalidGrant("the assertion is bound to a key whose possession was not proven"));
    }
    let (resources, targets) = targets(sigma, &app, &verified, &form.resource).await?;
    let scope = targets.bound(&scope(&app, rule, &verified, form.scope.as_deref())?);
    let asked = form.scope.as_deref().map(Scopes::parse).or_else(|| verified.scope.clone());
    if scope.is_empty() && asked.is_some_and(|asked| !asked.is_empty()) {
        return Err(TokenError::InvalidScope);
    }
    let authentication = user(sigma, &app, &provider, &verified).await?;
    let authorization = Authorization {
        app_id: app.id.clone(),
        user_id: authentication.user_id().clone(),
        session_id: SessionId::from_text(""),
        bap_id: None,
        org_id: None,
        scope,
        claims: Vec::new(),
        id_token_claims: Vec::new(),
        resources,
        nonce: None,
        auth_time: authentication.auth_time(),
        acr: authentication.acr().to_string(),
        amr: authentication.amr(),
    };
    let grant = Grant {
        id: GrantId::new(now, &*sigma.rng),
        authorization,
        offline: true,
        revoked_at: None,
        expires_at: AppState::in_seconds(now, LONGEST),
    };
    let key = Digest::of(format!("id-jag\0{}\0{}", assertion.issuer(), verified.jti));
    let asserted = Asserted {
        grant_id: grant.id.clone(),
        authorization: grant.authorization.clone(),
        app_credential: caller.once,
        assertion: Once::new(key, verified.expires_at, sigma.store.database_now()).ok_or(INVALID)?,
        provider: provider.id().to_string(),
        subject: verified.subject.as_str().to_owned(),
        now,
        expires_at: grant.expires_at,
    };
    let store = sigma.store_for(context, sigma_core::actor::Actor::App(app.id.clone()));
    match store.write(move |tx| id_jag::accept(tx, &asserted)).await? {
        Acceptance::Accepted => {}
        Acceptance::CredentialUsed => return Err(TokenError::Replayed(app.auth_method)),
        Acceptance::AssertionUsed => return Err(TokenError::InvalidGrant("the assertion was used before")),
        Acceptance::NoUser => return Err(INVALID),
    }
    let answer = issue(sigma, &app, &grant, &targets, None, jkt.as_ref()).await?;
    // It was no exchange of tokens.
    Ok(TokenAnswer { issued_token_type: None, ..answer })
}

/// The trusted provider with that issuer, and what the operator lets the app have by its word.
fn source<'s>(sigma: &'s AppState, app: &App, issuer: &str) -> Result<(Arc<Provider>, &'s IdJagSourceApp), TokenError> {
    let trusted = sigma.settings.id_jag.accept.iter().find_map(|source| {
        let provider = sigma.providers.find(source.provider.as_str())?;
        (provider.settings().issuer() == issuer).then_some((provider, source))
    });
    let (provider, source) = trusted.ok_or(INVALID)?;
    let rule = source.apps.iter().find(|rule| app.is_called(&rule.app));
    let rule = rule.ok_or(TokenError::InvalidGrant("assertions of this issuer are not accepted from this client"))?;
    Ok((provider, rule))
}

/// The requested part of what both the assertion and the operator allow, or all of it.
fn scope(
    app: &App,
    rule: &IdJagSourceApp,
    verified: &VerifiedIdJag,
    wanted: Option<&str>,
) -> Result<Scopes, TokenError> {
    let allowed = app.still_granted(&Scopes::parse(&rule.scope));
    let allowed = allowed.retain(|scope| ID_JAG_SCOPES.contains(&scope) || !KNOWN.contains(&scope));
    let most = match &verified.scope {
        Some(asserted) => allowed.retain(|scope| asserted.contains(scope)),
        None => allowed,
    };
    match wanted.map(Scopes::parse) {
        None => Ok(most),
        Some(wanted) if most.covers(&wanted) => Ok(wanted),
        Some(_) => Err(TokenError::InvalidScope),
    }
}

/// The requested ones of the resources that the assertion names, or all of them.
async fn targets(
    sigma: &AppState,
    app: &App,
    verified: &VerifiedIdJag,
    wanted: &[String],
) -> Result<(Vec<String>, Targets), TokenError> {
    let uris = if wanted.is_empty() { &verified.resources } else { wanted };
    let is_asserted = |uri: &String| verified.resources.is_empty() || verified.resources.contains(uri);
    if uris.len() > MOST_RESOURCES || !uris.iter().all(is_asserted) {
        return Err(TokenError::InvalidTarget);
    }
    let found = sigma.find_resources(uris).await?;
    // An open resource needs the consent of the user for it.
    let targets = if found.len() == uris.len() { Targets::of_app(found, app) } else { None };
    Ok((uris.to_vec(), targets.ok_or(TokenError::InvalidTarget)?))
}

/// The user who linked the account, as authenticated by the provider.
async fn user(
    sigma: &AppState,
    app: &App,
    provider: &Provider,
    verified: &VerifiedIdJag,
) -> Result<Authentication, TokenError> {
    let (provider_id, subject): (String, Subject) = (provider.id().to_string(), verified.subject.clone());
    let linked = sigma.store.read(move |tx| provider_account::find(tx, &provider_id, subject.as_str())).await?;
    let linked = linked.filter(|linked| linked.issuer == provider.settings().issuer()).ok_or(INVALID)?;
    let account = sigma.find_account(&linked.user_id).await?.filter(|account| !account.user.disabled).ok_or(INVALID)?;
    let credential = provider_account::credential_of(&linked.id);
    let authentication = Authentication::by_provider(linked.user_id, credential, verified.authenticated_at);
    let required = if app.require_second_factor { Acr::Two } else { Acr::demanded_by(&account.credentials) };
    if authentication.acr() < required {
        return Err(TokenError::InvalidGrant("the user has to sign in here, with a second factor"));
    }
    Ok(authentication)
}
