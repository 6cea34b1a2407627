//! Whoever opens a page of the console. Visitors sign in first; people without a role of the operator get 404.

use std::fmt::Debug;

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use sigma_core::actor::Actor;
use sigma_core::authentication::Acr;
use sigma_core::ids::{AppId, OrgId, SessionId, UserId, WebhookId};
use sigma_core::interaction::{BrandingOf, ConsolePage, Continuation, OrgAccess};
use sigma_core::operator::{OperatorRefusal, OperatorRight, OperatorRole};
use sigma_core::params::Params;
use sigma_platform::extract::{Browser, SignedIn};
use sigma_platform::http::{RequestContext, Rule};
use sigma_platform::i18n::Language;
use sigma_platform::interaction::sign_in_first;
use sigma_platform::pages::view::{ErrorPage, Link, PageContext};
use sigma_platform::pages::{FormVersion, not_found};
use sigma_platform::paths::CONSOLE_PATH;
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, Decision, find_role};
use sigma_store::{Owner, Stop, Store, StoreError, Tx, org};

use crate::outcome::{Done, Notice, PageError, is_explained, refused};
use crate::view::{Frame, Tab};

/// A person with a role of the operator at the pages of the console.
pub struct Operator {
    /// Who.
    pub user_id: UserId,
    /// Their role when the page was opened. Operations read it again.
    pub role: OperatorRole,
    /// The language of the pages.
    pub language: Language,
    /// Their browser.
    pub browser: Browser,
    signed_in: SignedIn,
    context: RequestContext,
}

impl Operator {
    /// What a page knows of its server.
    pub fn page<'a>(&self, sigma: &'a AppState) -> PageContext<'a> {
        sigma.page_in(self.language)
    }

    /// A text of the catalogue.
    pub fn text(&self, key: &'static str) -> String {
        self.language.text(key).to_string()
    }

    /// Who asks, for the operations of the console.
    pub fn caller(&self) -> Caller {
        Caller::Person(self.user_id.clone())
    }

    /// The frame around a page, with the sections that the role opens.
    pub fn frame(&self, current: Tab, notice: Option<Notice>) -> Frame {
        Frame {
            person: self.signed_in.account.user.name.clone(),
            role: role_key(self.role),
            tabs: Tab::ALL.into_iter().filter(|tab| self.role.may(tab.right())).collect(),
            current,
            notice,
        }
    }

    /// Whether the session is recent and strong enough for changes.
    pub fn may_change(&self, sigma: &AppState) -> bool {
        self.signed_in.may_change_credentials(sigma)
    }

    /// Reads what a page shows.
    ///
    /// # Errors
    /// The store does not answer, or the role does not reach.
    pub async fn read<T, F>(&self, sigma: &AppState, read: F) -> Result<T, PageError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
    {
        self.shown(sigma, sigma.store.look_up(read).await)
    }

    /// Changes something; a refusal that its page explains is the inner error.
    ///
    /// # Errors
    /// The store does not answer, or the role does not reach.
    pub async fn act<T, F>(&self, sigma: &AppState, act: F) -> Result<Result<T, Notice>, PageError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
    {
        self.explained(sigma, self.store(sigma).decide(act).await)
    }

    /// The outcome of a change; a refusal that its page explains is the inner error.
    ///
    /// # Errors
    /// The store did not answer, or the role does not reach.
    pub fn explained<T>(
        &self,
        sigma: &AppState,
        outcome: Result<T, Stop<OperatorRefusal>>,
    ) -> Result<Result<T, Notice>, PageError> {
        match outcome {
            Err(Stop::Refused(refusal)) if is_explained(refusal) => Ok(Err(refused(refusal, self.language))),
            outcome => self.shown(sigma, outcome).map(Ok),
        }
    }

    /// Whether they may change the org, if their role changes any: the operator's own is changed by owners alone.
    pub fn may_reach(&self, org_id: &OrgId) -> bool {
        *org_id != OrgId::operator() || self.role == OperatorRole::Owner
    }

    /// What the address of the page that they came back to reports.
    pub fn reported(&self, query: Option<&str>) -> Option<Notice> {
        Done::reported_by(&Params::parse(query.unwrap_or_default()), self.language)
    }

    /// Their session.
    pub fn session_id(&self) -> SessionId {
        self.signed_in.session.id.clone()
    }

    /// The store, on behalf of the person.
    pub fn store(&self, sigma: &AppState) -> Store {
        sigma.store_for(&self.context, Actor::User(self.user_id.clone()))
    }

    /// The page for whoever was refused, or whom the store did not answer.
    pub fn stopped(&self, sigma: &AppState, stop: Stop<OperatorRefusal>) -> PageError {
        match stop {
            Stop::Failed(error) => error.into(),
            Stop::Refused(OperatorRefusal::Stranger | OperatorRefusal::NotFound) => not_found().into(),
            Stop::Refused(_) => self.forbidden(sigma),
        }
    }

    fn shown<T>(&self, sigma: &AppState, outcome: Result<T, Stop<OperatorRefusal>>) -> Result<T, PageError> {
        outcome.map_err(|stop| self.stopped(sigma, stop))
    }

    /// The page for whoever has a role that does not include this.
    pub fn forbidden(&self, sigma: &AppState) -> PageError {
        let page = ErrorPage {
            status: StatusCode::FORBIDDEN,
            title: self.text("console-forbidden"),
            code: None,
            description: self.text("console-forbidden-about"),
            request_id: None,
            links: vec![Link { href: CONSOLE_PATH.to_owned(), label: self.text("console-title") }],
        };
        page.render(&self.page(sigma)).into()
    }

    /// Asks the person to prove again who they are, before they change something; they continue to `page`.
    pub fn step_up(&self, sigma: &AppState, page: ConsolePage) -> PageError {
        PageError::of(sign_in_first(sigma, &self.browser, Continuation::Console { page }))
    }
}

