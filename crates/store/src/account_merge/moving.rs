//! What an account has besides its workspaces, and what becomes of it in a merge. `$1` is the account that goes, `$2` the one that
//! stays.

use sigma_core::authentication::Methods;
use sigma_core::ids::UserId;
use sigma_core::merge::MergeRefusal;
use sigma_core::time::Timestamp;

use super::Decision;
use crate::email_change::MOST_ADDRESSES;
use crate::key_addition::MOST_KEYS;
use crate::profile::MOST_PROFILES;
use crate::wallet::MOST_WALLETS;
use crate::{StoreError, Tx, backup, identity, params, passkey, password, provider_account};

/// Moved as it is. Nothing of it can be in the way of what the other account has.
const MOVED: [&str; 11] = [
    "UPDATE identities SET user_id = $2 WHERE user_id = $1",
    "UPDATE identity_keys SET user_id = $2 WHERE user_id = $1",
    "UPDATE pictures SET user_id = $2 WHERE user_id = $1",
    "UPDATE provider_accounts SET user_id = $2 WHERE user_id = $1",
    // The authenticator takes them to be of the account that goes.
    "UPDATE passkeys SET user_id = $2,
        handle = COALESCE(handle, (SELECT h.handle FROM user_handles h WHERE h.user_id = $1)) WHERE user_id = $1",
    "UPDATE credentials SET user_id = $2 WHERE user_id = $1 AND kind IN ('key', 'passkey', 'provider')",
    "UPDATE scim_connections SET made_by = $2 WHERE made_by = $1",
    "UPDATE registrations SET made_by = $2 WHERE made_by = $1",
    // What the org has a record of, whether answered or not. What apps were let see is not: see below.
    "UPDATE merits SET user_id = $2 WHERE user_id = $1 AND access = 0",
    "UPDATE impersonators SET user_id = $2 WHERE user_id = $1 AND NOT EXISTS
        (SELECT 1 FROM impersonators k WHERE k.org_id = impersonators.org_id AND k.user_id = $2)",
    "UPDATE emails SET user_id = $2 WHERE user_id = $1",
];

/// Ends with the account. Apps were let see one account, and its merits: for the other they ask again.
const ENDED: [&str; 17] = [
    "DELETE FROM merits WHERE user_id = $1",
    "DELETE FROM merit_claims WHERE holder_id = $1",
    "DELETE FROM merit_claims WHERE claimant_id = $1",
    "DELETE FROM impersonators WHERE user_id = $1",
    "DELETE FROM impersonations WHERE user_id = $1",
    "DELETE FROM agents WHERE user_id = $1",
    "DELETE FROM consents WHERE user_id = $1",
    "DELETE FROM interactions WHERE user_id = $1",
    "DELETE FROM one_time_links WHERE user_id = $1",
    "DELETE FROM email_additions WHERE user_id = $1",
    "DELETE FROM device_throttle WHERE user_id = $1",
    "DELETE FROM known_devices WHERE user_id = $1",
    "DELETE FROM user_handles WHERE user_id = $1",
    "DELETE FROM totp_secrets WHERE user_id = $1",
    "DELETE FROM recovery_codes WHERE user_id = $1",
    "DELETE FROM credentials WHERE user_id = $1",
    "DELETE FROM people_unindexed WHERE user_id = $1",
];

/// Refuses accounts that together have more than one may have.
pub(super) fn refuse_too_many(tx: &mut dyn Tx, gone: &UserId, kept: &UserId) -> Decision<()> {
    for (counted, most) in [
        ("SELECT count(*) FROM emails WHERE user_id IN ($1, $2)", MOST_ADDRESSES),
        ("SELECT count(*) FROM identities WHERE user_id IN ($1, $2)", identity::MOST_IDENTITIES),
        ("SELECT count(*) FROM profiles WHERE user_id IN ($1, $2)", MOST_PROFILES),
        ("SELECT count(*) FROM wallets WHERE user_id IN ($1, $2)", MOST_WALLETS),
        ("SELECT count(*) FROM provider_accounts WHERE user_id IN ($1, $2)", provider_account::MOST),
        ("SELECT count(*) FROM credentials WHERE kind = 'key' AND user_id IN ($1, $2)", MOST_KEYS),
        ("SELECT count(*) FROM passkeys WHERE user_id IN ($1, $2)", passkey::MOST),
    ] {
        let count = tx.query_opt(counted, params![gone, kept])?.map_or(Ok(0), |row| row.int(0))?;
        if usize::try_from(count).is_ok_and(|count| count > most) {
            return Err(MergeRefusal::TooMuch.into());
        }
    }
    let sizes =
        "SELECT CAST(COALESCE(sum(size), 0) AS BIGINT), count(DISTINCT bap_id) FROM backups WHERE user_id IN ($1, $2)";
    if let Some(row) = tx.query_opt(sizes, params![gone, kept])?
        && (row.int(0)? > backup::MOST_PER_ACCOUNT || row.int(1)? > backup::MOST_IDENTITIES)
    {
        return Err(MergeRefusal::TooMuch.into());
    }
    Ok(())
}

