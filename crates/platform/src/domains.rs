//! The domains of an org, as its own pages and the console show them.

use sigma_core::domain::{Domain, record_value};
use sigma_store::org::domain::OrgDomain;

use crate::i18n::Language;
use crate::pages::view::moment;
use crate::state::AppState;

/// The texts at the name of the record of a domain; `None` if no name server answers, as the log explains.
pub async fn published(sigma: &AppState, domain: &Domain) -> Option<Vec<String>> {
    let texts = sigma.dns.texts(&domain.record_name()).await;
    texts
        .inspect_err(|error| {
            tracing::info!(%error, domain = domain.as_str(), "the record of a domain could not be looked up");
        })
        .ok()
}

/// The domains of an org, and the form for a new one.
#[derive(Clone, Debug)]
pub struct DomainsView {
    /// Where the forms are: that of a domain lies below.
    pub base: String,
    /// The domains.
    pub domains: Vec<DomainLine>,
    /// What was entered.
    pub entered: String,
    /// Whether whoever looks may change them.
    pub may_change: bool,
}

/// A domain.
#[derive(Clone, Debug)]
pub struct DomainLine {
    /// Its name.
    pub name: String,
    /// The name of its record.
    pub record_name: String,
    /// What the record has to say.
    pub record_value: String,
    /// Since when it is proven, in words; nothing while it is not.
    pub proven: Option<String>,
    /// Since when the record is missing that proved it, in words.
    pub missing: Option<String>,
    /// The providers that may sign in its people, with the choice to name none.
    pub providers: Vec<ProviderChoice>,
}

/// A provider that may sign in the people of a domain.
#[derive(Clone, Debug)]
pub struct ProviderChoice {
    /// Its id; empty for none.
    pub id: String,
    /// How it is called.
    pub label: String,
    /// Whether it does.
    pub is_chosen: bool,
}

impl DomainsView {
    /// These domains; `base` is where the forms are.
    pub fn of(sigma: &AppState, base: String, domains: &[OrgDomain], language: Language) -> Self {
        let domains = domains.iter().map(|domain| DomainLine::of(sigma, domain, language)).collect();
        Self { base, domains, entered: String::new(), may_change: true }
    }
}

impl DomainLine {
    fn of(sigma: &AppState, domain: &OrgDomain, language: Language) -> Self {
        let none = ProviderChoice {
            id: String::new(),
            label: language.text("domains-provider-none").to_string(),
            is_chosen: domain.provider.is_none(),
        };
        let all = sigma.providers.all();
        let providers = all.iter().map(|provider| ProviderChoice {
            id: provider.id().to_string(),
            label: provider.label().to_owned(),
            is_chosen: domain.provider.as_deref() == Some(provider.id().as_str()),
        });
        let since = |key, at| language.text(key).with("day", moment::day(at)).to_string();
        Self {
            name: domain.domain.to_string(),
            record_name: domain.domain.record_name(),
            record_value: record_value(&domain.token),
            proven: domain.proven_at.map(|at| since("domains-proven-since", at)),
            missing: domain.missing_since.map(|at| since("domains-missing-since", at)),
            providers: std::iter::once(none).chain(providers).collect(),
        }
    }

    /// The provider that signs in its people, if one was named.
    pub fn provider(&self) -> Option<&ProviderChoice> {
        self.providers.iter().find(|provider| provider.is_chosen)
    }
}
