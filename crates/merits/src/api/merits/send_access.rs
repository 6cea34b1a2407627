//! `POST /v2/merits/send_access`: an app asks a member for access without sending them to a page.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sigma_core::ids::{MeritId, MeritTemplateId};
use sigma_core::merits::MemberPermissions;
use sigma_platform::http::{Endpoint, RequestContext, routes};
use sigma_store::merits::access::{self, SendAccess};
use utoipa::ToSchema;

use crate::POLICY;
use crate::caller::OrgCaller;
use crate::decide::decide;
use crate::error::MeritsError;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::merit::MeritView;
use crate::wire::permission::{Permission, requested};
use crate::wire::recipient::recipient;

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(send_access))
}

/// What an app wants to see, and of whom.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskForAccess {
    /// Of whoever proves that address …
    #[serde(default)]
    recipient_email: Option<String>,
    /// … or of that member, who granted this app access before.
    #[serde(default)]
    recipient_member_id: Option<String>,
    requested_permissions: Vec<Permission>,
}

/// Sends an Access Merit. It is `Accepted` if the member granted this app as much or more on behalf of this org, and `Pending` otherwise:
/// the app sees no more until they agree. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/send_access",
    operation_id = "sendAccessMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    request_body = AskForAccess,
    responses(
        (status = 200, description = "The Access Merit", body = MeritView),
        (status = 400, description = "A missing or malformed member"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "No such member granted this app access"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn send_access(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Body(body): Body<AskForAccess>,
) -> Result<Json<MeritView>, MeritsError> {
    let now = sigma.now();
    let new = SendAccess {
        org_id: caller.org_id.clone(),
        app_id: caller.app.id.clone(),
        to: recipient(body.recipient_email.as_deref(), body.recipient_member_id.as_deref())?,
        permissions: MemberPermissions::parse(&requested(&body.requested_permissions))?,
        merit_id: MeritId::new(now, &*sigma.rng),
        template_id: MeritTemplateId::new(now, &*sigma.rng),
        daily_budget: sigma.settings.merits.sends_per_day,
        now,
    };
    let sent = decide(&sigma, &context, &caller, move |tx| access::send(tx, &new)).await?;
    Ok(Json(MeritView::sent(&sigma, &caller.reader(), sent)))
}
