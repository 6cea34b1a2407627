//! The settings of an app as an operator writes them: one form for commands, files, the management API and the console, and the rules
//! that it keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sigma_bitcoin::PublicKey;
use url::Url;

use super::problem::{AppProblem, AppReason};
use super::{App, ApplicationType, AuthMethod, GrantType, ProfileBreach};
use crate::backchannel::{BackchannelLogout, LogoutUri};
use crate::client_metadata::ClientMetadata;
use crate::ids::{AppId, ClientId, OrgId};
use crate::jose::{Algorithm, JwkSet};
use crate::merits::SiteUrl;
use crate::org_claims::OrgClaims;
use crate::redirect::{RedirectUri, RegisteredRedirectUris, Registrar};
use crate::scope::{KNOWN, Scopes};
use crate::security::{AppSecurity, SecurityProfile};
use crate::signer_origin::{MOST_PER_APP, SignerOrigin};
use crate::slug::Slug;
use crate::time::Timestamp;

/// The longest access token of any app, in seconds.
const LONGEST_ACCESS_SECONDS: u32 = 2_592_000;

/// Settings of an app, in the names of RFC 7591 §2 where it has them. What is left out stays as it is, or gets its default. An empty
/// text, an empty list and 0 seconds mean none; keys are replaced, never taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AppSettings {
    /// The client id of a new app; generated if it is left out. It cannot be changed later.
    pub client_id: Option<String>,
    /// Display name.
    pub client_name: Option<String>,
    /// The workspace that owns the app, by id or slug; the operator's if it is left out.
    pub org: Option<String>,
    /// Whether the app is disabled.
    pub disabled: Option<bool>,
    /// `false` vouches for an app that registered itself or that a person made.
    pub unverified: Option<bool>,
    /// `web` or `native`.
    pub application_type: Option<String>,
    /// Client authentication; what a new app's keys imply, else `client_secret`.
    pub token_endpoint_auth_method: Option<String>,
    /// Bitcoin public key, 66 hex digits, for `sigma_bitcoin_auth`.
    pub pubkey: Option<String>,
    /// Public keys for `private_key_jwt`: a JWK set.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub jwks: Option<Value>,
    /// Their address instead.
    pub jwks_uri: Option<String>,
    /// Redirect URIs, compared byte for byte.
    pub redirect_uris: Option<Vec<String>>,
    /// Redirect URIs after sign-out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// The address that is told, server to server, when a session of one of the app's users ends.
    pub backchannel_logout_uri: Option<String>,
    /// Whether the app needs the session id when it is told.
    pub backchannel_logout_session_required: Option<bool>,
    /// Grant types, by name or URN; `authorization_code` and `refresh_token` for a new app.
    pub grant_types: Option<Vec<String>>,
    /// The server's own scopes that it may request, separated by spaces.
    pub scope: Option<String>,
    /// The APIs that it may request besides open ones, by URI.
    pub resources: Option<Vec<String>>,
    /// Origins whose pages may embed the signer.
    pub signer_origins: Option<Vec<String>>,
    /// Signing algorithm of its ID tokens.
    pub id_token_signed_response_alg: Option<String>,
    /// Signing algorithm of userinfo; JSON without one.
    pub userinfo_signed_response_alg: Option<String>,
    /// Lifetime of its access tokens in seconds; the server's default without one.
    pub access_seconds: Option<u32>,
    /// Whether PKCE is required even with client authentication.
    pub require_pkce: Option<bool>,
    /// `fapi2` or `none`.
    pub security_profile: Option<String>,
    /// Whether its authorization requests must be pushed (RFC 9126).
    pub require_pushed_authorization_requests: Option<bool>,
    /// Whether its access tokens must be bound to a key of the app (RFC 9449).
    pub dpop_bound_access_tokens: Option<bool>,
    /// Whether users without a verified e-mail address get a placeholder.
    pub placeholder_email: Option<bool>,
    /// Whether ID tokens have the claims of the granted scopes.
    pub id_token_claims: Option<bool>,
    /// Whether its users need a second factor.
    pub require_second_factor: Option<bool>,
    /// Whether a refresh token is replaced at each use.
    pub refresh_rotation: Option<bool>,
    /// Seconds after the consent at which all refresh tokens end.
    pub refresh_life: Option<u32>,
    /// Seconds without use after which a refresh token ends.
    pub refresh_idle: Option<u32>,
    /// The oldest sign-in in seconds that requests without `max_age` accept.
    pub default_max_age: Option<u32>,
    /// The address at which a sign-in to the app begins (OpenID Connect Core §4).
    pub initiate_login_uri: Option<String>,
    /// How it is told roles and groups.
    pub org_claims: Option<OrgClaimsSettings>,
    /// Home page.
    pub client_uri: Option<String>,
    /// The site to which "Login with Sigma" returns.
    pub site_url: Option<String>,
}

