//! `sigma app documents`, `block`, `unblock`, `blocks`: apps that documents elsewhere describe.

use std::path::Path;

use serde::Serialize;
use sigma_core::client_document::DocumentBlock;
use sigma_store::client_document::{self, Remembered};

use crate::args::{ListDocuments, Page};
use crate::commands::{Listed, one_more};
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::opened::Opened;
use crate::output::{Output, table};

/// A document as printed.
#[derive(Debug, Serialize)]
struct DocumentView {
    id: String,
    client_id: String,
    name: String,
    first_seen_at: String,
    changed_at: String,
    /// Whether somebody gave the app access.
    used: bool,
    blocked: bool,
}

impl DocumentView {
    fn of(found: &Remembered) -> Self {
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

    fn row(&self) -> [String; 4] {
        let state = match (self.blocked, self.used) {
            (true, _) => "blocked",
            (false, true) => "has access",
            (false, false) => "",
        };
        [self.client_id.clone(), self.name.clone(), self.first_seen_at.clone(), state.to_owned()]
    }
}

/// A block as printed.
#[derive(Debug, Serialize)]
struct BlockView {
    subject: String,
    since: String,
}

/// Lists a page of documents, oldest first.
pub fn list(file: Option<&Path>, output: Output, list: &ListDocuments) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (host, after, limit) = (list.host.clone(), list.page.after.clone(), one_more(list.page.limit));
    let found = opened.read(move |tx| client_document::list(tx, host.as_deref(), &after, limit))?;
    let views = found.iter().map(DocumentView::of).collect();
    Listed::new(views, list.page.limit, |view: &DocumentView| view.id.clone()).print(
        output,
        "sigma app documents",
        "No document that describes an app is remembered. `client_documents.hosts` says which are read.",
        |views| {
            table(["CLIENT ID", "NAME", "FIRST SEEN", ""], &views.iter().map(DocumentView::row).collect::<Vec<_>>())
        },
    )
}

/// Blocks a host or a document after confirmation.
pub fn block(file: Option<&Path>, output: Output, subject: &str, yes: bool) -> Result<(), Failure> {
    let block = read(subject)?;
    let opened = Opened::open(file)?;
    confirm(yes, &format!("the tokens of apps that are described by {subject} stop working"))?;
    let now = opened.now();
    let mut apps = 0;
    loop {
        let wanted = block.clone();
        let marked = opened.write(move |tx| client_document::block(tx, &wanted, now))?;
        apps += marked;
        if marked == 0 {
            break;
        }
    }
    let told = serde_json::json!({ "blocked": subject, "apps": apps });
    output.answer(&told, |_| format!("{subject} is blocked; it described {apps} known apps."))
}

/// Takes a block back.
pub fn unblock(file: Option<&Path>, output: Output, subject: &str) -> Result<(), Failure> {
    let block = read(subject)?;
    let opened = Opened::open(file)?;
    let wanted = block.clone();
    let Some(mut apps) = opened.write(move |tx| client_document::unblock(tx, &wanted))? else {
        return Err(Failure::NotFound(format!("{subject} is not blocked; see `sigma app blocks`")));
    };
    loop {
        let wanted = block.clone();
        let marked = opened.write(move |tx| client_document::let_in(tx, &wanted))?;
        apps += marked;
        if marked == 0 {
            break;
        }
    }
    let told = serde_json::json!({ "unblocked": subject, "apps": apps });
    output.answer(&told, |_| format!("{subject} is no longer blocked; {apps} known apps work again."))
}

/// Lists a page of blocks, in the order of their names.
pub fn list_blocks(file: Option<&Path>, output: Output, page: &Page) -> Result<(), Failure> {
    let opened = Opened::open(file)?;
    let (after, limit) = (page.after.clone(), one_more(page.limit));
    let found = opened.read(move |tx| client_document::list_blocks(tx, &after, limit))?;
    let views = found.into_iter().map(|(subject, since)| BlockView { subject, since: since.to_string() }).collect();
    Listed::new(views, page.limit, |view: &BlockView| view.subject.clone()).print(
        output,
        "sigma app blocks",
        "Nothing is blocked.",
        |views| {
            let rows: Vec<_> = views.iter().map(|view| [view.subject.clone(), view.since.clone()]).collect();
            table(["HOST OR DOCUMENT", "SINCE"], &rows)
        },
    )
}

/// The block that `subject` names.
pub fn read(subject: &str) -> Result<DocumentBlock, Failure> {
    DocumentBlock::parse(subject).ok_or_else(|| {
        Failure::Usage(format!("\"{subject}\" is neither the name of a host nor the https address of a document"))
    })
}
