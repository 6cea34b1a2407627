//! Merits of an org: sending, changing, taking back.

mod approve;
mod propose;
mod revoke;
mod send;
mod send_access;
mod set_value;
mod set_values;
mod transfer;
mod translate;

use sigma_platform::http::Endpoint;

use crate::state::MeritsState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<MeritsState>; 9] {
    [
        send::endpoint(),
        propose::endpoint(),
        send_access::endpoint(),
        set_value::endpoint(),
        set_values::endpoint(),
        revoke::endpoint(),
        transfer::endpoint(),
        approve::endpoint(),
        translate::endpoint(),
    ]
}
