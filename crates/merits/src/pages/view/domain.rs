//! What the page about domains shows.

use sigma_platform::domains::DomainsView;

use super::Notice;

/// The domains of an org, and the form for a new one.
#[derive(Clone, Debug)]
pub struct DomainsPage(pub DomainsView);

framed! {
    DomainsPage as DomainsTemplate, "org/domains.html";
}
