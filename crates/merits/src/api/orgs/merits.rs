//! `GET /v2/orgs/{orgId}/merits`: what an org sent.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use sigma_core::merits::{OrgPermission, RequestFault, Scope, Status};
use sigma_platform::http::{Endpoint, routes};
use sigma_store::merits::list::{self, Filter, MOST_RECIPIENTS};
use utoipa::ToSchema;

use super::own;
use crate::POLICY;
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;
use crate::wire::paging::{ListQuery, Paging};
use crate::wire::recipient::address;

/// The parameter that may repeat.
const RECIPIENT: &str = "recipient_email";

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A page of merits, newest first.
#[derive(Serialize, ToSchema)]
pub struct OrgMeritPage {
    merits: Vec<MeritView>,
    paging: Paging,
}

/// Lists the merits that the org sent, newest first. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    get,
    path = "/v2/orgs/{orgId}/merits",
    operation_id = "listOrgMerits",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(
        ("orgId" = String, Path, description = "The org that the app acts for"),
        ("merittemplate_id" = Option<String>, Query, description = "Only of that template"),
        ("merit_status" = Option<String>, Query, description = "Only of that status"),
        ("recipient_email" = Option<Vec<String>>, Query, description = "Only to these addresses; at most 20"),
        ("limit" = Option<u32>, Query, description = "Default 10, at most 100"),
        ("starting_after" = Option<String>, Query, description = "The cursor `after` of the page before"),
        ("ending_before" = Option<String>, Query, description = "The cursor `before` of the page after"),
    ),
    responses(
        (status = 200, description = "A page of merits", body = OrgMeritPage),
        (status = 400, description = "A malformed filter or limit, or a cursor of another list"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token is for another org, or the permission is missing"),
    )
)]
pub async fn list(
    State(sigma): State<MeritsState>,
    caller: OrgCaller,
    Path(org): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<OrgMeritPage>, MeritsError> {
    let org_id = own(&sigma, &caller, &org).await?;
    caller.require(OrgPermission::Send)?;
    let query = ListQuery::read(query.as_deref(), Some(RECIPIENT))?;
    let filter = filter(&query)?;
    let scope = scope(org_id.as_str(), &filter);
    let page = query.page(scope)?;
    let slice = sigma.store.read(move |tx| list::of_org(tx, &org_id, &filter, &page)).await?;
    let paging = Paging::of(&slice, scope, |merit| merit.id.digits());
    let reader = caller.reader();
    Ok(Json(OrgMeritPage {
        merits: slice.items.into_iter().map(|merit| MeritView::for_issuer(&sigma, &reader, merit)).collect(),
        paging,
    }))
}

fn filter(query: &ListQuery) -> Result<Filter, MeritsError> {
    let mut recipients = query.all(RECIPIENT).map(|text| address(text).map(|email| email.folded().to_owned()));
    let recipients: Vec<String> = recipients.by_ref().take(MOST_RECIPIENTS + 1).collect::<Result<_, _>>()?;
    if recipients.len() > MOST_RECIPIENTS {
        return Err(RequestFault::Parameter.into());
    }
    let status = query.get("merit_status").map(|name| Status::parse(name).ok_or(RequestFault::Status)).transpose()?;
    Ok(Filter { template_id: query.get("merittemplate_id").map(id).transpose()?, status, recipients, holder: None })
}

/// A cursor belongs to the list with these filters.
fn scope(org_id: &str, filter: &Filter) -> Scope {
    let template = filter.template_id.as_ref().map_or("", |id| id.as_str());
    let status = filter.status.map_or("", Status::as_str);
    let mut parts = vec!["merits", org_id, template, status];
    parts.extend(filter.recipients.iter().map(String::as_str));
    Scope::of(&parts)
}
