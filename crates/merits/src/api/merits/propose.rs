//! `POST /v2/merits/propose`: proposes a merit, which the org approves.

use axum::Json;
use axum::extract::State;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::send::Manner;

use super::send::{POLICY, SendMerit};
use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::merit::ProposedMerit;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(propose))
}

/// Proposes a merit: it is sent once the org approves it. Needs `CanProposeAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/propose",
    operation_id = "proposeMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    request_body = SendMerit,
    responses(
        (status = 200, description = "The merit, `Unapproved`", body = ProposedMerit),
        (status = 400, description = "A missing or malformed member, or the template was sent to that recipient already"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such template, or knows no such member"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn propose(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Body(body): Body<SendMerit>,
) -> Result<Json<ProposedMerit>, MeritsError> {
    let proposed = body.deliver(&sigma, &context, &caller, Manner::Propose).await?;
    Ok(Json(ProposedMerit::of(&sigma, &caller.reader(), proposed)))
}
