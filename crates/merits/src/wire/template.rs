//! A template as clients see it.

use serde::Serialize;
use sigma_core::merits::{FieldSetting, FieldValue};
use sigma_platform::objects::PictureName;
use sigma_platform::profiles::picture_path;
use sigma_platform::state::AppState;
use sigma_store::merits::template::{Template, TemplateField};
use utoipa::ToSchema;

/// A template.
#[derive(Serialize, ToSchema)]
#[schema(as = MeritTemplate)]
#[serde(rename_all = "camelCase")]
pub struct TemplateView {
    id: String,
    org_id: String,
    title: String,
    description: String,
    can_only_be_sent_once: bool,
    archived: bool,
    /// Whether its fields may be changed.
    editable: bool,
    enabled_field_settings: Vec<SettingView>,
    tag_ids: Vec<String>,
    /// A square of 512 pixels, if it has a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    cover_photo_url: Option<String>,
}

impl TemplateView {
    /// A template with its enabled fields.
    pub fn of(sigma: &AppState, template: Template, fields: Vec<TemplateField>) -> Self {
        let picture = |id: String| format!("{}{}", sigma.issuer(), picture_path(&PictureName::largest(&id)));
        Self {
            cover_photo_url: template.cover.map(picture),
            id: template.id.digits().to_owned(),
            org_id: template.org_id.digits().to_owned(),
            title: template.title,
            description: template.description,
            can_only_be_sent_once: template.once,
            archived: template.archived,
            editable: !template.access && !template.archived,
            enabled_field_settings: fields.into_iter().map(|field| field.setting.into()).collect(),
            tag_ids: Vec::new(),
        }
    }
}

/// How a template uses a field.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldSetting)]
#[serde(rename_all = "camelCase")]
pub struct SettingView {
    field_id: String,
    enabled: bool,
    /// Whether some merit has a value.
    in_use: bool,
    required: bool,
    /// The one value of all merits.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_for_all_merits: Option<FieldValue>,
}

impl From<FieldSetting> for SettingView {
    fn from(setting: FieldSetting) -> Self {
        Self {
            field_id: setting.field_id.digits().to_owned(),
            enabled: setting.enabled,
            in_use: setting.in_use,
            required: setting.required,
            value_for_all_merits: setting.value_for_all,
        }
    }
}
