//! The management API under `/api/admin/v1` (`docs/guides/console.md#api`): what the pages of the console do, by access tokens.
//! Each endpoint is the operation of the page beside it.

mod account;
mod admins;
mod app;
mod app_redirects;
mod app_secrets;
mod apps;
mod body;
mod branding;
mod branding_of;
mod caller;
mod client_documents;
mod conditions;
mod declarations;
mod deliveries;
mod doctor;
mod document_blocks;
mod error;
mod events;
mod idempotency;
mod initial_access_tokens;
mod keys;
mod list;
mod mail_templates;
mod mails;
mod org;
mod org_api_keys;
mod org_directories;
mod org_domains;
mod org_impersonators;
mod org_links;
mod org_members;
mod orgs;
mod overview;
mod people;
mod people_export;
mod people_import;
mod person;
mod person_change;
mod providers;
mod resources;
mod server_branding;
mod sessions;
mod settings;
mod webhook;
mod webhooks;

use http::Method;
use sigma_platform::http::policy::{BodyLimit, Cookies, Limit};
use sigma_platform::http::{Endpoint, Policy, Rule, Surface};
use sigma_platform::state::AppState;

/// Callers are counted by app and person, so only failures count by address.
const POLICY: Policy =
    Policy { limit: Limit::Failures(Rule::Other), cookies: Cookies::Ignored, ..Policy::new(&error::FORMAT) };

/// The endpoints.
pub fn surface() -> Surface<AppState> {
    Surface::new()
        .with(overview::endpoint())
        .with(people::endpoints())
        .with(people_import::endpoint())
        .with(people_export::endpoint())
        .with(person::endpoints())
        .with(person_change::endpoints())
        .with(account::endpoints())
        .with(admins::endpoints())
        .with(apps::endpoints())
        .with(app::endpoints())
        .with(app_secrets::endpoints())
        .with(app_redirects::endpoint())
        .with(initial_access_tokens::endpoints())
        .with(client_documents::endpoint())
        .with(document_blocks::endpoints())
        .with(resources::endpoints())
        .with(orgs::endpoints())
        .with(org::endpoints())
        .with(org_members::endpoints())
        .with(org_directories::endpoints())
        .with(org_domains::endpoints())
        .with(org_api_keys::endpoints())
        .with(org_links::endpoints())
        .with(org_impersonators::endpoints())
        .with(events::endpoints())
        .with(webhooks::endpoints())
        .with(webhook::endpoints())
        .with(deliveries::endpoints())
        .with(keys::endpoints())
        .with(mails::endpoints())
        .with(mail_templates::endpoints())
        .with(sessions::endpoints())
        .with(settings::endpoint())
        .with(doctor::endpoint())
        .with(providers::endpoints())
        .with(server_branding::endpoints())
        .with(branding_of::endpoints())
        .each(once)
        .with(declarations::endpoints())
        .each(|endpoint| endpoint.with_known_query(list::unknown))
        .below("/api/admin/v1", POLICY)
}

/// An endpoint that takes `Idempotency-Key`, if it is a POST. One whose body is never held as a whole takes none.
fn once(endpoint: Endpoint<AppState>) -> Endpoint<AppState> {
    let declared = endpoint.declaration();
    let is_streamed = matches!(declared.policy().body, BodyLimit::Streamed(_));
    if declared.methods().contains(&Method::POST) && !is_streamed {
        endpoint.around(idempotency::once, idempotency::describe)
    } else {
        endpoint
    }
}
