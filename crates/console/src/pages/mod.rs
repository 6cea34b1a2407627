//! The pages of the console, one file per page.

mod apps;
mod audit;
mod first_owner;
mod overview;
mod people;
mod person;
mod webhooks;

use sigma_platform::http::Endpoint;
use sigma_platform::state::AppState;

/// The endpoints of these pages.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut all = vec![overview::endpoint(), people::endpoint()];
    all.extend(first_owner::endpoints());
    all.extend(person::endpoints());
    all.extend(apps::endpoints());
    all.extend(audit::endpoints());
    all.extend(webhooks::endpoints());
    all
}

/// The address of `path` with those of `pairs` that say something.
fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A field of a query: trimmed, bounded, without NUL.
fn field(query: &sigma_core::params::Params, name: &str) -> String {
    let text: String = query.raw(name).unwrap_or_default().trim().chars().take(254).collect();
    text.replace('\0', "\u{fffd}")
}
