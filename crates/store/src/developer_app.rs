//! Apps that people made for themselves: each belongs to one person, who alone changes and removes it.

use sigma_bitcoin::BapId;
use sigma_core::app::App;
use sigma_core::event::Details;
use sigma_core::ids::{AppId, UserId};
use sigma_core::time::Timestamp;

use crate::app::{self, Added};
use crate::error::Stop;
use crate::{Owner, StoreError, Tx, params, registration};

/// The most apps of a person.
pub const MOST_PER_PERSON: usize = 20;

/// An app, and as whom its person made it.
#[derive(Clone, Debug)]
pub struct DeveloperApp {
    /// The app.
    pub app: App,
    /// The identity, if one was named.
    pub made_as: Option<BapId>,
}

/// Why an app was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeveloperRefusal {
    /// The client id belongs, or once belonged, to an app.
    ClientIdTaken,
    /// The person has as many as they may have.
    TooMany,
    /// There are as many registered apps as there may be.
    Full,
}

/// Makes an app for `user_id`; at most `most` apps exist that the operator did not register.
pub fn add(tx: &mut dyn Tx, new: &DeveloperApp, user_id: &UserId, most: u64) -> Result<(), Stop<DeveloperRefusal>> {
    let now = new.app.created_at;
    // Under this lock nobody else makes an app: the counts hold.
    tx.lock(Owner::Installation)?;
    if !registration::make_room(tx, most, now)? {
        return Err(Stop::Refused(DeveloperRefusal::Full));
    }
    if count(tx, user_id)? >= MOST_PER_PERSON {
        return Err(Stop::Refused(DeveloperRefusal::TooMany));
    }
    let details = Details { method: Some("developer".to_owned()), ..Details::default() };
    if app::add_with(tx, &new.app, details)? == Added::ClientIdTaken {
        return Err(Stop::Refused(DeveloperRefusal::ClientIdTaken));
    }
    tx.execute(
        "INSERT INTO registrations (app_id, made_by, made_as) VALUES ($1, $2, $3)",
        params![&new.app.id, user_id, new.made_as.as_ref().map(ToString::to_string)],
    )?;
    Ok(())
}

fn count(tx: &mut dyn Tx, user_id: &UserId) -> Result<usize, StoreError> {
    let row = tx.query_opt("SELECT count(*) FROM registrations WHERE made_by = $1", params![user_id])?;
    row.map_or(Ok(0), |row| Ok(usize::try_from(row.int(0)?).unwrap_or(0)))
}

/// The apps that a person made, oldest first.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<DeveloperApp>, StoreError> {
    let rows = tx.query_all(
        "SELECT app_id, made_as FROM registrations WHERE made_by = $1 ORDER BY app_id LIMIT 20",
        params![user_id],
    )?;
    let mut apps = Vec::with_capacity(rows.len());
    for row in rows {
        let made_as = row.opt_bap_id(1)?;
        if let Some(app) = app::find(tx, &AppId::from_text(row.text(0)?))? {
            apps.push(DeveloperApp { app, made_as });
        }
    }
    Ok(apps)
}

/// The app of that id, if `user_id` made it.
pub fn find(tx: &mut dyn Tx, user_id: &UserId, app_id: &AppId) -> Result<Option<DeveloperApp>, StoreError> {
    let row =
        tx.query_opt("SELECT made_as FROM registrations WHERE made_by = $1 AND app_id = $2", params![user_id, app_id])?;
    let Some(row) = row else { return Ok(None) };
    let made_as = row.opt_bap_id(0)?;
    Ok(app::find(tx, app_id)?.map(|app| DeveloperApp { app, made_as }))
}

/// Writes what `user_id` may say of an app that they made; returns whether they did. Everything else stays as it is: the operator may
/// have changed it since the app was read.
pub fn describe(tx: &mut dyn Tx, user_id: &UserId, app: &App) -> Result<bool, StoreError> {
    change(tx, user_id, app, |current| App {
        name: app.name.clone(),
        application_type: app.application_type,
        redirect_uris: app.redirect_uris.clone(),
        post_logout_redirect_uris: app.post_logout_redirect_uris.clone(),
        pubkey: app.pubkey,
        dynamic: current.dynamic || app.dynamic,
        updated_at: app.updated_at,
        ..current
    })
}

/// Writes the secret of an app that `user_id` made; returns whether they did.
pub fn set_secret(tx: &mut dyn Tx, user_id: &UserId, app: &App) -> Result<bool, StoreError> {
    change(tx, user_id, app, |current| App {
        secret: app.secret,
        former_secret: None,
        updated_at: app.updated_at,
        ..current
    })
}

fn change(tx: &mut dyn Tx, user_id: &UserId, app: &App, changed: impl FnOnce(App) -> App) -> Result<bool, StoreError> {
    tx.lock(Owner::Installation)?;
    let Some(found) = find(tx, user_id, &app.id)? else { return Ok(false) };
    app::update(tx, &changed(found.app))
}

/// Removes an app that `user_id` made; returns whether they did.
pub fn remove(tx: &mut dyn Tx, user_id: &UserId, app_id: &AppId, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::Installation)?;
    if find(tx, user_id, app_id)?.is_none() {
        return Ok(false);
    }
    app::remove(tx, app_id, now)
}
