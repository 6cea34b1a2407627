//! Groups.

mod create;
mod list;
mod patch;
mod remove;
mod replace;
mod search;
mod show;

pub use create::run as create;
pub use patch::run as patch;
pub use remove::run as remove;
pub use replace::run as replace;

use sigma_core::scim::Resource;
use sigma_platform::http::Endpoint;
use sigma_platform::state::AppState;
use sigma_store::scim::group::{self, Wish};

use crate::caller::ScimCaller;
use crate::error::ScimError;

/// The endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 7] {
    [
        list::endpoint(),
        create::endpoint(),
        search::endpoint(),
        show::endpoint(),
        replace::endpoint(),
        patch::endpoint(),
        remove::endpoint(),
    ]
}

async fn save(
    sigma: &AppState,
    caller: &ScimCaller,
    wish: Wish,
    if_match: Option<String>,
) -> Result<Resource, ScimError> {
    let (directory, now) = (caller.directory.clone(), sigma.now());
    let save = move |tx: &mut dyn sigma_store::Tx| group::save(tx, &directory, &wish, if_match.as_deref(), now);
    Ok(caller.store(sigma).decide(save).await?)
}
