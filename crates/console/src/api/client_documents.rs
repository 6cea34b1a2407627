//! `/api/admin/v1/client-documents`: apps that nobody registered, and that a document elsewhere describes.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sigma_core::ids::AppId;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::client_document::Remembered;
use sigma_store::operator::documents;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads};
use super::error::AdminError;
use super::list::{ListQuery, Listed};

/// This endpoint.
pub fn endpoint() -> Endpoint<AppState> {
    Endpoint::new(POLICY, routes!(list))
}

/// A document that describes an app, as it was fetched last.
#[derive(Debug, Serialize, ToSchema)]
struct AdminClientDocument {
    /// The id of the app.
    id: String,
    /// The client id of the app: the address of the document.
    client_id: String,
    /// What the app calls itself.
    name: String,
    first_seen_at: String,
    changed_at: String,
    /// Whether somebody gave the app access.
    used: bool,
    /// Whether the document or its host is blocked.
    blocked: bool,
}

impl From<&Remembered> for AdminClientDocument {
    fn from(found: &Remembered) -> Self {
        Self {
            id: found.app_id.to_string(),
            client_id: found.url.to_string(),
            name: found.app().name,
            first_seen_at: found.created_at.to_string(),
            changed_at: found.changed_at.to_string(),
            used: found.used,
            blocked: found.blocked,
        }
    }
}

/// Lists the documents that describe apps and are remembered, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/v1/client-documents",
    operation_id = "adminListClientDocuments",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("host" = Option<String>, Query, description = "Only documents of the host of that name"),
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of documents", body = Listed<AdminClientDocument>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminClientDocument>>, AdminError> {
    let (caller, after, limit) = (admin.caller, query.after_id(AppId::parse)?, query.one_more());
    let host = query.get("host").map(str::to_owned);
    let found = sigma.store.look_up(move |tx| documents::list(tx, &caller, host.as_deref(), &after, limit)).await?;
    Ok(Json(query.listed(found, |document| document.app_id.to_string())))
}
