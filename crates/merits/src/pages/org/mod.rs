//! The pages of an org, for its admins: one file per page.

mod admin;
mod apps;
mod batch;
mod branding;
mod chooser;
mod cover;
mod directories;
mod directory;
mod domains;
mod export;
mod import;
mod listing;
mod members;
mod merit;
mod profile;
mod recent;
mod send;
mod send_files;
mod sent;
mod template;
mod templates;
mod values;
mod webhooks;

pub use admin::{OrgAdmin, administered};
pub use templates::cover_url;

use sigma_platform::http::Endpoint;
use sigma_platform::state::AppState;

/// The endpoints of these pages.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut all = Vec::from(chooser::endpoints());
    all.extend(sent::endpoints());
    all.push(export::endpoint());
    all.push(members::endpoint());
    all.extend(merit::endpoints());
    all.extend(send::endpoints());
    all.push(send_files::endpoint());
    all.extend(import::endpoints());
    all.extend(batch::endpoints());
    all.extend(templates::endpoints());
    all.extend(template::endpoints());
    all.extend(cover::endpoints());
    all.extend(apps::endpoints());
    all.extend(directories::endpoints());
    all.extend(directory::endpoints());
    all.extend(domains::endpoints());
    all.extend(branding::endpoints());
    all.extend(profile::endpoints());
    all.extend(webhooks::endpoints());
    all
}
