//! Accounts: a user with their identities and keys.

use sigma_core::actor::Actor;
use sigma_core::authentication::{Credential, CredentialKind};
use sigma_core::email::Email;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::person::{Identity, Person, Proof};
use sigma_core::time::Timestamp;

use crate::email::{self, EmailProof};
use crate::event::{self, NewEvent};
use crate::{Row, StoreError, Tx, credential, params};

/// The kind of an account in the change feed; the key is the user id.
pub const CHANGED: &str = "account";

/// A user and all their identities, as cached.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// Their identities, oldest first.
    pub identities: Vec<Identity>,
    /// The kinds of credentials that they can use.
    pub credentials: Vec<CredentialKind>,
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `sub` in tokens.
    pub id: UserId,
    /// The user's name.
    pub name: String,
    /// Their picture.
    pub image: Option<String>,
    /// Their primary address.
    pub email: Option<String>,
    /// That address is known to be theirs.
    pub email_verified: bool,
    /// The account's first key, lower-case hex.
    pub pubkey: Option<String>,
    /// Whether they have signed an origin-bound path.
    pub origin_bound: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Account {
    /// The user as an app sees them, with the identity chosen for it. An identity that is no longer theirs counts as
    /// none.
    pub fn person(&self, bap_id: Option<&str>) -> Person {
        let identity = bap_id.and_then(|wanted| self.identities.iter().find(|identity| identity.bap_id == wanted));
        Person {
            membership: None,
            user_id: self.user.id.clone(),
            name: self.user.name.clone(),
            image: self.user.image.clone(),
            email: self.user.email.clone().map(|address| (address, self.user.email_verified)),
            pubkey: self.user.pubkey.clone(),
            identity: identity.cloned(),
            disabled: self.user.disabled,
        }
    }
}

