//! What the page about domains shows.

use super::{Choice, Notice};

/// The domains of an org, and the form for a new one.
#[derive(Clone, Debug)]
pub struct DomainsPage {
    /// The domains.
    pub domains: Vec<DomainLine>,
    /// What was entered.
    pub entered: String,
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
    pub providers: Vec<Choice>,
}

framed! {
    DomainsPage as DomainsTemplate, "org/domains.html";
}
