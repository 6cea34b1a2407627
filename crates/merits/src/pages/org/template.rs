//! `/org/{org}/templates/{template}`: a template, the settings of its fields, and new fields.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use sigma_core::ids::{FieldId, MeritTemplateId, OrgId};
use sigma_core::merits::{
    FieldSetting, FieldType, FieldValue, GLOBAL_FIELDS, MeritProblem, PageRequest, RequestFault, SettingChange,
    field_description, field_name,
};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::merits::field::{self, Field, NewField};
use sigma_store::merits::template::{self, Template, TemplateChange, TemplateField};
use sigma_store::{StoreError, Tx};

use super::OrgAdmin;
use super::templates::cover_url;
use crate::error::status;
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, known, refused};
use crate::pages::view::{self, Choice, FieldLine, FormField, InputKind, Notice, Preview, Tab, TemplatePage};
use crate::pages::words;

/// Types of new fields. The name of the recipient is a field already.
const KINDS: [FieldType; 7] = [
    FieldType::ShortText,
    FieldType::LongText,
    FieldType::Date,
    FieldType::Checkbox,
    FieldType::Documents,
    FieldType::Photos,
    FieldType::Videos,
];

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 4] {
    [
        Endpoint::get(PAGE, "/org/{org}/templates/{template}", show),
        Endpoint::post(FORM, "/org/{org}/templates/{template}", change),
        Endpoint::post(FORM, "/org/{org}/templates/{template}/fields", add),
        Endpoint::post(FORM, "/org/{org}/templates/{template}/fields/{field}", set),
    ]
}

/// The template in the path.
#[derive(Deserialize)]
struct Named {
    template: String,
}

/// The field of a template in the path.
#[derive(Deserialize)]
struct NamedField {
    template: String,
    field: String,
}

pub(super) fn parsed(template: &str) -> Result<MeritTemplateId, PageError> {
    known(MeritTemplateId::parse(template))
}

/// A template with the fields that it has, and those that it could have.
struct Loaded {
    template: Template,
    used: Vec<TemplateField>,
    fields: Vec<Field>,
}

fn load(tx: &mut dyn Tx, org_id: &OrgId, id: &MeritTemplateId) -> Result<Option<Loaded>, StoreError> {
    let Some(template) = template::find(tx, org_id, id)?.filter(|template| !template.access) else { return Ok(None) };
    let used = template::fields(tx, org_id, id)?;
    let mut fields: Vec<Field> = GLOBAL_FIELDS.iter().map(Field::from).collect();
    fields.extend(field::list(tx, org_id, &PageRequest::first(100))?.items);
    // Those in use come first, also if the org has more fields than that.
    for TemplateField { setting, .. } in &used {
        if !fields.iter().any(|field| field.id == setting.field_id) {
            fields.extend(field::find(tx, org_id, &setting.field_id)?);
        }
    }
    fields.sort_by_key(|field| used.iter().position(|used| used.setting.field_id == field.id).unwrap_or(usize::MAX));
    Ok(Some(Loaded { template, used, fields }))
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, admin.language);
    let id = parsed(&named.template)?;
    page(&sigma, &admin, id, StatusCode::OK, notice, view::NewField::default()).await
}

pub(super) async fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritTemplateId,
    status: StatusCode,
    notice: Option<Notice>,
    new_field: view::NewField,
) -> Result<Response, PageError> {
    let org_id = admin.org.id.clone();
    let loaded = sigma.store.read(move |tx| load(tx, &org_id, &id)).await?;
    let Loaded { template, used, fields } = known(loaded)?;
    let line = |field: &Field| {
        let setting = used.iter().find(|used| used.setting.field_id == field.id).map(|used| used.setting.clone());
        let setting = setting.unwrap_or_else(|| FieldSetting::absent(field.id.clone()));
        FieldLine {
            id: field.id.to_string(),
            name: field.name.clone(),
            description: field.description.clone(),
            kind: words::kind(admin.language, field.kind),
            enabled: setting.enabled,
            required: setting.required,
            in_use: setting.in_use && field.kind != FieldType::Name,
            fixed: field.kind == FieldType::Name,
            takes_shared: setting.enabled && matches!(words::input(field.kind), InputKind::Line | InputKind::Date),
            shared: setting.value_for_all.as_ref().map(FieldValue::to_text).unwrap_or_default(),
        }
    };
    let previewed = |field: &TemplateField| FormField {
        id: field.setting.field_id.digits().to_owned(),
        name: field.name.clone(),
        description: String::new(),
        input: words::input(field.kind),
        required: field.setting.required,
        value: field
            .setting
            .value_for_all
            .as_ref()
            .map(|value| words::value(admin.language, value))
            .unwrap_or_default(),
        files: Vec::new(),
    };
    let kind = |kind: FieldType| Choice {
        value: kind.as_str().to_owned(),
        label: words::kind(admin.language, kind),
        selected: false,
    };
    let view = TemplatePage {
        id: template.id.to_string(),
        preview: Preview {
            cover_url: cover_url(&template),
            title: template.title,
            description: template.description,
            name: String::new(),
            fields: used.iter().skip(1).map(previewed).collect(),
        },
        once: template.once,
        archived: template.archived,
        fields: fields.iter().map(line).collect(),
        kinds: KINDS.into_iter().map(kind).collect(),
        new_field,
    };
    Ok(view.render(status, &admin.frame(Tab::Templates, notice), &admin.page(sigma)))
}

