//! The members of an app as options of `sigma app set`, which has the rules.

use std::collections::BTreeMap;

use clap::ValueEnum;
use sigma_core::app::{ApplicationType, AuthMethod, GrantType};
use sigma_core::jose::Algorithm;

use super::declared::AppEntry;
use crate::args::{AlgArg, AppFields, AuthArg, ClientFields, GrantArg, ProfileArg, SecurityFields, TypeArg};

/// Options whose members have another name than theirs.
const NAMES: [(&str, &str); 16] = [
    ("--name", "client_name"),
    ("--type", "application_type"),
    ("--auth", "token_endpoint_auth_method"),
    ("--redirect-uri", "redirect_uris"),
    ("--post-logout-redirect-uri", "post_logout_redirect_uris"),
    ("--grant-type", "grant_types"),
    ("--resource", "resources"),
    ("--signer-origin", "signer_origins"),
    ("--id-token-alg", "id_token_signed_response_alg"),
    ("--userinfo-alg", "userinfo_signed_response_alg"),
    ("--profile", "security_profile"),
    ("--require-par", "require_pushed_authorization_requests"),
    ("--require-dpop", "dpop_bound_access_tokens"),
    ("--home-page", "client_uri"),
    ("--scope", "scope"),
    ("--workspace", "org"),
];

/// What the rules of options say, in the names of files.
pub fn in_files(words: &str) -> String {
    let word = |word: &str| {
        let option = word.trim_end_matches([':', ',', ';', '.']);
        if !option.starts_with("--") {
            return word.to_owned();
        }
        let rest = word.strip_prefix(option).unwrap_or_default();
        match NAMES.into_iter().find(|(name, _)| *name == option) {
            Some((_, member)) => format!("{member}{rest}"),
            None => format!("{}{rest}", option.trim_start_matches('-').replace('-', "_")),
        }
    };
    words.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The members that are declared.
///
/// # Errors
/// Why one of them has no such value.
pub fn fields(entry: &AppEntry) -> Result<AppFields, String> {
    Ok(AppFields {
        name: entry.client_name.clone(),
        application_type: choice("application_type", entry.application_type.as_deref(), |it: TypeArg| {
            ApplicationType::from(it).as_str()
        })?,
        auth_method: choice(
            "token_endpoint_auth_method",
            entry.token_endpoint_auth_method.as_deref(),
            |it: AuthArg| AuthMethod::from(it).as_str(),
        )?,
        pubkey: entry.pubkey.clone(),
        jwks: entry.jwks.as_ref().map(ToString::to_string),
        jwks_uri: entry.jwks_uri.clone(),
        // An option cannot say "none" for these: the caller does.
        redirect_uris: entry.redirect_uris.clone().unwrap_or_default(),
        post_logout_redirect_uris: entry.post_logout_redirect_uris.clone().unwrap_or_default(),
        backchannel_logout_uri: entry.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: entry.backchannel_logout_session_required,
        grant_types: grants(entry)?,
        scope: entry.scope.clone(),
        resources: list(entry.resources.as_deref()),
        signer_origins: list(entry.signer_origins.as_deref()),
        id_token_alg: algorithm("id_token_signed_response_alg", entry.id_token_signed_response_alg.as_deref())?,
        access_seconds: entry.access_seconds,
        require_pkce: entry.require_pkce,
        placeholder_email: entry.placeholder_email,
        id_token_claims: entry.id_token_claims,
        require_second_factor: entry.require_second_factor,
        security: SecurityFields {
            profile: choice("security_profile", entry.security_profile.as_deref(), |it: ProfileArg| match it {
                ProfileArg::None => "none",
                ProfileArg::Fapi2 => "fapi2",
            })?,
            require_par: entry.require_pushed_authorization_requests,
            require_dpop: entry.dpop_bound_access_tokens,
        },
        client: client(entry)?,
        workspace: None,
        site_url: entry.site_url.clone(),
        home_page: entry.client_uri.clone(),
    })
}

fn client(entry: &AppEntry) -> Result<ClientFields, String> {
    let claims = entry.org_claims.as_ref();
    let names = |given: Option<&BTreeMap<String, String>>| {
        let pairs = given.map(|names| names.iter().map(|(held, told)| format!("{held}={told}")).collect::<Vec<_>>());
        list(pairs.as_deref())
    };
    Ok(ClientFields {
        refresh_rotation: entry.refresh_rotation,
        refresh_life: entry.refresh_life,
        refresh_idle: entry.refresh_idle,
        userinfo_alg: algorithm("userinfo_signed_response_alg", entry.userinfo_signed_response_alg.as_deref())?,
        default_max_age: entry.default_max_age,
        initiate_login_uri: entry.initiate_login_uri.clone(),
        roles_claim: claims.and_then(|claims| claims.roles.clone()),
        groups_claim: claims.and_then(|claims| claims.groups.clone()),
        told_roles: names(claims.and_then(|claims| claims.role_names.as_ref())),
        told_groups: names(claims.and_then(|claims| claims.group_names.as_ref())),
        roles_in_access_token: claims.and_then(|claims| claims.in_access_token),
    })
}

/// The values of a list option, which takes a single empty one for none.
fn list(values: Option<&[String]>) -> Vec<String> {
    match values {
        None => Vec::new(),
        Some([]) => vec![String::new()],
        Some(values) => values.to_vec(),
    }
}

fn grants(entry: &AppEntry) -> Result<Vec<GrantArg>, String> {
    let given = entry.grant_types.iter().flatten();
    // By the name of the option, or as in metadata of clients (RFC 7591 §2).
    let grant = |text: &String| match GrantArg::from_str(text, false) {
        Ok(grant) => Ok(Some(grant)),
        Err(_) => choice("grant_types", Some(text), |it: GrantArg| GrantType::from(it).as_str()),
    };
    given.filter_map(|text| grant(text).transpose()).collect()
}

fn algorithm(member: &str, text: Option<&str>) -> Result<Option<AlgArg>, String> {
    choice(member, text, |it: AlgArg| Algorithm::from(it).as_str())
}

fn choice<T: ValueEnum>(
    member: &str,
    text: Option<&str>,
    name: impl Fn(T) -> &'static str,
) -> Result<Option<T>, String> {
    let Some(text) = text else { return Ok(None) };
    let found = T::value_variants().iter().find(|variant| name((*variant).clone()) == text);
    found.cloned().map(Some).ok_or_else(|| {
        let known: Vec<&str> = T::value_variants().iter().map(|variant| name(variant.clone())).collect();
        format!("{member}: \"{text}\" is unknown; known are {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_speak_of_members() {
        for (option, member) in [
            ("--scope: \"x\" is unknown", "scope: \"x\" is unknown"),
            ("authorization_code needs a --redirect-uri", "authorization_code needs a redirect_uris"),
            (
                "private_key_jwt needs the app's --jwks or --jwks-uri",
                "private_key_jwt needs the app's jwks or jwks_uri",
            ),
            (
                "needs client authentication, not --auth none",
                "needs client authentication, not token_endpoint_auth_method none",
            ),
            ("--access-seconds: 5 must be 60", "access_seconds: 5 must be 60"),
        ] {
            assert_eq!(in_files(option), member);
        }
    }
}
