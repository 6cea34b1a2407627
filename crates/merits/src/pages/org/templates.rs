//! `/org/{org}/templates`: the templates of the org, and a new one.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::ids::{MeritTemplateId, OrgId};
use sigma_core::merits::{MeritProblem, PageRequest, template_description, template_title};
use sigma_core::params::Params;
use sigma_platform::http::Endpoint;
use sigma_platform::objects::PictureName;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::profiles::picture_path;
use sigma_platform::state::AppState;
use sigma_store::merits::template::{self, NewTemplate, Template};
use sigma_store::{StoreError, Tx};

use super::OrgAdmin;
use super::listing::Listing;
use crate::error::status;
use crate::pages::form::Form;
use crate::pages::outcome::{Done, PageError, refused};
use crate::pages::view::{Choice, NewTemplatePage, Preview, Tab, TemplateLine, TemplatesPage};

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, "/org/{org}/templates", list),
        Endpoint::get(PAGE, "/org/{org}/templates/new", new),
        Endpoint::post(FORM, "/org/{org}/templates/new", create),
    ]
}

/// Path of the picture of a template.
pub fn cover_url(template: &Template) -> Option<String> {
    template.cover.as_deref().map(|id| picture_path(&PictureName::largest(id)))
}

/// The newest templates that can be sent, to choose from.
///
/// # Errors
/// The database fails.
pub fn choices(tx: &mut dyn Tx, org_id: &OrgId, chosen: Option<&MeritTemplateId>) -> Result<Vec<Choice>, StoreError> {
    let mut found = template::list(tx, org_id, &PageRequest::first(100))?.items;
    // One that is chosen but older than those.
    if let Some(id) = chosen.filter(|id| !found.iter().any(|template| template.id == **id)) {
        found.extend(template::find(tx, org_id, id)?);
    }
    let choice = |template: Template| Choice {
        selected: chosen == Some(&template.id),
        value: template.id.to_string(),
        label: template.title,
    };
    Ok(found.into_iter().filter(|template| !template.access && !template.archived).map(choice).collect())
}

async fn list(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let listing = Listing::new(&admin, "templates", Vec::new());
    let (org_id, page) = (admin.org.id.clone(), listing.page(&query));
    let slice = sigma.store.read(move |tx| template::list(tx, &org_id, &page)).await?;
    let (newer_url, older_url) = listing.neighbours(&slice, |template: &Template| template.id.digits());
    let line = |template: &Template| TemplateLine {
        id: template.id.to_string(),
        title: template.title.clone(),
        description: template.description.clone(),
        archived: template.archived,
    };
    let templates = slice.items.iter().filter(|template| !template.access).map(line).collect();
    let view = TemplatesPage { templates, newer_url, older_url };
    let notice = Done::reported_by(&query, admin.language);
    Ok(view.render(StatusCode::OK, &admin.frame(Tab::Templates, notice), &admin.page(&sigma)))
}

async fn new(State(sigma): State<AppState>, admin: OrgAdmin) -> Response {
    let view = NewTemplatePage::default();
    view.render(StatusCode::OK, &admin.frame(Tab::Templates, None), &admin.page(&sigma))
}

async fn create(State(sigma): State<AppState>, admin: OrgAdmin, form: Form) -> Result<Response, PageError> {
    let problem = match draft(&sigma, &form) {
        Err(problem) => problem,
        Ok(draft) => {
            let (org_id, actor, now) = (admin.org.id.clone(), admin.actor(), sigma.now());
            match admin.act(&sigma, move |tx| template::add(tx, &org_id, &actor, &draft, now)).await? {
                Ok(template) => return Ok(Done::Created.at(&admin.path(&format!("templates/{}", template.id)))),
                Err(problem) => problem,
            }
        }
    };
    let view = NewTemplatePage {
        preview: Preview { title: form.text("title"), description: form.text("description"), ..Preview::default() },
        once: form.is_checked("once"),
    };
    let frame = admin.frame(Tab::Templates, Some(refused(problem, admin.language)));
    Ok(view.render(status(problem), &frame, &admin.page(&sigma)))
}

fn draft(sigma: &AppState, form: &Form) -> Result<NewTemplate, MeritProblem> {
    Ok(NewTemplate {
        id: MeritTemplateId::new(sigma.now(), &*sigma.rng),
        title: template_title(&form.text("title"))?,
        description: template_description(&form.text("description"))?,
        once: form.is_checked("once"),
        cover: None,
    })
}
