//! `/org/{org}/templates/{template}/cover`: the picture of a template.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use sigma_core::ids::MeritTemplateId;
use sigma_core::merits::{AttachmentFault, MeritProblem};
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{ApiError, Endpoint, Policy};
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::FORM;
use sigma_platform::state::AppState;
use sigma_store::merits::template::{self, TemplateChange};

use super::OrgAdmin;
use super::template::{page, parsed};
use crate::attachments::encode;
use crate::error::{MeritsError, status};
use crate::pages::form::Upload;
use crate::pages::outcome::{Done, PageError, refused};
use crate::pages::view;

/// The largest file, with the form around it: as for logos.
const FILE: Policy = Policy { body: BodyLimit::Kibibytes(2_100), ..FORM };

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 2] {
    [
        Endpoint::post(FILE, "/org/{org}/templates/{template}/cover", set),
        Endpoint::post(FORM, "/org/{org}/templates/{template}/cover/remove", remove),
    ]
}

/// The template in the path.
#[derive(Deserialize)]
struct Named {
    template: String,
}

async fn set(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
    upload: Upload,
) -> Result<Response, PageError> {
    let id = parsed(&named.template)?;
    // Before a picture is encoded for a template that does not exist.
    let (org_id, wanted) = (admin.org.id.clone(), id.clone());
    let found = sigma.store.read(move |tx| template::find(tx, &org_id, &wanted)).await?;
    if found.is_none_or(|template| template.access) {
        return Err(not_found().into());
    }
    let file = Bytes::copy_from_slice(upload.content("cover").unwrap_or_default());
    let picture = match encode(&sigma, &admin.org.id, &admin.actor(), file).await {
        Ok(picture) => picture,
        Err(MeritsError::Refused(problem, _)) => return again(&sigma, &admin, id, problem).await,
        Err(error) => return Err(ApiError::from(error).into()),
    };
    change(&sigma, &admin, id, Some(picture), Done::CoverSet).await
}

async fn remove(
    State(sigma): State<AppState>,
    admin: OrgAdmin,
    Path(named): Path<Named>,
) -> Result<Response, PageError> {
    let id = parsed(&named.template)?;
    change(&sigma, &admin, id, None, Done::CoverRemoved).await
}

async fn change(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritTemplateId,
    cover: Option<String>,
    done: Done,
) -> Result<Response, PageError> {
    let change = TemplateChange { cover: Some(cover), ..TemplateChange::default() };
    let (org_id, actor, template_id, now) = (admin.org.id.clone(), admin.actor(), id.clone(), sigma.now());
    match admin.act(sigma, move |tx| template::change(tx, &org_id, &actor, &template_id, &change, now)).await? {
        Ok(_) => Ok(done.at(&admin.path(&format!("templates/{id}")))),
        Err(problem) => again(sigma, admin, id, problem).await,
    }
}

async fn again(
    sigma: &AppState,
    admin: &OrgAdmin,
    id: MeritTemplateId,
    problem: MeritProblem,
) -> Result<Response, PageError> {
    let notice = match problem {
        MeritProblem::Attachment(AttachmentFault::Content) => {
            view::Notice::Refused(admin.text("merits-profile-not-picture"))
        }
        // So many pictures are being encoded at the moment, or the org uploaded as much as it may.
        MeritProblem::RateLimit(_) => view::Notice::Refused(admin.text("merits-upload-later")),
        problem => refused(problem, admin.language),
    };
    page(sigma, admin, id, status(problem), Some(notice), view::NewField::default()).await
}
