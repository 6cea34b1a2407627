//! Turns command-line options into a valid app.

use sigma_bitcoin::PublicKey;
use sigma_core::app::{App, ApplicationType, AuthMethod, GrantType};
use sigma_core::backchannel::{BackchannelLogout, LogoutUri};
use sigma_core::client_metadata::ClientMetadata;
use sigma_core::ids::{AppId, ClientId, OrgId};
use sigma_core::jose::{Algorithm, JwkSet};
use sigma_core::merits::SiteUrl;
use sigma_core::org_claims::OrgClaims;
use sigma_core::redirect::{RedirectUri, RegisteredRedirectUris, Registrar};
use sigma_core::scope::{KNOWN, Scopes};
use sigma_core::security::AppSecurity;
use sigma_core::signer_origin::SignerOrigin;
use sigma_core::slug::{Slug, SlugProblem};
use sigma_core::time::Timestamp;
use sigma_store::signer_origin::MOST_PER_APP;
use url::Url;

use crate::args::{AppFields, ClientFields};
use crate::failure::Failure;

/// The longest access token of any app, in seconds.
const LONGEST_ACCESS_SECONDS: u32 = 2_592_000;

/// A client id that its owner chose (`docs/spec/clients.md#client-ids-and-secrets`).
pub fn chosen(client_id: &str) -> Result<ClientId, Failure> {
    Slug::for_app(client_id).map(ClientId::from).map_err(|problem| bad_slug("--client-id", client_id, problem))
}

/// A slug that its owner chose for an org.
pub fn org_slug(option: &str, text: &str) -> Result<Slug, Failure> {
    Slug::for_org(text).map_err(|problem| bad_slug(option, text, problem))
}

/// A name that cannot be chosen.
fn bad_slug(option: &str, text: &str, problem: SlugProblem) -> Failure {
    let reason = format!("{option}: \"{text}\" {problem}");
    if problem == SlugProblem::Reserved { Failure::Refused(reason) } else { Failure::Usage(reason) }
}

/// A new app, with defaults for omitted options.
pub fn new(
    (id, client_id): (AppId, ClientId),
    org_id: OrgId,
    fields: &AppFields,
    now: Timestamp,
) -> Result<App, Failure> {
    let Some(name) = &fields.name else {
        return Err(Failure::Usage("an app needs a display name: --name".to_owned()));
    };
    let auth_method = default_method(fields);
    let bare = App {
        id,
        client_id,
        org_id,
        name: name.clone(),
        application_type: ApplicationType::Web,
        auth_method,
        secret: None,
        pubkey: None,
        jwks: None,
        jwks_uri: None,
        redirect_uris: RegisteredRedirectUris::from_stored([]),
        post_logout_redirect_uris: RegisteredRedirectUris::from_stored([]),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scopes: Scopes::parse("openid profile email offline_access"),
        resources: Vec::new(),
        require_pkce: false,
        id_token_alg: default_algorithm(auth_method),
        access_seconds: None,
        placeholder_email: false,
        id_token_claims: false,
        security: AppSecurity::default(),
        require_second_factor: false,
        dynamic: false,
        disabled: false,
        client_uri: None,
        site_url: None,
        metadata: ClientMetadata::default(),
        backchannel_logout: None,
        created_at: now,
        updated_at: now,
    };
    changed(bare, fields, now)
}

/// The method implied by the given keys; `client_secret` without any.
fn default_method(fields: &AppFields) -> AuthMethod {
    match fields {
        AppFields { auth_method: Some(method), .. } => (*method).into(),
        AppFields { pubkey: Some(_), .. } => AuthMethod::SigmaBitcoinAuth,
        AppFields { jwks: Some(_), .. } | AppFields { jwks_uri: Some(_), .. } => AuthMethod::PrivateKeyJwt,
        _ => AuthMethod::ClientSecret,
    }
}

