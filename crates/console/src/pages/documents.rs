//! `/console/apps/documents`: apps that nobody registered, and that a document elsewhere describes; and what is blocked of them.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use sigma_core::client_document::DocumentBlock;
use sigma_core::ids::AppId;
use sigma_core::interaction::ConsolePage;
use sigma_core::operator::OperatorRight;
use sigma_core::params::Params;
use sigma_core::time::Timestamp;
use sigma_platform::http::Endpoint;
use sigma_platform::pages::not_found;
use sigma_platform::pages::policy::{FORM, PAGE};
use sigma_platform::state::AppState;
use sigma_store::Tx;
use sigma_store::client_document::Remembered;
use sigma_store::operator::documents;

use super::{confirmation, field, long_field, may_change, with_query};
use crate::document_blocks;
use crate::operator::Operator;
use crate::outcome::{Done, Notice, PageError};
use crate::paging::{LENGTH, one_more, page_of};
use crate::view::{BlockRow, DocumentRow, DocumentsPage, Tab, Wrong};

const PATH: &str = "/console/apps/documents";
/// Characters of an address that is entered, at most: more than any document's has.
const LONGEST: usize = 2_000;

/// These endpoints.
pub fn endpoints() -> [Endpoint<AppState>; 3] {
    [
        Endpoint::get(PAGE, PATH, show),
        Endpoint::post(FORM, PATH, block),
        Endpoint::post(FORM, "/console/apps/documents/unblock", unblock),
    ]
}

/// What the page shows beside the first of each.
#[derive(Default)]
struct Beside {
    notice: Option<Notice>,
    wrong: Wrong,
    entered: String,
    host: String,
    after: Option<AppId>,
    after_block: Option<DocumentBlock>,
}

async fn show(
    State(sigma): State<AppState>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Params::parse(query.as_deref().unwrap_or_default());
    let beside = Beside {
        notice: Done::reported_by(&query, operator.language),
        wrong: Wrong::default(),
        entered: subject(&query),
        host: field(&query, "host").to_lowercase(),
        after: query.get("after").and_then(AppId::parse),
        after_block: query.get("after_block").and_then(DocumentBlock::parse),
    };
    draw(&sigma, &operator, StatusCode::OK, beside).await
}

async fn draw(
    sigma: &AppState,
    operator: &Operator,
    status: StatusCode,
    beside: Beside,
) -> Result<Response, PageError> {
    let (caller, host) = (operator.caller(), beside.host.clone());
    let after = beside.after.as_ref().map(ToString::to_string).unwrap_or_default();
    let after_block = beside.after_block.as_ref().map(|block| block.as_str().to_owned()).unwrap_or_default();
    let (from, from_block) = (after.clone(), after_block.clone());
    let read = move |tx: &mut dyn Tx| {
        let host = Some(host.as_str()).filter(|host| !host.is_empty());
        let found = documents::list(tx, &caller, host, &from, one_more(LENGTH))?;
        Ok((found, documents::list_blocks(tx, &caller, &from_block, one_more(LENGTH))?))
    };
    let (found, blocks) = operator.read(sigma, read).await?;
    let (found, last) = page_of(found, LENGTH, |document| document.app_id.to_string());
    let (blocks, last_block) = page_of(blocks, LENGTH, |(subject, _)| subject.clone());
    let confirmation = confirmation(sigma, operator, OperatorRight::ManageApps, ConsolePage::DocumentsChange)?;
    // Each list keeps the place of the other.
    let at = |after: &str, after_block: &str| {
        with_query(PATH, &[("host", &beside.host), ("after", after), ("after_block", after_block)])
    };
    let view = DocumentsPage {
        lets_in: sigma.settings.client_documents.hosts.any(),
        documents: found.iter().map(document).collect(),
        next: last.map(|last| at(&last, &after_block)),
        first: beside.after.as_ref().map(|_| at("", &after_block)),
        blocks: blocks.into_iter().map(block_row).collect(),
        next_blocks: last_block.map(|last| at(&after, &last)),
        first_blocks: beside.after_block.as_ref().map(|_| at(&after, "")),
        may_change: confirmation.may_change,
        confirm_url: confirmation.url.clone(),
        entered: beside.entered,
        wrong: beside.wrong,
        host: beside.host,
    };
    let page = view.render(status, &operator.frame(Tab::Apps, beside.notice), &operator.page(sigma));
    Ok(confirmation.with(page))
}

fn document(found: &Remembered) -> DocumentRow {
    DocumentRow {
        client_id: found.url.to_string(),
        name: found.app().name,
        first_seen_at: found.created_at,
        changed_at: found.changed_at,
        used: found.used,
        blocked: found.blocked,
        block_url: format!("{}#new", with_query(PATH, &[("subject", found.url.as_str())])),
    }
}

fn block_row((subject, since): (String, Timestamp)) -> BlockRow {
    BlockRow { subject, since }
}

/// The host or document that is named.
fn subject(form: &Params) -> String {
    long_field(form, "subject", LONGEST)
}

async fn block(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::DocumentsChange)?;
    let entered = subject(&Params::parse_form(&body));
    let Some(named) = DocumentBlock::parse(&entered) else {
        let wrong = Wrong::at("subject", operator.text("console-block-wrong"));
        let beside = Beside { notice: wrong.notice(), wrong, entered, ..Beside::default() };
        return draw(&sigma, &operator, StatusCode::BAD_REQUEST, beside).await;
    };
    let blocked = document_blocks::block(&operator.store(&sigma), &operator.caller(), &named, sigma.now()).await;
    match operator.explained(&sigma, blocked)? {
        Ok(_) => Ok(Done::DocumentsBlocked.at(PATH)),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), entered, ..Beside::default() };
            draw(&sigma, &operator, StatusCode::CONFLICT, beside).await
        }
    }
}

async fn unblock(State(sigma): State<AppState>, operator: Operator, body: Bytes) -> Result<Response, PageError> {
    may_change(&sigma, &operator, OperatorRight::ManageApps, ConsolePage::DocumentsChange)?;
    let named = DocumentBlock::parse(&subject(&Params::parse_form(&body))).ok_or_else(not_found)?;
    let unblocked = document_blocks::unblock(&operator.store(&sigma), &operator.caller(), &named).await;
    match operator.explained(&sigma, unblocked)? {
        Ok(Some(_)) => Ok(Done::DocumentsUnblocked.at(PATH)),
        Ok(None) => Err(not_found().into()),
        Err(notice) => {
            let beside = Beside { notice: Some(notice), ..Beside::default() };
            draw(&sigma, &operator, StatusCode::CONFLICT, beside).await
        }
    }
}
