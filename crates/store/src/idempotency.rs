//! Requests that carry an `Idempotency-Key` (`docs/guides/console.md#repeating-requests`). A request is claimed before it is carried
//! out. Each of its transactions records in the same commit that it changed something, and fails if the claim has passed to somebody
//! else, so after a crash it is known whether repeating the request is safe.

use std::time::Duration;

use sigma_core::actor::Initiator;
use sigma_core::digest::Digest;
use sigma_core::time::Timestamp;

use crate::job::Run;
use crate::{Outage, Owner, Row, Stamped, StoreError, Tx, Value, params};

/// How long an answer is kept.
const KEPT: Duration = Duration::from_hours(24);
/// How long a request may take before another process may carry it out, if it changed nothing until then.
const LEASE: Duration = Duration::from_mins(1);
/// Keys of one caller in a day.
pub const MOST_KEYS: i64 = 10_000;

/// A request with a key.
#[derive(Clone, Debug)]
pub struct KeyedRequest {
    /// Who asks.
    pub caller: Digest,
    /// Their key.
    pub key: Digest,
    /// What they ask for.
    pub fingerprint: Digest,
    /// An id of this attempt, never used before.
    pub claim: String,
    /// Now, by the clock of the database.
    pub now: Timestamp,
}

/// The right to carry out a request.
#[derive(Clone, Debug)]
pub struct Claim {
    caller: Digest,
    key: Digest,
    id: String,
}

/// What becomes of a request with a key.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// It is to be carried out, and then [answered](Claim::answer) or [released](Claim::release).
    Fresh(Claim),
    /// It was carried out before: the sealed answer, and the claim that it was sealed for.
    Answered {
        /// The answer.
        sealed: Vec<u8>,
        /// The id of the attempt.
        claim: String,
    },
    /// The key belongs to another request.
    Reused,
    /// It is being carried out.
    Running,
    /// It was carried out, and its answer is lost.
    Lost,
    /// The caller has used as many keys as they may in a day.
    TooMany,
}

struct Known {
    fingerprint: Digest,
    claim: String,
    leased_until: Timestamp,
    changed: bool,
    answer: Option<Vec<u8>>,
    expires_at: Timestamp,
}

impl Known {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            fingerprint: row.digest(0)?,
            claim: row.text(1)?,
            leased_until: row.timestamp(2)?,
            changed: row.bool(3)?,
            answer: row.opt_bytes(4)?,
            expires_at: row.timestamp(5)?,
        })
    }
}

/// Claims a request, or tells what became of it.
pub fn claim(tx: &mut dyn Tx, request: &KeyedRequest) -> Result<Claimed, StoreError> {
    let KeyedRequest { caller, key, fingerprint, claim, now } = request;
    let own = Claim { caller: *caller, key: *key, id: claim.clone() };
    let row = tx.query_opt(
        "SELECT fingerprint, claim, leased_until, changed, answer, expires_at FROM idempotency_keys
         WHERE caller = $1 AND key_hash = $2",
        params![caller, key],
    )?;
    let known = row.as_ref().map(Known::read).transpose()?;
    let Some(known) = known.filter(|known| known.expires_at > *now) else {
        tx.execute(
            "DELETE FROM idempotency_keys WHERE caller = $1 AND key_hash = $2 AND expires_at <= $3",
            params![caller, key, now],
        )?;
        if !take(tx, caller, *now)? {
            return Ok(Claimed::TooMany);
        }
        let added = tx.execute(
            "INSERT INTO idempotency_keys (caller, key_hash, fingerprint, claim, leased_until, changed, answer, expires_at)
             VALUES ($1, $2, $3, $4, $5, 0, NULL, $6) ON CONFLICT DO NOTHING",
            params![caller, key, fingerprint, claim, now.plus(LEASE), now.plus(KEPT)],
        )?;
        // Another request with the key was first: this one looks again.
        return if added == 1 { Ok(Claimed::Fresh(own)) } else { Err(Outage::Contended.into()) };
    };
    if known.fingerprint != *fingerprint {
        return Ok(Claimed::Reused);
    }
    if let Some(sealed) = known.answer {
        return Ok(Claimed::Answered { sealed, claim: known.claim });
    }
    if known.leased_until > *now {
        return Ok(Claimed::Running);
    }
    if known.changed {
        return Ok(Claimed::Lost);
    }
    let taken = tx.execute(
        "UPDATE idempotency_keys SET claim = $3, leased_until = $4
         WHERE caller = $1 AND key_hash = $2 AND claim = $5 AND changed = 0",
        params![caller, key, claim, now.plus(LEASE), &known.claim],
    )?;
    if taken == 1 { Ok(Claimed::Fresh(own)) } else { Err(Outage::Contended.into()) }
}

