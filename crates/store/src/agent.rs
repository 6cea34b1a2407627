//! Agents: apps that act for the one person who made them, within a consent of their own (`docs/spec/token-exchange.md#agents`).

use sigma_core::app::App;
use sigma_core::code::Authorization;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::{AppId, GrantId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::app::{self, Added, from_texts};
use crate::event::{self, NewEvent};
use crate::{Owner, Row, StoreError, Tx, app_access, cached, grant, params};

/// Most agents of a person.
pub const MOST: i64 = 10;

/// An agent that is about to be made.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// The app.
    pub app: App,
    /// Its grant.
    pub grant_id: GrantId,
    /// What the person lets it do.
    pub authorization: Authorization,
    /// The current time.
    pub now: Timestamp,
    /// When its access ends.
    pub expires_at: Timestamp,
}

/// What became of an agent that was about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It was made.
    Made,
    /// The person has as many as they may.
    TooMany,
    /// The person may not give access any more: they were signed out meanwhile, or their account is disabled or to be deleted.
    MayNot,
}

/// Makes an agent.
pub fn create(tx: &mut dyn Tx, new: &NewAgent) -> Result<Created, StoreError> {
    let NewAgent { app, grant_id, authorization, now, expires_at } = new;
    let user_id = &authorization.user_id;
    // Under this lock nobody else makes an app: the count holds.
    tx.lock(Owner::Installation)?;
    tx.lock(Owner::Org(&app.org_id))?;
    tx.lock(Owner::User(user_id))?;
    if !app_access::may_be_given(tx, user_id, &authorization.session_id, *now)? {
        return Ok(Created::MayNot);
    }
    let counted = tx.query_opt("SELECT COUNT(*) FROM agents WHERE user_id = $1", params![user_id])?;
    if counted.map_or(Ok(0), |row| row.int(0))? >= MOST || app::insert(tx, app, Details::default())? != Added::Added {
        return Ok(Created::TooMany);
    }
    grant::begin_alone(tx, grant_id, authorization, *now, *expires_at)?;
    tx.execute(
        "INSERT INTO agents (app_id, user_id, grant_id, scope, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        params![&app.id, user_id, grant_id, authorization.scope.to_string(), *now, *expires_at],
    )?;
    let details = Details { scope: Some(authorization.scope.to_string()), ..Details::default() };
    let event = NewEvent::new(Action::AgentCreate).about(user_id).to(Target::App(app.id.clone())).with(details);
    event::append_bounded(tx, event, user_id, *now)?;
    Ok(Created::Made)
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The app.
    pub app_id: AppId,
    /// Whose it is.
    pub user_id: UserId,
    /// Its grant.
    pub grant_id: GrantId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scope: Scopes,
    /// At which APIs, by URI; none once its grant is forgotten.
    pub resources: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its access ends.
    pub expires_at: Timestamp,
    /// Whether it has ended: by itself, or as all access does when the deletion of the account is requested.
    pub is_over: bool,
}

/// The columns of an agent, before the condition.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.app_id, a.user_id, a.grant_id, p.name, a.scope, a.created_at, a.expires_at,
                CASE WHEN g.id IS NULL OR g.revoked_at IS NOT NULL THEN 1 ELSE 0 END, COALESCE(g.resources, '[]')
             FROM agents a JOIN apps p ON p.id = a.app_id LEFT JOIN grants g ON g.id = a.grant_id WHERE ",
            $rest
        )
    };
}

/// The agent that this app is.
pub fn find(tx: &mut dyn Tx, app_id: &AppId) -> Result<Option<Agent>, StoreError> {
    tx.query_opt(select!("a.app_id = $1"), params![app_id])?.map(|row| decode(&row)).transpose()
}

/// The agents of a person, oldest first.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<Agent>, StoreError> {
    tx.query_all(select!("a.user_id = $1 ORDER BY a.app_id LIMIT 100"), params![user_id])?.iter().map(decode).collect()
}

/// Stops an agent of a person for good: its tokens become invalid, and the app is removed. Returns whether there was one.
pub fn stop(tx: &mut dyn Tx, user_id: &UserId, app_id: &AppId, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::Installation)?;
    tx.lock(Owner::User(user_id))?;
    let removed = tx.query_opt(
        "DELETE FROM agents WHERE app_id = $1 AND user_id = $2 RETURNING grant_id",
        params![app_id, user_id],
    )?;
    let Some(row) = removed else { return Ok(false) };
    let grant_id = row.text(0)?;
    tx.execute("UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", params![&grant_id, now])?;
    tx.changed(cached::GRANT, &grant_id)?;
    app::remove(tx, app_id, now)?;
    let event = NewEvent::new(Action::AgentStop).about(user_id).to(Target::App(app_id.clone()));
    event::append_bounded(tx, event, user_id, now)?;
    Ok(true)
}

fn decode(row: &Row) -> Result<Agent, StoreError> {
    Ok(Agent {
        app_id: AppId::from_text(row.text(0)?),
        user_id: UserId::from_text(row.text(1)?),
        grant_id: GrantId::from_text(row.text(2)?),
        name: row.text(3)?,
        scope: Scopes::parse(&row.text(4)?),
        created_at: row.timestamp(5)?,
        expires_at: row.timestamp(6)?,
        is_over: row.int(7)? == 1,
        resources: from_texts(row, 8)?,
    })
}