/// Archives a template, or takes that back.
async fn change(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let id = parsed(&named.template)?;
    let change = TemplateChange { archived: Some(form.is_checked("archived")), ..TemplateChange::default() };
    let (org_id, actor, template_id, now) = (admin.org.id.clone(), admin.actor(), id.clone(), sigma.now());
    let changed =
        admin.act(&sigma, move |tx| template::change(tx, &org_id, &actor, &template_id, &change, now)).await?;
    match changed {
        Ok(_) => Ok(Done::Saved.at(&admin.path(&format!("templates/{id}")))),
        Err(problem) => again(&sigma, &admin, id, problem, view::NewField::default()).await,
    }
}

async fn again(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritTemplateId,
    problem: MeritProblem,
    new_field: view::NewField,
) -> Result<Response, PageError> {
    page(sigma, admin, id, status(problem), Some(refused(problem, admin.language)), new_field).await
}

/// Adds a field to the org, and to the template.
async fn add(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let id = parsed(&named.template)?;
    let problem = match new_field(&sigma, &form) {
        Err(problem) => problem,
        Ok(new) => {
            let (org_id, actor, template_id, now) = (admin.org.id.clone(), admin.actor(), id.clone(), sigma.now());
            let added = admin.act(&sigma, move |tx| {
                let field = field::add(tx, &org_id, &actor, &new, now)?;
                let change = |_| Ok(SettingChange { enabled: true, required: false, value_for_all: None });
                template::set_field(tx, &org_id, &actor, (&template_id, &field.id), change, now)
            });
            match added.await? {
                Ok(_) => return Ok(Done::FieldAdded.at(&admin.path(&format!("templates/{id}")))),
                Err(problem) => problem,
            }
        }
    };
    let entered = view::NewField { name: form.text("name"), description: form.text("description") };
    again(&sigma, &admin, id, problem, entered).await
}

fn new_field(sigma: &AppState, form: &Form) -> Result<NewField, MeritProblem> {
    let kind = FieldType::parse(&form.text("kind")).filter(|kind| KINDS.contains(kind));
    Ok(NewField {
        id: FieldId::new(sigma.now(), &*sigma.rng),
        name: field_name(&form.text("name"))?,
        description: field_description(&form.text("description"))?,
        kind: kind.ok_or(RequestFault::FieldType)?,
    })
}

async fn set(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<NamedField>,
    form: Form,
) -> Result<Response, PageError> {
    let id = parsed(&named.template)?;
    let field_id = known(FieldId::parse(&named.field))?;
    let (enabled, required, shared) = (form.is_checked("enabled"), form.is_checked("required"), form.text("shared"));
    let change = move |kind: FieldType| {
        let value_for_all = FieldValue::of_json(kind, &serde_json::Value::String(shared.clone()))?;
        Ok(SettingChange { enabled, required, value_for_all })
    };
    let (org_id, actor, template_id, now) = (admin.org.id.clone(), admin.actor(), id.clone(), sigma.now());
    let changed =
        admin.act(&sigma, move |tx| template::set_field(tx, &org_id, &actor, (&template_id, &field_id), &change, now));
    match changed.await? {
        Ok(_) => Ok(Done::Saved.at(&admin.path(&format!("templates/{id}")))),
        Err(problem) => again(&sigma, &admin, id, problem, view::NewField::default()).await,
    }
}
