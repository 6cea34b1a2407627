//! Templates of merits and their fields.

use sigma_core::actor::Actor;
use sigma_core::event::{Action, Target};
use sigma_core::ids::{FieldId, MeritTemplateId, OrgId};
use sigma_core::merits::{
    FieldSetting, FieldType, FieldValue, GLOBAL_FIELDS, MeritProblem, OrgPermission, PageRequest, RequestFault,
    SettingChange, global_field,
};
use sigma_core::time::Timestamp;

use super::decision::Decision;
use super::keyset::{self, Slice, keyset};
use super::{acting, field, picture};
use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, cached, params};

/// Most templates of an org.
pub const MOST_TEMPLATES: i64 = 1_000;
const ID_PREFIX: &str = "mtp_";
/// The title of the template of Access Merits.
const ACCESS_TITLE: &str = "Access";

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its org.
    pub org_id: OrgId,
    /// Its id.
    pub id: MeritTemplateId,
    /// Whether its merits are consents.
    pub access: bool,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Whether each recipient gets it once.
    pub once: bool,
    /// Whether it is no longer sent.
    pub archived: bool,
    /// The object of its picture.
    pub cover: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A new template, its texts checked.
#[derive(Clone, Debug)]
pub struct NewTemplate {
    /// Its id.
    pub id: MeritTemplateId,
    /// Its title.
    pub title: String,
    /// Its description.
    pub description: String,
    /// Whether each recipient gets it once.
    pub once: bool,
    /// The object of its picture.
    pub cover: Option<String>,
}

/// A change to a template, checked; `None` leaves a property unchanged.
#[derive(Clone, Debug, Default)]
pub struct TemplateChange {
    /// Its title.
    pub title: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Whether each recipient gets it once.
    pub once: Option<bool>,
    /// Whether it is no longer sent.
    pub archived: Option<bool>,
    /// The object of its picture.
    pub cover: Option<Option<String>>,
}

/// A field of a template with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateField {
    /// How the template uses it.
    pub setting: FieldSetting,
    /// The type of its values.
    pub kind: FieldType,
    /// Its name.
    pub name: String,
}

macro_rules! select {
    () => {
        "SELECT org_id, id, access, title, description, once, archived, cover, created_at, updated_at FROM merit_templates"
    };
}

/// Adds a template.
pub fn add(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, new: &NewTemplate, now: Timestamp) -> Decision<Template> {
    acting::lock(tx, org_id, actor, OrgPermission::ManageTemplates, now)?;
    let count = tx.query_opt("SELECT count(*) FROM merit_templates WHERE org_id = $1", params![org_id])?;
    if count.map_or(Ok(0), |row| row.int(0))? >= MOST_TEMPLATES {
        return Err(RequestFault::TooMany.into());
    }
    let template = Template {
        org_id: org_id.clone(),
        id: new.id.clone(),
        access: false,
        title: new.title.clone(),
        description: new.description.clone(),
        once: new.once,
        archived: false,
        cover: new.cover.clone(),
        created_at: now,
        updated_at: now,
    };
    insert(tx, &template)?;
    show_picture(tx, &template, None, now)?;
    record(tx, org_id, actor, &new.id)?;
    Ok(template)
}

fn insert(tx: &mut dyn Tx, new: &Template) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO merit_templates (org_id, id, access, title, description, once, archived, cover, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        params![
            &new.org_id,
            &new.id,
            new.access,
            &new.title,
            &new.description,
            new.once,
            new.archived,
            new.cover.as_deref(),
            new.created_at
        ],
    )?;
    Ok(())
}

/// The org's template of Access Merits, created as `fresh` if it has none. Callers hold the lock of the org.
pub(super) fn load_access(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    fresh: &MeritTemplateId,
    now: Timestamp,
) -> Result<Template, StoreError> {
    let sql = concat!(select!(), " WHERE org_id = $1 AND access = 1");
    if let Some(row) = tx.query_opt(sql, params![org_id])? {
        return decode(&row);
    }
    let template = Template {
        org_id: org_id.clone(),
        id: fresh.clone(),
        access: true,
        title: ACCESS_TITLE.to_owned(),
        description: "What a member lets an app see".to_owned(),
        once: false,
        archived: false,
        cover: None,
        created_at: now,
        updated_at: now,
    };
    insert(tx, &template)?;
    Ok(template)
}

