//! Fields of an org.

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{FieldId, OrgId};
use sigma_core::merits::{
    FieldType, GlobalField, MeritProblem, OrgPermission, PageRequest, RequestFault, global_field,
};
use sigma_core::org::text;
use sigma_core::time::Timestamp;

use super::acting;
use super::decision::Decision;
use super::keyset::{self, Slice, keyset};
use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, params};

/// Most fields of an org.
pub const MOST_FIELDS: i64 = 500;
const ID_PREFIX: &str = "fld_";

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its id.
    pub id: FieldId,
    /// Whether every org has it.
    pub is_global: bool,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The type of its values.
    pub kind: FieldType,
}

impl From<&GlobalField> for Field {
    fn from(field: &GlobalField) -> Self {
        Self {
            id: field.id(),
            is_global: true,
            name: field.name.to_owned(),
            description: field.description.to_owned(),
            kind: field.kind,
        }
    }
}

/// A new field, its texts checked.
#[derive(Clone, Debug)]
pub struct NewField {
    /// Its id.
    pub id: FieldId,
    /// Its name, see [`field_name`](sigma_core::merits::field_name).
    pub name: String,
    /// Its description.
    pub description: String,
    /// The type of its values.
    pub kind: FieldType,
}

macro_rules! select {
    () => {
        "SELECT id, name, description, kind FROM merit_fields"
    };
}

/// Adds a field.
pub fn add(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewField, now: Timestamp) -> Decision<Field> {
    acting::lock(tx, org_id, actor, OrgPermission::ManageTemplates, now)?;
    let count = tx.query_opt("SELECT count(*) FROM merit_fields WHERE org_id = $1", params![org_id])?;
    if count.map_or(Ok(0), |row| row.int(0))? >= MOST_FIELDS {
        return Err(RequestFault::TooMany.into());
    }
    let added = tx.query_opt(
        "INSERT INTO merit_fields (org_id, id, name, name_folded, description, kind, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
        params![org_id, &new.id, &new.name, text::folded(&new.name), &new.description, new.kind.as_str(), now],
    )?;
    if added.is_none() {
        return Err(MeritProblem::FieldNameTaken.into());
    }
    let event = NewEvent::new(Action::MeritTemplateChange).within(org_id).to(Target::MeritField(new.id.clone()));
    event::append(tx, event.by(actor.clone()))?;
    Ok(Field {
        id: new.id.clone(),
        is_global: false,
        name: new.name.clone(),
        description: new.description.clone(),
        kind: new.kind,
    })
}

/// The field of that id, the org's or a global one.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &FieldId) -> Result<Option<Field>, StoreError> {
    if let Some(global) = global_field(id) {
        return Ok(Some(global.into()));
    }
    tx.query_opt(concat!(select!(), " WHERE org_id = $1 AND id = $2"), params![org_id, id])?
        .map(|row| decode(&row))
        .transpose()
}

/// A page of the org's own fields; the global ones are [`GLOBAL_FIELDS`](sigma_core::merits::GLOBAL_FIELDS).
pub fn list(tx: &mut dyn Tx, org_id: &OrgId, page: &PageRequest) -> Result<Slice<Field>, StoreError> {
    const LIST: keyset::Keyset = keyset!(select, "id", "org_id = $3");
    keyset::page(tx, &LIST, ID_PREFIX, params![org_id], page, decode)
}

fn decode(row: &Row) -> Result<Field, StoreError> {
    Ok(Field {
        id: FieldId::from_text(row.text(0)?),
        is_global: false,
        name: row.text(1)?,
        description: row.text(2)?,
        kind: row.parsed(3, "the type of a field", FieldType::parse)?,
    })
}
