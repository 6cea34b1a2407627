//! Apps that a document elsewhere describes, whose address is their client id (`docs/spec/clients.md`). They are no rows of
//! `apps`: nobody registered them, and what their documents said last is only remembered.

use sigma_core::app::App;
use sigma_core::client_document::{ClientDocument, ClientIdUrl, DocumentBlock};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, JobId, OrgId};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::job_queue::{self, NewJob};
use crate::{Owner, Row, StoreError, Tx, cached, logo, params};

/// The most documents that are remembered.
pub const MOST: i64 = 10_000;
/// Documents that one operation blocks.
const BATCH: i64 = 500;

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
    /// Whether somebody let the app in.
    pub used: bool,
    /// Whether the operator blocked it, or its host.
    pub blocked: bool,
    /// The object of its logo.
    pub logo: Option<String>,
}

impl Remembered {
    /// The app.
    pub fn app(&self) -> App {
        let app = self.document.app(self.app_id.clone(), &self.url, self.created_at, self.changed_at);
        App { disabled: self.blocked, ..app }
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT app_id, url, document, created_at, changed_at, fresh_until, delete_after, used, blocked, logo
             FROM client_documents WHERE ",
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
    /// The id of the job that fetches its logo.
    pub logo_job: JobId,
    /// When it is fetched again before it counts.
    pub fresh_until: Timestamp,
    /// When it may be forgotten, if nobody lets the app in.
    pub delete_after: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// What became of a document that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is remembered.
    Remembered(Box<Remembered>),
    /// [`MOST`] documents are in use.
    Full,
    /// The operator blocked it meanwhile, or its host.
    Blocked,
}

/// Remembers what was fetched, or what changed.
pub fn record(tx: &mut dyn Tx, fetched: &Fetched) -> Result<Recorded, StoreError> {
    tx.lock(Owner::Installation)?;
    if is_blocked(tx, &fetched.url)? {
        return Ok(Recorded::Blocked);
    }
    let Some(before) = find_at(tx, &fetched.url)? else { return add(tx, fetched) };
    let (logo_before, logo_uri) = (before.logo.clone(), before.document.logo_uri().map(str::to_owned));
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
    if logo_uri.as_deref() != after.document.logo_uri() {
        show(tx, &after.app_id, logo_before.as_deref(), None, fetched.now)?;
        fetch_logo(tx, &after.app_id, fetched)?;
    }
    if !changed.is_empty() {
        event::append(tx, recorded(Action::AppChange, &after.app_id, changed))?;
    }
    Ok(Recorded::Remembered(Box::new(after)))
}

fn add(tx: &mut dyn Tx, fetched: &Fetched) -> Result<Recorded, StoreError> {
    let known = tx.query_opt("SELECT count(*) FROM client_documents", &[])?.map_or(Ok(0), |row| row.int(0))?;
    if known >= MOST && replace_unused(tx)? == 0 {
        return Ok(Recorded::Full);
    }
    let new = Remembered {
        app_id: fetched.new_id.clone(),
        url: fetched.url.clone(),
        document: fetched.document.clone(),
        created_at: fetched.now,
        changed_at: fetched.now,
        fresh_until: fetched.fresh_until,
        delete_after: fetched.delete_after,
        used: false,
        blocked: false,
        logo: None,
    };
    tx.execute(
        "INSERT INTO client_documents
            (app_id, url, host, document, created_at, changed_at, fresh_until, used, blocked, delete_after)
         VALUES ($1, $2, $3, $4, $5, $5, $6, 0, 0, $7)",
        params![
            &new.app_id,
            new.url.as_str(),
            new.url.host_name(),
            text(&new.document)?,
            new.created_at,
            new.fresh_until,
            new.delete_after
        ],
    )?;
    fetch_logo(tx, &new.app_id, fetched)?;
    tx.changed(cached::CLIENT_DOCUMENT, new.app_id.as_str())?;
    event::append(tx, recorded(Action::AppCreate, &new.app_id, Vec::new()))?;
    Ok(Recorded::Remembered(Box::new(new)))
}

/// Queues the fetching of an app's logo. Where too many wait, the app has none.
fn fetch_logo(tx: &mut dyn Tx, app_id: &AppId, fetched: &Fetched) -> Result<(), StoreError> {
    if fetched.document.logo_uri().is_some() {
        let (id, payload, now) = (fetched.logo_job.clone(), app_id.to_string(), fetched.now);
        job_queue::enqueue(tx, &NewJob { id, kind: logo::JOB, org_id: None, payload, run_at: None, now })?;
    }
    Ok(())
}

/// Shows the logo `object` for the app of that id, if its document still says that the logo is at `logo_uri`; returns whether it
/// does.
pub(crate) fn set_logo(
    tx: &mut dyn Tx,
    app_id: &AppId,
    logo_uri: &str,
    object: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(found) = find(tx, app_id)?.filter(|found| found.document.logo_uri() == Some(logo_uri)) else {
        return Ok(false);
    };
    show(tx, app_id, found.logo.as_deref(), Some(object), now)?;
    Ok(true)
}

fn show(
    tx: &mut dyn Tx,
    app_id: &AppId,
    before: Option<&str>,
    object: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute("UPDATE client_documents SET logo = $2 WHERE app_id = $1", params![app_id, object])?;
    tx.changed(cached::CLIENT_DOCUMENT, app_id.as_str())?;
    logo::replace(tx, before, object, now)
}

/// Whether the operator blocked the document at `url`, or its host.
pub fn is_blocked(tx: &mut dyn Tx, url: &ClientIdUrl) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM document_blocks WHERE subject IN ($1, $2) LIMIT 1";
    Ok(tx.query_opt(sql, params![url.as_str(), url.host_name()])?.is_some())
}

