//! What the pages of the console show.

mod apps;
mod branding;
mod doctor;
mod documents;
mod entered;
mod first_owner;
mod keys;
mod mail_templates;
mod mails;
mod org_api_keys;
mod org_directories;
mod org_domains;
mod org_impersonators;
mod org_links;
mod org_part;
mod orgs;
mod overview;
mod people;
mod plot;
mod provider;
mod providers;
mod registration;
mod resources;
mod sessions;
mod settings;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::event::Event;
use sigma_core::time::Timestamp;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, initial, moment, page};
use sigma_platform::webhooks::pages::{HookView, HooksView};

use crate::outcome::Notice;

pub use apps::{
    AppLine, AppPage, AppsPage, CheckedUri, Choice, FieldGroup, FieldKind, FormField, NewAppPage, RefusedUri,
    TestedView,
};
pub use branding::{BrandingPage, ServerBrandingPage};
pub use doctor::{DoctorPage, FindingRow};
pub use documents::{BlockRow, DocumentRow, DocumentsPage};
pub use entered::{PermissionChoice, Wrong};
pub use first_owner::FirstOwnerPage;
pub use keys::{KeyRow, KeysPage, NextRotation};
pub use mail_templates::{MailTemplatePage, MailTemplatesPage};
pub use mails::{MailPage, MailRow};
pub use org_api_keys::{ApiKeyEntered, OrgApiKeyPage, OrgApiKeyRow, OrgApiKeysPage};
pub use org_directories::{DirectoryEntered, DirectoryRow, OrgDirectoriesPage, OrgDirectoryPage, RequestRow};
pub use org_domains::OrgDomainsPage;
pub use org_impersonators::{ImpersonatorRow, OrgImpersonatorsPage};
pub use org_links::{OrgLinkRow, OrgLinksPage};
pub use org_part::OrgPart;
pub use orgs::{MemberRow, NewOrgEntered, OrgEntered, OrgLine, OrgPage, OrgsPage, QuotaEntered};
pub use overview::{OverviewPage, QueueRow};
pub use people::{ImportReport, NewPersonEntered, NewPersonPage, PeopleTransferPage, PersonLinkPage, RefusedLine};
pub use plot::{Bars, Line, Plot};
pub use provider::{ProviderEntered, ProviderPage};
pub use providers::{ProviderRow, ProvidersPage, TrialView};
pub use registration::{FreshToken, RegistrationPage, TokenEntered, TokenRow};
pub use resources::{ResourceEntered, ResourceLine, ResourcePage, ResourcesPage};
pub use sessions::{LiveSessionRow, SessionsPage};
pub use settings::{SettingRow, SettingsGroup, SettingsPage};

/// A section of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// The overview.
    Overview,
    /// People.
    People,
    /// Apps.
    Apps,
    /// APIs that tokens are for.
    Resources,
    /// Orgs.
    Orgs,
    /// The audit trail.
    Audit,
    /// Webhooks.
    Webhooks,
    /// Signing keys.
    Keys,
    /// Mails.
    Mail,
    /// Sessions.
    Sessions,
    /// How the server, orgs and apps look.
    Branding,
    /// Upstream providers.
    Providers,
    /// The settings in force.
    Settings,
    /// What is wrong with the installation.
    Doctor,
}

impl Tab {
    /// The sections, in their order.
    pub const ALL: [Self; 14] = [
        Self::Overview,
        Self::People,
        Self::Sessions,
        Self::Apps,
        Self::Resources,
        Self::Orgs,
        Self::Audit,
        Self::Webhooks,
        Self::Keys,
        Self::Mail,
        Self::Branding,
        Self::Providers,
        Self::Settings,
        Self::Doctor,
    ];

    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::People => "/console/people",
            Self::Apps => "/console/apps",
            Self::Resources => "/console/resources",
            Self::Orgs => "/console/orgs",
            Self::Audit => "/console/audit",
            Self::Webhooks => "/console/webhooks",
            Self::Keys => "/console/keys",
            Self::Mail => "/console/mail",
            Self::Settings => "/console/settings",
            Self::Doctor => "/console/doctor",
            Self::Branding => "/console/branding",
            Self::Providers => "/console/providers",
            Self::Sessions => "/console/sessions",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Overview => "console-overview",
            Self::People => "console-people",
            Self::Apps => "console-apps",
            Self::Resources => "console-resources",
            Self::Orgs => "console-orgs",
            Self::Audit => "console-audit",
            Self::Webhooks => "webhooks-title",
            Self::Keys => "console-keys",
            Self::Mail => "console-mail",
            Self::Settings => "console-settings",
            Self::Doctor => "console-doctor",
            Self::Branding => "branding-title",
            Self::Providers => "console-providers",
            Self::Sessions => "console-sessions",
        }
    }
}