/// Counts one more key of a caller, unless they used as many as they may in a day.
fn take(tx: &mut dyn Tx, caller: &Digest, now: Timestamp) -> Result<bool, StoreError> {
    let counted = tx.query_opt(
        "INSERT INTO idempotency_callers (caller, keys, expires_at) VALUES ($1, 1, $3)
         ON CONFLICT (caller) DO UPDATE SET
            keys = CASE WHEN idempotency_callers.expires_at <= $2 THEN 1 ELSE idempotency_callers.keys + 1 END,
            expires_at = CASE WHEN idempotency_callers.expires_at <= $2 THEN excluded.expires_at
                ELSE idempotency_callers.expires_at END
         RETURNING keys",
        params![caller, now, now.plus(KEPT)],
    )?;
    Ok(counted.map_or(Ok(1), |row| row.int(0))? <= MOST_KEYS)
}

impl Claim {
    /// The id of the attempt.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Runs an operation of the request, and records in its transaction if it changes something.
    pub(crate) fn watch(&self, tx: &mut dyn Tx, run: &Run) -> Result<(), StoreError> {
        let mut watched = Watched { tx, changes: false };
        run(&mut watched)?;
        if watched.changes { self.change(tx) } else { Ok(()) }
    }

    fn change(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let own = tx.execute(
            "UPDATE idempotency_keys SET changed = 1 WHERE caller = $1 AND key_hash = $2 AND claim = $3",
            params![self.caller, self.key, &self.id],
        )?;
        if own == 1 { Ok(()) } else { Err(StoreError::Failed("the request is carried out elsewhere".to_owned())) }
    }

    /// Keeps the answer.
    pub fn answer(&self, tx: &mut dyn Tx, sealed: &[u8]) -> Result<(), StoreError> {
        let kept = tx.execute(
            "UPDATE idempotency_keys SET answer = $4, changed = 1 WHERE caller = $1 AND key_hash = $2 AND claim = $3",
            params![self.caller, self.key, &self.id, sealed],
        )?;
        if kept == 1 { Ok(()) } else { Err(StoreError::Failed("the request is carried out elsewhere".to_owned())) }
    }

    /// Gives the key back if nothing was changed, so that the request can be repeated; returns whether it did.
    pub fn release(&self, tx: &mut dyn Tx) -> Result<bool, StoreError> {
        let released = tx.execute(
            "DELETE FROM idempotency_keys WHERE caller = $1 AND key_hash = $2 AND claim = $3 AND changed = 0",
            params![self.caller, self.key, &self.id],
        )?;
        Ok(released == 1)
    }
}

/// A transaction of which is noted whether it changes anything: whatever is not plainly a `SELECT` counts as a change, since a request
/// that is taken for unchanged is carried out again. A refusal does not change anything.
struct Watched<'t> {
    tx: &'t mut dyn Tx,
    changes: bool,
}

impl Watched<'_> {
    fn note(&mut self, sql: &str) {
        self.changes |= !sql.trim_start().starts_with("SELECT");
    }
}

impl Tx for Watched<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.note(sql);
        self.tx.execute(sql, params)
    }

    fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        self.note(sql);
        self.tx.query_opt(sql, params)
    }

    fn query_all(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.note(sql);
        self.tx.query_all(sql, params)
    }

    fn lock(&mut self, owner: Owner<'_>) -> Result<(), StoreError> {
        self.tx.lock(owner)
    }

    fn changed(&mut self, kind: &'static str, key: &str) -> Result<(), StoreError> {
        self.changes = true;
        self.tx.changed(kind, key)
    }

    fn initiator(&self) -> &Initiator {
        self.tx.initiator()
    }

    fn insert_stamped(
        &mut self,
        insert: &'static Stamped,
        id: Option<&str>,
        columns: Vec<Value>,
    ) -> Result<String, StoreError> {
        self.changes = true;
        self.tx.insert_stamped(insert, id, columns)
    }
}
