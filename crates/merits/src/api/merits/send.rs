//! `POST /v2/merits/send`: sends a merit.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use sigma_core::ids::MeritId;
use sigma_core::merits::PersonName;
use sigma_platform::http::policy::BodyLimit;
use sigma_platform::http::{Endpoint, Policy, RequestContext, routes};
use sigma_store::merits::Merit;
use sigma_store::merits::send::{Manner, Recipient};
use utoipa::ToSchema;

use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::sends;
use crate::state::MeritsState;
use crate::wire::body::Body;
use crate::wire::ids::id;
use crate::wire::merit::MeritView;
use crate::wire::recipient::{GivenValue, recipient, values};

/// 35 long texts exceed the usual limit.
pub(super) const POLICY: Policy = Policy { body: BodyLimit::Large, ..crate::POLICY };

/// This endpoint.
pub fn endpoint() -> Endpoint<MeritsState> {
    Endpoint::new(POLICY, routes!(send_merit))
}

/// A merit to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendMerit {
    /// To whoever proves that address …
    #[serde(default)]
    recipient_email: Option<String>,
    /// … or to that member, who has something of the org.
    #[serde(default)]
    recipient_member_id: Option<String>,
    /// Of which template.
    merit_template_id: String,
    /// A text, or an object with `firstName` and `lastName`.
    #[serde(default)]
    recipient_name: Value,
    /// The values of its fields.
    #[serde(default)]
    field_values: Vec<GivenValue>,
}

impl SendMerit {
    /// Sends or proposes it.
    ///
    /// # Errors
    /// [`MeritsError`]
    pub(super) async fn deliver(
        self,
        sigma: &MeritsState,
        context: &RequestContext,
        caller: &OrgCaller,
        manner: Manner,
    ) -> Result<Merit, MeritsError> {
        let recipient = Recipient {
            merit_id: MeritId::new(sigma.now(), &*sigma.rng),
            to: recipient(self.recipient_email.as_deref(), self.recipient_member_id.as_deref())?,
            name: PersonName::of_json(&self.recipient_name)?,
            values: values(self.field_values)?,
        };
        sends::send(sigma, context, caller, (id(&self.merit_template_id)?, manner), recipient).await
    }
}

/// Sends a merit: it waits for whoever proves the address, or belongs to the member at once. Needs `CanSendAllMeritTemplates`.
#[utoipa::path(
    post,
    path = "/v2/merits/send",
    operation_id = "sendMerit",
    tag = "Merits",
    security(("org_access_token" = [])),
    request_body = SendMerit,
    responses(
        (status = 200, description = "The merit, `Pending`, or `Unverified` while its org is", body = MeritView),
        (status = 400, description = "A missing or malformed member, or the template was sent to that recipient already"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The permission is missing"),
        (status = 404, description = "The org has no such template, or knows no such member"),
        (status = 415, description = "Not JSON"),
    )
)]
pub async fn send_merit(
    State(sigma): State<MeritsState>,
    context: RequestContext,
    caller: OrgCaller,
    Body(body): Body<SendMerit>,
) -> Result<Json<MeritView>, MeritsError> {
    let sent = body.deliver(&sigma, &context, &caller, Manner::Send).await?;
    Ok(Json(MeritView::sent(&sigma, &caller.reader(), sent)))
}