/// How an app is told roles and groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OrgClaimsSettings {
    /// Name of the claim with roles, unless it is `roles`.
    pub roles: Option<String>,
    /// Name of the claim with groups, unless it is `groups`.
    pub groups: Option<String>,
    /// The roles that it is told, and what it calls them; all without any.
    pub role_names: Option<BTreeMap<String, String>>,
    /// The groups that it is told, and what it calls them; all without any.
    pub group_names: Option<BTreeMap<String, String>>,
    /// Whether access tokens have them too.
    pub in_access_token: Option<bool>,
}

impl OrgClaimsSettings {
    fn apply(&self, claims: &mut OrgClaims) -> Result<(), AppProblem> {
        claims.roles = text(self.roles.as_ref(), claims.roles.take());
        claims.groups = text(self.groups.as_ref(), claims.groups.take());
        if let Some(names) = &self.role_names {
            claims.role_names.clone_from(names);
        }
        if let Some(names) = &self.group_names {
            claims.group_names.clone_from(names);
        }
        claims.in_access_token = self.in_access_token.unwrap_or(claims.in_access_token);
        claims.check().map_err(|problem| AppReason::OrgClaims(problem).of("org_claims"))
    }
}

impl AppSettings {
    /// A new app, with defaults for what is left out, and no secret.
    ///
    /// # Errors
    /// The first setting that is wrong, or missing.
    pub fn new_app(&self, id: AppId, org_id: OrgId, now: Timestamp) -> Result<App, AppProblem> {
        let client_id = match &self.client_id {
            Some(chosen) => chosen_client_id(chosen)?,
            None => ClientId::of(&id),
        };
        let name = self.client_name.clone().ok_or(AppReason::NoName.of("client_name"))?;
        let auth_method = self.auth_method()?.unwrap_or_else(|| self.implied_method());
        let bare = App {
            id,
            client_id,
            org_id,
            name,
            auth_method,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            scopes: Scopes::parse("openid profile email offline_access"),
            require_pkce: false,
            // RS256 is what every client supports (OpenID Connect Registration §2).
            id_token_alg: if auth_method == AuthMethod::SigmaBitcoinAuth { Algorithm::ES256 } else { Algorithm::RS256 },
            security: AppSecurity::default(),
            metadata: ClientMetadata::default(),
            created_at: now,
            ..App::sigma()
        };
        self.applied_to(bare, now)
    }

    /// The app with these settings, apart from its owner and its client id.
    ///
    /// # Errors
    /// The first setting that is wrong, or a rule between them that is broken.
    pub fn applied_to(&self, mut app: App, now: Timestamp) -> Result<App, AppProblem> {
        app.updated_at = now;
        if let Some(name) = &self.client_name {
            app.name = display_name(name).map_err(|reason| reason.of("client_name"))?;
        }
        app.disabled = self.disabled.unwrap_or(app.disabled);
        app.dynamic &= self.unverified.unwrap_or(true);
        let kind = self.application_type.as_deref();
        app.application_type =
            choice("application_type", kind, ApplicationType::parse, "web, native")?.unwrap_or(app.application_type);
        app.auth_method = self.auth_method()?.unwrap_or(app.auth_method);
        if let Some(scope) = &self.scope {
            app.scopes = scopes(scope)?;
        }
        if let Some(grants) = &self.grant_types {
            app.grant_types = grants.iter().map(|text| grant(text)).collect::<Result<_, _>>()?;
        }
        if let Some(resources) = &self.resources {
            app.resources = once(resources);
        }
        self.set_tokens(&mut app)?;
        self.set_pages(&mut app)?;
        self.set_keys(&mut app)?;
        self.set_security(&mut app)?;
        self.set_redirects(&mut app)?;
        self.set_logout(&mut app)?;
        check(&app)?;
        Ok(app)
    }

