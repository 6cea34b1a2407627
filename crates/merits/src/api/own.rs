//! `GET /api/merits`: a person's accepted merits, for themselves and for apps with the scope `merits`.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use sigma_core::ids::MeritTemplateId;
use sigma_core::merits::{MemberPermissions, Scope};
use sigma_core::scope::MERITS;
use sigma_platform::error::API;
use sigma_platform::extract::{Area, Means, OwnApi};
use sigma_platform::http::policy::Limit;
use sigma_platform::http::{ApiError, Endpoint, Policy, routes};
use sigma_platform::state::AppState;
use sigma_store::merits::list;
use utoipa::ToSchema;

use crate::attachments::Reader;
use crate::error::MeritsError;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;
use crate::wire::paging::{ListQuery, Paging};

/// Callers are counted by account and app.
const POLICY: Policy = Policy { limit: Limit::Elsewhere, ..API };

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(own))
}

/// The merits of a person.
#[derive(Debug)]
pub struct Merits;

impl Area for Merits {
    const SCOPE: Option<&'static str> = Some(MERITS);
}

/// A page of merits, newest first.
#[derive(Serialize, ToSchema)]
pub struct OwnMeritPage {
    merits: Vec<MeritView>,
    paging: Paging,
}

/// Lists the accepted merits of the signed-in person, newest first. Apps need the scope `merits`.
#[utoipa::path(
    get,
    path = "/api/merits",
    operation_id = "listOwnMerits",
    tag = "Merits",
    security(("session" = []), ("access_token" = ["merits"]), ("key" = [])),
    params(
        ("merittemplate_id" = Option<String>, Query, description = "Only of that template"),
        ("limit" = Option<u32>, Query, description = "Default 10, at most 100"),
        ("starting_after" = Option<String>, Query, description = "The cursor `after` of the page before"),
        ("ending_before" = Option<String>, Query, description = "The cursor `before` of the page after"),
    ),
    responses(
        (status = 200, description = "A page of merits", body = OwnMeritPage),
        (status = 400, description = "A malformed id or limit, or a cursor of another list"),
        (status = 401, description = "Nobody is signed in, or the token is not valid"),
        (status = 403, description = "The token lacks the scope"),
    )
)]
pub async fn own(State(sigma): State<AppState>, RawQuery(query): RawQuery, request: OwnApi<Merits>) -> Response {
    match page(&sigma, query.as_deref(), &request).await {
        Ok(page) => Json(page).into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}

async fn page(sigma: &AppState, query: Option<&str>, request: &OwnApi<Merits>) -> Result<OwnMeritPage, MeritsError> {
    let query = ListQuery::read(query, None)?;
    let user_id = request.caller.user_id().clone();
    let template: Option<MeritTemplateId> = query.get("merittemplate_id").map(id).transpose()?;
    let scope = Scope::of(&["own", user_id.as_str(), template.as_ref().map_or("", |id| id.as_str())]);
    let page = query.page(scope)?;
    let permissions = MemberPermissions { all_merits: true, ..MemberPermissions::default() };
    let nobody = sigma_core::ids::OrgId::from_text("");
    let slice = sigma
        .store
        .read(move |tx| list::shown(tx, &user_id, &permissions, [&nobody, &nobody], template.as_ref(), &page));
    let slice = slice.await?;
    let paging = Paging::of(&slice, scope, |merit| merit.id.digits());
    // An app sees addresses by the scope `email` alone.
    let view = if request.caller.is_app() { MeritView::without_address } else { MeritView::for_member };
    let reader = match &request.caller.means {
        Means::App { grant_id, .. } => Reader::Grant(grant_id.clone()),
        Means::Session(_) | Means::Key { .. } => Reader::Person,
    };
    Ok(OwnMeritPage { merits: slice.items.into_iter().map(|merit| view(sigma, &reader, merit)).collect(), paging })
}
