//! Checks the settings of upstream providers.

use std::collections::HashSet;

use sigma_server::settings::Provider;

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
        provider.check().map_err(|problem| format!("\"{id}\": {problem}"))?;
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
            (format!("{issuer}label = \"Acme \\u202E\""), "label must be"),
            ("issuer = \"https://op.exam\\tple.org\"".to_owned(), "without white space"),
            (format!("issuer = \"https://op.example.org/{}\"", "x".repeat(2_000)), "at most 2000"),
            (format!("{issuer}scopes = [\"openid\", \"{}\"]", "x".repeat(2_000)), "at most 2000"),
            (format!("{issuer}allowed_domains = [{}]", "\"a.example\",".repeat(501)), "at most 500"),
            (format!("{issuer}[providers.claims]\nname = \"{}\"", "x".repeat(201)), "1 to 200"),
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
