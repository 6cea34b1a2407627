//! The whole of client metadata: each member, and what must hold between them.

use super::member::{choice, find, flag, list, seconds, text, texts, web_uri, web_uris, words};
use super::{Allowed, LONGEST_JWKS, MOST_URIS, Registration, RegistrationProblem, default_scopes};
use crate::app::{ApplicationType, AuthMethod, GrantType};
use crate::backchannel::{BackchannelLogout, LogoutUri};
use crate::client_metadata::{ClientMetadata, RefreshPolicy};
use crate::jose::{Algorithm, JwkSet, VerificationAlgorithm};
use crate::json::Members;
use crate::org_claims::OrgClaims;
use crate::redirect::{RedirectUri, RegisteredRedirectUris, Registrar};
use crate::scope::Scopes;
use crate::security::AppSecurity;

/// The methods of apps that register themselves, in the order of preference.
const METHODS: [&str; 4] = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];

/// Members that ask for what this server does not do, and that change what an app receives: to ignore them would break it.
const UNSUPPORTED: [&str; 7] = [
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "introspection_encrypted_response_alg",
];

pub(super) fn parse(members: &Members, allowed: &Allowed) -> Result<Registration, RegistrationProblem> {
    if let Some(name) = UNSUPPORTED.into_iter().find(|name| find(members, name).is_some()) {
        return Err(RegistrationProblem::metadata(format!("{name}: encryption is not supported")));
    }
    choice(members, "subject_type", |name| (name == "public").then_some(()), &["public"])?;
    let auth_method = auth_method(members)?;
    let grant_types = grant_types(members, allowed, auth_method)?;
    response_types(members, &grant_types)?;
    let uris = redirect_uris(members, "redirect_uris")?;
    if uris.is_empty() && grant_types.contains(&GrantType::AuthorizationCode) {
        return Err(RegistrationProblem::redirect_uri("redirect_uris must hold at least one URI"));
    }
    let application_type = application_type(members, &uris)?;
    let post_logout = redirect_uris(members, "post_logout_redirect_uris")?;
    let (jwks, jwks_uri) = keys(members, auth_method)?;
    let scopes = scopes(members, allowed, &grant_types)?;
    Ok(Registration {
        name: match words(members, "client_name")? {
            Some(name) => name,
            None => unnamed(&uris),
        },
        application_type,
        auth_method,
        redirect_uris: register(&uris, "redirect_uris", application_type)?,
        post_logout_redirect_uris: register(&post_logout, "post_logout_redirect_uris", application_type)?,
        grant_types,
        scopes,
        jwks,
        jwks_uri,
        id_token_alg: signing_alg(members, "id_token_signed_response_alg")?.unwrap_or(Algorithm::RS256),
        client_uri: web_uri(members, "client_uri")?,
        backchannel_logout: backchannel_logout(members)?,
        metadata: metadata(members)?,
        security: AppSecurity {
            profile: None,
            require_pushed_requests: flag(members, "require_pushed_authorization_requests")?,
            bound_tokens: flag(members, "dpop_bound_access_tokens")?,
        },
    })
}

fn metadata(members: &Members) -> Result<ClientMetadata, RegistrationProblem> {
    let verified = |name| choice(members, name, VerificationAlgorithm::parse, &VerificationAlgorithm::NAMES);
    Ok(ClientMetadata {
        // Only the operator sets them.
        org_claims: OrgClaims::default(),
        logo_uri: web_uri(members, "logo_uri")?,
        policy_uri: web_uri(members, "policy_uri")?,
        tos_uri: web_uri(members, "tos_uri")?,
        contacts: texts(members, "contacts")?,
        software_id: words(members, "software_id")?,
        software_version: words(members, "software_version")?,
        userinfo_signed_response_alg: signing_alg(members, "userinfo_signed_response_alg")?,
        token_endpoint_auth_signing_alg: verified("token_endpoint_auth_signing_alg")?,
        request_object_signing_alg: verified("request_object_signing_alg")?,
        request_uris: web_uris(members, "request_uris")?,
        default_max_age: seconds(members, "default_max_age")?,
        default_acr_values: texts(members, "default_acr_values")?,
        require_auth_time: flag(members, "require_auth_time")?,
        initiate_login_uri: web_uri(members, "initiate_login_uri")?,
        remember_consent: false,
        refresh: RefreshPolicy::default(),
    })
}

/// How the app is told that a session ended (OpenID Connect Back-Channel Logout §2.2).
fn backchannel_logout(members: &Members) -> Result<Option<BackchannelLogout>, RegistrationProblem> {
    let session_required = flag(members, "backchannel_logout_session_required")?;
    let Some(uri) = text(members, "backchannel_logout_uri")? else { return Ok(None) };
    let uri = LogoutUri::register(uri)
        .map_err(|problem| RegistrationProblem::metadata(format!("backchannel_logout_uri {problem}")))?;
    Ok(Some(BackchannelLogout { uri, session_required }))
}

fn signing_alg(members: &Members, name: &str) -> Result<Option<Algorithm>, RegistrationProblem> {
    choice(members, name, Algorithm::parse, &Algorithm::ALL.map(Algorithm::as_str))
}

/// `client_secret_basic` by default (RFC 7591 §2).
fn auth_method(members: &Members) -> Result<AuthMethod, RegistrationProblem> {
    let parse = |name: &str| METHODS.contains(&name).then(|| AuthMethod::parse(name)).flatten();
    let method = choice(members, "token_endpoint_auth_method", parse, &METHODS)?;
    Ok(method.unwrap_or(AuthMethod::ClientSecretBasic))
}

