//! Checks the settings of upstream providers.

use std::collections::HashSet;

use sigma_core::email::Email;
use sigma_core::provider::is_endpoint;
use sigma_server::settings::{Provider, ProviderKind};

/// The most providers: each is a button.
const MOST: usize = 20;

/// The first problem of `providers`.
pub fn check(providers: &[Provider]) -> Result<(), String> {
    if providers.len() > MOST {
        return Err(format!("there may be at most {MOST}"));
    }
    let mut ids = HashSet::new();
    for provider in providers {
        let id = &provider.id;
        if !ids.insert(id) {
            return Err(format!("two providers have the id \"{id}\""));
        }
        check_one(provider).map_err(|problem| format!("\"{id}\": {problem}"))?;
    }
    Ok(())
}

/// Checks one provider.
///
/// # Errors
/// What is wrong.
pub fn check_one(provider: &Provider) -> Result<(), String> {
    check_server(provider)?;
    check_client(provider)?;
    for (key, domains) in
        [("allowed_domains", &provider.allowed_domains), ("trusted_email_domains", &provider.trusted_email_domains)]
    {
        if let Some(domain) = domains.iter().find(|domain| Email::parse(&format!("x@{domain}")).is_err()) {
            return Err(format!("{key}: \"{domain}\" is not a domain; write it like example.org"));
        }
    }
    if let Some(Err(error)) = provider.icon.as_ref().map(|path| sigma_server::branding::read_logo(path)) {
        return Err(format!("icon: {error}"));
    }
    let label = provider.label();
    if label.trim().is_empty() || label.chars().count() > 50 || label.contains(char::is_control) {
        return Err("label must be 1 to 50 characters".to_owned());
    }
    let claims = &provider.claims;
    if [&claims.name, &claims.email, &claims.email_verified, &claims.groups].into_iter().any(String::is_empty) {
        return Err("claims: a name must not be empty".to_owned());
    }
    if provider.membership.as_ref().is_some_and(|mapping| mapping.roles.is_empty() || mapping.roles.len() > 100) {
        return Err("membership.roles must name 1 to 100 groups".to_owned());
    }
    if !(1..=30).contains(&provider.timeout_seconds) {
        return Err("timeout_seconds must be 1 to 30".to_owned());
    }
    Ok(())
}

fn check_server(provider: &Provider) -> Result<(), String> {
    let issuer = provider.issuer();
    if issuer.is_empty() {
        return Err("issuer is missing: the address of the provider, as its discovery document spells it".to_owned());
    }
    if !is_endpoint(issuer, issuer) || issuer.contains('?') {
        return Err(format!("issuer \"{issuer}\" must be https without query; plain http is allowed on this machine"));
    }
    if provider.kind == ProviderKind::GitHub && issuer.ends_with('/') {
        return Err(format!("issuer \"{issuer}\" must not end with a slash"));
    }
    Ok(())
}

fn check_client(provider: &Provider) -> Result<(), String> {
    if provider.client_id.trim().is_empty() {
        return Err("client_id is missing".to_owned());
    }
    match (&provider.client_secret, &provider.client_secret_file) {
        (Some(_), Some(_)) => return Err("set client_secret or client_secret_file, not both".to_owned()),
        (None, Some(file)) => match std::fs::read_to_string(file) {
            Ok(text) if text.trim().is_empty() => return Err(format!("{} is empty", file.display())),
            Ok(_) => {}
            Err(error) => return Err(format!("client_secret_file: {}: {error}", file.display())),
        },
        (None, None) if provider.kind != ProviderKind::OpenId => return Err("client_secret is missing".to_owned()),
        _ => {}
    }
    let scopes = provider.scopes.as_deref().unwrap_or_default();
    let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
    if let Some(scope) = scopes.iter().find(|scope| !is_scope(scope)) {
        return Err(format!("scopes: \"{scope}\" is not a scope"));
    }
    let lacks_openid = !scopes.is_empty() && !scopes.iter().any(|scope| scope == "openid");
    if provider.kind != ProviderKind::GitHub && lacks_openid {
        return Err("scopes must contain \"openid\"".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};
    use sigma_server::settings::Settings;

    use super::*;

    fn problem(toml: &str) -> String {
        let settings: Settings = Figment::from(Toml::string(toml)).extract().unwrap();
        check(&settings.providers).err().unwrap_or_default()
    }

    #[test]
    fn providers_with_what_they_need_are_accepted() {
        let toml = r#"
            [[providers]]
            id = "google"
            kind = "google"
            client_id = "a"
            client_secret = "b"
            trusted_email_domains = ["gmail.com", "bücher.example"]
            [[providers]]
            id = "entra"
            issuer = "https://login.microsoftonline.com/9188040d/v2.0"
            client_id = "a"
            [providers.claims]
            email_verified = "xms_edov"
            [providers.membership]
            roles = [{ group = "g", role = "Admin" }]
            [[providers]]
            id = "github"
            kind = "github"
            client_id = "a"
            client_secret = "b"
        "#;
        assert_eq!(problem(toml), "");
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        let base = "id = \"op\"\nclient_id = \"a\"\nclient_secret = \"topsecret\"\n";
        let with = |rest: &str| problem(&format!("[[providers]]\n{base}{rest}"));
        let issuer = "issuer = \"https://op.example.org\"\n";
        for (rest, words) in [
            (String::new(), "issuer is missing"),
            ("issuer = \"http://op.example.org\"".to_owned(), "must be https"),
            ("issuer = \"op.example.org\"".to_owned(), "must be https"),
            ("issuer = \"https://op.example.org?x=1\"".to_owned(), "must be https"),
            ("kind = \"github\"\nissuer = \"https://git.example.org/\"".to_owned(), "must not end with a slash"),
            (format!("{issuer}client_secret_file = \"/x\""), "not both"),
            (format!("{issuer}scopes = [\"profile\"]"), "must contain \"openid\""),
            (format!("{issuer}scopes = [\"openid email\"]"), "is not a scope"),
            (format!("{issuer}allowed_domains = [\"@example.org\"]"), "is not a domain"),
            (format!("{issuer}trusted_email_domains = [\"\"]"), "is not a domain"),
            (format!("{issuer}label = \"  \""), "label must be"),
            (format!("{issuer}icon = \"/nowhere.png\""), "icon:"),
            (format!("{issuer}timeout_seconds = 0"), "timeout_seconds"),
            (format!("{issuer}[providers.claims]\nname = \"\""), "must not be empty"),
            (format!("{issuer}[providers.membership]\nroles = []"), "membership.roles"),
            (format!("{issuer}[[providers]]\n{base}{issuer}"), "two providers have the id"),
        ] {
            let found = with(&rest);
            assert!(found.contains(words), "{rest}: {found}");
            assert!(!found.contains("topsecret"), "{found}");
        }
        for toml in ["id = \"A\"\nclient_id = \"a\"", "id = \"op\"", "id = \"op\"\nclient_id = \"a\"\nx = 1"] {
            let read: Result<Settings, _> = Figment::from(Toml::string(&format!("[[providers]]\n{toml}"))).extract();
            assert!(read.is_err(), "{toml}");
        }
        assert!(problem("[[providers]]\nid = \"g\"\nkind = \"google\"\nclient_id = \"a\"").contains("client_secret"));
    }
}