/// Moves what can be moved, and deletes the rest.
pub(super) fn move_all(
    tx: &mut dyn Tx,
    gone: &UserId,
    kept: &UserId,
    methods: &Methods,
    now: Timestamp,
) -> Result<(), StoreError> {
    let both = params![gone, kept];
    // Nobody has proven to read their mail.
    tx.execute("DELETE FROM emails WHERE user_id = $1 AND proven_at IS NULL", params![gone])?;
    // Of what an account has one of that counts first, the one that stays keeps its own.
    if tx.query_opt("SELECT 1 FROM emails WHERE user_id = $1 AND is_primary = 1", params![kept])?.is_some() {
        tx.execute("UPDATE emails SET is_primary = 0 WHERE user_id = $1", params![gone])?;
    }
    if identity::find_primary(tx, kept)?.is_some() {
        tx.execute("UPDATE identities SET is_primary = 0 WHERE user_id = $1", params![gone])?;
    }
    tx.execute(
        "UPDATE wallets SET is_primary = 0 WHERE user_id = $1 AND EXISTS
            (SELECT 1 FROM wallets k WHERE k.user_id = $2 AND k.bap_id = wallets.bap_id AND k.is_primary = 1)",
        both,
    )?;
    for (moved, rest) in [
        (
            "UPDATE wallets SET user_id = $2 WHERE user_id = $1 AND NOT EXISTS
                (SELECT 1 FROM wallets k WHERE k.user_id = $2 AND k.bap_id = wallets.bap_id AND k.address = wallets.address)",
            "DELETE FROM wallets WHERE user_id = $1",
        ),
        (
            "UPDATE backups SET user_id = $2 WHERE user_id = $1 AND NOT EXISTS
                (SELECT 1 FROM backups k WHERE k.user_id = $2 AND k.bap_id = backups.bap_id AND k.hash = backups.hash)",
            "DELETE FROM backups WHERE user_id = $1",
        ),
    ] {
        tx.execute(moved, both)?;
        tx.execute(rest, params![gone])?;
    }
    tx.execute(
        "UPDATE profiles SET user_id = $2 WHERE user_id = $1 AND NOT EXISTS
            (SELECT 1 FROM profiles k WHERE k.user_id = $2 AND k.bap_id = profiles.bap_id)",
        both,
    )?;
    tx.execute(
        "UPDATE pictures SET delete_after = $2 WHERE user_id = $1 AND id IN
            (SELECT picture FROM profiles WHERE user_id = $1 AND picture IS NOT NULL)",
        params![gone, now],
    )?;
    tx.execute("DELETE FROM profiles WHERE user_id = $1", params![gone])?;
    move_password(tx, gone, kept, methods)?;
    for sql in MOVED {
        tx.execute(sql, both)?;
    }
    for sql in ENDED {
        tx.execute(sql, params![gone])?;
    }
    Ok(())
}

/// The account that stays keeps its password; without one it gets that of the other, except by a provider's word alone: whoever has
/// the account there would have this one for good.
fn move_password(tx: &mut dyn Tx, gone: &UserId, kept: &UserId, methods: &Methods) -> Result<(), StoreError> {
    if methods.is_federated_alone() || password::find(tx, kept)?.is_some() {
        return password::remove(tx, gone);
    }
    tx.execute("UPDATE passwords SET user_id = $2 WHERE user_id = $1", params![gone, kept])?;
    tx.execute(
        "UPDATE credentials SET user_id = $2, id = $2 WHERE kind = 'password' AND user_id = $1",
        params![gone, kept],
    )?;
    Ok(())
}
