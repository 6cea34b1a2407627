//! What the pages of apps show.

use sigma_core::time::Timestamp;
use sigma_platform::app_trial::Outcome;
use sigma_platform::pages::view::moment;

use super::Fact;

/// `/console/apps`.
#[derive(Clone, Debug)]
pub struct AppsPage {
    /// The apps.
    pub apps: Vec<AppLine>,
    /// Whether the role registers some.
    pub may_add: bool,
    /// The next page.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
}

/// An app in the list.
#[derive(Clone, Debug)]
pub struct AppLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its client id.
    pub client_id: String,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether it registered itself.
    pub unverified: bool,
    /// Since when.
    pub created_at: Timestamp,
}

impl AppLine {
    pub(super) fn since(&self) -> String {
        moment::day(self.created_at)
    }
}

/// `/console/apps/new`.
#[derive(Clone, Debug)]
pub struct NewAppPage {
    /// The settings.
    pub form: Vec<FieldGroup>,
}

/// `/console/apps/{id}`. Its forms post `do` to the same address.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each shows one thing")]
pub struct AppPage {
    /// Its id.
    pub id: String,
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether it registered itself.
    pub unverified: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Its settings, for those who do not change them.
    pub facts: Vec<Fact>,
    /// What happened to it, if the role shows that.
    pub audit: Option<String>,
    /// Whether the role changes apps.
    pub may_change: bool,
    /// Where the person who looks proves again who they are, before they may do that.
    pub confirm_url: Option<String>,
    /// Its settings, for those who change them.
    pub form: Vec<FieldGroup>,
    /// What they were when the page was made.
    pub version: String,
    /// Its secret, if it was just made.
    pub secret: Option<String>,
    /// Whether it authenticates with one.
    pub has_secret: bool,
    /// Until when the secret that was replaced is valid.
    pub former_ends_at: Option<Timestamp>,
    /// Where a sign-in to it begins.
    pub test_url: Option<String>,
    /// What came back of one.
    pub tested: Option<TestedView>,
    /// The URIs that it sent and had not registered, the latest first.
    pub refused: Vec<RefusedUri>,
    /// The URI that was compared with the registered ones.
    pub checked: Option<CheckedUri>,
}

/// A URI that was refused.
#[derive(Clone, Debug)]
pub struct RefusedUri {
    /// The URI.
    pub uri: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last_at: Timestamp,
    /// What differs from the nearest registered one: keys of the catalogue.
    pub differences: Vec<&'static str>,
    /// Where it is compared.
    pub check_url: String,
}

impl RefusedUri {
    pub(super) fn when(&self) -> String {
        moment::minute(self.last_at)
    }
}

impl AppPage {
    pub(super) fn since(&self) -> String {
        moment::day(self.created_at)
    }

    pub(super) fn path(&self) -> String {
        format!("/console/apps/{}", self.id)
    }

    /// Whether whoever looks can change it now.
    pub(super) fn has_forms(&self) -> bool {
        self.may_change && self.confirm_url.is_none()
    }

    pub(super) fn former_end(&self) -> Option<String> {
        self.former_ends_at.map(moment::minute)
    }

    pub(super) fn checked_uri(&self) -> &str {
        self.checked.as_ref().map(|checked| checked.uri.as_str()).unwrap_or_default()
    }
}

/// A URI that was compared with the registered ones.
#[derive(Clone, Debug)]
pub struct CheckedUri {
    /// The URI.
    pub uri: String,
    /// Whether the app may use it.
    pub matches: bool,
    /// The registered one that is nearest.
    pub nearest: Option<String>,
    /// What differs: keys of the catalogue.
    pub differences: Vec<&'static str>,
    /// Why it could not be registered, in words.
    pub refused: Option<String>,
}

/// Fields that belong together.
#[derive(Clone, Debug)]
pub struct FieldGroup {
    /// What they are about: a key of the catalogue.
    pub label: &'static str,
    /// The fields.
    pub fields: Vec<FormField>,
}

impl FieldGroup {
    /// Whether one of them is wrong.
    pub(super) fn is_wrong(&self) -> bool {
        self.fields.iter().any(|field| field.is_wrong)
    }
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct FormField {
    /// Its name, and its id.
    pub name: &'static str,
    /// Its label: a key of the catalogue.
    pub label: &'static str,
    /// What to enter: a key of the catalogue.
    pub hint: Option<&'static str>,
    /// How it is entered, and what it holds.
    pub kind: FieldKind,
    /// Whether it is wrong.
    pub is_wrong: bool,
}

impl FormField {
    /// Whether it is a switch.
    pub(super) fn is_check(&self) -> bool {
        matches!(self.kind, FieldKind::Check(_))
    }
}

/// How a field is entered.
#[derive(Clone, Debug)]
pub enum FieldKind {
    /// One line.
    Text(String),
    /// A number of seconds.
    Number(String),
    /// Lines.
    Lines(String),
    /// A switch.
    Check(bool),
    /// One of several values.
    Choice(Vec<Choice>),
    /// Any of several values.
    Checks(Vec<Choice>),
}

/// A value that can be chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The value.
    pub value: &'static str,
    /// What it is called.
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// What came back of a test sign-in.
#[derive(Clone, Debug)]
pub struct TestedView {
    /// The scopes that the app would have got; `None` for an error.
    pub scope: Option<String>,
    /// The claims of userinfo, or the error and what it says.
    pub lines: Vec<(String, String)>,
    /// Whether some of it is not shown.
    pub more: bool,
}

impl TestedView {
    /// The view of an outcome.
    pub fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Granted { scope, claims, more } => Self { scope: Some(scope), lines: claims, more },
            Outcome::Refused { error, description } => {
                Self { scope: None, lines: vec![(error, description)], more: false }
            }
        }
    }
}
