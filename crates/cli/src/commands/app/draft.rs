//! Turns command-line options into the settings of an app, and what is wrong with them into words about options.

use std::collections::BTreeMap;

use serde_json::Value;
use sigma_core::app::{
    AppProblem, AppReason, AppSettings, ApplicationType, AuthMethod, GrantType, OrgClaimsSettings, ProblemKind,
};
use sigma_core::jose::Algorithm;
use sigma_core::security::SecurityProfile;
use sigma_core::slug::{Slug, SlugProblem};

use crate::args::{AppFields, ClientFields, SetApp};
use crate::failure::Failure;

/// Settings whose options have another name than theirs.
const OPTIONS: [(&str, &str); 18] = [
    ("client_name", "--name"),
    ("application_type", "--type"),
    ("token_endpoint_auth_method", "--auth"),
    ("redirect_uris", "--redirect-uri"),
    ("post_logout_redirect_uris", "--post-logout-redirect-uri"),
    ("grant_types", "--grant-type"),
    ("resources", "--resource"),
    ("signer_origins", "--signer-origin"),
    ("id_token_signed_response_alg", "--id-token-alg"),
    ("userinfo_signed_response_alg", "--userinfo-alg"),
    ("security_profile", "--profile"),
    ("require_pushed_authorization_requests", "--require-par"),
    ("dpop_bound_access_tokens", "--require-dpop"),
    ("client_uri", "--home-page"),
    ("org", "--workspace"),
    ("unverified", "--approve"),
    ("disabled", "--disable"),
    ("org_claims", "roles and groups"),
];

impl From<AppProblem> for Failure {
    fn from(problem: AppProblem) -> Self {
        let known = OPTIONS.into_iter().find(|(field, _)| *field == problem.field);
        let option =
            known.map_or_else(|| format!("--{}", problem.field.replace('_', "-")), |(_, option)| option.to_owned());
        let words = match &problem.reason {
            AppReason::NoApp => "the app has been removed meanwhile".to_owned(),
            reason @ (AppReason::ClientIdTaken(_)
            | AppReason::NoName
            | AppReason::NoSecret(_)
            | AppReason::NoFormerSecret
            | AppReason::Stale) => reason.to_string(),
            AppReason::NoResource(uri) => format!("there is no API {uri}; see `sigma resource list`"),
            AppReason::NoOrg(name) => format!("there is no workspace {name}; see `sigma workspace list`"),
            reason => format!("{option}: {reason}"),
        };
        match problem.reason.kind() {
            // A new app without a name is an option that was forgotten.
            _ if problem.reason == AppReason::NoName => Self::Usage(format!("{words}: {option}")),
            ProblemKind::Malformed => Self::Usage(words),
            ProblemKind::Refused => Self::Refused(words),
            ProblemKind::NotFound => Self::NotFound(words),
        }
    }
}

/// A slug that its owner chose for an org.
pub fn org_slug(option: &str, text: &str) -> Result<Slug, Failure> {
    Slug::for_org(text).map_err(|problem| {
        let reason = format!("{option}: \"{text}\" {problem}");
        if problem == SlugProblem::Reserved { Failure::Refused(reason) } else { Failure::Usage(reason) }
    })
}

/// What the options of `sigma app set` say.
///
/// # Errors
/// As [`settings`].
pub fn changes(args: &SetApp) -> Result<AppSettings, Failure> {
    Ok(AppSettings {
        disabled: (args.disable || args.enable).then_some(args.disable),
        unverified: args.approve.then_some(false),
        ..settings(&args.fields)?
    })
}

/// What the options say.
///
/// # Errors
/// The file of a key set cannot be read.
pub fn settings(fields: &AppFields) -> Result<AppSettings, Failure> {
    let given = |values: &[String]| (!values.is_empty()).then(|| values.to_vec());
    let algorithm = |alg| Algorithm::from(alg).as_str().to_owned();
    let client = &fields.client;
    Ok(AppSettings {
        client_id: None,
        client_name: fields.name.clone(),
        org: fields.workspace.clone(),
        disabled: None,
        unverified: None,
        application_type: fields.application_type.map(|kind| ApplicationType::from(kind).as_str().to_owned()),
        token_endpoint_auth_method: fields.auth_method.map(|method| AuthMethod::from(method).as_str().to_owned()),
        pubkey: fields.pubkey.clone(),
        jwks: fields.jwks.as_deref().map(key_set).transpose()?,
        jwks_uri: fields.jwks_uri.clone(),
        redirect_uris: given(&fields.redirect_uris),
        post_logout_redirect_uris: given(&fields.post_logout_redirect_uris),
        backchannel_logout_uri: fields.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: fields.backchannel_logout_session_required,
        grant_types: (!fields.grant_types.is_empty())
            .then(|| fields.grant_types.iter().map(|grant| GrantType::from(*grant).as_str().to_owned()).collect()),
        scope: fields.scope.clone(),
        resources: given(&fields.resources),
        signer_origins: given(&fields.signer_origins),
        id_token_signed_response_alg: fields.id_token_alg.map(algorithm),
        userinfo_signed_response_alg: client.userinfo_alg.map(algorithm),
        access_seconds: fields.access_seconds,
        require_pkce: fields.require_pkce,
        security_profile: fields
            .security
            .profile
            .map(|profile| Option::from(profile).map_or("none", SecurityProfile::as_str).to_owned()),
        require_pushed_authorization_requests: fields.security.require_par,
        dpop_bound_access_tokens: fields.security.require_dpop,
        placeholder_email: fields.placeholder_email,
        id_token_claims: fields.id_token_claims,
        require_second_factor: fields.require_second_factor,
        refresh_rotation: client.refresh_rotation,
        refresh_life: client.refresh_life,
        refresh_idle: client.refresh_idle,
        default_max_age: client.default_max_age,
        initiate_login_uri: client.initiate_login_uri.clone(),
        org_claims: org_claims(client),
        client_uri: fields.home_page.clone(),
        site_url: fields.site_url.clone(),
    })
}