/// The name of a role: a key of the catalogue.
pub const fn role_key(role: OperatorRole) -> &'static str {
    match role {
        OperatorRole::Owner => "console-role-owner",
        OperatorRole::Admin => "console-role-admin",
        OperatorRole::Support => "console-role-support",
        OperatorRole::Auditor => "console-role-auditor",
    }
}

/// The page that a visitor continues to once signed in. One with a form leads to the page that shows it.
fn page_at(path: &str) -> ConsolePage {
    let mut segments = path.trim_start_matches(CONSOLE_PATH).trim_start_matches('/').split('/');
    let (section, id) = (segments.next(), segments.next());
    match section {
        Some("people") if id == Some("new") => ConsolePage::PeopleChange,
        Some("people") if matches!(id, Some("transfer" | "import" | "export")) => ConsolePage::PeopleTransfer,
        Some("people") => id.and_then(UserId::parse).map_or(ConsolePage::People, ConsolePage::Person),
        Some("apps") if id == Some("new") => ConsolePage::AppChange(None),
        Some("apps") if id == Some("registration") => ConsolePage::RegistrationChange,
        Some("apps") if id == Some("documents") => ConsolePage::DocumentsChange,
        Some("apps") => id.and_then(AppId::parse).map_or(ConsolePage::Apps, ConsolePage::App),
        Some("resources" | "resource") => ConsolePage::Resources,
        Some("orgs") => match (id.and_then(OrgId::parse), segments.next()) {
            (Some(id), Some("domains")) => ConsolePage::OrgDomainsChange(id),
            (Some(id), section) => match OrgAccess::ALL.into_iter().find(|access| section == Some(access.as_str())) {
                Some(access) => ConsolePage::OrgAccessChange(id, access),
                None => ConsolePage::Orgs(Some(id)),
            },
            (None, _) => ConsolePage::Orgs(None),
        },
        Some("audit" | "audit.csv" | "audit.ndjson") => ConsolePage::Audit,
        Some("webhooks") => ConsolePage::Webhooks(id.and_then(WebhookId::parse)),
        Some("keys") => ConsolePage::Keys,
        Some("mail") => ConsolePage::Mail,
        Some("sessions") => ConsolePage::Sessions,
        Some("settings") => ConsolePage::Settings,
        Some("doctor") => ConsolePage::Doctor,
        Some("branding") => ConsolePage::Branding(match (id, segments.next()) {
            (Some("org"), Some(id)) => OrgId::parse(id).map(BrandingOf::Org),
            (Some("app"), Some(id)) => AppId::parse(id).map(BrandingOf::App),
            _ => None,
        }),
        Some("providers") => ConsolePage::Providers,
        _ => ConsolePage::Overview,
    }
}

/// The role of a person, and whether the operator's org requires a second factor.
fn standing(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<(OperatorRole, bool)>, StoreError> {
    let Some(role) = find_role(tx, user_id)? else { return Ok(None) };
    let requires = org::find(tx, &OrgId::operator())?.is_some_and(|org| org.require_second_factor);
    Ok(Some((role, requires)))
}

impl FromRequestParts<AppState> for Operator {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, sigma: &AppState) -> Result<Self, PageError> {
        let context = RequestContext::from_request_parts(parts, sigma).await.map_err(PageError::of)?;
        let browser = Browser::of(&parts.headers);
        let came_for = Continuation::Console { page: page_at(parts.uri.path()) };
        let Some(signed_in) = SignedIn::find(sigma, &browser).await? else {
            return Err(PageError::of(sign_in_first(sigma, &browser, came_for)));
        };
        let user_id = signed_in.account.user.id.clone();
        context.charge(Rule::OwnApi, user_id.as_str()).map_err(PageError::of)?;
        let wanted = user_id.clone();
        let Some((role, requires_second_factor)) = sigma.store.read(move |tx| standing(tx, &wanted)).await? else {
            return Err(not_found().into());
        };
        if requires_second_factor && signed_in.session.methods.acr() < Acr::Two {
            // The sign-in page asks for it, and comes back here.
            return Err(PageError::of(sign_in_first(sigma, &browser, came_for)));
        }
        let language = sigma.language_of(&signed_in.account.user, &browser, None);
        Ok(Self { user_id, role, language, browser, signed_in, context })
    }
}

