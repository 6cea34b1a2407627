//! `/org/{org}/merits/{merit}`: one merit; its values are edited, and it is approved, transferred or revoked.

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value as Json;
use sigma_core::email::Email;
use sigma_core::ids::{FieldId, MeritEditId, MeritId};
use sigma_core::merits::{FieldValue, MeritProblem, Move, PageRequest, RequestFault, Standing, reason};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::merits::edit::{self, MeritEdit, NewValue};
use sigma_store::merits::send::To;
use sigma_store::merits::step::{self, Transfer};
use sigma_store::merits::template::{self, Template};
use sigma_store::merits::{self, Merit};

use super::OrgAdmin;
use super::listing::line;
use super::send_files::{FILES, receive};
use super::templates::cover_url;
use super::values::{Described, editable, entered, entered_fields, entered_with_files, shown};
use crate::error::status;
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, known, refused};
use crate::pages::view::{EditLine, MeritPage, Notice, Tab};

/// Edits that the page lists.
const MOST_EDITS: u32 = 20;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 6] {
    [
        Endpoint::get(PAGE, "/org/{org}/merits/{merit}", show),
        Endpoint::post(FORM, "/org/{org}/merits/{merit}", change),
        Endpoint::post(FILES, "/org/{org}/merits/{merit}/files", change_with_files),
        Endpoint::post(FORM, "/org/{org}/merits/{merit}/approve", approve),
        Endpoint::post(FORM, "/org/{org}/merits/{merit}/transfer", transfer),
        Endpoint::post(FORM, "/org/{org}/merits/{merit}/revoke", revoke),
    ]
}

/// The merit in the path.
#[derive(Deserialize)]
struct Named {
    merit: String,
}

impl Named {
    fn id(&self) -> Result<MeritId, PageError> {
        known(MeritId::parse(&self.merit))
    }
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let notice = Done::reported_by(&query, admin.language);
    page(&sigma, &admin, named.id()?, StatusCode::OK, notice).await
}

struct Loaded {
    merit: Merit,
    /// Of a consent none.
    template: Option<Template>,
    fields: Vec<Described>,
    edits: Vec<MeritEdit>,
}

async fn load(sigma: &AppState, admin: &OrgAdmin, id: MeritId) -> Result<Loaded, PageError> {
    let org_id = admin.org.id.clone();
    let found = sigma.store.read(move |tx| {
        let Some(merit) = merits::find(tx, &org_id, &id)? else { return Ok(None) };
        let fields = if merit.access { Vec::new() } else { entered_fields(tx, &org_id, &merit.template_id)? };
        let template = if merit.access { None } else { template::find(tx, &org_id, &merit.template_id)? };
        let edits = edit::list_of_merit(tx, &org_id, &id, &PageRequest::first(MOST_EDITS))?.items;
        Ok(Some(Loaded { merit, template, fields, edits }))
    });
    known(found.await?)
}

async fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritId,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let Loaded { merit, template, fields, edits } = load(sigma, admin, id).await?;
    let standing = if admin.org.verified_at.is_some() { Standing::Verified } else { Standing::Unverified };
    let may = |step| merit.status.after(step, standing).is_ok();
    let edited = |edit: &MeritEdit| EditLine {
        field: fields
            .iter()
            .find(|(field, _)| field.setting.field_id == edit.field_id)
            .map_or_else(|| edit.field_id.digits().to_owned(), |(field, _)| field.name.clone()),
        old: edit.old_value.as_ref().map_or_else(|| "–".to_owned(), FieldValue::to_text),
        new: edit.new_value.as_ref().map_or_else(|| "–".to_owned(), FieldValue::to_text),
        at: edit.edited_at,
    };
    let view = MeritPage {
        merit: line(admin, &merit),
        inputs: editable(sigma, admin, &fields, &merit),
        values: shown(sigma, admin, &fields, &merit),
        editable: merit.status.is_editable() && !merit.access,
        may_approve: may(Move::Approve),
        may_end: may(Move::Revoke),
        may_transfer: may(Move::Transfer) && !merit.access,
        reason: merit.reason.clone(),
        edits: edits.iter().map(edited).collect(),
        template_url: template.as_ref().map(|template| admin.path(&format!("templates/{}", template.id))),
        cover_url: template.as_ref().and_then(cover_url),
    };
    let tab = if view.may_approve { Tab::Proposed } else { Tab::Sent };
    Ok(view.render(status, &admin.frame(tab, notice), &admin.page(sigma)))
}