    /// The origins whose pages may embed the signer; `None` if that is left out.
    ///
    /// # Errors
    /// One of them is none, or there are too many.
    pub fn declared_origins(&self) -> Result<Option<Vec<SignerOrigin>>, AppProblem> {
        let Some(written) = &self.signer_origins else { return Ok(None) };
        let written = once(written);
        let of = |reason: AppReason| reason.of("signer_origins");
        if written.len() > MOST_PER_APP {
            return Err(of(AppReason::TooManyOrigins));
        }
        let parse =
            |text: &String| SignerOrigin::parse(text).map_err(|problem| of(AppReason::Origin(text.clone(), problem)));
        written.iter().map(parse).collect::<Result<_, _>>().map(Some)
    }

    fn auth_method(&self) -> Result<Option<AuthMethod>, AppProblem> {
        let known = "none, client_secret, client_secret_basic, client_secret_post, private_key_jwt, sigma_bitcoin_auth";
        let method = self.token_endpoint_auth_method.as_deref();
        choice("token_endpoint_auth_method", method, AuthMethod::parse, known)
    }

    /// The method implied by the given keys; `client_secret` without any.
    fn implied_method(&self) -> AuthMethod {
        let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        if is_given(&self.pubkey) {
            return AuthMethod::SigmaBitcoinAuth;
        }
        if self.jwks.is_some() || is_given(&self.jwks_uri) {
            return AuthMethod::PrivateKeyJwt;
        }
        AuthMethod::ClientSecret
    }

    /// Its tokens and answers.
    fn set_tokens(&self, app: &mut App) -> Result<(), AppProblem> {
        if let Some(seconds) = self.access_seconds {
            app.access_seconds = lifetime(seconds)?;
        }
        let algorithm = self.id_token_signed_response_alg.as_deref();
        app.id_token_alg = algorithm_of("id_token_signed_response_alg", algorithm)?.unwrap_or(app.id_token_alg);
        app.require_pkce = self.require_pkce.unwrap_or(app.require_pkce);
        app.placeholder_email = self.placeholder_email.unwrap_or(app.placeholder_email);
        app.id_token_claims = self.id_token_claims.unwrap_or(app.id_token_claims);
        app.require_second_factor = self.require_second_factor.unwrap_or(app.require_second_factor);
        let metadata = &mut app.metadata;
        metadata.refresh.rotate = self.refresh_rotation.or(metadata.refresh.rotate);
        metadata.refresh.life_seconds = seconds(self.refresh_life, metadata.refresh.life_seconds);
        metadata.refresh.idle_seconds = seconds(self.refresh_idle, metadata.refresh.idle_seconds);
        metadata.default_max_age = seconds(self.default_max_age, metadata.default_max_age);
        if let Some(name) = self.userinfo_signed_response_alg.as_deref() {
            let wanted = Some(name).filter(|name| !name.is_empty());
            metadata.userinfo_signed_response_alg = algorithm_of("userinfo_signed_response_alg", wanted)?;
        }
        self.org_claims.as_ref().map_or(Ok(()), |claims| claims.apply(&mut metadata.org_claims))
    }

    /// Its own pages.
    fn set_pages(&self, app: &mut App) -> Result<(), AppProblem> {
        if let Some(uri) = &self.client_uri {
            app.client_uri = web_address("client_uri", uri)?;
        }
        if let Some(url) = &self.site_url {
            let site = |problem| AppReason::SiteUrl(url.clone(), problem).of("site_url");
            app.site_url = if url.is_empty() { None } else { Some(SiteUrl::parse(url).map_err(site)?) };
        }
        if let Some(uri) = &self.initiate_login_uri {
            app.metadata.initiate_login_uri = web_address("initiate_login_uri", uri)?;
        }
        Ok(())
    }

    fn set_keys(&self, app: &mut App) -> Result<(), AppProblem> {
        if let Some(key) = self.pubkey.as_ref().filter(|key| !key.is_empty()) {
            let wrong = |problem: sigma_bitcoin::PublicKeyError| AppReason::PublicKey(problem.to_string()).of("pubkey");
            app.pubkey = Some(PublicKey::parse(key).map_err(wrong)?);
        }
        let address = self.jwks_uri.as_ref().filter(|uri| !uri.is_empty());
        if self.jwks.is_some() && address.is_some() {
            return Err(AppReason::TwoKeySets.of("jwks_uri"));
        }
        if let Some(jwks) = &self.jwks {
            (app.jwks, app.jwks_uri) = (Some(key_set(jwks)?), None);
        }
        if let Some(uri) = address {
            (app.jwks, app.jwks_uri) = (None, web_address("jwks_uri", uri)?);
        }
        // Keys of a method that the app no longer uses would be misleading.
        if app.auth_method != AuthMethod::SigmaBitcoinAuth {
            app.pubkey = None;
        }
        if app.auth_method != AuthMethod::PrivateKeyJwt {
            (app.jwks, app.jwks_uri) = (None, None);
        }
        Ok(())
    }