fn org_claims(fields: &ClientFields) -> Option<OrgClaimsSettings> {
    let pair = |text: &String| {
        let (held, told) = text.split_once('=').unwrap_or((text, text));
        (held.to_owned(), told.to_owned())
    };
    let names = |given: &[String]| -> Option<BTreeMap<String, String>> {
        (!given.is_empty()).then(|| given.iter().filter(|text| !text.is_empty()).map(pair).collect())
    };
    let settings = OrgClaimsSettings {
        roles: fields.roles_claim.clone(),
        groups: fields.groups_claim.clone(),
        role_names: names(&fields.told_roles),
        group_names: names(&fields.told_groups),
        in_access_token: fields.roles_in_access_token,
    };
    (settings != OrgClaimsSettings::default()).then_some(settings)
}

/// A JWK set of public keys, or the file that holds one.
fn key_set(text: &str) -> Result<Value, Failure> {
    let json = match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::Failed(format!("cannot read the key set {path}: {error}")))?,
        None => text.to_owned(),
    };
    serde_json::from_str(&json).map_err(|error| Failure::Usage(format!("--jwks: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{AlgArg, AuthArg, GrantArg, SecurityFields, TypeArg};

    #[test]
    fn problems_speak_of_options() {
        let told = |problem: AppProblem| Failure::from(problem).to_string();
        for (problem, words) in [
            (AppReason::Name.of("client_name"), "--name: 1 to 100 characters, without control characters"),
            (AppReason::Lifetime(5, 60).of("access_seconds"), "--access-seconds: 5 must be 60 to 60, or 0"),
            (AppReason::NoName.of("client_name"), "an app needs a display name: --name"),
            (AppReason::NoResource("x".to_owned()).of("resources"), "there is no API x; see `sigma resource list`"),
        ] {
            assert_eq!(told(problem), words);
        }
        assert!(matches!(Failure::from(AppReason::NoName.of("client_name")), Failure::Usage(_)));
        assert!(matches!(Failure::from(AppReason::ProfileAuth.of("x")), Failure::Refused(_)));
        assert!(matches!(Failure::from(AppReason::NoOrg("x".to_owned()).of("org")), Failure::NotFound(_)));
    }

    #[test]
    fn options_are_settings() {
        let fields = AppFields {
            name: Some("Shop".to_owned()),
            application_type: Some(TypeArg::Native),
            auth_method: Some(AuthArg::PrivateKeyJwt),
            grant_types: vec![GrantArg::DeviceCode],
            id_token_alg: Some(AlgArg::EdDSA),
            resources: vec![String::new()],
            jwks: Some(r#"{"keys":[]}"#.to_owned()),
            security: SecurityFields { require_par: Some(true), ..SecurityFields::default() },
            client: ClientFields {
                told_roles: vec!["Owner=admin".to_owned(), "Clerk".to_owned()],
                ..ClientFields::default()
            },
            ..AppFields::default()
        };
        let pairs = [("Clerk", "Clerk"), ("Owner", "admin")];
        let names = pairs.map(|(held, told)| (held.to_owned(), told.to_owned())).into_iter().collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            settings(&fields).unwrap(),
            AppSettings {
                client_name: text("Shop"),
                application_type: text("native"),
                token_endpoint_auth_method: text("private_key_jwt"),
                grant_types: Some(vec!["urn:ietf:params:oauth:grant-type:device_code".to_owned()]),
                id_token_signed_response_alg: text("EdDSA"),
                resources: Some(vec![String::new()]),
                jwks: Some(serde_json::json!({"keys": []})),
                require_pushed_authorization_requests: Some(true),
                org_claims: Some(OrgClaimsSettings { role_names: Some(names), ..OrgClaimsSettings::default() }),
                ..AppSettings::default()
            }
        );
        assert_eq!(settings(&AppFields::default()).unwrap(), AppSettings::default());
        let missing = AppFields { jwks: Some("@/nowhere/at/all".to_owned()), ..AppFields::default() };
        assert!(matches!(settings(&missing), Err(Failure::Failed(_))));
    }
}