/// The default algorithm of id tokens: RS256 (OpenID Connect Registration §2), ES256 for Bitcoin-key apps.
fn default_algorithm(method: AuthMethod) -> Algorithm {
    if method == AuthMethod::SigmaBitcoinAuth { Algorithm::ES256 } else { Algorithm::RS256 }
}

/// Applies the options to `app`, and rejects the result if it breaks a rule.
pub fn changed(mut app: App, fields: &AppFields, now: Timestamp) -> Result<App, Failure> {
    app.updated_at = now;
    if let Some(name) = &fields.name {
        app.name = text("--name", name)?;
    }
    if let Some(kind) = fields.application_type {
        app.application_type = kind.into();
    }
    if let Some(method) = fields.auth_method {
        app.auth_method = method.into();
    }
    if let Some(seconds) = fields.access_seconds {
        app.access_seconds = lifetime(seconds)?;
    }
    if let Some(scope) = &fields.scope {
        app.scopes = scopes(scope)?;
    }
    if !fields.grant_types.is_empty() {
        app.grant_types = fields.grant_types.iter().map(|grant| (*grant).into()).collect();
    }
    app.id_token_alg = fields.id_token_alg.map_or(app.id_token_alg, Into::into);
    app.require_pkce = fields.require_pkce.unwrap_or(app.require_pkce);
    app.placeholder_email = fields.placeholder_email.unwrap_or(app.placeholder_email);
    app.id_token_claims = fields.id_token_claims.unwrap_or(app.id_token_claims);
    app.require_second_factor = fields.require_second_factor.unwrap_or(app.require_second_factor);
    if !fields.resources.is_empty() {
        app.resources = listed(&fields.resources);
    }
    if let Some(uri) = &fields.home_page {
        app.client_uri = Some(web_address("--home-page", uri)?);
    }
    if let Some(url) = &fields.site_url {
        app.site_url = match url.as_str() {
            "" => None,
            url => Some(
                SiteUrl::parse(url).map_err(|problem| Failure::Usage(format!("--site-url: \"{url}\" {problem}")))?,
            ),
        };
    }
    set_client(&mut app, &fields.client)?;
    set_keys(&mut app, fields)?;
    super::security::set(&mut app, fields);
    set_redirects(&mut app, fields)?;
    set_logout(&mut app, fields)?;
    check(&app)?;
    Ok(app)
}

/// The distinct values; a single empty value means none.
pub fn listed(values: &[String]) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for value in values.iter().filter(|value| !value.is_empty()) {
        if !once.contains(value) {
            once.push(value.clone());
        }
    }
    once
}

/// The origins whose pages may embed the signer; `None` if none were given.
pub fn signer_origins(fields: &AppFields) -> Result<Option<Vec<SignerOrigin>>, Failure> {
    if fields.signer_origins.is_empty() {
        return Ok(None);
    }
    let written = listed(&fields.signer_origins);
    if written.len() > MOST_PER_APP {
        return Err(Failure::Usage(format!("--signer-origin: an app has at most {MOST_PER_APP}")));
    }
    let parse = |text: &String| {
        SignerOrigin::parse(text).map_err(|problem| Failure::Usage(format!("--signer-origin: \"{text}\" {problem}")))
    };
    written.iter().map(parse).collect::<Result<_, _>>().map(Some)
}

/// Sets how the app uses refresh tokens and gets answers; 0 means none.
fn set_client(app: &mut App, fields: &ClientFields) -> Result<(), Failure> {
    let seconds = |given: Option<u32>, before: Option<u32>| match given {
        None => before,
        Some(seconds) => Some(seconds).filter(|seconds| *seconds > 0),
    };
    let metadata = &mut app.metadata;
    metadata.refresh.rotate = fields.refresh_rotation.or(metadata.refresh.rotate);
    metadata.refresh.life_seconds = seconds(fields.refresh_life, metadata.refresh.life_seconds);
    metadata.refresh.idle_seconds = seconds(fields.refresh_idle, metadata.refresh.idle_seconds);
    metadata.default_max_age = seconds(fields.default_max_age, metadata.default_max_age);
    metadata.userinfo_signed_response_alg =
        fields.userinfo_alg.map(Into::into).or(metadata.userinfo_signed_response_alg);
    if let Some(uri) = &fields.initiate_login_uri {
        let address = Some(uri).filter(|uri| !uri.is_empty());
        metadata.initiate_login_uri = address.map(|uri| web_address("--initiate-login-uri", uri)).transpose()?;
    }
    set_org_claims(&mut metadata.org_claims, fields)
}

