//! `POST /v2/merits/{meritId}/transfer`: sends a merit to another address instead.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use sigma_core::ids::MeritId;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::send::To;
use sigma_store::merits::step::{self, Transfer};
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;
use crate::wire::recipient::address;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(transfer))
}

/// Who gets it instead.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransferMerit {
    new_recipient_email: String,
}

/// The merit that was sent instead.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransferredMerit {
    new_merit: MeritView,
}

/// Transfers a merit: it ends, and a new one with the same values waits for the other address. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/{meritId}/transfer",
    operation_id = "transferMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    params(("meritId" = String, Path, description = "The merit")),
    request_body = TransferMerit,
    responses(
        (status = 200, description = "The new merit", body = TransferredMerit),
        (status = 400, description = "A malformed address, or the status of the merit does not allow it"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such merit"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn transfer(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Path(merit): Path<String>,
    Body(body): Body<TransferMerit>,
) -> Result<Json<TransferredMerit>, MeritsError> {
    let now = sigma.now();
    let wanted = Transfer {
        org_id: caller.org_id.clone(),
        actor: caller.actor(),
        id: id(&merit)?,
        new_id: MeritId::new(now, &*sigma.rng),
        to: To::Email(address(&body.new_recipient_email)?),
        daily_budget: sigma.settings.merits.sends_per_day,
        now,
    };
    let new = decide(&sigma, &context, &caller, move |tx| step::transfer(tx, &wanted)).await?;
    Ok(Json(TransferredMerit { new_merit: MeritView::sent(&sigma, &caller.reader(), new) }))
}
