//! Users and their sessions: sign-in with a key, the session, identities as Better Auth organizations.

mod bap_ids;
mod bap_profile;
mod direct;
mod get_session;
mod health;
mod last_identity;
mod organization;
mod revoke_other_sessions;
mod revoke_session;
mod revoke_sessions;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod social;
mod token;

use crate::error::API;
use crate::http::policy::{Cookies, Limit};
use crate::http::{Policy, Surface};
use crate::state::AppState;

/// The policy of endpoints that sign in. The handler counts: it knows whether a signature was invalid, or a password
/// wrong, which takes a hash to find out.
const SIGN_IN: Policy = Policy { limit: Limit::Elsewhere, cookies: Cookies::SignIn, ..API };

/// The endpoints of this surface.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(sign_in::endpoint())
        .with(sign_up::endpoint())
        .with(social::sign_in::endpoint())
        .with(social::link::endpoint())
        .with(social::list::endpoint())
        .with(social::unlink::endpoint())
        .with(direct::endpoint())
        .with(get_session::endpoint())
        .with(sign_out::endpoint())
        .with(sessions::endpoint())
        .with(revoke_session::endpoint())
        .with(revoke_sessions::endpoint())
        .with(revoke_other_sessions::endpoint())
        .with(token::endpoint())
        .with(bap_ids::list::endpoint())
        .with(bap_ids::register::endpoint())
        .with(bap_ids::keys::endpoint())
        .with(bap_profile::endpoint())
        .with(last_identity::endpoint())
        .with(organization::list::endpoint())
        .with(organization::create::endpoint())
        .with(organization::full::endpoint())
        .with(organization::set_active::endpoint())
        .with(health::live::endpoint())
        .with(health::ready::endpoint())
        .with(health::ok::endpoint())
        .below("/api/auth", API)
        .below("/sigma", API)
}