/// What is around every page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Who looks.
    pub person: String,
    /// Their role: a key of the catalogue.
    pub role: &'static str,
    /// The sections that it opens.
    pub tabs: Vec<Tab>,
    /// The section of the page.
    pub current: Tab,
    /// What was just done.
    pub notice: Option<Notice>,
}

/// Pages in the frame, each with its template.
macro_rules! framed {
    ($($page:ident as $template:ident, $path:literal;)*) => { $(
        #[derive(Template)]
        #[template(path = $path)]
        struct $template<'a> {
            context: &'a PageContext<'a>,
            frame: &'a Frame,
            view: &'a $page,
        }

        impl $page {
            /// The page.
            pub fn render(&self, status: StatusCode, frame: &Frame, context: &PageContext<'_>) -> Response {
                page(status, &$template { context, frame, view: self }, ContentSecurityPolicy::Strict)
            }
        }
    )* };
}

framed! {
    PeoplePage as PeopleTemplate, "console/people.html";
    NewPersonPage as NewPersonTemplate, "console/person-new.html";
    PeopleTransferPage as PeopleTransferTemplate, "console/people-transfer.html";
    PersonLinkPage as PersonLinkTemplate, "console/person-link.html";
    PersonPage as PersonTemplate, "console/person.html";
    AppsPage as AppsTemplate, "console/apps.html";
    AppPage as AppTemplate, "console/app.html";
    NewAppPage as NewAppTemplate, "console/app-new.html";
    ResourcesPage as ResourcesTemplate, "console/resources.html";
    ResourcePage as ResourceTemplate, "console/resource.html";
    OrgsPage as OrgsTemplate, "console/orgs.html";
    OrgPage as OrgTemplate, "console/org.html";
    OrgApiKeysPage as OrgApiKeysTemplate, "console/org-api-keys.html";
    OrgApiKeyPage as OrgApiKeyTemplate, "console/org-api-key.html";
    OrgLinksPage as OrgLinksTemplate, "console/org-links.html";
    OrgDirectoriesPage as OrgDirectoriesTemplate, "console/org-directories.html";
    OrgDirectoryPage as OrgDirectoryTemplate, "console/org-directory.html";
    OrgImpersonatorsPage as OrgImpersonatorsTemplate, "console/org-impersonators.html";
    DocumentsPage as DocumentsTemplate, "console/documents.html";
    AuditPage as AuditTemplate, "console/audit.html";
    WebhooksPage as WebhooksTemplate, "console/webhooks.html";
    WebhookPage as WebhookTemplate, "console/webhook.html";
}

/// `/console/webhooks`.
#[derive(Clone, Debug)]
pub struct WebhooksPage(pub HooksView);

/// `/console/webhooks/{id}`.
#[derive(Clone, Debug)]
pub struct WebhookPage(pub HookView);

/// A labelled value; the label is a key of the catalogue.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// The value; lines of a list.
    pub value: String,
}

/// `/console/people`.
#[derive(Clone, Debug)]
pub struct PeoplePage {
    /// What was searched.
    pub search: String,
    /// Who was found.
    pub people: Vec<PersonLine>,
    /// Whether the viewer may add people.
    pub may_add: bool,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

/// A person in the list.
#[derive(Clone, Debug)]
pub struct PersonLine {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their primary address.
    pub email: Option<String>,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Since when.
    pub created_at: Timestamp,
}

impl PersonLine {
    fn initial(&self) -> String {
        initial(&self.name)
    }

    fn since(&self) -> String {
        moment::day(self.created_at)
    }
}

/// `/console/people/{id}`. Its forms post to `disable`, `enable` and `sign-out` below it.
#[expect(clippy::struct_excessive_bools, reason = "each shows one thing")]
#[derive(Clone, Debug)]
pub struct PersonPage {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Their role in the console: a key of the catalogue.
    pub role: Option<&'static str>,
    /// When the account is deleted, in words.
    pub deletes_at: Option<String>,
    /// Their addresses.
    pub emails: Vec<EmailRow>,
    /// How they sign in.
    pub credentials: Vec<CredentialRow>,
    /// Where they are signed in.
    pub sessions: Vec<SessionRow>,
    /// The apps with access.
    pub apps: Vec<AppRow>,
    /// Their workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// What happened last; `None` if the role does not show that.
    pub events: Option<Vec<EventRow>>,
    /// Whether they can be signed out.
    pub may_sign_out: bool,
    /// Whether the account can be disabled and enabled.
    pub may_disable: bool,
    /// Whether a link to set a new password can be sent.
    pub may_reset: bool,
    /// Whether everything that they sign in with can be ended.
    pub may_end: bool,
    /// Whether the account can be deleted and kept.
    pub may_delete: bool,
    /// How long an account is kept that is to be deleted.
    pub grace: String,
    /// Whether it is the account of whoever looks.
    pub is_oneself: bool,
    /// Where the person who looks proves again who they are, before they may change anything.
    pub confirm_url: Option<String>,
}

impl PersonPage {
    /// The addresses that a link can be sent to, the primary one first.
    fn reachable(&self) -> Vec<&str> {
        let mut proven: Vec<&EmailRow> = self.emails.iter().filter(|email| email.proven).collect();
        proven.sort_by_key(|email| !email.primary);
        proven.into_iter().map(|email| email.address.as_str()).collect()
    }