    /// What its requests and tokens must satisfy. Under the FAPI 2.0 profile ID tokens are never signed with RS256, so an app that did
    /// not choose an algorithm gets ES256.
    fn set_security(&self, app: &mut App) -> Result<(), AppProblem> {
        let parse = |text: &str| match text {
            "none" | "" => Some(None),
            name => SecurityProfile::parse(name).map(Some),
        };
        let security = &mut app.security;
        if let Some(profile) = choice("security_profile", self.security_profile.as_deref(), parse, "none, fapi2")? {
            security.profile = profile;
        }
        security.require_pushed_requests =
            self.require_pushed_authorization_requests.unwrap_or(security.require_pushed_requests);
        security.bound_tokens = self.dpop_bound_access_tokens.unwrap_or(security.bound_tokens);
        let has_chosen = self.id_token_signed_response_alg.is_some();
        if security.is_fapi2() && !has_chosen && app.id_token_alg == Algorithm::RS256 {
            app.id_token_alg = Algorithm::ES256;
        }
        Ok(())
    }

    fn set_redirects(&self, app: &mut App) -> Result<(), AppProblem> {
        let kind = app.application_type;
        let register = |field: &'static str, uris: &[String]| -> Result<RegisteredRedirectUris, AppProblem> {
            for uri in uris {
                RedirectUri::register(uri, kind, Registrar::Administrator)
                    .map_err(|problem| AppReason::Redirect(uri.clone(), problem).of(field))?;
            }
            Ok(RegisteredRedirectUris::from_stored(uris.iter().cloned()))
        };
        if let Some(uris) = &self.redirect_uris {
            app.redirect_uris = register("redirect_uris", uris)?;
        }
        if let Some(uris) = &self.post_logout_redirect_uris {
            app.post_logout_redirect_uris = register("post_logout_redirect_uris", uris)?;
        }
        Ok(())
    }

    /// Where the app is told that a session ended.
    fn set_logout(&self, app: &mut App) -> Result<(), AppProblem> {
        if let Some(uri) = &self.backchannel_logout_uri {
            let session_required = app.backchannel_logout.as_ref().is_some_and(|before| before.session_required);
            let wrong = |problem| AppReason::LogoutUri(uri.clone(), problem).of("backchannel_logout_uri");
            app.backchannel_logout = if uri.is_empty() {
                None
            } else {
                Some(BackchannelLogout { uri: LogoutUri::register(uri).map_err(wrong)?, session_required })
            };
        }
        match (self.backchannel_logout_session_required, &mut app.backchannel_logout) {
            (None, _) => Ok(()),
            (Some(required), Some(logout)) => {
                logout.session_required = required;
                Ok(())
            }
            (Some(_), None) => Err(AppReason::NoLogoutUri.of("backchannel_logout_session_required")),
        }
    }
}

/// A client id that its owner chose (`docs/spec/clients.md#client-ids-and-secrets`).
fn chosen_client_id(text: &str) -> Result<ClientId, AppProblem> {
    let wrong = |problem| AppReason::ClientId(text.to_owned(), problem).of("client_id");
    Slug::for_app(text).map(ClientId::from).map_err(wrong)
}

/// Checks the rules that concern several properties of the app.
fn check(app: &App) -> Result<(), AppProblem> {
    if app.auth_method == AuthMethod::SigmaBitcoinAuth && app.pubkey.is_none() {
        return Err(AppReason::NeedsKey.of("pubkey"));
    }
    if app.auth_method == AuthMethod::PrivateKeyJwt && app.jwks.is_none() && app.jwks_uri.is_none() {
        return Err(AppReason::NeedsKeySet.of("jwks"));
    }
    for grant in [GrantType::ClientCredentials, GrantType::JwtBearer] {
        if app.may_use(grant) && !app.auth_method.is_confidential() {
            return Err(AppReason::NeedsAuthentication(grant).of("grant_types"));
        }
    }
    // One that only uses "Login with Sigma" returns to its site.
    let returns = app.redirect_uris.iter().next().is_some() || app.site_url.is_some();
    if app.may_use(GrantType::AuthorizationCode) && !returns {
        return Err(AppReason::NeedsRedirect.of("redirect_uris"));
    }
    match app.breach() {
        None => Ok(()),
        Some(ProfileBreach::AuthMethod) => Err(AppReason::ProfileAuth.of("token_endpoint_auth_method")),
        Some(ProfileBreach::IdTokenAlg) => Err(AppReason::ProfileAlgorithm.of("id_token_signed_response_alg")),
        Some(ProfileBreach::DeviceCode) => Err(AppReason::ProfileDevice.of("grant_types")),
        Some(ProfileBreach::RedirectUri(uri)) => Err(AppReason::ProfileRedirect(uri.to_owned()).of("redirect_uris")),
    }
}

