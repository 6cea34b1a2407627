//! Fields.

mod create;
mod show;

use sigma_platform::http::Endpoint;

use crate::state::MeritsState;

/// These endpoints.
pub fn endpoints() -> [Endpoint<MeritsState>; 2] {
    [create::endpoint(), show::endpoint()]
}
