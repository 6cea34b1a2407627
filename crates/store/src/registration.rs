//! Apps that registered themselves (RFC 7591, RFC 7592), and those that people made for themselves.

use std::time::Duration;

use sigma_core::app::App;
use sigma_core::branding::Branding;
use sigma_core::digest::Digest;
use sigma_core::event::Details;
use sigma_core::ids::{AppId, JobId, UserId};
use sigma_core::time::Timestamp;

use crate::app::{self, Added};
use crate::branding::Branded;
use crate::job_queue::{self, NewJob};
use crate::{Owner, StoreError, Tx, app_invitation, branding, client_document, logo, params};

/// For how long an app that registered itself gives way to no other.
const SPARED: Duration = Duration::from_hours(1);

/// An app that registers itself.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The app.
    pub app: App,
    /// The digest of the token that manages it.
    pub token: Digest,
    /// The digest of the initial access token that it came with.
    pub invitation: Option<Digest>,
    /// Its links.
    pub branding: Branding,
    /// The id of the job that fetches its logo.
    pub logo_job: JobId,
    /// How long it is kept without being used.
    pub keep_unused: Duration,
    /// The most apps that may be registered at once.
    pub most: u64,
}

/// The outcome of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It is registered.
    Registered,
    /// The initial access token is unknown, expired or used up.
    InvalidInvitation,
    /// There are as many registered apps as there may be.
    Full,
}

/// Registers an app, and counts the use of its initial access token.
pub fn register(tx: &mut dyn Tx, new: &NewRegistration, now: Timestamp) -> Result<Registered, StoreError> {
    // Under this lock nobody else registers: the count holds.
    tx.lock(Owner::Installation)?;
    if !make_room(tx, new.most, now)? {
        return Ok(Registered::Full);
    }
    let invitation_id = match &new.invitation {
        None => None,
        Some(hash) => match app_invitation::spend(tx, hash, now)? {
            None => return Ok(Registered::InvalidInvitation),
            Some(id) => Some(id),
        },
    };
    let details = Details { method: Some("registration".to_owned()), ..Details::default() };
    if app::add_with(tx, &new.app, details)? == Added::ClientIdTaken {
        return Err(StoreError::Failed("a new client id is taken".to_owned()));
    }
    tx.execute(
        "INSERT INTO registrations (app_id, token_hash, invitation_id, expires_at) VALUES ($1, $2, $3, $4)",
        params![&new.app.id, new.token, invitation_id, now.plus(new.keep_unused)],
    )?;
    brand(tx, &new.app, &new.branding, now)?;
    fetch_logo(tx, &new.app, &new.logo_job, now)?;
    Ok(Registered::Registered)
}

/// Queues the fetching of an app's logo. Where too many wait, the app has none.
fn fetch_logo(tx: &mut dyn Tx, app: &App, job: &JobId, now: Timestamp) -> Result<(), StoreError> {
    if app.metadata.logo_uri.is_some() {
        let payload = app.id.to_string();
        let job = NewJob { id: job.clone(), kind: logo::JOB, org_id: None, payload, run_at: None, now };
        job_queue::enqueue(tx, &job)?;
    }
    Ok(())
}

/// Shows the logo `object` for an app whose logo is still at `logo_uri`, whether it is registered or a document describes it.
pub fn set_logo(
    tx: &mut dyn Tx,
    app_id: &AppId,
    logo_uri: &str,
    object: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if client_document::set_logo(tx, app_id, logo_uri, object, now)? {
        return Ok(());
    }
    let Some(app) = app::find(tx, app_id)?.filter(|app| app.metadata.logo_uri.as_deref() == Some(logo_uri)) else {
        return logo::give_up(tx, object, now);
    };
    let whose = Branded::App(app.id.clone(), app.org_id.clone());
    let before = branding::find(tx, &whose)?;
    if before.logo.as_deref() == Some(object) {
        return Ok(());
    }
    branding::set(tx, &whose, &Branding { logo: Some(object.to_owned()), ..before }, now)
}

/// Whether there is room for one more app that the operator did not register, of at most `most`. One that nobody invited or ever
/// used, and that registered itself more than an hour ago, gives way: so nobody who registers apps without end keeps others out.
pub(crate) fn make_room(tx: &mut dyn Tx, most: u64, now: Timestamp) -> Result<bool, StoreError> {
    if count(tx)? < most {
        return Ok(true);
    }
    let oldest = tx.query_opt(
        "SELECT r.app_id FROM registrations r JOIN apps a ON a.id = r.app_id
         WHERE r.expires_at > 0 AND r.last_used_at IS NULL AND r.invitation_id IS NULL AND r.made_by IS NULL
            AND a.created_at <= $1
         ORDER BY r.expires_at, r.app_id LIMIT 1",
        params![now.minus(SPARED)],
    )?;
    let Some(row) = oldest else { return Ok(false) };
    let details = Details { reason: Some("unused".to_owned()), ..Details::default() };
    app::remove_with(tx, &AppId::from_text(row.text(0)?), details, now)
}

