//! Portable proof: an accepted merit downloads as an Open Badges 3.0 credential, which anyone can verify, here or with the
//! software of others (`docs/guides/portable-merits.md`). Beside it are the public pages of merits and of orgs.

mod bits;
mod did;
mod download;
mod foreign;
mod issuer_key;
mod org_page;
mod qr;
mod status_list;
mod verification;
mod verify;

use sigma_platform::error::API;
use sigma_platform::http::policy::{Caching, CorsPolicy, Limit};
use sigma_platform::http::{Endpoint, Policy, Rule};
use sigma_platform::pages::policy::PAGE;
use sigma_platform::state::AppState;

/// The policy of documents that verifiers elsewhere read.
const PUBLIC: Policy = Policy {
    limit: Limit::Each(Rule::Discovery),
    cors: CorsPolicy::Anyone,
    caching: Caching::Allowed("public, max-age=60"),
    ..API
};

/// The policy of pages that anyone may read.
const PUBLIC_PAGE: Policy = Policy { limit: Limit::Each(Rule::Discovery), ..PAGE };

/// The endpoints and pages of portable proof.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut endpoints = vec![
        did::endpoint(),
        status_list::endpoint(),
        download::endpoint(),
        verification::endpoint(),
        org_page::endpoint(),
    ];
    endpoints.extend(verify::endpoints());
    endpoints
}
