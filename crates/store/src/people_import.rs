//! People who are brought along from another server, many in one transaction.

use std::collections::BTreeMap;

use sigma_core::email::Email;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::password::cost_of;
use sigma_core::people::{ImportedPerson, StoredPassword};
use sigma_core::time::Timestamp;

use crate::email::EmailProof;
use crate::event::{self, NewEvent};
use crate::password_cost;
use crate::user;
use crate::{StoreError, Tx, credential, params};

/// A person to add, under a new id.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The id of the account.
    pub id: UserId,
    /// What is known of them.
    pub person: ImportedPerson,
}

/// What became of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They have an account now.
    Added,
    /// Their address belongs to an account already, which stays as it is.
    Known,
}

/// Adds accounts; returns what became of each, in the same order. A person whose address has an account is left alone, so that the
/// same file may be imported again.
pub fn add(tx: &mut dyn Tx, newcomers: &[Newcomer], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
    let mut costs: BTreeMap<&str, i64> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(newcomers.len());
    for Newcomer { id, person } in newcomers {
        if user::add_with_email(tx, id, &person.email, proof(person), &person.name, now)?.is_none() {
            outcomes.push(Outcome::Known);
            continue;
        }
        if let Some(hash) = &person.password_hash {
            let sql = "INSERT INTO passwords (user_id, hash, created_at, updated_at) VALUES ($1, $2, $3, $3)";
            tx.execute(sql, params![id, hash.as_str(), now])?;
            credential::add_password(tx, id, now)?;
            *costs.entry(cost_of(hash.as_str())).or_default() += 1;
        }
        if person.disabled {
            tx.execute("UPDATE users SET disabled = 1 WHERE id = $1", params![id])?;
        }
        event::append(tx, NewEvent::new(Action::UserCreate).about(id).to(Target::User(id.clone())))?;
        outcomes.push(Outcome::Added);
    }
    for (cost, passwords) in costs {
        password_cost::add(tx, cost, passwords)?;
    }
    Ok(outcomes)
}

fn proof(person: &ImportedPerson) -> EmailProof {
    if person.email_verified { EmailProof::Verified } else { EmailProof::Unverified }
}

/// How many people have an address.
pub fn count(tx: &mut dyn Tx) -> Result<u64, StoreError> {
    let row = tx.query_opt("SELECT COUNT(*) FROM emails WHERE is_primary = 1", params![])?;
    let count = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// At most `limit` people with an address, by the ids of their accounts, after the one called `after`; with the id of the last account
/// that was looked at, unless all were.
pub fn page(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<(Vec<ImportedPerson>, Option<UserId>), StoreError> {
    let rows = tx.query_all(
        "SELECT u.id, u.name, u.disabled, e.address, e.proven_at, p.hash FROM users u
         LEFT JOIN emails e ON e.user_id = u.id AND e.is_primary = 1
         LEFT JOIN passwords p ON p.user_id = u.id
         WHERE u.id > $1 ORDER BY u.id LIMIT $2",
        params![after, limit],
    )?;
    let next = match rows.last() {
        Some(last) if rows.len() == usize::try_from(limit).unwrap_or(usize::MAX) => {
            Some(UserId::from_text(last.text(0)?))
        }
        _ => None,
    };
    let mut people = Vec::with_capacity(rows.len());
    for row in &rows {
        let Some(email) = row.opt_text(3)?.and_then(|address| Email::parse(&address).ok()) else { continue };
        people.push(ImportedPerson {
            email,
            email_verified: row.opt_timestamp(4)?.is_some(),
            name: row.text(1)?,
            password_hash: row.opt_text(5)?.map(StoredPassword::in_use),
            disabled: row.int(2)? != 0,
        });
    }
    Ok((people, next))
}