/// The account of that user.
pub fn find(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<Account>, StoreError> {
    let Some(user) = find_user(tx, user_id)? else { return Ok(None) };
    let identities = identities(tx, user_id)?;
    let credentials = credential::kinds(tx, user_id)?;
    Ok(Some(Account { user, identities, credentials }))
}

/// The user of that id.
pub fn find_user(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<User>, StoreError> {
    tx.query_opt(
        "SELECT u.id, u.name, u.image, e.address, e.proven_at, u.pubkey, u.origin_bound, u.disabled, u.created_at,
            u.updated_at
         FROM users u LEFT JOIN emails e ON e.user_id = u.id AND e.is_primary = 1 WHERE u.id = $1",
        params![user_id],
    )?
    .map(|row| decode_user(&row))
    .transpose()
}

/// The user who signed with that key before, unless it was retired since.
pub fn find_by_pubkey(tx: &mut dyn Tx, pubkey: &str) -> Result<Option<User>, StoreError> {
    tx.query_opt(
        "SELECT u.id, u.name, u.image, e.address, e.proven_at, u.pubkey, u.origin_bound, u.disabled, u.created_at,
            u.updated_at
         FROM credentials c JOIN users u ON u.id = c.user_id
            LEFT JOIN emails e ON e.user_id = u.id AND e.is_primary = 1
         WHERE c.kind = 'key' AND c.id = $1 AND c.retired_at IS NULL",
        params![pubkey],
    )?
    .map(|row| decode_user(&row))
    .transpose()
}

/// The user of that address, folded (see [`Email::folded`]), proven or not, primary or not.
pub fn find_by_email(tx: &mut dyn Tx, folded: &str) -> Result<Option<User>, StoreError> {
    tx.query_opt(
        "SELECT u.id, u.name, u.image, e.address, e.proven_at, u.pubkey, u.origin_bound, u.disabled, u.created_at,
            u.updated_at
         FROM emails f JOIN users u ON u.id = f.user_id
            LEFT JOIN emails e ON e.user_id = u.id AND e.is_primary = 1
         WHERE f.folded = $1",
        params![folded],
    )?
    .map(|row| decode_user(&row))
    .transpose()
}

/// The user of that address, folded, if it is proven.
pub fn find_by_proven_email(tx: &mut dyn Tx, folded: &str) -> Result<Option<User>, StoreError> {
    tx.query_opt(
        "SELECT u.id, u.name, u.image, e.address, e.proven_at, u.pubkey, u.origin_bound, u.disabled, u.created_at,
            u.updated_at
         FROM emails f JOIN users u ON u.id = f.user_id
            LEFT JOIN emails e ON e.user_id = u.id AND e.is_primary = 1
         WHERE f.folded = $1 AND f.proven_at IS NOT NULL",
        params![folded],
    )?
    .map(|row| decode_user(&row))
    .transpose()
}

/// At most `limit` users, ordered by id, after the one called `after`.
pub fn list(tx: &mut dyn Tx, after: &str, limit: u32) -> Result<Vec<User>, StoreError> {
    tx.query_all(
        "SELECT u.id, u.name, u.image, e.address, e.proven_at, u.pubkey, u.origin_bound, u.disabled, u.created_at,
            u.updated_at
         FROM users u LEFT JOIN emails e ON e.user_id = u.id AND e.is_primary = 1
         WHERE u.id > $1 ORDER BY u.id LIMIT $2",
        params![after, limit],
    )?
    .iter()
    .map(decode_user)
    .collect()
}

/// Creates an account for the user who just signed with `pubkey`, named after its address.
pub fn add_with_pubkey(
    tx: &mut dyn Tx,
    id: &UserId,
    pubkey: &str,
    name: &str,
    now: Timestamp,
) -> Result<User, StoreError> {
    add(tx, id, name, Some(pubkey), now)?;
    credential::add(tx, id, &Credential::key(pubkey), now)?;
    Ok(User {
        id: id.clone(),
        name: name.to_owned(),
        image: None,
        email: None,
        email_verified: false,
        pubkey: Some(pubkey.to_owned()),
        origin_bound: false,
        disabled: false,
        created_at: now,
        updated_at: now,
    })
}

/// Creates an account for that address, with no credential yet; `None` if another account has the address.
pub fn add_with_email(
    tx: &mut dyn Tx,
    id: &UserId,
    email: &Email,
    proof: EmailProof,
    name: &str,
    now: Timestamp,
) -> Result<Option<User>, StoreError> {
    if !email::insert(tx, id, email, proof, email::Rank::Primary, now)? {
        return Ok(None);
    }
    add(tx, id, name, None, now)?;
    Ok(Some(User {
        id: id.clone(),
        name: name.to_owned(),
        image: None,
        email: Some(email.address().to_owned()),
        email_verified: proof == EmailProof::Verified,
        pubkey: None,
        origin_bound: false,
        disabled: false,
        created_at: now,
        updated_at: now,
    }))
}

fn add(tx: &mut dyn Tx, id: &UserId, name: &str, pubkey: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO users (id, name, image, pubkey, origin_bound, disabled, created_at, updated_at)
         VALUES ($1, $2, NULL, $3, 0, 0, $4, $4)",
        params![id, name, pubkey, now],
    )?;
    tx.changed(CHANGED, id.as_str())
}

/// Sets the user's name.
pub fn rename(tx: &mut dyn Tx, user_id: &UserId, name: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE users SET name = $2, updated_at = $3 WHERE id = $1", params![user_id, name, now])?;
    tx.changed(CHANGED, user_id.as_str())
}

/// Requires origin-bound tokens of this user from now on (`docs/spec/keys.md#origin-binding`).
pub fn require_origin_bound(tx: &mut dyn Tx, user_id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute("UPDATE users SET origin_bound = 1, updated_at = $2 WHERE id = $1", params![user_id, now])?;
    tx.changed(CHANGED, user_id.as_str())
}

/// Disables or enables an account; returns whether it exists. Nothing issued to it works while it is disabled.
pub fn set_disabled(tx: &mut dyn Tx, user_id: &UserId, disabled: bool, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE users SET disabled = $2, updated_at = $3 WHERE id = $1 AND disabled <> $2";
    if tx.execute(sql, params![user_id, disabled, now])? == 0 {
        return Ok(find_user(tx, user_id)?.is_some());
    }
    tx.changed(CHANGED, user_id.as_str())?;
    let action = if disabled { Action::UserDisable } else { Action::UserEnable };
    event::append(tx, NewEvent::new(action).about(user_id).to(Target::User(user_id.clone())))?;
    Ok(true)
}

/// The identities of a user, oldest first; at most 500.
pub fn identities(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<Identity>, StoreError> {
    tx.query_all(
        "SELECT bap_id, user_id, pubkey, name, image, proof, root_address, current_address, profile, is_primary
         FROM identities WHERE user_id = $1 ORDER BY created_at, bap_id LIMIT 500",
        params![user_id],
    )?
    .iter()
    .map(decode_identity)
    .collect()
}

/// The identity that a user acts as without choosing one.
pub fn find_primary_identity(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt(
        "SELECT bap_id FROM identities WHERE user_id = $1 ORDER BY is_primary DESC, created_at, bap_id LIMIT 1",
        params![user_id],
    )?;
    row.map(|row| row.text(0)).transpose()
}

/// The identity of that id, of any user.
pub fn find_identity(tx: &mut dyn Tx, bap_id: &str) -> Result<Option<Identity>, StoreError> {
    tx.query_opt(
        "SELECT bap_id, user_id, pubkey, name, image, proof, root_address, current_address, profile, is_primary
         FROM identities WHERE bap_id = $1",
        params![bap_id],
    )?
    .map(|row| decode_identity(&row))
    .transpose()
}

/// The outcome of claiming an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is theirs, newly or already.
    Theirs,
    /// Another user holds it with an equal or better claim.
    Taken,
    /// They hold as many as one account may.
    TooMany,
}

/// Most identities per account.
const MOST_IDENTITIES: usize = 100;

/// Claims `bap_id` for its `identity.user_id`: the first claim wins, and a proven one displaces an unproven one
/// (`docs/spec/keys.md#identities`).
pub fn claim_identity(tx: &mut dyn Tx, identity: &Identity, now: Timestamp) -> Result<Claim, StoreError> {
    let proof = identity.proof;
    let Some(held) = find_identity(tx, &identity.bap_id)? else {
        if identities(tx, &identity.user_id)?.len() >= MOST_IDENTITIES {
            return Ok(Claim::TooMany);
        }
        tx.execute(
            "INSERT INTO identities (bap_id, user_id, pubkey, name, image, proof, root_address, current_address, profile,
                is_primary, created_at, updated_at)
             VALUES ($1, $2, $3, $4, NULL, $5, $6, NULL, NULL, $7, $8, $8)",
            params![
                &identity.bap_id,
                &identity.user_id,
                &identity.pubkey,
                &identity.name,
                proof.as_str(),
                identity.root_address.as_deref(),
                identity.is_primary,
                now
            ],
        )?;
        tx.changed(CHANGED, identity.user_id.as_str())?;
        event::append(tx, recorded_claim(identity))?;
        return Ok(Claim::Theirs);
    };
    let improves = proof.is_proven() && !held.proof.is_proven();
    let changes_hands = held.user_id != identity.user_id;
    if changes_hands && !improves {
        return Ok(Claim::Taken);
    }
    if changes_hands && identities(tx, &identity.user_id)?.len() >= MOST_IDENTITIES {
        return Ok(Claim::TooMany);
    }
    if improves {
        // Nothing is kept of another user's claim; the user's own keeps its fields when proven.
        let identity = if changes_hands {
            identity.clone()
        } else {
            Identity { name: held.name.clone(), is_primary: held.is_primary, ..identity.clone() }
        };
        tx.execute(
            "UPDATE identities SET user_id = $2, pubkey = $3, name = $4, image = NULL, proof = $5, root_address = $6,
                current_address = NULL, profile = NULL, is_primary = $7, updated_at = $8
             WHERE bap_id = $1",
            params![
                &identity.bap_id,
                &identity.user_id,
                &identity.pubkey,
                &identity.name,
                proof.as_str(),
                identity.root_address.as_deref(),
                identity.is_primary,
                now
            ],
        )?;
        tx.changed(CHANGED, held.user_id.as_str())?;
        tx.changed(CHANGED, identity.user_id.as_str())?;
        event::append(tx, recorded_claim(&identity))?;
        if changes_hands {
            let details = Details { reason: Some("proven_by_another".to_owned()), ..Details::default() };
            let target = Target::Identity(identity.bap_id.clone());
            let lost = NewEvent::new(Action::IdentityLose).by(Actor::System).about(&held.user_id).to(target);
            event::append(tx, lost.with(details))?;
        }
    }
    Ok(Claim::Theirs)
}

fn recorded_claim(identity: &Identity) -> NewEvent {
    let event = NewEvent::new(Action::IdentityClaim).by(Actor::User(identity.user_id.clone()));
    event.to(Target::Identity(identity.bap_id.clone())).method(identity.proof.as_str())
}

fn decode_user(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId::from_text(row.text(0)?),
        name: row.text(1)?,
        image: row.opt_text(2)?,
        email: row.opt_text(3)?,
        email_verified: row.opt_timestamp(4)?.is_some(),
        pubkey: row.opt_text(5)?,
        origin_bound: row.bool(6)?,
        disabled: row.bool(7)?,
        created_at: row.timestamp(8)?,
        updated_at: row.timestamp(9)?,
    })
}

fn decode_identity(row: &Row) -> Result<Identity, StoreError> {
    Ok(Identity {
        bap_id: row.text(0)?,
        user_id: UserId::from_text(row.text(1)?),
        pubkey: row.text(2)?,
        name: row.text(3)?,
        image: row.opt_text(4)?,
        proof: Proof::parse(&row.text(5)?),
        root_address: row.opt_text(6)?,
        current_address: row.opt_text(7)?,
        profile: row.opt_text(8)?,
        is_primary: row.bool(9)?,
    })
}
