//! The fields of a merit in a form, and what was entered.

use serde_json::Value as Json;
use sigma_core::ids::{FieldId, OrgId};
use sigma_core::merits::{FieldType, FieldValue};
use sigma_platform::state::AppState;
use sigma_store::merits::template::{self, TemplateField};
use sigma_store::merits::{Merit, field};
use sigma_store::{StoreError, Tx};

use super::OrgAdmin;
use crate::pages::form::Form;
use crate::pages::view::{FormField, InputKind, Value};
use crate::pages::words;

/// A field of a template, and what the org says about it.
pub type Described = (TemplateField, String);

/// The fields of a template that are entered: all but the name, and those with one value for all merits.
///
/// # Errors
/// The database fails.
pub fn entered_fields(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &sigma_core::ids::MeritTemplateId,
) -> Result<Vec<Described>, StoreError> {
    let mut found = Vec::new();
    for entry in template::fields(tx, org_id, id)?.into_iter().skip(1) {
        let description = field::find(tx, org_id, &entry.setting.field_id)?.map(|field| field.description);
        found.push((entry, description.unwrap_or_default()));
    }
    Ok(found)
}

/// The inputs of a form; `value` is what each shows.
pub fn inputs(fields: &[Described], value: impl Fn(&TemplateField) -> String) -> Vec<FormField> {
    let input = |(field, description): &Described| FormField {
        id: field.setting.field_id.digits().to_owned(),
        name: field.name.clone(),
        description: description.clone(),
        input: words::input(field.kind),
        required: field.setting.required,
        value: match &field.setting.value_for_all {
            Some(shared) => shared.to_text(),
            None => value(field),
        },
        files: Vec::new(),
    };
    fields.iter().filter(|(field, _)| field.setting.value_for_all.is_none()).map(input).collect()
}

/// The inputs of a form that edits a merit.
pub fn editable(sigma: &AppState, admin: &OrgAdmin, fields: &[Described], merit: &Merit) -> Vec<FormField> {
    let mut inputs = inputs(fields, |field| current(merit, field));
    for input in &mut inputs {
        if let InputKind::Upload(types) = input.input {
            input.input = InputKind::Change(types);
            let value = FieldId::parse(&input.id).and_then(|id| merit.values.get(&id));
            let files = value.map(|value| words::files(sigma, admin.language, &merit.org_id, value));
            input.files = files.unwrap_or_default();
        }
    }
    inputs
}

/// The name of the input with the files of a field that were uploaded already.
pub fn kept_name(id: &FieldId) -> String {
    format!("kept_{}", id.digits())
}

/// What a form says about a field; `None` if the form has no input for it.
pub fn entered(form: &Form, field: &TemplateField) -> Option<(FieldId, Json)> {
    if field.setting.value_for_all.is_some() {
        return None;
    }
    let name = format!("field_{}", field.setting.field_id.digits());
    let value = match (field.kind, words::input(field.kind)) {
        (_, InputKind::Upload(_) | InputKind::Change(_)) => {
            let kept = form.text(&kept_name(&field.setting.field_id));
            if kept.is_empty() {
                return None;
            }
            kept.split_ascii_whitespace().map(Json::from).collect()
        }
        // An empty box is not sent: it says no, unless the field may be left out.
        (FieldType::Checkbox, _) if form.is_checked(&name) => Json::Bool(true),
        (FieldType::Checkbox, _) if field.setting.required => Json::Bool(false),
        (FieldType::Checkbox, _) => Json::Null,
        _ => Json::String(form.text(&name)),
    };
    Some((field.setting.field_id.clone(), value))
}

/// The same of a form with files, in which a field without any is empty.
pub fn entered_with_files(form: &Form, field: &TemplateField) -> Option<(FieldId, Json)> {
    let is_empty = matches!(words::input(field.kind), InputKind::Upload(_)) && field.setting.value_for_all.is_none();
    let none = || (field.setting.field_id.clone(), Json::Array(Vec::new()));
    entered(form, field).or_else(|| is_empty.then(none))
}

/// The values of a merit, by the names of their fields.
pub fn shown(sigma: &AppState, admin: &OrgAdmin, fields: &[Described], merit: &Merit) -> Vec<Value> {
    let shown = |(field, _): &Described| {
        let value = merit.values.get(&field.setting.field_id)?;
        Some(Value {
            name: field.name.clone(),
            text: words::value(admin.language, value),
            files: words::files(sigma, admin.language, &merit.org_id, value),
        })
    };
    fields.iter().filter_map(shown).collect()
}

/// What the input of a field shows for a merit.
fn current(merit: &Merit, field: &TemplateField) -> String {
    merit.values.get(&field.setting.field_id).map(FieldValue::to_text).unwrap_or_default()
}