fn set_org_claims(claims: &mut OrgClaims, fields: &ClientFields) -> Result<(), Failure> {
    let named = |given: &Option<String>, before: Option<String>| match given {
        None => before,
        Some(name) => Some(name.clone()).filter(|name| !name.is_empty()),
    };
    claims.roles = named(&fields.roles_claim, claims.roles.take());
    claims.groups = named(&fields.groups_claim, claims.groups.take());
    let pair = |text: &String| {
        let (held, told) = text.split_once('=').unwrap_or((text, text));
        (held.to_owned(), told.to_owned())
    };
    for (given, names) in [(&fields.told_roles, &mut claims.role_names), (&fields.told_groups, &mut claims.group_names)]
    {
        if !given.is_empty() {
            *names = given.iter().filter(|text| !text.is_empty()).map(pair).collect();
        }
    }
    claims.in_access_token = fields.roles_in_access_token.unwrap_or(claims.in_access_token);
    claims.check().map_err(|problem| Failure::Usage(format!("roles and groups: {problem}")))
}

fn set_keys(app: &mut App, fields: &AppFields) -> Result<(), Failure> {
    if let Some(key) = &fields.pubkey {
        let parsed = PublicKey::parse(key).map_err(|error| Failure::Usage(format!("--pubkey: {error}")))?;
        app.pubkey = Some(parsed);
    }
    if let Some(jwks) = &fields.jwks {
        app.jwks = Some(key_set(jwks)?);
        app.jwks_uri = None;
    }
    if let Some(uri) = &fields.jwks_uri {
        app.jwks_uri = Some(web_address("--jwks-uri", uri)?);
        app.jwks = None;
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

fn set_redirects(app: &mut App, fields: &AppFields) -> Result<(), Failure> {
    let register = |uris: &[String]| -> Result<RegisteredRedirectUris, Failure> {
        for uri in uris {
            RedirectUri::register(uri, app.application_type, Registrar::Administrator)
                .map_err(|problem| Failure::Refused(format!("{uri}: {problem}")))?;
        }
        Ok(RegisteredRedirectUris::from_stored(uris.iter().cloned()))
    };
    if !fields.redirect_uris.is_empty() {
        app.redirect_uris = register(&fields.redirect_uris)?;
    }
    if !fields.post_logout_redirect_uris.is_empty() {
        app.post_logout_redirect_uris = register(&fields.post_logout_redirect_uris)?;
    }
    Ok(())
}

/// Where the app is told that a session ended.
fn set_logout(app: &mut App, fields: &AppFields) -> Result<(), Failure> {
    if let Some(uri) = &fields.backchannel_logout_uri {
        let register = |uri: &String| {
            LogoutUri::register(uri)
                .map_err(|problem| Failure::Usage(format!("--backchannel-logout-uri: \"{uri}\" {problem}")))
        };
        let before = app.backchannel_logout.as_ref().is_some_and(|before| before.session_required);
        app.backchannel_logout = match Some(uri).filter(|uri| !uri.is_empty()) {
            Some(uri) => Some(BackchannelLogout { uri: register(uri)?, session_required: before }),
            None => None,
        };
    }
    if let Some(required) = fields.backchannel_logout_session_required {
        let Some(logout) = &mut app.backchannel_logout else {
            let missing = "--backchannel-logout-session-required needs a --backchannel-logout-uri";
            return Err(Failure::Usage(missing.to_owned()));
        };
        logout.session_required = required;
    }
    Ok(())
}

/// Checks the rules that concern several properties of the app.
fn check(app: &App) -> Result<(), Failure> {
    let missing = |reason: &str| Err(Failure::Usage(reason.to_owned()));
    if app.auth_method == AuthMethod::SigmaBitcoinAuth && app.pubkey.is_none() {
        return missing("sigma_bitcoin_auth needs the app's --pubkey");
    }
    if app.auth_method == AuthMethod::PrivateKeyJwt && app.jwks.is_none() && app.jwks_uri.is_none() {
        return missing("private_key_jwt needs the app's --jwks or --jwks-uri");
    }
    if app.may_use(GrantType::ClientCredentials) && !app.auth_method.is_confidential() {
        let reason = "client_credentials needs client authentication, not --auth none";
        return Err(Failure::Refused(reason.to_owned()));
    }
    if app.may_use(GrantType::JwtBearer) && !app.auth_method.is_confidential() {
        let reason = "jwt_bearer needs client authentication, not --auth none";
        return Err(Failure::Refused(reason.to_owned()));
    }
    // One that only uses "Login with Sigma" returns to its site.
    let returns = app.redirect_uris.iter().next().is_some() || app.site_url.is_some();
    if app.may_use(GrantType::AuthorizationCode) && !returns {
        return missing("authorization_code needs a --redirect-uri");
    }
    super::security::check(app)
}

/// A JWK set of public keys, or the file that holds one.
fn key_set(text: &str) -> Result<String, Failure> {
    let json = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::Failed(format!("cannot read the key set {path}: {error}")))?,
        None => text.to_owned(),
    };
    let set = JwkSet::parse(json.as_bytes()).map_err(|error| Failure::Usage(format!("--jwks: {error}")))?;
    if set.keys().is_empty() {
        return Err(Failure::Usage("--jwks: the set has no usable key (RSA, P-256 or Ed25519)".to_owned()));
    }
    Ok(json)
}

