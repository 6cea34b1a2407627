//! What the service says of itself, and searches of everything.

mod config;
mod me;
mod resource_types;
mod schemas;
mod search;

use serde_json::{Map, Value};
use sigma_platform::http::Endpoint;
use sigma_platform::state::AppState;
use sigma_store::scim::directory::{self, Search};

use crate::answer::{Answer, base, list};
use crate::caller::ScimCaller;
use crate::error::ScimError;

/// The endpoints.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut all = vec![config::endpoint(), search::endpoint(), me::endpoint()];
    all.extend(resource_types::endpoints());
    all.extend(schemas::endpoints());
    all
}

/// A page of what searches find, one after the other. They are of the same page.
///
/// # Errors
/// `tooMany`, or the store does not answer.
pub async fn searched(sigma: &AppState, caller: &ScimCaller, searches: Vec<Search>) -> Result<Answer, ScimError> {
    let start_index = searches.first().map_or(1, |search| search.start_index);
    let base = base(sigma);
    let (mut total, mut shown) = (0_u64, Vec::<Map<String, Value>>::new());
    for mut search in searches {
        // What the types before it have filled of the page, and what they have taken of the way to it.
        let filled = u32::try_from(shown.len()).unwrap_or(u32::MAX);
        search.count = search.count.saturating_sub(filled);
        search.start_index = start_index.saturating_sub(total).max(1);
        let (of, projection) = (search.of, search.projection.clone());
        let who = caller.directory.clone();
        let found = sigma.store.look_up(move |tx| directory::search(tx, &who, &search)).await?;
        total = total.saturating_add(found.total);
        shown.extend(found.resources.iter().map(|found| projection.apply(of, found.to_members(&base))));
    }
    Ok(Answer::of(list(total, start_index, &shown)))
}

/// A list of what the service says of itself.
fn all(described: Vec<Value>) -> Value {
    let shown = described.into_iter().filter_map(|value| match value {
        Value::Object(members) => Some(members),
        _ => None,
    });
    let shown: Vec<_> = shown.collect();
    list(u64::try_from(shown.len()).unwrap_or(u64::MAX), 1, &shown)
}

/// Filters are forbidden there (RFC 7644 §4).
fn refuse_filter(caller: &ScimCaller) -> Result<(), ScimError> {
    let has_filter = sigma_core::params::Params::parse(&caller.query).raw("filter").is_some();
    if has_filter {
        let words = "What the service says of itself cannot be filtered";
        return Err(sigma_core::scim::Problem::new(sigma_core::scim::ProblemKind::Forbidden, words).into());
    }
    Ok(())
}
