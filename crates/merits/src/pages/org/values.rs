//! The fields of a merit in a form, and what was entered.

use serde_json::Value as Json;
use sigma_core::ids::{FieldId, OrgId};
use sigma_core::merits::{FieldType, FieldValue, FieldValues};
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
    };
    fields.iter().filter(|(field, _)| field.setting.value_for_all.is_none()).map(input).collect()
}

/// What a form says about a field; `None` if the form has no input for it.
pub fn entered(form: &Form, field: &TemplateField) -> Option<(FieldId, Json)> {
    if field.setting.value_for_all.is_some() {
        return None;
    }
    let name = format!("field_{}", field.setting.field_id.digits());
    let value = match (field.kind, words::input(field.kind)) {
        (_, InputKind::Files) => return None,
        // An empty box is not sent: it says no, unless the field may be left out.
        (FieldType::Checkbox, _) if form.is_checked(&name) => Json::Bool(true),
        (FieldType::Checkbox, _) if field.setting.required => Json::Bool(false),
        (FieldType::Checkbox, _) => Json::Null,
        _ => Json::String(form.text(&name)),
    };
    Some((field.setting.field_id.clone(), value))
}

/// The values of a merit, by the names of their fields.
pub fn shown(admin: &OrgAdmin, fields: &[Described], values: &FieldValues) -> Vec<Value> {
    let shown = |(field, _): &Described| {
        let value = values.get(&field.setting.field_id)?;
        Some(Value { name: field.name.clone(), text: words::value(admin.language, value) })
    };
    fields.iter().filter_map(shown).collect()
}

/// What the input of a field shows for a merit.
pub fn current(merit: &Merit, field: &TemplateField) -> String {
    merit.values.get(&field.setting.field_id).map(FieldValue::to_text).unwrap_or_default()
}
