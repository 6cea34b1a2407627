//! `/org/{org}`: the frame around its pages, and those about its merits, apps and profile.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::time::Timestamp;
use sigma_platform::branding::form::BrandingView;
use sigma_platform::pages::FormVersion;
use sigma_platform::pages::view::csp::ContentSecurityPolicy;
use sigma_platform::pages::view::{PageContext, moment, page};
use sigma_platform::webhooks::pages::{HookView, HooksView};

use super::holder::Value;
use super::template::{FormField, InputKind, Preview, TemplateLine};
use super::{Choice, LinkableOrg, Notice, Party, PermissionLine};

/// The frame around every page of an org.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its id.
    pub id: String,
    /// How it looks.
    pub org: Party,
    /// The other orgs that the viewer administers.
    pub others: Vec<OrgLink>,
    /// The viewer's name.
    pub person: String,
    /// The name of the viewer's role.
    pub role: String,
    /// The sections.
    pub tabs: &'static [Tab],
    /// The section of the current page.
    pub current: Tab,
    /// The outcome of the last action.
    pub notice: Option<Notice>,
}

impl Frame {
    /// The path of this org's pages.
    pub(super) fn base(&self) -> String {
        format!("/org/{}", self.id)
    }
}

/// An org to switch to.
#[derive(Clone, Debug)]
pub struct OrgLink {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A section of an org's pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Sent merits.
    Sent,
    /// Proposed merits.
    Proposed,
    /// Templates.
    Templates,
    /// People who hold merits.
    Members,
    /// Linked apps.
    Apps,
    /// Webhooks.
    Webhooks,
    /// Directories that provision people.
    Directories,
    /// Domains.
    Domains,
    /// How pages on the way to its apps look.
    Branding,
    /// The profile.
    Profile,
}

impl Tab {
    /// Every section.
    pub const ALL: [Self; 10] = [
        Self::Sent,
        Self::Proposed,
        Self::Templates,
        Self::Members,
        Self::Apps,
        Self::Webhooks,
        Self::Directories,
        Self::Domains,
        Self::Branding,
        Self::Profile,
    ];

    /// Its path below that of the org.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Proposed => "proposed",
            Self::Templates => "templates",
            Self::Members => "members",
            Self::Apps => "apps",
            Self::Webhooks => "webhooks",
            Self::Directories => "directories",
            Self::Domains => "domains",
            Self::Branding => "branding",
            Self::Profile => "profile",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Sent => "merits-tab-sent",
            Self::Proposed => "merits-tab-proposed",
            Self::Templates => "merits-tab-templates",
            Self::Members => "merits-tab-members",
            Self::Apps => "merits-tab-apps",
            Self::Webhooks => "webhooks-title",
            Self::Directories => "scim-title",
            Self::Domains => "domains-title",
            Self::Branding => "branding-title",
            Self::Profile => "merits-tab-profile",
        }
    }
}

/// `/org/{org}/webhooks`.
#[derive(Clone, Debug)]
pub struct WebhooksPage(pub HooksView);

/// `/org/{org}/branding`.
#[derive(Clone, Debug)]
pub struct BrandingPage(pub BrandingView);

/// `/org/{org}/webhooks/{id}`.
#[derive(Clone, Debug)]
pub struct WebhookPage(pub HookView);

/// The choice among the orgs that the viewer administers.
#[derive(Clone, Debug)]
pub struct ChooserPage {
    /// The viewer's name.
    pub person: String,
    /// The orgs.
    pub orgs: Vec<LinkableOrg>,
}

/// A status in words.
#[derive(Clone, Debug, Default)]
pub struct StatusWord {
    /// The words.
    pub label: String,
    /// The class of its mark.
    pub class: &'static str,
}

/// A merit in a list.
#[derive(Clone, Debug)]
pub struct MeritLine {
    /// Its id.
    pub id: String,
    /// The name on it.
    pub name: String,
    /// The address that it was sent to.
    pub email: String,
    /// The title of its template.
    pub title: String,
    /// Its status.
    pub status: StatusWord,
    /// When it was sent.
    pub sent_at: Timestamp,
}

impl MeritLine {
    fn day(&self) -> String {
        moment::day(self.sent_at)
    }
}

/// Whose merits a list shows.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Their id.
    pub id: String,
    /// What the page says about it.
    pub words: String,
}

/// The merits that the org sent.
#[derive(Clone, Debug, Default)]
pub struct SentPage {
    /// Whose merits these are, if they are one person's.
    pub holder: Option<Holder>,
    /// The address searched for.
    pub email: String,
    /// The statuses to choose from.
    pub statuses: Vec<Choice>,
    /// The templates to choose from.
    pub templates: Vec<Choice>,
    /// The merits of this page.
    pub merits: Vec<MeritLine>,
    /// Path of the page with newer ones.
    pub newer_url: Option<String>,
    /// Path of the page with older ones.
    pub older_url: Option<String>,
    /// Path of the export.
    pub export_url: String,
}

impl SentPage {
    fn is_filtered(&self) -> bool {
        self.holder.is_some()
            || !self.email.is_empty()
            || self.statuses.iter().chain(&self.templates).any(|choice| choice.selected)
    }
}

/// The merits that wait for approval.
#[derive(Clone, Debug, Default)]
pub struct ProposedPage {
    /// The merits of this page.
    pub merits: Vec<MeritLine>,
    /// Path of the page with newer ones.
    pub newer_url: Option<String>,
    /// Path of the page with older ones.
    pub older_url: Option<String>,
}

