//! A field as clients see it.

use serde::Serialize;
use sigma_store::merits::field::Field;
use utoipa::ToSchema;

/// A field.
#[derive(Serialize, ToSchema)]
#[schema(as = Field)]
#[serde(rename_all = "camelCase")]
pub struct FieldView {
    id: String,
    /// Whether every org has it.
    is_global: bool,
    field_name: String,
    field_type: &'static str,
    description: String,
}

impl From<Field> for FieldView {
    fn from(field: Field) -> Self {
        Self {
            id: field.id.digits().to_owned(),
            is_global: field.is_global,
            field_name: field.name,
            field_type: field.kind.as_str(),
            description: field.description,
        }
    }
}
