//! `/org/{org}/send`: sends or proposes one merit, with a preview.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::email::Email;
use sigma_core::ids::{MeritId, MeritTemplateId};
use sigma_core::merits::{MeritProblem, PersonName, RequestFault};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::merits::send::{self, Manner, Recipient, Sending, To};
use sigma_store::merits::template::{self, Template};

use super::OrgAdmin;
use super::templates::{choices, cover_url};
use super::values::{Described, entered, entered_fields, inputs, kept_name};
use crate::error::status;
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, known, refused};
use crate::pages::view::{InputKind, Notice, Preview, SendPage, Tab, TemplateLine};
use crate::pages::words;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [Endpoint::get(PAGE, "/org/{org}/send", show), Endpoint::post(FORM, "/org/{org}/send", submit)]
}

async fn show(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let Some(id) = query.get("template").and_then(MeritTemplateId::parse) else {
        let org_id = admin.org.id.clone();
        let templates = sigma.store.read(move |tx| choices(tx, &org_id, None)).await?;
        let view = SendPage { templates, ..SendPage::default() };
        return Ok(view.render(StatusCode::OK, &admin.frame(Tab::Sent, None), &admin.page(&sigma)));
    };
    let (template, fields) = load(&sigma, &admin, id).await?;
    let form = Form(Params::parse(""));
    Ok(page(&sigma, &admin, &template, &fields, &form, StatusCode::OK, None))
}

/// The template that is to be sent, and its fields.
pub(super) async fn load(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritTemplateId,
) -> Result<(Template, Vec<Described>), PageError> {
    let org_id = admin.org.id.clone();
    let found = sigma.store.read(move |tx| {
        let template = template::find(tx, &org_id, &id)?.filter(|template| !template.access);
        Ok((template, entered_fields(tx, &org_id, &id)?))
    });
    let (template, fields) = found.await?;
    Ok((known(template)?, fields))
}

fn page(
    sigma: &AppState,
    admin: &OrgAdmin,
    template: &Template,
    fields: &[Described],
    form: &Form,
    status: StatusCode,
    notice: Option<Notice>,
) -> Response {
    let inputs = inputs(fields, |field| match words::input(field.kind) {
        InputKind::Upload(_) => form.text(&kept_name(&field.setting.field_id)),
        _ => form.text(&format!("field_{}", field.setting.field_id.digits())),
    });
    let (first_name, last_name) = (form.text("first_name"), form.text("last_name"));
    let view = SendPage {
        templates: Vec::new(),
        template: Some(TemplateLine {
            id: template.id.to_string(),
            title: template.title.clone(),
            description: template.description.clone(),
            archived: template.archived,
        }),
        email: form.text("email"),
        preview: Preview {
            title: template.title.clone(),
            description: template.description.clone(),
            name: format!("{first_name} {last_name}").trim().to_owned(),
            cover_url: cover_url(template),
            fields: inputs.clone(),
        },
        first_name,
        last_name,
        inputs,
    };
    view.render(status, &admin.frame(Tab::Sent, notice), &admin.page(sigma))
}

async fn submit(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    let id = known(MeritTemplateId::parse(&form.text("template")))?;
    let loaded = load(&sigma, &admin, id).await?;
    send_one(&sigma, &admin, loaded, &form, None).await
}

/// Sends or proposes what the form says, unless one of its files was refused.
pub(super) async fn send_one(
    sigma: &AppState,
    admin: &OrgAdmin,
    (template, fields): (Template, Vec<Described>),
    form: &Form,
    refused_file: Option<MeritProblem>,
) -> Result<Response, PageError> {
    let manner = if form.text("how") == "propose" { Manner::Propose } else { Manner::Send };
    let sending = refused_file.map_or_else(|| sending(sigma, admin, &template, &fields, form, manner), Err);
    let problem = match sending {
        Err(problem) => problem,
        Ok(sending) => match admin.act(sigma, move |tx| send::one(tx, &sending)).await? {
            Err(problem) => problem,
            Ok(_) if manner == Manner::Propose => return Ok(Done::Proposed.at(&admin.path("proposed"))),
            Ok(_) => return Ok(Done::Sent.at(&admin.path("sent"))),
        },
    };
    let notice = Some(refused(problem, admin.language));
    Ok(page(sigma, admin, &template, &fields, form, status(problem), notice))
}

fn sending(
    sigma: &AppState,
    admin: &OrgAdmin,
    template: &Template,
    fields: &[Described],
    form: &Form,
    manner: Manner,
) -> Result<Sending, MeritProblem> {
    let now = sigma.now();
    let email = Email::parse(&form.text("email")).map_err(|_| RequestFault::Email)?;
    let recipient = Recipient {
        merit_id: MeritId::new(now, &*sigma.rng),
        to: To::Email(email),
        name: PersonName::new(&form.text("first_name"), &form.text("last_name"))?,
        values: fields.iter().filter_map(|(field, _)| entered(form, field)).collect(),
    };
    Ok(Sending {
        org_id: admin.org.id.clone(),
        actor: admin.actor(),
        template_id: template.id.clone(),
        manner,
        recipients: vec![recipient],
        daily_budget: sigma.settings.merits.sends_per_day,
        now,
    })
}
