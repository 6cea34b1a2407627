//! `/api/admin/v1/document-blocks`: hosts and documents whose apps are not let in.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use sigma_core::client_document::DocumentBlock;
use sigma_core::operator::OperatorRefusal;
use sigma_core::time::Timestamp;
use sigma_platform::http::{Endpoint, routes};
use sigma_platform::state::AppState;
use sigma_store::operator::documents;
use utoipa::ToSchema;

use super::POLICY;
use super::caller::{Admin, Reads, Writes};
use super::error::AdminError;
use super::list::{ListQuery, Listed};
use crate::document_blocks;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::new(POLICY, routes!(list)),
        Endpoint::new(POLICY, routes!(block)),
        Endpoint::new(POLICY, routes!(unblock)),
    ]
}

/// A host or document that is blocked.
#[derive(Debug, Serialize, ToSchema)]
struct AdminDocumentBlock {
    /// The name of the host, or the address of the document.
    subject: String,
    since: String,
}

impl From<&(String, Timestamp)> for AdminDocumentBlock {
    fn from((subject, since): &(String, Timestamp)) -> Self {
        Self { subject: subject.clone(), since: since.to_string() }
    }
}

/// A host or document that was just blocked.
#[derive(Debug, Serialize, ToSchema)]
struct AdminBlocked {
    #[serde(flatten)]
    block: AdminDocumentBlock,
    /// How many known apps it switched off: 0 if that was done before.
    apps: usize,
}

/// A block that was taken back.
#[derive(Debug, Serialize, ToSchema)]
struct AdminUnblocked {
    /// The name of the host, or the address of the document.
    subject: String,
    /// How many known apps work again.
    apps: usize,
}

/// Lists the hosts and documents that are blocked, by name.
#[utoipa::path(
    get,
    path = "/api/admin/v1/document-blocks",
    operation_id = "adminListDocumentBlocks",
    tag = "Management",
    security(("access_token" = ["sigma:admin:read"]), ("access_token" = ["sigma:admin:apps:read"])),
    params(
        ("limit" = Option<u32>, Query, description = "Default 50, at most 200"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of blocks", body = Listed<AdminDocumentBlock>),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn list(
    State(sigma): State<AppState>,
    admin: Admin<Reads>,
    query: ListQuery,
) -> Result<Json<Listed<AdminDocumentBlock>>, AdminError> {
    let words = "after must be the next of a page before";
    let after = query.parsed("after", words, DocumentBlock::parse)?;
    let after = after.map(|after| after.as_str().to_owned()).unwrap_or_default();
    let (caller, limit) = (admin.caller, query.one_more());
    let found = sigma.store.look_up(move |tx| documents::list_blocks(tx, &caller, &after, limit)).await?;
    Ok(Json(query.listed(found, |(subject, _)| subject.clone())))
}

/// Blocks a host or a document: nothing is fetched from there, and the tokens of apps that it describes stop working. Repeating it changes
/// nothing.
#[utoipa::path(
    put,
    path = "/api/admin/v1/document-blocks/{subject}",
    operation_id = "adminBlockDocuments",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(("subject" = String, Path, description = "The name of a host, or the address of a document, percent-encoded")),
    responses(
        (status = 200, description = "It is blocked", body = AdminBlocked),
        (status = 400, description = "Neither a host nor the address of a document, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
    )
)]
async fn block(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(subject): Path<String>,
) -> Result<Json<AdminBlocked>, AdminError> {
    let words = "the path must end in the name of a host or the https address of a document";
    let block = DocumentBlock::parse(&subject).ok_or(AdminError::Invalid(words))?;
    let (apps, since) = document_blocks::block(&admin.store(&sigma), &admin.caller, &block, sigma.now()).await?;
    Ok(Json(AdminBlocked { block: AdminDocumentBlock::from(&(subject, since)), apps }))
}

/// Takes a block back. What another block covers stays blocked.
#[utoipa::path(
    delete,
    path = "/api/admin/v1/document-blocks/{subject}",
    operation_id = "adminUnblockDocuments",
    tag = "Management",
    security(("access_token" = ["sigma:admin:write"]), ("access_token" = ["sigma:admin:apps:write"])),
    params(("subject" = String, Path, description = "The name of a host, or the address of a document, percent-encoded")),
    responses(
        (status = 200, description = "It is blocked no more", body = AdminUnblocked),
        (status = 400, description = "A malformed parameter, or two credentials"),
        (status = 401, description = "No token, or one that is not valid"),
        (status = 403, description = "The token lacks the scope, or the role does not reach"),
        (status = 404, description = "It is not blocked"),
    )
)]
async fn unblock(
    State(sigma): State<AppState>,
    admin: Admin<Writes>,
    Path(subject): Path<String>,
) -> Result<Json<AdminUnblocked>, AdminError> {
    let not_found = AdminError::Refused(OperatorRefusal::NotFound);
    let block = DocumentBlock::parse(&subject).ok_or(not_found.clone())?;
    let apps = document_blocks::unblock(&admin.store(&sigma), &admin.caller, &block).await?;
    Ok(Json(AdminUnblocked { subject, apps: apps.ok_or(not_found)? }))
}