fn scopes(text: &str) -> Result<Scopes, Failure> {
    let scopes = Scopes::parse(text);
    if let Some(unknown) = scopes.iter().find(|scope| !KNOWN.contains(scope)) {
        return Err(Failure::Usage(format!("--scope: \"{unknown}\" is unknown; known are {}", KNOWN.join(", "))));
    }
    Ok(scopes)
}

fn lifetime(seconds: u32) -> Result<Option<u32>, Failure> {
    match seconds {
        0 => Ok(None),
        60..=LONGEST_ACCESS_SECONDS => Ok(Some(seconds)),
        _ => Err(Failure::Usage(format!("--access-seconds: {seconds} must be 60 to {LONGEST_ACCESS_SECONDS}, or 0"))),
    }
}

fn web_address(option: &str, text: &str) -> Result<String, Failure> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" => Ok(text.to_owned()),
        _ => Err(Failure::Usage(format!("{option}: \"{text}\" must be an https URL"))),
    }
}

/// A display name.
pub fn text(option: &str, text: &str) -> Result<String, Failure> {
    let length = text.chars().count();
    if (1..=100).contains(&length) && !text.chars().any(char::is_control) && !text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    Err(Failure::Usage(format!("{option}: 1 to 100 characters, without control characters")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{AuthArg, GrantArg};

    fn build(fields: &AppFields) -> Result<App, Failure> {
        let ids = (AppId::from_text("app_1"), ClientId::from_text("shop"));
        new(ids, OrgId::from_text("org_1"), fields, Timestamp::from_seconds(0))
    }

    fn shop() -> AppFields {
        AppFields {
            name: Some("Shop".to_owned()),
            redirect_uris: vec!["https://shop.example.org/callback".to_owned()],
            ..AppFields::default()
        }
    }

    #[test]
    fn a_client_id_that_cannot_be_chosen_is_a_usage_error_and_a_reserved_one_is_refused() {
        assert_eq!(chosen("my-app-2").unwrap(), ClientId::from_text("my-app-2"));
        assert!(matches!(chosen("app_0123456789abcdef01234567"), Err(Failure::Usage(_))));
        assert!(matches!(chosen("0123456789abcdef01234567"), Err(Failure::Usage(_))));
        assert!(matches!(chosen("sigma-x"), Err(Failure::Refused(_))));
    }

    #[test]
    fn the_given_keys_imply_the_method() {
        let key = "024a038aa8d92634a3aa1f42275d3d4c975c4c7d808ec98c5f5603381454640ada";
        assert_eq!(build(&shop()).unwrap().auth_method, AuthMethod::ClientSecret);
        let bitcoin = build(&AppFields { pubkey: Some(key.to_owned()), ..shop() }).unwrap();
        assert_eq!(bitcoin.auth_method, AuthMethod::SigmaBitcoinAuth);
        assert_eq!(bitcoin.id_token_alg, Algorithm::ES256);
    }

    #[test]
    fn an_app_that_breaks_a_rule_is_refused() {
        let refused = |fields: AppFields| matches!(build(&fields), Err(Failure::Refused(_)));
        assert!(refused(AppFields { redirect_uris: vec!["http://shop.example.org".to_owned()], ..shop() }));
        assert!(refused(AppFields {
            auth_method: Some(AuthArg::None),
            grant_types: vec![GrantArg::ClientCredentials],
            ..shop()
        }));
    }

    #[test]
    fn a_back_channel_logout_uri_can_be_set_kept_and_removed() {
        let at = |uri: &str| AppFields { backchannel_logout_uri: Some(uri.to_owned()), ..AppFields::default() };
        let app = build(&AppFields {
            backchannel_logout_session_required: Some(true),
            ..with(shop(), at("https://a.example/x"))
        });
        let app = app.unwrap();
        let logout = app.backchannel_logout.clone().unwrap();
        assert_eq!((logout.uri.as_str(), logout.session_required), ("https://a.example/x", true));
        let now = Timestamp::from_seconds(1);
        let moved = changed(app.clone(), &at("https://a.example/y"), now).unwrap().backchannel_logout.unwrap();
        assert_eq!((moved.uri.as_str(), moved.session_required), ("https://a.example/y", true));
        assert_eq!(changed(app.clone(), &at(""), now).unwrap().backchannel_logout, None);
        assert!(matches!(changed(app, &at("http://a.example/x"), now), Err(Failure::Usage(_))));
        let alone = AppFields { backchannel_logout_session_required: Some(true), ..shop() };
        assert!(matches!(build(&alone), Err(Failure::Usage(_))));
    }

    fn with(base: AppFields, more: AppFields) -> AppFields {
        AppFields { backchannel_logout_uri: more.backchannel_logout_uri, ..base }
    }

    #[test]
    fn a_missing_option_is_a_usage_error() {
        let missing = |fields: AppFields| matches!(build(&fields), Err(Failure::Usage(_)));
        assert!(missing(AppFields { name: None, ..shop() }));
        assert!(missing(AppFields { redirect_uris: Vec::new(), ..shop() }));
        assert!(missing(AppFields { auth_method: Some(AuthArg::SigmaBitcoinAuth), ..shop() }));
        assert!(missing(AppFields { auth_method: Some(AuthArg::PrivateKeyJwt), ..shop() }));
    }

    #[test]
    fn unknown_scopes_and_invalid_lifetimes_are_reported() {
        let reported = |fields: AppFields| build(&fields).unwrap_err().to_string();
        assert!(
            reported(AppFields { scope: Some("openid admin".to_owned()), ..shop() }).contains("\"admin\" is unknown")
        );
        assert!(reported(AppFields { access_seconds: Some(59), ..shop() }).contains("must be 60 to 2592000"));
        assert!(reported(AppFields { name: Some(" ".to_owned()), ..shop() }).contains("1 to 100"));
    }
}
