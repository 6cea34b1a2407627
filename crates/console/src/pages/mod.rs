//! The pages of the console, one file per page.

mod account;
mod app;
mod app_form;
mod app_problem;
mod apps;
mod audit;
mod branding;
mod doctor;
mod documents;
mod first_owner;
mod keys;
mod mail_templates;
mod mails;
mod new_person;
mod org;
mod org_api_key;
mod org_api_keys;
mod org_directories;
mod org_directory;
mod org_domains;
mod org_impersonators;
mod org_links;
mod org_part;
mod orgs;
mod overview;
mod people;
mod people_transfer;
mod person;
mod provider;
pub mod providers;
mod registration;
mod resources;
mod sessions;
mod settings;
mod webhooks;

use axum::response::Response;
use sigma_core::email;
use sigma_core::ids::UserId;
use sigma_core::interaction::{ConsolePage, Continuation};
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::interaction::{begin, with_cookie};
use sigma_platform::paths::login_url;
use sigma_platform::state::AppState;
use sigma_store::operator::Decision;
use sigma_store::{Stop, user};

use crate::operator::Operator;
use crate::outcome::PageError;

/// The endpoints of these pages.
pub fn endpoints() -> Vec<Endpoint<AppState>> {
    let mut all = vec![overview::endpoint(), people::endpoint()];
    all.extend(first_owner::endpoints());
    all.extend(new_person::endpoints());
    all.extend(people_transfer::endpoints());
    all.extend(person::endpoints());
    all.extend(account::endpoints());
    all.push(apps::endpoint());
    all.extend(app::endpoints());
    all.extend(registration::endpoints());
    all.extend(documents::endpoints());
    all.extend(resources::endpoints());
    all.extend(orgs::endpoints());
    all.extend(org::endpoints());
    all.extend(org_domains::endpoints());
    all.extend(org_api_keys::endpoints());
    all.extend(org_api_key::endpoints());
    all.extend(org_links::endpoints());
    all.extend(org_directories::endpoints());
    all.extend(org_directory::endpoints());
    all.extend(org_impersonators::endpoints());
    all.extend(audit::endpoints());
    all.extend(webhooks::endpoints());
    all.extend(keys::endpoints());
    all.extend(mails::endpoints());
    all.extend(mail_templates::endpoints());
    all.extend(sessions::endpoints());
    all.push(settings::endpoint());
    all.push(doctor::endpoint());
    all.extend(branding::endpoints());
    all.extend(providers::endpoints());
    all.extend(provider::endpoints());
    all
}

/// What whoever looks may change on a page, and what they have to prove first.
struct Confirmation {
    /// Whether they have the right.
    may_change: bool,
    /// Where they prove again who they are, if they have to.
    url: Option<String>,
    /// The cookie for that.
    set_cookie: Option<String>,
}

impl Confirmation {
    /// The page, with the cookie.
    fn with(self, page: Response) -> Response {
        with_cookie(page, self.set_cookie.as_deref())
    }
}

/// Refuses whoever lacks the right, before they are asked to prove again who they are for `page`.
fn may_change(sigma: &AppState, operator: &Operator, right: OperatorRight, page: ConsolePage) -> Result<(), PageError> {
    if !operator.role.may(right) {
        return Err(operator.forbidden(sigma));
    }
    if operator.may_change(sigma) { Ok(()) } else { Err(operator.step_up(sigma, page)) }
}

/// Whether whoever looks has the right, and what they have to prove first.
fn confirmation(
    sigma: &AppState,
    operator: &Operator,
    right: OperatorRight,
    page: ConsolePage,
) -> Result<Confirmation, PageError> {
    let may_change = operator.role.may(right);
    if !may_change || operator.may_change(sigma) {
        return Ok(Confirmation { may_change, url: None, set_cookie: None });
    }
    let begun = begin(sigma, &operator.browser, Continuation::Console { page }, sigma.now())?;
    Ok(Confirmation { may_change, url: Some(login_url(&begun.name)), set_cookie: begun.set_cookie })
}

/// The person whom an id names, or an address that somebody proved to be theirs.
async fn named_person(sigma: &AppState, text: &str) -> Result<Option<UserId>, PageError> {
    if let Some(user_id) = UserId::parse(text) {
        return Ok(Some(user_id));
    }
    let folded = email::fold(text);
    let found = sigma.store.read(move |tx| user::find_by_proven_email(tx, &folded)).await?;
    Ok(found.map(|user| user.id))
}

/// Makes one of `refusals`, which a form explains at one of its fields, an outcome of its own.
fn apart<T>(outcome: Decision<T>, refusals: &[OperatorRefusal]) -> Decision<Result<T, OperatorRefusal>> {
    match outcome {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Refused(refusal)) if refusals.contains(&refusal) => Ok(Err(refusal)),
        Err(stop) => Err(stop),
    }
}

/// The address of `path` with those of `pairs` that say something.
fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A field of a query or form: trimmed, at most as long as an e-mail address, without NUL.
fn field(form: &Params, name: &str) -> String {
    long_field(form, name, 254)
}

/// The same, of at most so many characters.
fn long_field(form: &Params, name: &str, most: usize) -> String {
    let text: String = form.raw(name).unwrap_or_default().trim().chars().take(most).collect();
    text.replace('\0', "\u{fffd}")
}
