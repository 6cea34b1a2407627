//! Templates.

mod create;
mod set_field;
mod show;

use sigma_platform::http::Endpoint;

use crate::state::MeritsState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<MeritsState>; 3] {
    [create::endpoint(), show::endpoint(), set_field::endpoint()]
}
