//! What `/console/apps/documents` shows.

use sigma_core::time::Timestamp;
use sigma_platform::pages::view::moment;

use super::Wrong;

/// Documents that describe apps, and what is blocked of them. The form posts to the same address, and the end of a block to `unblock`
/// below it.
#[derive(Clone, Debug)]
pub struct DocumentsPage {
    /// Whether apps that documents describe are let in at present.
    pub lets_in: bool,
    /// The host whose documents are shown.
    pub host: String,
    /// The documents, oldest first.
    pub documents: Vec<DocumentRow>,
    /// The next page of them.
    pub next: Option<String>,
    /// The first page, on others.
    pub first: Option<String>,
    /// What is blocked, by name.
    pub blocks: Vec<BlockRow>,
    /// The next page of that.
    pub next_blocks: Option<String>,
    /// The first page, on others.
    pub first_blocks: Option<String>,
    /// Whether the role blocks.
    pub may_change: bool,
    /// Where the viewer proves first who they are, unless they just did.
    pub confirm_url: Option<String>,
    /// What was entered.
    pub entered: String,
    /// What is wrong with that.
    pub wrong: Wrong,
}

impl DocumentsPage {
    /// Whether forms are shown.
    pub(super) const fn has_forms(&self) -> bool {
        self.may_change && self.confirm_url.is_none()
    }
}

/// A document.
#[derive(Clone, Debug)]
pub struct DocumentRow {
    /// The client id of the app: the address of the document.
    pub client_id: String,
    /// What the app calls itself.
    pub name: String,
    /// When it was first fetched.
    pub first_seen_at: Timestamp,
    /// When it was found to have changed last.
    pub changed_at: Timestamp,
    /// Whether somebody gave the app access.
    pub used: bool,
    /// Whether it or its host is blocked.
    pub blocked: bool,
    /// Where the form is that blocks it.
    pub block_url: String,
}

impl DocumentRow {
    pub(super) fn seen(&self) -> String {
        moment::day(self.first_seen_at)
    }

    pub(super) fn changed(&self) -> String {
        moment::day(self.changed_at)
    }
}

/// A block.
#[derive(Clone, Debug)]
pub struct BlockRow {
    /// The name of the host, or the address of the document.
    pub subject: String,
    /// Since when.
    pub since: Timestamp,
}

impl BlockRow {
    pub(super) fn day(&self) -> String {
        moment::day(self.since)
    }
}
