//! `sigma app documents`, `block`, `unblock` and `blocks` on a server elsewhere.

use serde_json::{Value, json};

use super::client::Client;
use super::people::MOST;
use super::{Members as _, one, print_list, text};
use crate::args::{ListDocuments, Page};
use crate::commands::app::documents::read;
use crate::confirm::confirm;
use crate::failure::Failure;
use crate::output::{Output, table};

/// Where blocks are.
const BLOCKS: &str = "document-blocks";

/// Lists a page of documents, oldest first.
pub fn list(client: &Client, output: Output, list: &ListDocuments) -> Result<(), Failure> {
    let (limit, host) = (list.page.limit.min(MOST).to_string(), list.host.as_deref().unwrap_or_default());
    let query = [("host", host), ("limit", &limit), ("after", &list.page.after)];
    let found = client.get("client-documents", &query)?;
    print_list(output, &found, "sigma app documents", "No document that describes an app is remembered.", |documents| {
        let row = |document: &Value| {
            let is = |name: &str| document.at(name).as_bool() == Some(true);
            let state = match (is("blocked"), is("used")) {
                (true, _) => "blocked",
                (false, true) => "has access",
                (false, false) => "",
            };
            let [client_id, name, seen] = ["client_id", "name", "first_seen_at"].map(|name| text(document.at(name)));
            [client_id, name, seen, state.to_owned()]
        };
        table(["CLIENT ID", "NAME", "FIRST SEEN", ""], &documents.iter().map(row).collect::<Vec<_>>())
    })
}

/// Blocks a host or a document after confirmation.
pub fn block(client: &Client, output: Output, subject: &str, yes: bool) -> Result<(), Failure> {
    read(subject)?;
    confirm(yes, &format!("the tokens of apps that are described by {subject} stop working"))?;
    let apps = client.put(&one(BLOCKS, subject), &json!({}))?.at("apps").clone();
    let words = format!("{subject} is blocked; it described {apps} known apps.");
    output.answer(&json!({ "blocked": subject, "apps": apps }), |_| words)
}

/// Takes a block back.
pub fn unblock(client: &Client, output: Output, subject: &str) -> Result<(), Failure> {
    read(subject)?;
    let apps = client.delete(&one(BLOCKS, subject)).map_err(|failure| match failure {
        Failure::NotFound(_) => Failure::NotFound(format!("{subject} is not blocked; see `sigma app blocks`")),
        failure => failure,
    })?;
    let apps = apps.at("apps").clone();
    let words = format!("{subject} is no longer blocked; {apps} known apps work again.");
    output.answer(&json!({ "unblocked": subject, "apps": apps }), |_| words)
}

/// Lists a page of blocks, in the order of their names.
pub fn list_blocks(client: &Client, output: Output, page: &Page) -> Result<(), Failure> {
    let limit = page.limit.min(MOST).to_string();
    let found = client.get(BLOCKS, &[("limit", &limit), ("after", &page.after)])?;
    print_list(output, &found, "sigma app blocks", "Nothing is blocked.", |blocks| {
        let row = |block: &Value| ["subject", "since"].map(|name| text(block.at(name)));
        table(["HOST OR DOCUMENT", "SINCE"], &blocks.iter().map(row).collect::<Vec<_>>())
    })
}
