//! Apps that a document elsewhere describes, whose address is their client id (`docs/spec/clients.md`). They are no rows of
//! `apps`: nobody registered them, and what their documents said last is only remembered.

use sigma_core::app::App;
use sigma_core::client_document::{ClientDocument, ClientIdUrl};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, OrgId};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, cached, params};

/// The most documents that are remembered.
pub const MOST: i64 = 10_000;

/// A document as it was fetched last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The app's id.
    pub app_id: AppId,
    /// Its client id.
    pub url: ClientIdUrl,
    /// What the document said.
    pub document: ClientDocument,
    /// When it was first fetched.
    pub created_at: Timestamp,
    /// When it was found to have changed last.
    pub changed_at: Timestamp,
    /// When it is fetched again before it counts.
    pub fresh_until: Timestamp,
    /// When it may be forgotten.
    pub delete_after: Timestamp,
}

impl Remembered {
    /// The app.
    pub fn app(&self) -> App {
        self.document.app(self.app_id.clone(), &self.url, self.created_at, self.changed_at)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT app_id, url, document, created_at, changed_at, fresh_until, delete_after FROM client_documents WHERE ",
            $rest
        )
    };
}

/// The document of the app with that id.
pub fn find(tx: &mut dyn Tx, app_id: &AppId) -> Result<Option<Remembered>, StoreError> {
    tx.query_opt(select!("app_id = $1"), params![app_id])?.map(|row| decode(&row)).transpose()
}

/// The document at `url`.
pub fn find_at(tx: &mut dyn Tx, url: &ClientIdUrl) -> Result<Option<Remembered>, StoreError> {
    tx.query_opt(select!("url = $1"), params![url.as_str()])?.map(|row| decode(&row)).transpose()
}

/// A document that was just fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its address.
    pub url: ClientIdUrl,
    /// What it says.
    pub document: ClientDocument,
    /// The id of the app, if the document is not remembered.
    pub new_id: AppId,
    /// When it is fetched again before it counts.
    pub fresh_until: Timestamp,
    /// When it may be forgotten, if nobody lets the app in.
    pub delete_after: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// Remembers what was fetched, or what changed; `None` if [`MOST`] documents are in use.
pub fn record(tx: &mut dyn Tx, fetched: &Fetched) -> Result<Option<Remembered>, StoreError> {
    tx.lock(Owner::Installation)?;
    let Some(before) = find_at(tx, &fetched.url)? else { return add(tx, fetched) };
    let changed: Vec<String> = before.document.changes(&fetched.document).into_iter().map(str::to_owned).collect();
    let after = Remembered {
        document: fetched.document.clone(),
        changed_at: if changed.is_empty() { before.changed_at } else { fetched.now },
        fresh_until: fetched.fresh_until,
        delete_after: before.delete_after.max(fetched.delete_after),
        ..before
    };
    tx.execute(
        "UPDATE client_documents SET document = $2, changed_at = $3, fresh_until = $4, delete_after = $5 WHERE app_id = $1",
        params![&after.app_id, text(&after.document)?, after.changed_at, after.fresh_until, after.delete_after],
    )?;
    tx.changed(cached::CLIENT_DOCUMENT, after.app_id.as_str())?;
    if !changed.is_empty() {
        event::append(tx, recorded(Action::AppChange, &after.app_id, changed))?;
    }
    Ok(Some(after))
}

fn add(tx: &mut dyn Tx, fetched: &Fetched) -> Result<Option<Remembered>, StoreError> {
    let known = tx.query_opt("SELECT count(*) FROM client_documents", &[])?.map_or(Ok(0), |row| row.int(0))?;
    if known >= MOST && replace_unused(tx)? == 0 {
        return Ok(None);
    }
    let new = Remembered {
        app_id: fetched.new_id.clone(),
        url: fetched.url.clone(),
        document: fetched.document.clone(),
        created_at: fetched.now,
        changed_at: fetched.now,
        fresh_until: fetched.fresh_until,
        delete_after: fetched.delete_after,
    };
    tx.execute(
        "INSERT INTO client_documents (app_id, url, document, created_at, changed_at, fresh_until, used, delete_after)
         VALUES ($1, $2, $3, $4, $4, $5, 0, $6)",
        params![&new.app_id, new.url.as_str(), text(&new.document)?, new.created_at, new.fresh_until, new.delete_after],
    )?;
    tx.changed(cached::CLIENT_DOCUMENT, new.app_id.as_str())?;
    event::append(tx, recorded(Action::AppCreate, &new.app_id, Vec::new()))?;
    Ok(Some(new))
}

/// Forgets those that nobody let in and that would be forgotten next; returns how many.
fn replace_unused(tx: &mut dyn Tx) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM client_documents WHERE app_id IN
            (SELECT app_id FROM client_documents WHERE used = 0 ORDER BY delete_after LIMIT 100)",
        &[],
    )
}

fn recorded(action: Action, app_id: &AppId, changed: Vec<String>) -> NewEvent {
    let details = Details { method: Some("client_document".to_owned()), changed, ..Details::default() };
    NewEvent::new(action).within(&OrgId::operator()).to(Target::App(app_id.clone())).with(details)
}

/// Keeps the document until `delete_after` at least, because somebody let the app in or it renewed a token.
pub fn keep(tx: &mut dyn Tx, app_id: &AppId, delete_after: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE client_documents SET used = 1,
            delete_after = CASE WHEN delete_after < $2 THEN CAST($2 AS BIGINT) ELSE delete_after END
         WHERE app_id = $1",
        params![app_id, delete_after],
    )?;
    Ok(())
}

fn decode(row: &Row) -> Result<Remembered, StoreError> {
    Ok(Remembered {
        app_id: AppId::from_text(row.text(0)?),
        url: row.parsed(1, "a client id", ClientIdUrl::parse)?,
        document: row.parsed(2, "a client document", |text| serde_json::from_str(text).ok())?,
        created_at: row.timestamp(3)?,
        changed_at: row.timestamp(4)?,
        fresh_until: row.timestamp(5)?,
        delete_after: row.timestamp(6)?,
    })
}

fn text(document: &ClientDocument) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Failed(error.to_string()))
}
