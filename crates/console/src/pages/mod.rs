//! The pages of the console, one file per page.

mod account;
mod apps;
mod audit;
mod doctor;
mod first_owner;
mod keys;
mod mails;
mod org;
mod orgs;
mod overview;
mod people;
mod person;
pub mod providers;
mod sessions;
mod settings;
mod webhooks;

use sigma_core::interaction::{ConsolePage, Continuation};
use sigma_core::operator::OperatorRight;
use sigma_platform::http::Endpoint;
use sigma_platform::interaction::begin;
use sigma_platform::paths::login_url;
use sigma_platform::state::AppState;

use crate::operator::Operator;
use crate::outcome::PageError;

/// The endpoints of these pages.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut all = vec![overview::endpoint(), people::endpoint()];
    all.extend(first_owner::endpoints());
    all.extend(person::endpoints());
    all.extend(account::endpoints());
    all.extend(apps::endpoints());
    all.push(orgs::endpoint());
    all.extend(org::endpoints());
    all.extend(audit::endpoints());
    all.extend(webhooks::endpoints());
    all.extend(keys::endpoints());
    all.extend(mails::endpoints());
    all.extend(sessions::endpoints());
    all.push(settings::endpoint());
    all.push(doctor::endpoint());
    all.extend(providers::endpoints());
    all
}

/// Where whoever looks proves again who they are, and the cookie for it.
type Confirmation = (String, Option<String>);

/// Refuses whoever lacks the right, before they are asked to prove again who they are for `page`.
fn may_change(sigma: &AppState, operator: &Operator, right: OperatorRight, page: ConsolePage) -> Result<(), PageError> {
    if !operator.role.may(right) {
        return Err(operator.forbidden(sigma));
    }
    if operator.may_change(sigma) { Ok(()) } else { Err(operator.step_up(sigma, page)) }
}

/// Whether whoever looks has the right, and where they prove first who they are, if they have to.
fn confirmation(
    sigma: &AppState,
    operator: &Operator,
    right: OperatorRight,
    page: ConsolePage,
) -> Result<(bool, Option<Confirmation>), PageError> {
    let has_right = operator.role.may(right);
    if !has_right || operator.may_change(sigma) {
        return Ok((has_right, None));
    }
    let begun = begin(sigma, &operator.browser, Continuation::Console { page }, sigma.now())?;
    Ok((true, Some((login_url(&begun.name), begun.set_cookie))))
}

/// The address of `path` with those of `pairs` that say something.
fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Entries on one page of a list.
const LENGTH: usize = 50;

/// One more than the page, to learn whether there is a next one.
fn one_more(length: usize) -> u32 {
    u32::try_from(length.saturating_add(1)).unwrap_or(u32::MAX)
}

/// The page of what was found, and the key of its last entry if there is a next one.
fn page_of<T>(mut found: Vec<T>, length: usize, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let is_more = found.len() > length;
    found.truncate(length);
    let last = found.last().filter(|_| is_more).map(key);
    (found, last)
}

/// A field of a query: trimmed, bounded, without NUL.
fn field(query: &sigma_core::params::Params, name: &str) -> String {
    let text: String = query.raw(name).unwrap_or_default().trim().chars().take(254).collect();
    text.replace('\0', "\u{fffd}")
}