/// How many apps have registered themselves or were made by people.
fn count(tx: &mut dyn Tx) -> Result<u64, StoreError> {
    let row = tx.query_opt("SELECT count(*) FROM registrations", params![])?;
    row.map_or(Ok(0), |row| Ok(u64::try_from(row.int(0)?).unwrap_or(0)))
}

/// Keeps the links of an app where pages find them.
fn brand(tx: &mut dyn Tx, app: &App, links: &Branding, now: Timestamp) -> Result<(), StoreError> {
    let whose = Branded::App(app.id.clone(), app.org_id.clone());
    let before = branding::find(tx, &whose)?;
    let after =
        Branding { terms_url: links.terms_url.clone(), privacy_url: links.privacy_url.clone(), ..before.clone() };
    if before == after { Ok(()) } else { branding::set(tx, &whose, &after, now) }
}

/// The app of that id, if `token` manages its registration.
pub fn find_managed(tx: &mut dyn Tx, app_id: &AppId, token: &Digest) -> Result<Option<App>, StoreError> {
    let row = tx.query_opt("SELECT token_hash FROM registrations WHERE app_id = $1", params![app_id])?;
    let stored = match row {
        None => None,
        Some(row) => row.opt_digest(0)?,
    };
    // Digests are compared in constant time.
    if stored.is_some_and(|stored| stored == *token) { app::find(tx, app_id) } else { Ok(None) }
}

/// Replaces the metadata of an app whose registration `token` manages; returns whether it does.
pub fn replace(
    tx: &mut dyn Tx,
    app: &App,
    token: &Digest,
    links: &Branding,
    logo_job: &JobId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    tx.lock(Owner::Installation)?;
    let Some(before) = find_managed(tx, &app.id, token)? else { return Ok(false) };
    // The operator may have changed it since it was read.
    let app = &app.clone().with_rights_of(&before);
    app::update(tx, app)?;
    brand(tx, app, links, now)?;
    if before.metadata.logo_uri != app.metadata.logo_uri {
        fetch_logo(tx, app, logo_job, now)?;
    }
    Ok(true)
}

/// Removes an app whose registration `token` manages; returns whether it does.
pub fn remove(tx: &mut dyn Tx, app_id: &AppId, token: &Digest, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::Installation)?;
    if find_managed(tx, app_id, token)?.is_none() {
        return Ok(false);
    }
    app::remove(tx, app_id, now)
}

/// Records that an app which may expire was used; it is kept for `keep_unused` from now on.
pub fn touch(tx: &mut dyn Tx, app_id: &AppId, keep_unused: Duration, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE registrations SET last_used_at = $2,
            expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END
         WHERE app_id = $1",
        params![app_id, now, now.plus(keep_unused)],
    )?;
    Ok(())
}

/// Keeps an app that the operator approved: it no longer expires.
pub fn keep(tx: &mut dyn Tx, app_id: &AppId) -> Result<(), StoreError> {
    tx.execute("UPDATE registrations SET expires_at = NULL WHERE app_id = $1", params![app_id])?;
    Ok(())
}

/// Removes one app that was not used for as long as it is kept; returns whether there was one.
pub fn remove_unused(tx: &mut dyn Tx, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::Installation)?;
    let due = "SELECT app_id FROM registrations WHERE expires_at <= $1 ORDER BY expires_at, app_id LIMIT 1";
    let Some(row) = tx.query_opt(due, params![now])? else { return Ok(false) };
    let app_id = AppId::from_text(row.text(0)?);
    let details = Details { reason: Some("unused".to_owned()), ..Details::default() };
    if !app::remove_with(tx, &app_id, details, now)? {
        tx.execute("DELETE FROM registrations WHERE app_id = $1", params![&app_id])?;
    }
    Ok(true)
}

/// The user who made an app.
pub fn maker(tx: &mut dyn Tx, app_id: &AppId) -> Result<Option<UserId>, StoreError> {
    let row = tx.query_opt("SELECT made_by FROM registrations WHERE app_id = $1", params![app_id])?;
    row.map_or(Ok(None), |row| Ok(row.opt_text(0)?.map(UserId::from_text)))
}
