//! People who are brought along from another server, many in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use sigma_core::authentication::Credential;
use sigma_core::email::Email;
use sigma_core::event::{Action, Target};
use sigma_core::ids::UserId;
use sigma_core::password::cost_of;
use sigma_core::people::{ImportedPerson, StoredPassword};
use sigma_core::random::Rng;
use sigma_core::time::Timestamp;

use crate::email::{self, EmailProof, Rank};
use crate::event::{self, NewEvent};
use crate::merits::waiting;
use crate::rows::Rows;
use crate::value::Value;
use crate::{StoreError, Tx, params, password_cost, people_index, user};

/// A person to add, under a new id.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The id of the account.
    pub id: UserId,
    /// What is known of them.
    pub person: ImportedPerson,
}

impl Newcomer {
    /// People under new ids. The ids ascend, so that most of the rows are appended to their tables and indexes.
    pub fn all(people: Vec<ImportedPerson>, now: Timestamp, rng: &dyn Rng) -> Vec<Self> {
        let mut ids: Vec<UserId> = people.iter().map(|_| UserId::new(now, rng)).collect();
        ids.sort_unstable();
        ids.into_iter().zip(people).map(|(id, person)| Self { id, person }).collect()
    }
}

/// What became of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They have an account now.
    Added,
    /// Their address belongs to an account already, which stays as it is.
    Known,
}

/// Passwords and their credentials.
static PASSWORDS: Rows =
    Rows::new("INSERT INTO passwords (user_id, hash, created_at, updated_at) VALUES ", "($, $, $, $)", "");
static CREDENTIALS: Rows = Rows::new(
    "INSERT INTO credentials (kind, id, user_id, created_at, last_used_at, retired_at) VALUES ",
    "('password', $, $, $, NULL, NULL)",
    "",
);

/// Adds accounts; returns what became of each, in the same order. A person whose address has an account is left alone, so that the
/// same file may be imported again.
///
/// Each table gets its rows in the order of an index of it, so that one page after another is changed.
pub fn add(tx: &mut dyn Tx, newcomers: &[Newcomer], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
    let mut added = add_addresses(tx, newcomers, now)?;
    added.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let row = |new: &&Newcomer| user::row(&new.id, &new.person.name, None, new.person.disabled, now);
    user::NEW.add_all(tx, &added.iter().map(row).collect::<Vec<_>>())?;
    people_index::NEW.add_all(tx, &added.iter().map(|new| people_index::row(&new.id)).collect::<Vec<_>>())?;
    let with_password: Vec<_> =
        added.iter().filter_map(|new| Some((&new.id, new.person.password_hash.as_ref()?.as_str()))).collect();
    let hash = |(id, hash): &(&UserId, &str)| params![*id, *hash, now, now].to_vec();
    PASSWORDS.add_all(tx, &with_password.iter().map(hash).collect::<Vec<_>>())?;
    let credential = |(id, _): &(&UserId, &str)| params![&Credential::password(id).id, *id, now].to_vec();
    CREDENTIALS.add_all(tx, &with_password.iter().map(credential).collect::<Vec<_>>())?;
    let mut costs: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, hash) in &with_password {
        *costs.entry(cost_of(hash)).or_default() += 1;
    }
    for (cost, passwords) in costs {
        password_cost::add(tx, cost, passwords)?;
    }

    for new in &added {
        event::append(tx, NewEvent::new(Action::UserCreate).about(&new.id).to(Target::User(new.id.clone())))?;
    }
    let added: BTreeSet<&UserId> = added.iter().map(|new| &new.id).collect();
    let outcome = |new: &Newcomer| if added.contains(&new.id) { Outcome::Added } else { Outcome::Known };
    Ok(newcomers.iter().map(outcome).collect())
}

/// Adds the addresses; returns those whose address was free. Of two with the same address it is the first.
fn add_addresses<'n>(
    tx: &mut dyn Tx,
    newcomers: &'n [Newcomer],
    now: Timestamp,
) -> Result<Vec<&'n Newcomer>, StoreError> {
    let mut sorted: Vec<&Newcomer> = newcomers.iter().collect();
    sorted.sort_by(|one, other| one.person.email.folded().cmp(other.person.email.folded()));
    let row = |new: &&Newcomer| email::row(&new.id, &new.person.email, proof(&new.person), Rank::Primary, now);
    let rows: Vec<Vec<Value>> = sorted.iter().map(row).collect();
    let mut added = Vec::with_capacity(sorted.len());
    email::NEW.add(tx, &rows, |tx, piece, count| {
        let piece = sorted.get(piece).unwrap_or_default();
        if usize::try_from(count).is_ok_and(|count| count == piece.len()) {
            added.extend_from_slice(piece);
            return Ok(());
        }
        for new in piece {
            let held = email::find(tx, new.person.email.folded())?;
            if held.is_some_and(|held| held.user_id == new.id) {
                added.push(*new);
            }
        }
        Ok(())
    })?;
    if waiting::is_any(tx)? {
        for new in added.iter().filter(|new| new.person.email_verified) {
            waiting::address_proven(tx, &new.id, new.person.email.folded(), now)?;
        }
    }
    Ok(added)
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

/// The same, counted no further than `most`.
pub fn count_up_to(tx: &mut dyn Tx, most: u32) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM emails WHERE is_primary = 1 LIMIT $1) counted";
    tx.query_opt(sql, params![most])?.map_or(Ok(0), |row| row.int(0))
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
