//! Where users continue: the only place that builds such addresses, all of them our own.

use axum::response::{IntoResponse, Redirect, Response};
use sigma_core::ids::{AppId, OrgId, UserId, WebhookId};
use sigma_core::interaction::{AccountPage, BrandingOf, ConsolePage, Continuation, LinkSecret, WorkspacePage};

use crate::extract::Browser;
use crate::http::ApiError;
use crate::interaction::{begin, with_cookie};
use crate::paths::{
    ACCOUNT_DELETION_PATH, ACCOUNT_MERGE_PATH, CONSOLE_PATH, FIRST_OWNER_PATH, LINK_APP_PATH, MERIT_LOGIN_PATH,
    RESTORE_PATH, device_url, login_url, resume_url,
};
use crate::state::AppState;

/// Where a signed-in user continues. `interaction` names the interaction of `continuation`.
pub fn way_on(continuation: &Continuation, interaction: &str) -> String {
    match continuation {
        Continuation::Authorization { .. } => resume_url(interaction),
        Continuation::Workspace { workspace: None, .. } => "/workspace".to_owned(),
        Continuation::Workspace { workspace: Some(name), page: WorkspacePage::Start } => {
            format!("/workspace/{}", name.as_str())
        }
        Continuation::Workspace { workspace: Some(name), page } => {
            format!("/workspace/{}/{}", name.as_str(), page.segment())
        }
        Continuation::Invitation { token } => with_token("/invitation", token),
        Continuation::MeritLogin { token } => with_token(MERIT_LOGIN_PATH, token),
        Continuation::LinkApp { token } => with_token(LINK_APP_PATH, token),
        Continuation::Device { user_code, .. } => device_url(user_code.expose()),
        Continuation::FirstOwner { token } => with_token(FIRST_OWNER_PATH, token),
        Continuation::Console { page } => console_page(page),
        Continuation::MeritOrg { org: None } => "/org".to_owned(),
        Continuation::MeritOrg { org: Some(name) } => format!("/org/{}", name.as_str()),
        Continuation::OrgChange { org, section } => format!("/org/{}/{}", org.as_str(), section.segment()),
        Continuation::Account { page: AccountPage::Activity } => "/account/activity".to_owned(),
        Continuation::Account { page: AccountPage::Overview | AccountPage::Change } => "/account".to_owned(),
        Continuation::Account { page: AccountPage::Profile } => "/account/profile".to_owned(),
        Continuation::Account { page: AccountPage::Identities } => "/account/identities".to_owned(),
        Continuation::Account { page: AccountPage::Merits } => "/account/merits".to_owned(),
        Continuation::Account { page: AccountPage::Backup | AccountPage::BackupChange } => "/account/backup".to_owned(),
        Continuation::Account { page: AccountPage::Apps } => "/account/apps".to_owned(),
        Continuation::Account { page: AccountPage::Developers | AccountPage::DevelopersChange } => {
            "/developers".to_owned()
        }
        Continuation::Account { page: AccountPage::Agents | AccountPage::AgentsChange } => "/account/agents".to_owned(),
        Continuation::Account { page: AccountPage::Deletion | AccountPage::DeletionRequest } => {
            ACCOUNT_DELETION_PATH.to_owned()
        }
        Continuation::Account { page: AccountPage::Merge | AccountPage::MergeChange } => ACCOUNT_MERGE_PATH.to_owned(),
        Continuation::Account { page: AccountPage::Restore } => "/restore".to_owned(),
        Continuation::Restore => RESTORE_PATH.to_owned(),
        Continuation::Account { .. } => "/account/password".to_owned(),
        Continuation::Home => "/".to_owned(),
    }
}