/// Changes a template.
pub fn change(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    id: &MeritTemplateId,
    change: &TemplateChange,
    now: Timestamp,
) -> Decision<Template> {
    acting::lock(tx, org_id, actor, OrgPermission::ManageTemplates, now)?;
    let before = find(tx, org_id, id)?.ok_or(MeritProblem::NotFound)?;
    if before.access {
        return Err(MeritProblem::AccessTemplate.into());
    }
    let after = Template {
        title: change.title.clone().unwrap_or_else(|| before.title.clone()),
        description: change.description.clone().unwrap_or_else(|| before.description.clone()),
        once: change.once.unwrap_or(before.once),
        archived: change.archived.unwrap_or(before.archived),
        cover: change.cover.clone().unwrap_or_else(|| before.cover.clone()),
        updated_at: now,
        ..before.clone()
    };
    show_picture(tx, &after, before.cover.as_deref(), now)?;
    tx.execute(
        "UPDATE merit_templates SET title = $3, description = $4, once = $5, archived = $6, cover = $7, updated_at = $8
         WHERE org_id = $1 AND id = $2",
        params![org_id, id, &after.title, &after.description, after.once, after.archived, after.cover.as_deref(), now],
    )?;
    if after.title != before.title {
        tx.changed(cached::ORG_MERITS, org_id.as_str())?;
    }
    record(tx, org_id, actor, id)?;
    Ok(after)
}

/// Keeps the picture that a template shows from now on, and gives up the one that it showed before.
fn show_picture(tx: &mut dyn Tx, template: &Template, before: Option<&str>, now: Timestamp) -> Decision<()> {
    if template.cover.as_deref() == before {
        return Ok(());
    }
    if let Some(id) = &template.cover
        && !picture::keep(tx, &template.org_id, id, now)?
    {
        // Its upload took so long that its objects are gone, or about to go.
        return Err(MeritProblem::NotFound.into());
    }
    if let Some(id) = before {
        picture::give_up(tx, &template.org_id, id, now)?;
    }
    Ok(())
}

fn record(tx: &mut dyn Tx, org_id: &OrgId, actor: &Actor, id: &MeritTemplateId) -> Result<(), StoreError> {
    let event = NewEvent::new(Action::MeritTemplateChange).within(org_id).to(Target::MeritTemplate(id.clone()));
    event::append(tx, event.by(actor.clone()))
}

/// The template of that org and id.
pub fn find(tx: &mut dyn Tx, org_id: &OrgId, id: &MeritTemplateId) -> Result<Option<Template>, StoreError> {
    tx.query_opt(concat!(select!(), " WHERE org_id = $1 AND id = $2"), params![org_id, id])?
        .map(|row| decode(&row))
        .transpose()
}

/// A page of the org's templates, archived ones too.
pub fn list(tx: &mut dyn Tx, org_id: &OrgId, page: &PageRequest) -> Result<Slice<Template>, StoreError> {
    const LIST: keyset::Keyset = keyset!(select, "id", "org_id = $3");
    keyset::page(tx, &LIST, ID_PREFIX, params![org_id], page, decode)
}

/// The enabled fields of a template, the recipient's name first.
pub fn fields(tx: &mut dyn Tx, org_id: &OrgId, id: &MeritTemplateId) -> Result<Vec<TemplateField>, StoreError> {
    let mut fields = stored_fields(tx, org_id, id)?;
    fields.retain(|field| field.setting.enabled);
    let names = GLOBAL_FIELDS.iter().filter(|field| field.is_recipient_name()).map(|field| TemplateField {
        setting: recipient_name(field.id()),
        kind: field.kind,
        name: field.name.to_owned(),
    });
    Ok(names.chain(fields).collect())
}

/// The recipient's name, which every merit has.
fn recipient_name(id: FieldId) -> FieldSetting {
    FieldSetting { enabled: true, required: true, in_use: true, differs: true, ..FieldSetting::absent(id) }
}

/// The fields that a template has or had, besides the recipient's name.
pub(super) fn stored_fields(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    id: &MeritTemplateId,
) -> Result<Vec<TemplateField>, StoreError> {
    tx.query_all(
        "SELECT s.field_id, s.enabled, s.required, s.value_for_all, s.in_use, s.differs, s.shared_value, f.kind, f.name
         FROM merit_field_settings s LEFT JOIN merit_fields f ON f.org_id = s.org_id AND f.id = s.field_id
         WHERE s.org_id = $1 AND s.template_id = $2 ORDER BY s.created_at, s.field_id LIMIT 500",
        params![org_id, id],
    )?
    .iter()
    .map(decode_field)
    .collect()
}