/// The distinct values; an empty one means none.
fn once(values: &[String]) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for value in values.iter().filter(|value| !value.is_empty()) {
        if !once.contains(value) {
            once.push(value.clone());
        }
    }
    once
}

fn text(given: Option<&String>, before: Option<String>) -> Option<String> {
    given.map_or(before, |text| Some(text.clone()).filter(|text| !text.is_empty()))
}

fn seconds(given: Option<u32>, before: Option<u32>) -> Option<u32> {
    given.map_or(before, |seconds| Some(seconds).filter(|seconds| *seconds > 0))
}

/// A value out of a list of names.
fn choice<T>(
    field: &'static str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Option<T>, AppProblem> {
    let Some(text) = text else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| AppReason::Unknown(text.to_owned(), known.to_owned()).of(field))
}

fn algorithm_of(field: &'static str, text: Option<&str>) -> Result<Option<Algorithm>, AppProblem> {
    choice(field, text, Algorithm::parse, "RS256, ES256, EdDSA")
}

/// A grant type by its name on the wire, or by the last part of its URN, as commands have it.
fn grant(text: &str) -> Result<GrantType, AppProblem> {
    let short = |grant: &GrantType| {
        grant.as_str().rsplit(':').next().is_some_and(|last| last.replace('-', "_") == text.replace('-', "_"))
    };
    let found = GrantType::parse(text).or_else(|| GrantType::ALL.into_iter().find(short));
    let known =
        "authorization_code, refresh_token, client_credentials, device_code, token_exchange, jwt_bearer".to_owned();
    found.ok_or_else(|| AppReason::Unknown(text.to_owned(), known).of("grant_types"))
}

fn key_set(jwks: &Value) -> Result<String, AppProblem> {
    let json = jwks.to_string();
    let wrong = |reason: AppReason| reason.of("jwks");
    let set = JwkSet::parse(json.as_bytes()).map_err(|error| wrong(AppReason::KeySet(error.to_string())))?;
    if set.keys().is_empty() { Err(wrong(AppReason::NoUsableKey)) } else { Ok(json) }
}

fn scopes(text: &str) -> Result<Scopes, AppProblem> {
    let scopes = Scopes::parse(text);
    if let Some(unknown) = scopes.iter().find(|scope| !KNOWN.contains(scope)) {
        return Err(AppReason::Unknown(unknown.to_owned(), KNOWN.join(", ")).of("scope"));
    }
    Ok(scopes)
}

fn lifetime(seconds: u32) -> Result<Option<u32>, AppProblem> {
    match seconds {
        0 => Ok(None),
        60..=LONGEST_ACCESS_SECONDS => Ok(Some(seconds)),
        _ => Err(AppReason::Lifetime(seconds, LONGEST_ACCESS_SECONDS).of("access_seconds")),
    }
}

/// An https address; empty for none.
fn web_address(field: &'static str, text: &str) -> Result<Option<String>, AppProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    // What a browser would leave out of it, a header cannot carry.
    let is_plain = !text.contains(|letter: char| letter.is_control() || letter == ' ');
    if is_plain && text.starts_with("https://") && Url::parse(text).is_ok() {
        return Ok(Some(text.to_owned()));
    }
    Err(AppReason::NotHttps(text.to_owned()).of(field))
}

/// A display name.
///
/// # Errors
/// It is empty, too long, or has control characters.
pub fn display_name(text: &str) -> Result<String, AppReason> {
    let length = text.chars().count();
    if (1..=100).contains(&length) && !text.chars().any(char::is_control) && !text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    Err(AppReason::Name)
}

#[cfg(test)]
mod tests;