/// The page again, with why it was refused; or what was done.
async fn outcome(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritId,
    result: Result<Merit, MeritProblem>,
    done: Done,
) -> Result<Response, PageError> {
    match result {
        Ok(_) => Ok(done.at(&admin.path(&format!("merits/{id}")))),
        Err(problem) => page(sigma, admin, id, status(problem), Some(refused(problem, admin.language))).await,
    }
}

async fn change(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let id = named.id()?;
    let Loaded { fields, .. } = load(&sigma, &admin, id.clone()).await?;
    save(&sigma, &admin, id, fields.iter().filter_map(|(field, _)| entered(&form, field)).collect()).await
}

/// The same with files: what the form says of a field with files is all that it has from now on.
async fn change_with_files(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    request: Request,
) -> Result<Response, PageError> {
    let id = named.id()?;
    let Loaded { template, fields, .. } = load(&sigma, &admin, id.clone()).await?;
    let loaded = (known(template)?, fields);
    let ((_, fields), form, problem) = receive(&sigma, &admin, request, Some(loaded)).await?;
    if let Some(problem) = problem {
        return outcome(&sigma, &admin, id, Err(problem), Done::Saved).await;
    }
    save(&sigma, &admin, id, fields.iter().filter_map(|(field, _)| entered_with_files(&form, field)).collect()).await
}

async fn save(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritId,
    values: Vec<(FieldId, Json)>,
) -> Result<Response, PageError> {
    let now = sigma.now();
    let new = |(field_id, value)| NewValue { edit_id: MeritEditId::new(now, &*sigma.rng), field_id, value };
    let changes: Vec<NewValue> = values.into_iter().map(new).collect();
    let (org_id, actor, merit_id) = (admin.org.id.clone(), admin.actor(), id.clone());
    let saved = admin.act(sigma, move |tx| edit::set_values(tx, &org_id, &actor, &merit_id, &changes, now)).await?;
    outcome(sigma, admin, id, saved, Done::Saved).await
}

async fn approve(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let id = named.id()?;
    let (org_id, actor, merit_id, now) = (admin.org.id.clone(), admin.actor(), id.clone(), sigma.now());
    let approved = admin.act(&sigma, move |tx| step::approve(tx, &org_id, &actor, &merit_id, now)).await?;
    outcome(&sigma, &admin, id, approved, Done::Approved).await
}

async fn transfer(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let (id, now) = (named.id()?, sigma.now());
    let Ok(email) = Email::parse(&form.text("email")) else {
        return outcome(&sigma, &admin, id, Err(RequestFault::Email.into()), Done::Transferred).await;
    };
    let wanted = Transfer {
        org_id: admin.org.id.clone(),
        actor: admin.actor(),
        id: id.clone(),
        new_id: MeritId::new(now, &*sigma.rng),
        to: To::Email(email),
        daily_budget: sigma.settings.merits.sends_per_day,
        now,
    };
    let transferred = admin.act(&sigma, move |tx| step::transfer(tx, &wanted)).await?;
    outcome(&sigma, &admin, id, transferred, Done::Transferred).await
}

async fn revoke(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    form: Form,
) -> Result<Response, PageError> {
    let id = named.id()?;
    let reason = match reason(&form.text("reason")) {
        Ok(reason) => reason,
        Err(problem) => return outcome(&sigma, &admin, id, Err(problem), Done::Revoked).await,
    };
    let (org_id, actor, merit_id, now) = (admin.org.id.clone(), admin.actor(), id.clone(), sigma.now());
    let revoked = admin.act(&sigma, move |tx| step::revoke(tx, &org_id, &actor, &merit_id, &reason, now)).await?;
    outcome(&sigma, &admin, id, revoked, Done::Revoked).await
}
