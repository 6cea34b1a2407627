//! Requests of "Login with Sigma" and "Link App", and the tokens with which people come back.

mod link_app;
mod login;
mod member_id;
mod org_id;
mod returning;

use sigma_platform::http::Endpoint;

use crate::state::MeritsState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<MeritsState>; 5] {
    [login::endpoint(), login::later_endpoint(), link_app::endpoint(), member_id::endpoint(), org_id::endpoint()]
}
