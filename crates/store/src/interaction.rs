//! Interactions of signed-in users: their choices on our pages, and which have ended. Before sign-in an interaction is
//! a sealed value in the page's address and leaves no row.

use sigma_core::authorize::Interaction;
use sigma_core::digest::Digest;
use sigma_core::ids::{OrgId, UserId};
use sigma_core::interaction::Continuation;
use sigma_core::time::Timestamp;

use crate::{Owner, Row, StoreError, Tx, params};

/// Most open interactions per account. Beyond that the choices in the oldest are dropped.
pub const MOST_OPEN: u32 = 50;

/// An interaction as stored.
#[derive(Clone, Debug)]
pub struct StoredInteraction {
    /// 128 random bits.
    pub id: String,
    /// The digest of the browser's cookie.
    pub browser: Digest,
    /// What the person came for.
    pub continuation: Continuation,
    /// The choices so far.
    pub state: Interaction,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The state of an interaction.
#[derive(Clone, Debug)]
pub enum Known {
    /// It goes on.
    Open(StoredInteraction),
    /// It has ended.
    Finished,
}

/// The interaction of that id, unless it expired or was never stored.
pub fn find(tx: &mut dyn Tx, id: &str, now: Timestamp) -> Result<Option<Known>, StoreError> {
    tx.query_opt(
        "SELECT id, browser_hash, request, user_id, bap_id, account_chosen, consented, started_at, expires_at, org_id
         FROM interactions WHERE id = $1 AND expires_at > $2",
        params![id, now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Stores an interaction of `user_id` for which a page is about to be shown, if it is not stored yet.
pub fn open(tx: &mut dyn Tx, interaction: &StoredInteraction, user_id: &UserId) -> Result<(), StoreError> {
    make_room(tx, interaction, user_id)?;
    let state = &interaction.state;
    tx.execute(
        "INSERT INTO interactions (id, browser_hash, request, user_id, bap_id, account_chosen, consented, started_at,
            expires_at, org_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (id) DO NOTHING",
        params![
            &interaction.id,
            interaction.browser,
            encode(&interaction.continuation)?,
            user_id,
            state.bap_id.as_ref(),
            state.account_chosen,
            state.consented,
            state.started_at,
            interaction.expires_at,
            state.org_id.as_ref()
        ],
    )?;
    Ok(())
}

/// Records the choices of `user_id`, and the request that they consented to; choices of an earlier user are dropped.
/// Returns whether it is still open.
pub fn record(tx: &mut dyn Tx, interaction: &StoredInteraction, user_id: &UserId) -> Result<bool, StoreError> {
    make_room(tx, interaction, user_id)?;
    let state = &interaction.state;
    let recorded = tx.execute(
        "INSERT INTO interactions (id, browser_hash, request, user_id, bap_id, account_chosen, consented, started_at,
            expires_at, org_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (id) DO UPDATE SET request = excluded.request, user_id = excluded.user_id,
            bap_id = excluded.bap_id, account_chosen = excluded.account_chosen, consented = excluded.consented,
            org_id = excluded.org_id
         WHERE interactions.request IS NOT NULL",
        params![
            &interaction.id,
            interaction.browser,
            encode(&interaction.continuation)?,
            user_id,
            state.bap_id.as_ref(),
            state.account_chosen,
            state.consented,
            state.started_at,
            interaction.expires_at,
            state.org_id.as_ref()
        ],
    )?;
    Ok(recorded == 1)
}

/// The end of an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// It was still open: a request has only one response.
    pub is_first: bool,
    /// Others are open in the same browser.
    pub others: bool,
}

/// Ends an interaction: until its expiry, only the fact that it ended remains.
pub fn end(tx: &mut dyn Tx, interaction: &StoredInteraction, now: Timestamp) -> Result<Ending, StoreError> {
    let is_first = finish(tx, interaction)?;
    Ok(Ending { is_first, others: has_open(tx, &interaction.browser, now)? })
}

/// Ends an interaction; returns whether it was open.
fn finish(tx: &mut dyn Tx, interaction: &StoredInteraction) -> Result<bool, StoreError> {
    let finished = tx.execute(
        "INSERT INTO interactions (id, browser_hash, request, user_id, bap_id, account_chosen, consented, started_at,
            expires_at)
         VALUES ($1, $2, NULL, NULL, NULL, 0, 0, $3, $4)
         ON CONFLICT (id) DO UPDATE SET request = NULL, user_id = NULL, bap_id = NULL, org_id = NULL
         WHERE interactions.request IS NOT NULL",
        params![&interaction.id, interaction.browser, interaction.state.started_at, interaction.expires_at],
    )?;
    Ok(finished == 1)
}

/// Whether signed-in users have open interactions in that browser.
pub fn has_open(tx: &mut dyn Tx, browser: &Digest, now: Timestamp) -> Result<bool, StoreError> {
    let open = tx.query_opt(
        "SELECT 1 FROM interactions WHERE browser_hash = $1 AND request IS NOT NULL AND expires_at > $2 LIMIT 1",
        params![browser, now],
    )?;
    Ok(open.is_some())
}

fn make_room(tx: &mut dyn Tx, interaction: &StoredInteraction, user_id: &UserId) -> Result<(), StoreError> {
    tx.lock(Owner::User(user_id))?;
    tx.execute(
        "DELETE FROM interactions WHERE id IN (
            SELECT id FROM interactions WHERE user_id = $1 AND id <> $2 ORDER BY started_at DESC, id DESC LIMIT 500 OFFSET $3)",
        params![user_id, &interaction.id, i64::from(MOST_OPEN - 1)],
    )?;
    Ok(())
}

fn encode(continuation: &Continuation) -> Result<String, StoreError> {
    if matches!(continuation, Continuation::Invitation { .. } | Continuation::FirstOwner { .. }) {
        return Err(StoreError::Failed("the secret of such a link is not stored".to_owned()));
    }
    serde_json::to_string(continuation).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn decode(row: &Row) -> Result<Known, StoreError> {
    if row.opt_text(2)?.is_none() {
        return Ok(Known::Finished);
    }
    Ok(Known::Open(StoredInteraction {
        id: row.text(0)?,
        browser: row.digest(1)?,
        continuation: row.parsed(2, "an interaction", |text| serde_json::from_str(text).ok())?,
        state: Interaction {
            user_id: row.opt_text(3)?.map(UserId::from_text),
            bap_id: row.opt_bap_id(4)?,
            account_chosen: row.bool(5)?,
            consented: row.bool(6)?,
            started_at: row.timestamp(7)?,
            org_id: row.opt_text(9)?.map(OrgId::from_text),
        },
        expires_at: row.timestamp(8)?,
    }))
}