/// Somebody who holds merits.
#[derive(Clone, Debug)]
pub struct MemberLine {
    /// Path of the list of these merits.
    pub url: String,
    /// The name on the latest one.
    pub name: String,
    /// The address that it was sent to.
    pub email: String,
    /// How many there are, in words.
    pub count: String,
    /// The title of the latest one.
    pub latest: String,
    /// When that was sent.
    pub latest_at: Timestamp,
}

impl MemberLine {
    fn day(&self) -> String {
        moment::day(self.latest_at)
    }
}

/// The people who hold merits.
#[derive(Clone, Debug, Default)]
pub struct MembersPage {
    /// Those of this page.
    pub people: Vec<MemberLine>,
    /// Path of the page with newer ones.
    pub newer_url: Option<String>,
    /// Path of the page with older ones.
    pub older_url: Option<String>,
}

/// One merit. Its forms post the values, `email` to transfer it to, and the `reason` of its revocation.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each shows one form")]
pub struct MeritPage {
    /// The merit.
    pub merit: MeritLine,
    /// Its fields, if they can be edited.
    pub inputs: Vec<FormField>,
    /// Its values.
    pub values: Vec<Value>,
    /// Whether they can be edited.
    pub editable: bool,
    /// Whether it waits for approval.
    pub may_approve: bool,
    /// Whether it can be revoked.
    pub may_end: bool,
    /// Whether it can be transferred.
    pub may_transfer: bool,
    /// Why it was revoked.
    pub reason: Option<String>,
    /// Its edits, newest first.
    pub edits: Vec<EditLine>,
    /// Path of the page of its template, unless it is a consent.
    pub template_url: Option<String>,
    /// The picture of its template.
    pub cover_url: Option<String>,
}

impl MeritPage {
    fn takes_files(&self) -> bool {
        self.inputs.iter().any(|field| matches!(field.input, InputKind::Change(_)))
    }

    fn minute(&self) -> String {
        moment::minute(self.merit.sent_at)
    }
}

/// An edit of a merit.
#[derive(Clone, Debug)]
pub struct EditLine {
    /// The name of the field.
    pub field: String,
    /// The former value.
    pub old: String,
    /// The new one.
    pub new: String,
    /// When.
    pub at: Timestamp,
}

impl EditLine {
    fn minute(&self) -> String {
        moment::minute(self.at)
    }
}

/// The form that sends one merit, or the choice of its template. It posts `template`, `email`, `first_name`, `last_name`, a
/// value for each field, and `how`; with files to an address of its own.
#[derive(Clone, Debug, Default)]
pub struct SendPage {
    /// The templates to choose from.
    pub templates: Vec<Choice>,
    /// The chosen one.
    pub template: Option<TemplateLine>,
    /// The address as entered.
    pub email: String,
    /// The first name as entered.
    pub first_name: String,
    /// The last name as entered.
    pub last_name: String,
    /// The fields.
    pub inputs: Vec<FormField>,
    /// How the merit will look.
    pub preview: Preview,
}

impl SendPage {
    fn takes_files(&self) -> bool {
        self.inputs.iter().any(|field| matches!(field.input, InputKind::Upload(_)))
    }
}

/// The apps of others that act for the org.
#[derive(Clone, Debug, Default)]
pub struct AppsPage {
    /// The apps.
    pub apps: Vec<LinkedApp>,
}

/// A linked app.
#[derive(Clone, Debug)]
pub struct LinkedApp {
    /// Its id.
    pub id: String,
    /// How it looks.
    pub party: Party,
    /// The name of the org that owns it.
    pub owner: String,
    /// What it may do.
    pub may: Vec<PermissionLine>,
    /// Since when.
    pub since: Timestamp,
}

impl LinkedApp {
    fn day(&self) -> String {
        moment::day(self.since)
    }
}

/// The profile of an org. Its form posts the fields.
#[derive(Clone, Debug, Default)]
pub struct ProfilePage {
    /// Its id, as apps know it.
    pub id: String,
    /// The version of what the form shows.
    pub version: FormVersion,
    /// Its name.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its website.
    pub website: String,
    /// Its postal address.
    pub address: String,
    /// Its phone number.
    pub phone: String,
    /// Its e-mail address.
    pub email: String,
}

framed! {
    SentPage as SentTemplate, "org/sent.html";
    ProposedPage as ProposedTemplate, "org/proposed.html";
    MembersPage as MembersTemplate, "org/members.html";
    MeritPage as MeritTemplate, "org/merit.html";
    SendPage as SendTemplate, "org/send.html";
    AppsPage as AppsTemplate, "org/apps.html";
    ProfilePage as ProfileTemplate, "org/profile.html";
    BrandingPage as BrandingTemplate, "org/branding.html";
    WebhooksPage as WebhooksTemplate, "org/webhooks.html";
    WebhookPage as WebhookTemplate, "org/webhook.html";
}

#[derive(Template)]
#[template(path = "org/chooser.html")]
struct ChooserTemplate<'a> {
    context: &'a PageContext<'a>,
    view: &'a ChooserPage,
}

impl ChooserPage {
    /// The page.
    pub fn render(&self, context: &PageContext<'_>) -> Response {
        page(StatusCode::OK, &ChooserTemplate { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