/// Blocks a document or a host: nothing is fetched from there, and the apps count as disabled. Up to 500 documents that are
/// remembered are blocked at once; returns how many. The caller repeats it until there are none.
pub fn block(tx: &mut dyn Tx, block: &DocumentBlock, now: Timestamp) -> Result<usize, StoreError> {
    tx.lock(Owner::Installation)?;
    let added = tx.execute(
        "INSERT INTO document_blocks (subject, created_at) VALUES ($1, $2) ON CONFLICT (subject) DO NOTHING",
        params![block.as_str(), now],
    )?;
    if added == 1 {
        event::append(tx, of_block(Action::ClientDocumentBlock, block))?;
    }
    let sql = match block {
        DocumentBlock::Host(_) => {
            "UPDATE client_documents SET blocked = 1 WHERE app_id IN
                (SELECT app_id FROM client_documents WHERE host = $1 AND blocked = 0 ORDER BY app_id LIMIT $2)
             RETURNING app_id"
        }
        DocumentBlock::Document(_) => {
            "UPDATE client_documents SET blocked = 1 WHERE app_id IN
                (SELECT app_id FROM client_documents WHERE url = $1 AND blocked = 0 ORDER BY app_id LIMIT $2)
             RETURNING app_id"
        }
    };
    mark(tx, sql, block)
}

/// Takes a block back, with some of the apps that it was about: how many, or `None` if there was none. The caller repeats
/// [`let_in`] until there are none.
pub fn unblock(tx: &mut dyn Tx, block: &DocumentBlock) -> Result<Option<usize>, StoreError> {
    tx.lock(Owner::Installation)?;
    let removed = tx.execute("DELETE FROM document_blocks WHERE subject = $1", params![block.as_str()])?;
    if removed == 1 {
        event::append(tx, of_block(Action::ClientDocumentUnblock, block))?;
    }
    let marked = let_in(tx, block)?;
    Ok(if removed == 0 && marked == 0 { None } else { Some(marked) })
}

/// Switches on some of the apps that a block was about, and returns how many. What a block covers stays blocked, also one that was made
/// since.
pub fn let_in(tx: &mut dyn Tx, block: &DocumentBlock) -> Result<usize, StoreError> {
    tx.lock(Owner::Installation)?;
    let sql = match block {
        DocumentBlock::Host(_) => {
            "UPDATE client_documents SET blocked = 0 WHERE app_id IN
                (SELECT app_id FROM client_documents WHERE host = $1 AND blocked = 1
                    AND host NOT IN (SELECT subject FROM document_blocks)
                    AND url NOT IN (SELECT subject FROM document_blocks) ORDER BY app_id LIMIT $2)
             RETURNING app_id"
        }
        DocumentBlock::Document(_) => {
            "UPDATE client_documents SET blocked = 0 WHERE app_id IN
                (SELECT app_id FROM client_documents WHERE url = $1 AND blocked = 1
                    AND host NOT IN (SELECT subject FROM document_blocks)
                    AND url NOT IN (SELECT subject FROM document_blocks) ORDER BY app_id LIMIT $2)
             RETURNING app_id"
        }
    };
    mark(tx, sql, block)
}

fn mark(tx: &mut dyn Tx, sql: &'static str, block: &DocumentBlock) -> Result<usize, StoreError> {
    let rows = tx.query_all(sql, params![block.as_str(), BATCH])?;
    for row in &rows {
        let app_id = AppId::from_text(row.text(0)?);
        tx.changed(cached::CLIENT_DOCUMENT, app_id.as_str())?;
        event::append(tx, recorded(Action::AppChange, &app_id, vec!["disabled".to_owned()]))?;
    }
    Ok(rows.len())
}

fn of_block(action: Action, block: &DocumentBlock) -> NewEvent {
    NewEvent::new(action).within(&OrgId::operator()).to(Target::ClientDocument(block.as_str().to_owned()))
}

/// Since when a host or document is blocked, if it is.
pub fn find_block(tx: &mut dyn Tx, block: &DocumentBlock) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT created_at FROM document_blocks WHERE subject = $1";
    tx.query_opt(sql, params![block.as_str()])?.map(|row| row.timestamp(0)).transpose()
}

/// Every host and document that is blocked, in order, after `after`; at most `limit`.
pub fn list_blocks(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let sql = "SELECT subject, created_at FROM document_blocks WHERE subject > $1 ORDER BY subject LIMIT $2";
    let rows = tx.query_all(sql, params![after, i64::from(limit)])?;
    rows.iter().map(|row| Ok((row.text(0)?, row.timestamp(1)?))).collect()
}

/// At most `limit` documents, oldest first, after the one of the app `after`; of one host if it is named.
pub fn list(tx: &mut dyn Tx, host: Option<&str>, after: &str, limit: u32) -> Result<Vec<Remembered>, StoreError> {
    let rows = match host {
        None => tx.query_all(select!("app_id > $1 ORDER BY app_id LIMIT $2"), params![after, i64::from(limit)])?,
        Some(host) => tx.query_all(
            select!("host = $1 AND app_id > $2 ORDER BY app_id LIMIT $3"),
            params![host, after, i64::from(limit)],
        )?,
    };
    rows.iter().map(decode).collect()
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
        used: row.bool(7)?,
        blocked: row.bool(8)?,
        logo: row.opt_text(9)?,
    })
}

fn text(document: &ClientDocument) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Failed(error.to_string()))
}