fn console_page(page: &ConsolePage) -> String {
    match page {
        ConsolePage::Overview => CONSOLE_PATH.to_owned(),
        ConsolePage::People => format!("{CONSOLE_PATH}/people"),
        ConsolePage::PeopleChange => format!("{CONSOLE_PATH}/people/new"),
        ConsolePage::PeopleTransfer => format!("{CONSOLE_PATH}/people/transfer"),
        ConsolePage::Person(id) | ConsolePage::PersonChange(id) => console_person_url(id),
        ConsolePage::Apps => format!("{CONSOLE_PATH}/apps"),
        ConsolePage::App(id) | ConsolePage::AppChange(Some(id)) => {
            // Only an id of ours becomes part of an address.
            AppId::parse(id.as_str())
                .map_or_else(|| format!("{CONSOLE_PATH}/apps"), |id| format!("{CONSOLE_PATH}/apps/{id}"))
        }
        ConsolePage::AppChange(None) => format!("{CONSOLE_PATH}/apps/new"),
        ConsolePage::RegistrationChange => format!("{CONSOLE_PATH}/apps/registration"),
        ConsolePage::DocumentsChange => format!("{CONSOLE_PATH}/apps/documents"),
        ConsolePage::Resources | ConsolePage::ResourcesChange => format!("{CONSOLE_PATH}/resources"),
        ConsolePage::Orgs(None) | ConsolePage::OrgsChange => format!("{CONSOLE_PATH}/orgs"),
        ConsolePage::Orgs(Some(id)) | ConsolePage::OrgChange(id) => {
            // Only an id of ours becomes part of an address.
            OrgId::parse(id.as_str())
                .map_or_else(|| format!("{CONSOLE_PATH}/orgs"), |id| format!("{CONSOLE_PATH}/orgs/{id}"))
        }
        ConsolePage::OrgDomainsChange(id) => {
            // Only an id of ours becomes part of an address.
            OrgId::parse(id.as_str())
                .map_or_else(|| format!("{CONSOLE_PATH}/orgs"), |id| format!("{CONSOLE_PATH}/orgs/{id}/domains"))
        }
        ConsolePage::OrgAccessChange(id, access) => {
            // Only an id of ours becomes part of an address.
            let page = |id| format!("{CONSOLE_PATH}/orgs/{id}/{}", access.as_str());
            OrgId::parse(id.as_str()).map_or_else(|| format!("{CONSOLE_PATH}/orgs"), page)
        }
        ConsolePage::Audit => format!("{CONSOLE_PATH}/audit"),
        ConsolePage::Keys | ConsolePage::KeysChange => format!("{CONSOLE_PATH}/keys"),
        ConsolePage::Mail | ConsolePage::MailChange => format!("{CONSOLE_PATH}/mail"),
        ConsolePage::Sessions | ConsolePage::SessionsChange => format!("{CONSOLE_PATH}/sessions"),
        ConsolePage::Settings => format!("{CONSOLE_PATH}/settings"),
        ConsolePage::Providers | ConsolePage::ProvidersChange => format!("{CONSOLE_PATH}/providers"),
        ConsolePage::Branding(None) => format!("{CONSOLE_PATH}/branding"),
        ConsolePage::Branding(Some(of)) | ConsolePage::BrandingChange(of) => {
            // Only an id of ours becomes part of an address.
            let place = match of {
                BrandingOf::Org(id) => OrgId::parse(id.as_str()).map(|id| format!("/org/{id}")),
                BrandingOf::App(id) => AppId::parse(id.as_str()).map(|id| format!("/app/{id}")),
                BrandingOf::Server => None,
            };
            format!("{CONSOLE_PATH}/branding{}", place.unwrap_or_default())
        }
        ConsolePage::Doctor => format!("{CONSOLE_PATH}/doctor"),
        ConsolePage::Webhooks(id) | ConsolePage::WebhooksChange(id) => {
            // Only an id of ours becomes part of an address.
            let id = id.as_ref().and_then(|id| WebhookId::parse(id.as_str()));
            id.map_or_else(|| format!("{CONSOLE_PATH}/webhooks"), |id| format!("{CONSOLE_PATH}/webhooks/{id}"))
        }
    }
}

/// The page of a person in the console; the list, if the id does not look like one.
pub fn console_person_url(id: &UserId) -> String {
    UserId::parse(id.as_str())
        .map_or_else(|| format!("{CONSOLE_PATH}/people"), |id| format!("{CONSOLE_PATH}/people/{}", id.as_str()))
}

fn with_token(path: &str, token: &LinkSecret) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("token", token.expose()).finish();
    format!("{path}?{query}")
}

/// Redirects to the sign-in page, which continues to `continuation`.
///
/// # Errors
/// Encryption failed, which cannot happen.
pub fn sign_in_first(sigma: &AppState, browser: &Browser, continuation: Continuation) -> Result<Response, ApiError> {
    let begun = begin(sigma, browser, continuation, sigma.now())?;
    Ok(with_cookie(Redirect::to(&login_url(&begun.name)).into_response(), begun.set_cookie.as_deref()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sigma_core::ids::OrgRef;
    use sigma_core::interaction::OrgAccess;

    use super::*;

    proptest! {
        #[test]
        fn every_continuation_is_a_path_of_ours(id in "\\PC{0,40}", secret in "\\PC{0,60}", name in "[A-Za-z0-9_-]{1,40}") {
            for continuation in [
                Continuation::Authorization { query: secret.clone() },
                Continuation::workspace(&id, WorkspacePage::People),
                Continuation::workspace(&id, WorkspacePage::Start),
                Continuation::Invitation { token: LinkSecret::new(secret.clone()) },
                Continuation::MeritLogin { token: LinkSecret::new(secret.clone()) },
                Continuation::LinkApp { token: LinkSecret::new(secret.clone()) },
                Continuation::MeritOrg { org: OrgRef::parse(&id) },
                Continuation::Device { user_code: LinkSecret::new(secret.clone()), second_factor: false },
                Continuation::FirstOwner { token: LinkSecret::new(secret.clone()) },
                Continuation::Console { page: ConsolePage::Person(UserId::from_text(id.clone())) },
                Continuation::Console { page: ConsolePage::OrgChange(OrgId::from_text(id.clone())) },
                Continuation::Console { page: ConsolePage::OrgDomainsChange(OrgId::from_text(id.clone())) },
                Continuation::Console {
                    page: ConsolePage::OrgAccessChange(OrgId::from_text(id.clone()), OrgAccess::ApiKeys),
                },
                Continuation::Console { page: ConsolePage::AppChange(Some(AppId::from_text(id.clone()))) },
                Continuation::Console { page: ConsolePage::BrandingChange(BrandingOf::App(AppId::from_text(id.clone()))) },
                Continuation::Console { page: ConsolePage::WebhooksChange(Some(WebhookId::from_text(id.clone()))) },
                Continuation::Restore,
                Continuation::Home,
            ] {
                let way = way_on(&continuation, &name);
                let base = url::Url::parse("https://id.example.org").unwrap();
                prop_assert_eq!(base.join(&way).unwrap().origin(), base.origin());
                prop_assert!(way.starts_with('/') && !way.starts_with("//"));
                prop_assert!(way.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
