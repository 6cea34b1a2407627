//! `GET /v2/members/{memberId}/merits`: what a member has, as far as they let the app see it.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use sigma_core::email;
use sigma_core::ids::{MeritTemplateId, UserId};
use sigma_core::merits::Scope;
use sigma_platform::http::{Endpoint, routes, written_json};
use sigma_store::merits::access::Access;
use sigma_store::merits::list;
use utoipa::ToSchema;

use super::{granted, primary_address};
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::rendered::{PageName, Shown};
use crate::state::MeritsState;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;
use crate::wire::paging::{ListQuery, Paging};

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A page of merits, newest first.
#[derive(Serialize, ToSchema)]
pub struct MemberMeritPage {
    merits: Vec<MeritView>,
    paging: Paging,
}

/// Lists a member's accepted merits that the granted permissions show, newest first: those of the app's own org and of the one it acts for,
/// of the orgs that were named, or all.
#[utoipa::path(
    get,
    path = "/v2/members/{memberId}/merits",
    operation_id = "listMemberMerits",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("memberId" = String, Path, description = "The member"),
        ("merittemplate_id" = Option<String>, Query, description = "Only of that template"),
        ("limit" = Option<u32>, Query, description = "Default 10, at most 100"),
        ("starting_after" = Option<String>, Query, description = "The cursor `after` of the page before"),
        ("ending_before" = Option<String>, Query, description = "The cursor `before` of the page after"),
    ),
    responses(
        (status = 200, description = "A page of merits", body = MemberMeritPage),
        (status = 400, description = "A malformed id or limit, or a cursor of another list"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "No such member lets the app see them"),
    )
)]
pub async fn list(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(member): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, MeritsError> {
    let granted = granted(&sigma, &caller, &member).await;
    // Only what was answered with 200 before: everything else is told in the order of the checks.
    let name = granted.as_ref().ok().and_then(|(_, access)| PageName::of(access, &caller, query.as_deref()));
    if let Some(body) = name.as_ref().and_then(|name| sigma.rendered().find(name, sigma.now())) {
        return Ok(written_json(body));
    }
    let query = ListQuery::read(query.as_deref(), None)?;
    let (user_id, access) = granted?;
    Ok(written_json(render(&sigma, &caller, &query, (user_id, access.as_ref()), name).await?))
}

/// Reads a page from the store, and keeps it.
async fn render(
    sigma: &MeritsState,
    caller: &OrgCaller,
    query: &ListQuery,
    (user_id, access): (UserId, &Access),
    name: Option<PageName>,
) -> Result<Bytes, MeritsError> {
    let template: Option<MeritTemplateId> = query.get("merittemplate_id").map(id).transpose()?;
    let named = template.as_ref().map_or("", |id| id.as_str());
    let scope = Scope::of(&["member", user_id.as_str(), caller.org_id.as_str(), caller.app.id.as_str(), named]);
    let page = query.page(scope)?;
    let (begun, now) = (sigma.rendered().begin(), sigma.now());
    let (org_id, own, permissions) = (caller.org_id.clone(), caller.app.org_id.clone(), access.permissions.clone());
    let user = user_id.clone();
    let slice =
        sigma.store.read(move |tx| list::shown(tx, &user, &permissions, [&own, &org_id], template.as_ref(), &page));
    let slice = slice.await?;
    let shown = Shown::of(&slice.items);
    let primary = if access.permissions.profile { primary_address(sigma, &user_id).await? } else { None };
    let primary = primary.map(|address| email::fold(&address));
    let paging = Paging::of(&slice, scope, |merit| merit.id.digits());
    let reader = caller.reader_by(&access.merit_id);
    let view = |merit| MeritView::for_viewer(sigma, &reader, merit, &caller.org_id, primary.as_deref());
    let page = MemberMeritPage { merits: slice.items.into_iter().map(view).collect(), paging };
    let body: Bytes = serde_json::to_vec(&page).map_err(|error| MeritsError::Internal(error.to_string()))?.into();
    if let Some((name, begun)) = name.zip(begun) {
        sigma.rendered().keep(name, begun, (&user_id, &shown), &body, now);
    }
    Ok(body)
}
