//! `/org/{org}/templates`: templates and their fields.

use super::{Choice, FileLink, Notice};

/// The list of templates.
#[derive(Clone, Debug, Default)]
pub struct TemplatesPage {
    /// The templates.
    pub templates: Vec<TemplateLine>,
    /// Path of the page with newer ones.
    pub newer_url: Option<String>,
    /// Path of the page with older ones.
    pub older_url: Option<String>,
}

/// A template in the list.
#[derive(Clone, Debug)]
pub struct TemplateLine {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Whether nothing of it is sent any more.
    pub archived: bool,
}

/// The form for a new template. It posts `title`, `description` and `once`.
#[derive(Clone, Debug, Default)]
pub struct NewTemplatePage {
    /// What was entered.
    pub preview: Preview,
    /// Whether each recipient gets it only once.
    pub once: bool,
}

/// A template and its fields. Its forms post the settings of a field, and a new field.
#[derive(Clone, Debug, Default)]
pub struct TemplatePage {
    /// Its id.
    pub id: String,
    /// How its merits look.
    pub preview: Preview,
    /// Whether each recipient gets it only once.
    pub once: bool,
    /// Whether nothing of it is sent any more.
    pub archived: bool,
    /// The fields that it has or could have.
    pub fields: Vec<FieldLine>,
    /// The types of fields.
    pub kinds: Vec<Choice>,
    /// The field that was entered.
    pub new_field: NewField,
}

/// A field, as entered.
#[derive(Clone, Debug, Default)]
pub struct NewField {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
}

/// The setting of a field.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one box of the form")]
pub struct FieldLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its type, as people call it.
    pub kind: String,
    /// Whether merits have it.
    pub enabled: bool,
    /// Whether it must have a value.
    pub required: bool,
    /// Whether some merit has a value.
    pub in_use: bool,
    /// Whether it cannot be changed: the name of the recipient.
    pub fixed: bool,
    /// Whether one value for all merits can be entered here.
    pub takes_shared: bool,
    /// That value.
    pub shared: String,
}

/// A merit, as its recipient will see it.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// The title.
    pub title: String,
    /// The description.
    pub description: String,
    /// The name of the recipient.
    pub name: String,
    /// Path of the picture.
    pub cover_url: Option<String>,
    /// The fields.
    pub fields: Vec<FormField>,
}

/// A field of a merit in a form.
#[derive(Clone, Debug)]
pub struct FormField {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// How it is entered.
    pub input: InputKind,
    /// Whether it must have a value.
    pub required: bool,
    /// Its value. Of files their ids, separated by spaces.
    pub value: String,
    /// Its files.
    pub files: Vec<FileLink>,
}

/// How a field is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// A line.
    Line,
    /// Lines.
    Long,
    /// A day.
    Date,
    /// A checkbox.
    Check,
    /// Files to be uploaded, of these types.
    Upload(&'static str),
    /// The same where files are there already, each of which stays or goes.
    Change(&'static str),
}

impl FormField {
    /// The name of its input.
    pub fn name_attr(&self) -> String {
        format!("field_{}", self.id)
    }

    /// The name of the input that holds files which were uploaded already.
    pub fn kept_attr(&self) -> String {
        format!("kept_{}", self.id)
    }
}

framed! {
    TemplatesPage as TemplatesTemplate, "org/templates.html";
    NewTemplatePage as NewTemplateTemplate, "org/template-new.html";
    TemplatePage as TemplateTemplate, "org/template.html";
}