/// Sets how a template uses a field.
pub fn set_field(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    actor: &Actor,
    (template_id, field_id): (&MeritTemplateId, &FieldId),
    change: impl Fn(FieldType) -> Result<SettingChange, MeritProblem>,
    now: Timestamp,
) -> Decision<TemplateField> {
    acting::lock(tx, org_id, actor, OrgPermission::ManageTemplates, now)?;
    let template = find(tx, org_id, template_id)?.ok_or(MeritProblem::NotFound)?;
    if template.access {
        return Err(MeritProblem::AccessTemplate.into());
    }
    if template.archived {
        return Err(MeritProblem::FieldSettingsFixed.into());
    }
    let field = field::find(tx, org_id, field_id)?.ok_or(MeritProblem::NotFound)?;
    let stored = stored_fields(tx, org_id, template_id)?;
    let before = stored.iter().find(|field| field.setting.field_id == *field_id);
    let setting = match before {
        Some(found) => found.setting.clone(),
        None if field.kind == FieldType::Name && field.is_global => recipient_name(field_id.clone()),
        None => FieldSetting::absent(field_id.clone()),
    };
    let others = stored.iter().filter(|field| field.setting.enabled && field.setting.field_id != *field_id).count();
    // A template remembers which fields it had: that is bounded too.
    if before.is_none() && stored.len() >= 200 {
        return Err(MeritProblem::TooManyFields.into());
    }
    let setting = setting.changed(&change(field.kind)?, others)?;
    if global_field(field_id).is_none_or(|global| !global.is_recipient_name()) {
        write_setting(tx, org_id, template_id, &setting, now)?;
        record(tx, org_id, actor, template_id)?;
    }
    Ok(TemplateField { setting, kind: field.kind, name: field.name })
}

/// Writes how a template uses a field.
pub(super) fn write_setting(
    tx: &mut dyn Tx,
    org_id: &OrgId,
    template_id: &MeritTemplateId,
    setting: &FieldSetting,
    now: Timestamp,
) -> Result<(), StoreError> {
    let text = |value: &Option<FieldValue>| value.as_ref().map(serde_json::to_string).transpose();
    let failed = |error: serde_json::Error| StoreError::Failed(error.to_string());
    tx.execute(
        "INSERT INTO merit_field_settings (org_id, template_id, field_id, enabled, required, value_for_all, in_use, differs,
            shared_value, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (org_id, template_id, field_id) DO UPDATE SET enabled = excluded.enabled,
            required = excluded.required, value_for_all = excluded.value_for_all, in_use = excluded.in_use,
            differs = excluded.differs, shared_value = excluded.shared_value",
        params![
            org_id,
            template_id,
            &setting.field_id,
            setting.enabled,
            setting.required,
            text(&setting.value_for_all).map_err(failed)?,
            setting.in_use,
            setting.differs,
            text(&setting.shared).map_err(failed)?,
            now
        ],
    )?;
    Ok(())
}

fn decode(row: &Row) -> Result<Template, StoreError> {
    Ok(Template {
        org_id: OrgId::from_text(row.text(0)?),
        id: MeritTemplateId::from_text(row.text(1)?),
        access: row.bool(2)?,
        title: row.text(3)?,
        description: row.text(4)?,
        once: row.bool(5)?,
        archived: row.bool(6)?,
        cover: row.opt_text(7)?,
        created_at: row.timestamp(8)?,
        updated_at: row.timestamp(9)?,
    })
}

fn decode_field(row: &Row) -> Result<TemplateField, StoreError> {
    let value = |column| match row.opt_text(column)? {
        None => Ok(None),
        Some(_) => row.parsed(column, "a value", |text| serde_json::from_str(text).ok()).map(Some),
    };
    let field_id = FieldId::from_text(row.text(0)?);
    let (kind, name) = match global_field(&field_id) {
        Some(global) => (global.kind, global.name.to_owned()),
        None => (row.parsed(7, "the type of a field", FieldType::parse)?, row.text(8)?),
    };
    let setting = FieldSetting {
        field_id,
        enabled: row.bool(1)?,
        required: row.bool(2)?,
        value_for_all: value(3)?,
        in_use: row.bool(4)?,
        differs: row.bool(5)?,
        shared: value(6)?,
    };
    Ok(TemplateField { setting, kind, name })
}
