//! Authorization requests on their way through sign-in and consent, each bound to one browser (ruling 15).

use sigma_core::authorize::Interaction;
use sigma_core::digest::Digest;
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;

use crate::{Row, StoreError, Tx, params};

/// An interaction as it is stored.
#[derive(Clone, Debug)]
pub struct StoredInteraction {
    /// 128 random bits, in the address of the pages.
    pub id: String,
    /// The digest of the browser's cookie; none until the browser first shows it (a request that came by POST).
    pub browser: Option<Digest>,
    /// The app.
    pub client_id: String,
    /// The request, as a query string.
    pub query: String,
    /// What it has gathered.
    pub state: Interaction,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// Remembers a new interaction.
pub fn add(tx: &mut dyn Tx, interaction: &StoredInteraction) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO interactions (id, browser_hash, client_id, query, user_id, bap_id, account_chosen, consented,
            started_at, expires_at)
         VALUES ($1, $2, $3, $4, NULL, NULL, 0, 0, $5, $6)",
        params![
            &interaction.id,
            interaction.browser,
            &interaction.client_id,
            &interaction.query,
            interaction.state.started_at,
            interaction.expires_at
        ],
    )?;
    Ok(())
}

/// The interaction of that id, unless it lapsed.
pub fn find(tx: &mut dyn Tx, id: &str, now: Timestamp) -> Result<Option<StoredInteraction>, StoreError> {
    tx.query_opt(
        "SELECT id, browser_hash, client_id, query, user_id, bap_id, account_chosen, consented, started_at, expires_at
         FROM interactions WHERE id = $1 AND expires_at > $2",
        params![id, now],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// Binds an interaction to the first browser that shows it; whether this was the first.
pub fn bind(tx: &mut dyn Tx, id: &str, browser: &Digest) -> Result<bool, StoreError> {
    let bound = tx.execute(
        "UPDATE interactions SET browser_hash = $2 WHERE id = $1 AND browser_hash IS NULL",
        params![id, browser],
    )?;
    Ok(bound == 1)
}

/// Records what `user_id` chose, and the request as they agreed to it; the choices of another user before are dropped.
pub fn record(
    tx: &mut dyn Tx,
    id: &str,
    query: &str,
    state: &Interaction,
    user_id: &UserId,
) -> Result<bool, StoreError> {
    let updated = tx.execute(
        "UPDATE interactions SET query = $2, user_id = $3, bap_id = $4, account_chosen = $5, consented = $6 WHERE id = $1",
        params![id, query, user_id, state.bap_id.as_deref(), state.account_chosen, state.consented],
    )?;
    Ok(updated == 1)
}

/// Forgets an interaction that came to its end; whether it was still there: two answers to one request are one too many.
pub fn finish(tx: &mut dyn Tx, id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute("DELETE FROM interactions WHERE id = $1", params![id])? == 1)
}

fn decode(row: &Row) -> Result<StoredInteraction, StoreError> {
    Ok(StoredInteraction {
        id: row.text(0)?,
        browser: row.opt_digest(1)?,
        client_id: row.text(2)?,
        query: row.text(3)?,
        state: Interaction {
            user_id: row.opt_text(4)?.map(UserId::from_text),
            bap_id: row.opt_text(5)?,
            account_chosen: row.bool(6)?,
            consented: row.bool(7)?,
            started_at: row.timestamp(8)?,
        },
        expires_at: row.timestamp(9)?,
    })
}
