//! `/account/merits`: what the signed-in user was sent, and the apps that see it.

mod act;
mod show;

use sigma_core::ids::{MeritId, OrgId};
use sigma_platform::http::Endpoint;
use sigma_platform::state::AppState;
use sigma_store::merits::Merit;

/// The path of the page.
const PATH: &str = "/account/merits";

/// The endpoints of these pages.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    std::iter::once(show::endpoint()).chain(act::endpoints()).collect()
}

/// How forms name a merit: its org, whose rows it is among, and its id.
fn key(merit: &Merit) -> String {
    format!("{}-{}", merit.org_id.digits(), merit.id.digits())
}

/// The merit that a form names.
fn parsed(key: &str) -> Option<(OrgId, MeritId)> {
    let (org_id, id) = key.split_once('-')?;
    Some((OrgId::parse(org_id)?, MeritId::parse(id)?))
}
