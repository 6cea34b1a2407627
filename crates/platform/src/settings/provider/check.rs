//! What is wrong with the settings of a provider.

use sigma_core::email::Email;
use sigma_core::provider::is_endpoint;
use sigma_core::unicode::is_deceptive;

use super::{Provider, ProviderKind};

/// The longest issuer, client id or list of scopes, in characters.
const LONGEST: usize = 2_000;
/// The longest label.
const LONGEST_LABEL: usize = 50;
/// The longest name of a claim.
const LONGEST_CLAIM: usize = 200;
/// The most domains in a list.
const MOST_DOMAINS: usize = 500;

/// What is wrong with a setting. Displayed are the words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct ProviderProblem {
    /// The setting.
    pub field: &'static str,
    /// What is wrong with it.
    pub words: String,
}

fn wrong(field: &'static str, words: impl Into<String>) -> ProviderProblem {
    ProviderProblem { field, words: words.into() }
}

/// Whether a text has 1 to `most` characters, none of which hides or turns others around.
fn is_plain(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().nth(most).is_none() && !text.contains(is_deceptive)
}

impl Provider {
    /// Checks the settings.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), ProviderProblem> {
        self.check_server()?;
        self.check_client()?;
        for (key, domains) in
            [("allowed_domains", &self.allowed_domains), ("trusted_email_domains", &self.trusted_email_domains)]
        {
            if domains.len() > MOST_DOMAINS {
                return Err(wrong(key, format!("{key}: at most {MOST_DOMAINS} domains")));
            }
            if let Some(domain) = domains.iter().find(|domain| Email::parse(&format!("x@{domain}")).is_err()) {
                return Err(wrong(key, format!("{key}: \"{domain}\" is not a domain; write it like example.org")));
            }
        }
        if let Some(Err(error)) = self.icon.as_ref().map(|path| crate::branding::read_logo(path)) {
            return Err(wrong("icon", format!("icon: {error}")));
        }
        if !is_plain(self.label(), LONGEST_LABEL) {
            return Err(wrong("label", "label must be 1 to 50 characters"));
        }
        let claims = &self.claims;
        let names = [&claims.name, &claims.email, &claims.email_verified, &claims.groups];
        if names.into_iter().any(String::is_empty) {
            return Err(wrong("claims", "claims: a name must not be empty"));
        }
        if !names.into_iter().all(|name| is_plain(name, LONGEST_CLAIM)) {
            return Err(wrong("claims", "claims: a name must be 1 to 200 characters"));
        }
        if self.membership.as_ref().is_some_and(|mapping| mapping.roles.is_empty() || mapping.roles.len() > 100) {
            return Err(wrong("membership", "membership.roles must name 1 to 100 groups"));
        }
        if !(1..=30).contains(&self.timeout_seconds) {
            return Err(wrong("timeout_seconds", "timeout_seconds must be 1 to 30"));
        }
        Ok(())
    }

    fn check_server(&self) -> Result<(), ProviderProblem> {
        let issuer = self.issuer();
        if issuer.is_empty() {
            let words = "issuer is missing: the address of the provider, as its discovery document spells it";
            return Err(wrong("issuer", words));
        }
        // A parser of addresses skips white space, and with it what tells two issuers apart.
        if !is_plain(issuer, LONGEST) || issuer.contains(char::is_whitespace) {
            return Err(wrong("issuer", "issuer must be an address of at most 2000 characters without white space"));
        }
        if !is_endpoint(issuer, issuer) || issuer.contains('?') {
            let words =
                format!("issuer \"{issuer}\" must be https without query; plain http is allowed on this machine");
            return Err(wrong("issuer", words));
        }
        if self.kind == ProviderKind::GitHub && issuer.ends_with('/') {
            return Err(wrong("issuer", format!("issuer \"{issuer}\" must not end with a slash")));
        }
        Ok(())
    }

    fn check_client(&self) -> Result<(), ProviderProblem> {
        if self.client_id.trim().is_empty() {
            return Err(wrong("client_id", "client_id is missing"));
        }
        if !is_plain(&self.client_id, LONGEST) {
            return Err(wrong("client_id", "client_id must be 1 to 2000 visible characters"));
        }
        match (&self.client_secret, &self.client_secret_file) {
            (Some(_), Some(_)) => {
                return Err(wrong("client_secret", "set client_secret or client_secret_file, not both"));
            }
            (None, Some(file)) => match std::fs::read_to_string(file) {
                Ok(text) if text.trim().is_empty() => {
                    return Err(wrong("client_secret_file", format!("{} is empty", file.display())));
                }
                Ok(_) => {}
                Err(error) => {
                    let words = format!("client_secret_file: {}: {error}", file.display());
                    return Err(wrong("client_secret_file", words));
                }
            },
            (None, None) if self.kind != ProviderKind::OpenId => {
                return Err(wrong("client_secret", "client_secret is missing"));
            }
            _ => {}
        }
        let scopes = self.scopes.as_deref().unwrap_or_default();
        if scopes.iter().map(|scope| scope.len() + 1).sum::<usize>() > LONGEST {
            return Err(wrong("scopes", "scopes: at most 2000 characters in all"));
        }
        let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(|byte| byte.is_ascii_graphic());
        if let Some(scope) = scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(wrong("scopes", format!("scopes: \"{scope}\" is not a scope")));
        }
        let lacks_openid = !scopes.is_empty() && !scopes.iter().any(|scope| scope == "openid");
        if self.kind != ProviderKind::GitHub && lacks_openid {
            return Err(wrong("scopes", "scopes must contain \"openid\""));
        }
        Ok(())
    }
}