/// `authorization_code` by default. Those that are not allowed are left out, as long as one remains (§3.2.1).
fn grant_types(
    members: &Members,
    allowed: &Allowed,
    method: AuthMethod,
) -> Result<Vec<GrantType>, RegistrationProblem> {
    let named = list(members, "grant_types", MOST_URIS)?;
    if named.is_empty() {
        return Ok(vec![GrantType::AuthorizationCode]);
    }
    let is_usable = |grant: &GrantType| {
        allowed.grant_types.contains(grant) && (*grant != GrantType::ClientCredentials || method.is_confidential())
    };
    let grant_types: Vec<_> = named.iter().filter_map(|name| GrantType::parse(name)).filter(is_usable).collect();
    if grant_types.iter().any(|grant| *grant != GrantType::RefreshToken) {
        return Ok(grant_types);
    }
    let known: Vec<_> = allowed.grant_types.iter().map(|grant| grant.as_str()).collect();
    Err(RegistrationProblem::metadata(format!("grant_types must hold one of {} that yields tokens", known.join(", "))))
}

/// `code` goes with `authorization_code` (§2.1). Other types are left out, as long as that one remains.
fn response_types(members: &Members, grant_types: &[GrantType]) -> Result<(), RegistrationProblem> {
    let named = list(members, "response_types", MOST_URIS)?;
    let has_code = named.is_empty() || named.iter().any(|name| name == "code");
    match (grant_types.contains(&GrantType::AuthorizationCode), has_code) {
        (true, false) => Err(RegistrationProblem::metadata("response_types must hold code, the only one supported")),
        (false, true) if !named.is_empty() => {
            Err(RegistrationProblem::metadata("response_types: code needs the grant type authorization_code"))
        }
        _ => Ok(()),
    }
}

fn redirect_uris(members: &Members, name: &str) -> Result<Vec<String>, RegistrationProblem> {
    list(members, name, MOST_URIS).map_err(|problem| RegistrationProblem::redirect_uri(problem.description))
}

fn register(
    uris: &[String],
    name: &str,
    application_type: ApplicationType,
) -> Result<RegisteredRedirectUris, RegistrationProblem> {
    let registered = uris.iter().map(|uri| {
        RedirectUri::register(uri, application_type, Registrar::Anyone)
            .map_err(|problem| RegistrationProblem::redirect_uri(format!("{name}: {problem}")))
    });
    registered.collect()
}

/// `web` by default; an app whose redirect URIs are all on the user's own device is a native one, as many forget to say.
fn application_type(members: &Members, uris: &[String]) -> Result<ApplicationType, RegistrationProblem> {
    let named = choice(members, "application_type", ApplicationType::parse, &["web", "native"])?;
    let is_native = |uri: &String| {
        let as_type = |kind| RedirectUri::register(uri, kind, Registrar::Anyone).is_ok();
        as_type(ApplicationType::Native) && !as_type(ApplicationType::Web)
    };
    Ok(named.unwrap_or(if !uris.is_empty() && uris.iter().all(is_native) {
        ApplicationType::Native
    } else {
        ApplicationType::Web
    }))
}

/// The key set of an app: by value or by reference, never both (§2).
fn keys(members: &Members, method: AuthMethod) -> Result<(Option<String>, Option<String>), RegistrationProblem> {
    let jwks_uri = web_uri(members, "jwks_uri")?;
    let jwks = match find(members, "jwks") {
        None => None,
        Some(_) if jwks_uri.is_some() => {
            return Err(RegistrationProblem::metadata("jwks and jwks_uri must not both be sent"));
        }
        Some(set) if set.is_object() => Some(set.to_string()),
        Some(_) => return Err(RegistrationProblem::metadata("jwks must be a JWK set")),
    };
    if let Some(jwks) = &jwks {
        if jwks.len() > LONGEST_JWKS {
            return Err(RegistrationProblem::metadata(format!("jwks is larger than {LONGEST_JWKS} bytes")));
        }
        let set = JwkSet::parse(jwks.as_bytes())
            .map_err(|problem| RegistrationProblem::metadata(format!("jwks: {problem}")))?;
        if set.keys().is_empty() {
            return Err(RegistrationProblem::metadata("jwks has no usable key (RSA, P-256 or Ed25519)"));
        }
    }
    if method == AuthMethod::PrivateKeyJwt && jwks.is_none() && jwks_uri.is_none() {
        return Err(RegistrationProblem::metadata("private_key_jwt needs jwks or jwks_uri"));
    }
    Ok((jwks, jwks_uri))
}

/// The scopes that the app may request of those that it named, or all that are allowed.
fn scopes(members: &Members, allowed: &Allowed, grant_types: &[GrantType]) -> Result<Scopes, RegistrationProblem> {
    let Some(named) = text(members, "scope")? else { return Ok(default_scopes(&allowed.scopes, grant_types)) };
    let is_scope = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    if !named.bytes().all(is_scope) {
        return Err(RegistrationProblem::metadata("scope must be scopes separated by spaces"));
    }
    let scopes = Scopes::parse(named).within(&allowed.scopes);
    Ok(if scopes.is_empty() { default_scopes(&allowed.scopes, grant_types) } else { scopes })
}

/// The name of an app that has none: what people can check of it.
fn unnamed(uris: &[String]) -> String {
    let host = uris
        .first()
        .and_then(|uri| url::Url::parse(uri).ok())
        .map(|url| url.host_str().map_or_else(|| url.scheme().to_owned(), str::to_owned));
    host.unwrap_or_else(|| "App".to_owned()).chars().take(100).collect()
}
