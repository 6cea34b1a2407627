//! Changes to the values of merits, and their history.

use serde_json::Value as Json;
use sigma_core::actor::Actor;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{FieldId, MeritEditId, MeritId, OrgId};
use sigma_core::merits::{AttachmentKind, FieldValue, MeritProblem, OrgPermission, PageRequest, RequestFault};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::keyset::{self, Slice, keyset};
use super::merit::{self, Merit};
use super::{acting, attachment, template};
use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, params};

/// Most edits of one merit.
pub const MOST_EDITS: i64 = 1_000;
const ID_PREFIX: &str = "med_";

/// A change to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeritEdit {
    /// Its id.
    pub id: MeritEditId,
    /// The merit.
    pub merit_id: MeritId,
    /// The field.
    pub field_id: FieldId,
    /// The value before.
    pub old_value: Option<FieldValue>,
    /// The value since.
    pub new_value: Option<FieldValue>,
    /// When.
    pub edited_at: Timestamp,
}

/// A new value.
#[derive(Clone, Debug)]
pub struct NewValue {
    /// The id of the edit.
    pub edit_id: MeritEditId,
    /// The field.
    pub field_id: FieldId,
    /// The value as it was sent.
    pub value: Json,
}

macro_rules! select {
    () => {
        "SELECT id, merit_id, field_id, old_value, new_value, edited_at FROM merit_edits"
    };
}

/// Changes values of a merit, all or none.
pub fn set_values(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &MeritId,
    changes: &[NewValue],
    now: Timestamp,
) -> Decision<Merit> {
    acting::lock(tx, org_id, actor, OrgPermission::Send, now)?;
    let before = merit::find(tx, org_id, id)?.ok_or(MeritProblem::NotFound)?;
    if before.access || !before.status.is_editable() {
        return Err(MeritProblem::MeritNotEditable.into());
    }
    let sql = "SELECT count(*) FROM merit_edits WHERE org_id = $1 AND merit_id = $2";
    let edits = tx.query_opt(sql, params![org_id, id])?.map_or(Ok(0), |row| row.int(0))?;
    if edits.saturating_add(i64::try_from(changes.len()).unwrap_or(i64::MAX)) > MOST_EDITS {
        return Err(RequestFault::TooMany.into());
    }
    let fields = template::stored_fields(tx, org_id, &before.template_id)?;
    let mut after = before.clone();
    let (mut settings, mut edited) = (Vec::new(), Vec::new());
    for change in changes {
        let field = fields.iter().find(|field| field.setting.enabled && field.setting.field_id == change.field_id);
        let field = field.ok_or(RequestFault::Field)?;
        let value = field.setting.value(FieldValue::of_json(field.kind, &change.value)?)?;
        if let (Some(kind), Some(value)) = (AttachmentKind::of_field(field.kind), &value) {
            attachment::check(tx, org_id, kind, value, now)?;
        }
        let old = after.values.get(&change.field_id).cloned();
        if old == value {
            continue;
        }
        match &value {
            Some(value) => after.values.insert(change.field_id.clone(), value.clone()),
            None => after.values.remove(&change.field_id),
        };
        settings.push(field.setting.used(value.as_ref()));
        edited.push((change, old, value));
    }
    if edited.is_empty() {
        return Ok(before);
    }
    for setting in &settings {
        template::write_setting(tx, org_id, &before.template_id, setting, now)?;
    }
    let text = |value: &Option<FieldValue>| value.as_ref().map(serde_json::to_string).transpose();
    let failed = |error: serde_json::Error| StoreError::Failed(error.to_string());
    for (change, old, new) in &edited {
        tx.execute(
            "INSERT INTO merit_edits (org_id, id, merit_id, field_id, old_value, new_value, edited_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                org_id,
                &change.edit_id,
                id,
                &change.field_id,
                text(old).map_err(failed)?,
                text(new).map_err(failed)?,
                now
            ],
        )?;
    }
    after.updated_at = now;
    attachment::keep(tx, org_id, id, &after.values)?;
    attachment::release(tx, org_id, id, &before.values, &after.values, now)?;
    tx.execute(
        "UPDATE merits SET field_values = $3, updated_at = $4 WHERE org_id = $1 AND id = $2",
        params![org_id, id, merit::values_to_text(&after.values)?, now],
    )?;
    merit::changed(tx, &after)?;
    let event = NewEvent::new(Action::MeritEdit).within(org_id).to(Target::Merit(id.clone())).by(actor.clone());
    event::append(tx, event)?;
    Ok(after)
}

/// A page of the edits of an org.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId, page: &PageRequest) -> Result<Slice<MeritEdit>, StoreError> {
    const LIST: keyset::Keyset = keyset!(select, "id", "org_id = $3");
    keyset::page(tx, &LIST, ID_PREFIX, params![org_id], page, decode)
}

/// A page of the edits of one merit.
pub fn list_of_merit(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    merit_id: &MeritId,
    page: &PageRequest,
) -> Result<Slice<MeritEdit>, StoreError> {
    const LIST: keyset::Keyset = keyset!(select, "id", "org_id = $3 AND merit_id = $4");
    keyset::page(tx, &LIST, ID_PREFIX, params![org_id, merit_id], page, decode)
}

fn decode(row: &Row) -> Result<MeritEdit, StoreError> {
    let value = |column| match row.opt_text(column)? {
        None => Ok(None),
        Some(_) => row.parsed(column, "a value", |text| serde_json::from_str(text).ok()).map(Some),
    };
    Ok(MeritEdit {
        id: MeritEditId::from_text(row.text(0)?),
        merit_id: MeritId::from_text(row.text(1)?),
        field_id: FieldId::from_text(row.text(2)?),
        old_value: value(3)?,
        new_value: value(4)?,
        edited_at: row.timestamp(5)?,
    })
}