    fn initial(&self) -> String {
        initial(&self.name)
    }

    fn since(&self) -> String {
        moment::day(self.created_at)
    }
}

/// An address.
#[derive(Clone, Debug)]
pub struct EmailRow {
    /// The address.
    pub address: String,
    /// Whether it is known to be theirs.
    pub proven: bool,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// A credential.
#[derive(Clone, Debug)]
pub struct CredentialRow {
    /// Its kind: a key of the catalogue.
    pub kind: &'static str,
    /// The public key, if it is one.
    pub id: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used, to the day.
    pub last_used_at: Option<Timestamp>,
}

impl CredentialRow {
    fn since(&self) -> String {
        moment::day(self.created_at)
    }

    fn used(&self) -> Option<String> {
        self.last_used_at.map(moment::day)
    }
}

/// A session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The browser.
    pub device: String,
    /// The network address at its start.
    pub address: String,
    /// Since when.
    pub since: Timestamp,
}

impl SessionRow {
    fn when(&self) -> String {
        moment::minute(self.since)
    }
}

/// An app with access.
#[derive(Clone, Debug)]
pub struct AppRow {
    /// Its page, if the role opens it.
    pub url: Option<String>,
    /// Its name.
    pub name: String,
    /// Its scopes.
    pub scope: String,
    /// When it was last used, to the day.
    pub last_used_at: Timestamp,
}

impl AppRow {
    fn used(&self) -> String {
        moment::day(self.last_used_at)
    }
}

/// An event.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// When.
    pub at: Timestamp,
    /// The action, as the documentation names it.
    pub action: String,
    /// Who: the kind, and the id if there is one.
    pub actor: String,
    /// The page of the person who did it.
    pub actor_url: Option<String>,
    /// To what.
    pub target: String,
    /// The page of the person or app that it was done to.
    pub target_url: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// How often.
    pub count: u64,
    /// What else is known of it, in the words of the documentation.
    pub details: Vec<String>,
}

impl EventRow {
    /// The row of an event.
    pub fn of(event: &Event) -> Self {
        let kind = event.actor.kind();
        let page = |kind: &str, id: &str| match kind {
            "user" if sigma_core::ids::UserId::parse(id).is_some() => Some(format!("/console/people/{id}")),
            "app" if sigma_core::ids::AppId::parse(id).is_some() => Some(format!("/console/apps/{id}")),
            _ => None,
        };
        Self {
            at: event.at,
            action: event.action.clone(),
            actor: event.actor.id().unwrap_or(kind).to_owned(),
            actor_url: event.actor.id().and_then(|id| page(kind, id)),
            target: event.target.as_ref().map(|(_, id)| id.clone()).unwrap_or_default(),
            target_url: event.target.as_ref().and_then(|(kind, id)| page(kind, id)),
            address: event.address.clone(),
            count: event.count,
            details: event.details.words(),
        }
    }

    fn when(&self) -> String {
        moment::minute(self.at)
    }
}

/// `/console/audit`.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The events, newest first.
    pub events: Vec<EventRow>,
    /// The older ones.
    pub older: Option<String>,
    /// The latest ones, on other pages.
    pub first: Option<String>,
    /// Where the page follows the trail from, while it does.
    pub live: Option<String>,
    /// Where it begins or ceases to follow it.
    pub switch: Option<String>,
    /// The file.
    pub csv: String,
    /// The file of all of them.
    pub ndjson: String,
    /// The actions that can be chosen.
    pub actions: Vec<&'static str>,
    /// Whether any filter is set.
    pub is_filtered: bool,
    /// The filters, as they were entered.
    pub person: String,
    /// An app.
    pub app: String,
    /// An org.
    pub org: String,
    /// An action.
    pub action: String,
    /// From that day on.
    pub since: String,
    /// Up to that day.
    pub until: String,
}