impl Tab {
    /// The right that opens the section.
    pub const fn right(self) -> OperatorRight {
        match self {
            Self::Overview => OperatorRight::Overview,
            Self::People | Self::Sessions => OperatorRight::ReadPeople,
            Self::Apps | Self::Resources => OperatorRight::ReadApps,
            Self::Orgs => OperatorRight::ReadOrgs,
            Self::Audit => OperatorRight::ReadAudit,
            Self::Webhooks => OperatorRight::ReadWebhooks,
            Self::Keys => OperatorRight::ReadKeys,
            Self::Mail => OperatorRight::ReadMail,
            Self::Settings | Self::Doctor => OperatorRight::ReadSettings,
            Self::Branding => OperatorRight::ReadBranding,
            Self::Providers => OperatorRight::ReadProviders,
        }
    }
}

/// Refuses what a form asks for if the settings that it shows have changed since. `current` reads them, and they stay so until the end of
/// the transaction, because `owners`, in the order of locks, are held. Forms without a version show no settings.
pub fn require_current<T: Debug>(
    tx: &mut dyn Tx,
    owners: &[Owner<'_>],
    sent: &FormVersion,
    current: impl FnOnce(&mut dyn Tx) -> Decision<T>,
) -> Decision<()> {
    if sent.is_none() {
        return Ok(());
    }
    for owner in owners {
        tx.lock(*owner)?;
    }
    if sent.is_outdated(&current(tx)?) { Err(OperatorRefusal::Outdated.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_continues_to_the_page_that_they_opened() {
        let id = "user_0123456789abcdef01234567";
        let person = UserId::from_text(id);
        let org = "org_0123456789abcdef01234567";
        let webhook = WebhookId::from_text("wh_0123456789abcdef01234567");
        for (path, page) in [
            ("/console".to_owned(), ConsolePage::Overview),
            ("/console/people".to_owned(), ConsolePage::People),
            (format!("/console/people/{id}"), ConsolePage::Person(person.clone())),
            (format!("/console/people/{id}/disable"), ConsolePage::Person(person)),
            ("/console/people/x".to_owned(), ConsolePage::People),
            ("/console/people/new".to_owned(), ConsolePage::PeopleChange),
            ("/console/people/export".to_owned(), ConsolePage::PeopleTransfer),
            ("/console/apps/app_1".to_owned(), ConsolePage::Apps),
            ("/console/apps/new".to_owned(), ConsolePage::AppChange(None)),
            (
                "/console/apps/app_0123456789abcdef01234567".to_owned(),
                ConsolePage::App(AppId::from_text("app_0123456789abcdef01234567")),
            ),
            ("/console/audit.csv".to_owned(), ConsolePage::Audit),
            ("/console/apps/registration".to_owned(), ConsolePage::RegistrationChange),
            ("/console/apps/documents/unblock".to_owned(), ConsolePage::DocumentsChange),
            ("/console/orgs/acme".to_owned(), ConsolePage::Orgs(None)),
            (format!("/console/orgs/{org}"), ConsolePage::Orgs(Some(OrgId::from_text(org)))),
            (
                format!("/console/orgs/{org}/links/app_1"),
                ConsolePage::OrgAccessChange(OrgId::from_text(org), OrgAccess::Links),
            ),
            ("/console/orgs/acme/domains".to_owned(), ConsolePage::Orgs(None)),
            (
                "/console/orgs/org_0123456789abcdef01234567/domains".to_owned(),
                ConsolePage::OrgDomainsChange(OrgId::from_text("org_0123456789abcdef01234567")),
            ),
            ("/console/webhooks".to_owned(), ConsolePage::Webhooks(None)),
            ("/console/webhooks/wh_0123456789abcdef01234567".to_owned(), ConsolePage::Webhooks(Some(webhook))),
            ("/console/keys".to_owned(), ConsolePage::Keys),
            ("/console/mail".to_owned(), ConsolePage::Mail),
            ("/console/sessions".to_owned(), ConsolePage::Sessions),
            ("/console/settings".to_owned(), ConsolePage::Settings),
            ("/console/doctor".to_owned(), ConsolePage::Doctor),
            ("/console/branding/org/acme".to_owned(), ConsolePage::Branding(None)),
            ("/console/providers".to_owned(), ConsolePage::Providers),
            ("/console/resource".to_owned(), ConsolePage::Resources),
            ("/console/nothing".to_owned(), ConsolePage::Overview),
        ] {
            assert_eq!(page_at(&path), page, "{path}");
        }
    }
}
