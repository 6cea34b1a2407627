//! Consent, remembered per user, app and identity (contract 1.3).

use sigma_core::authorize::Consent;
use sigma_core::ids::{ClientId, UserId};
use sigma_core::scope::Scopes;
use sigma_core::time::Timestamp;

use crate::{Owner, StoreError, Tx, params};

/// What was consented to, for that user, app and identity.
pub fn find(
    tx: &mut dyn Tx,
    user_id: &UserId,
    client_id: &ClientId,
    bap_id: Option<&str>,
) -> Result<Option<Consent>, StoreError> {
    let row = tx.query_opt(
        "SELECT scope FROM consents WHERE user_id = $1 AND client_id = $2 AND bap_id = $3",
        params![user_id, client_id, bap_id.unwrap_or_default()],
    )?;
    row.map(|row| Ok(Consent { scope: Scopes::parse(&row.text(0)?) })).transpose()
}

/// Adds `scope` to what was consented to.
pub fn remember(
    tx: &mut dyn Tx,
    user_id: &UserId,
    client_id: &ClientId,
    bap_id: Option<&str>,
    scope: &Scopes,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.lock(Owner::User(user_id))?;
    let before = find(tx, user_id, client_id, bap_id)?.unwrap_or_default();
    tx.execute(
        "INSERT INTO consents (user_id, client_id, bap_id, scope, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (user_id, client_id, bap_id) DO UPDATE SET scope = excluded.scope, updated_at = excluded.updated_at",
        params![user_id, client_id, bap_id.unwrap_or_default(), before.scope.union(scope).to_string(), now],
    )?;
    Ok(())
}
