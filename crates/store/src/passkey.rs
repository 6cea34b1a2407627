//! Passkeys: the public key and the counter of each, and what registering one and signing in with one read and write.
//! Signatures are verified outside of transactions.

use sigma_core::authentication::{Authentication, Credential, Method};
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::time::Timestamp;
use sigma_core::webauthn::{Asserted, counter_advances};

use crate::event::{self, NewEvent};
use crate::outbox::{self, NewMail};
use crate::replay_guard::{self, Once};
use crate::session::{BrowserSession, NewSession};
use crate::{Owner, Row, StoreError, Tx, credential, params, second_factor, sign_in};

/// Most passkeys per account.
pub const MOST: usize = 20;

/// A passkey as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPasskey {
    /// Its credential id, in base64url.
    pub id: String,
    /// Its user.
    pub user_id: UserId,
    /// The name that they gave it.
    pub name: String,
    /// Its public key, a COSE key.
    pub public_key: Vec<u8>,
    /// The signature counter of its last use.
    pub sign_count: u32,
    /// Whether it is synchronised to further devices.
    pub is_backed_up: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

/// The id by which authenticators know the account, if it has one.
pub fn find_handle(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<String>, StoreError> {
    tx.query_opt("SELECT handle FROM user_handles WHERE user_id = $1", params![user_id])?
        .map(|row| row.text(0))
        .transpose()
}

/// The id by which authenticators know the account: `new`, unless it has one.
pub fn handle_of(tx: &mut dyn Tx, user_id: &UserId, new: &str) -> Result<String, StoreError> {
    tx.lock(Owner::User(user_id))?;
    tx.execute(
        "INSERT INTO user_handles (user_id, handle) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING",
        params![user_id, new],
    )?;
    Ok(find_handle(tx, user_id)?.unwrap_or_else(|| new.to_owned()))
}

/// The columns of a passkey, in the order of [`decode`].
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, user_id, name, public_key, sign_count, backed_up, created_at FROM passkeys WHERE ", $rest)
    };
}

/// The passkey with that credential id.
pub fn find(tx: &mut dyn Tx, id: &str) -> Result<Option<StoredPasskey>, StoreError> {
    tx.query_opt(select!("id = $1"), params![id])?.map(|row| decode(&row)).transpose()
}

/// The passkeys of an account, oldest first.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<StoredPasskey>, StoreError> {
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    tx.query_all(select!("user_id = $1 ORDER BY created_at, id LIMIT $2"), params![user_id, most])?
        .iter()
        .map(decode)
        .collect()
}

/// A passkey that a signed-in user adds.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// The user.
    pub user_id: UserId,
    /// Its credential id, in base64url.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its public key, a COSE key.
    pub public_key: Vec<u8>,
    /// Its signature counter.
    pub sign_count: u32,
    /// Whether it is synchronised to further devices.
    pub is_backed_up: bool,
    /// The challenge that it answers.
    pub once: Once,
    /// The mails that report it.
    pub notices: Vec<NewMail>,
    /// The user's session, which it raises: it was just proven.
    pub session: NewSession,
}

/// The outcome of adding a passkey.
#[derive(Clone, Debug)]
pub enum Added {
    /// It can sign in.
    Added(Box<BrowserSession>),
    /// Its challenge was used before.
    Replayed,
    /// An account has it already.
    Known,
    /// The account has [`MOST`].
    TooMany,
    /// The session has ended.
    SignedOut,
}

/// Adds a passkey.
pub fn add(tx: &mut dyn Tx, new: &NewPasskey) -> Result<Added, StoreError> {
    let (user_id, now) = (&new.user_id, new.session.now);
    tx.lock(Owner::User(user_id))?;
    let Some(authentication) = second_factor::continued(tx, user_id, &new.session)? else {
        return Ok(Added::SignedOut);
    };
    if !replay_guard::spend(tx, &new.once)? {
        return Ok(Added::Replayed);
    }
    let credential = Credential::passkey(&new.id);
    if find(tx, &new.id)?.is_some() || credential::find(tx, &credential)?.is_some() {
        return Ok(Added::Known);
    }
    if list(tx, user_id)?.len() >= MOST {
        return Ok(Added::TooMany);
    }
    tx.execute(
        "INSERT INTO passkeys (id, user_id, name, public_key, sign_count, backed_up, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![&new.id, user_id, &new.name, new.public_key.clone(), i64::from(new.sign_count), new.is_backed_up, now],
    )?;
    credential::add(tx, user_id, &credential, now)?;
    event::append(tx, recorded(Action::CredentialAdd, user_id))?;
    new.notices.iter().try_for_each(|notice| outbox::add(tx, notice))?;
    let raised = authentication.and(Method::VerifiedPasskey, credential);
    let session = sign_in::begin(tx, &raised, None, &new.session)?;
    Ok(session.map_or(Added::SignedOut, |session| Added::Added(Box::new(session))))
}

fn recorded(action: Action, user_id: &UserId) -> NewEvent {
    NewEvent::new(action).about(user_id).to(Target::User(user_id.clone())).method("passkey")
}

/// Renames a passkey; returns whether the user has it.
pub fn rename(tx: &mut dyn Tx, user_id: &UserId, id: &str, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    tx.lock(Owner::User(user_id))?;
    let sql = "UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2";
    let renamed = tx.execute(sql, params![id, user_id, name])? == 1;
    if renamed {
        event::append_bounded(tx, recorded(Action::CredentialChange, user_id), user_id, now)?;
    }
    Ok(renamed)
}

/// Deletes the key of a passkey whose credential is removed.
pub(crate) fn remove(tx: &mut dyn Tx, user_id: &UserId, id: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM passkeys WHERE id = $1 AND user_id = $2", params![id, user_id]).map(drop)
}

/// A verified proof of a passkey.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Its credential id, in base64url.
    pub id: String,
    /// The user whose passkey it was when the key was read.
    pub user_id: UserId,
    /// The key that verified it.
    pub public_key: Vec<u8>,
    /// The account that the authenticator says it is of.
    pub user_handle: Option<String>,
    /// What the authenticator says.
    pub asserted: Asserted,
    /// The challenge that it answers.
    pub once: Once,
    /// The session that begins, or is raised.
    pub session: NewSession,
    /// It is a further factor for the browser's session, instead of a sign-in.
    pub is_step_up: bool,
}

/// The outcome of signing in with a passkey.
#[derive(Clone, Debug)]
pub enum Proven {
    /// A session began, or was raised.
    SignedIn(Box<BrowserSession>),
    /// No account has the passkey.
    Unknown,
    /// The challenge was used before.
    Replayed,
    /// The counter did not grow: there is a copy of the passkey.
    Cloned,
    /// The account is disabled.
    Disabled,
    /// It is another account's than the one that is signed in.
    OtherAccount,
}

/// Signs in with a proof of a passkey. A refusal is recorded as a failure to sign in.
pub fn sign_in(tx: &mut dyn Tx, proof: &Proof) -> Result<Proven, StoreError> {
    let user_id = &proof.user_id;
    tx.lock(Owner::User(user_id))?;
    // It may have been removed since the key was read.
    let passkey = find(tx, &proof.id)?.filter(|passkey| passkey.user_id == *user_id);
    let Some(passkey) = passkey else { return Ok(Proven::Unknown) };
    let outcome = attempt(tx, proof, &passkey)?;
    let reason = match &outcome {
        Proven::SignedIn(_) => return Ok(outcome),
        Proven::Unknown => "unknown_passkey",
        Proven::Replayed => "replayed",
        Proven::Cloned => "cloned_passkey",
        Proven::Disabled => "disabled",
        Proven::OtherAccount => "passkey_of_another",
    };
    let details = Details { reason: Some(reason.to_owned()), ..Details::default() };
    let failed = NewEvent::new(Action::UserSignInFailed).about(user_id).with(details).method("passkey");
    event::count_repeated(tx, failed, proof.session.now)?;
    Ok(outcome)
}

/// The account that the authenticator takes a passkey of this user to be of.
fn handle_in(tx: &mut dyn Tx, id: &str, user_id: &UserId) -> Result<Option<String>, StoreError> {
    let row = tx.query_opt("SELECT handle FROM passkeys WHERE id = $1", params![id])?;
    let own = row.map(|row| row.opt_text(0)).transpose()?.flatten();
    if own.is_some() { Ok(own) } else { find_handle(tx, user_id) }
}

fn attempt(tx: &mut dyn Tx, proof: &Proof, passkey: &StoredPasskey) -> Result<Proven, StoreError> {
    let user_id = &proof.user_id;
    // Another one may have the same id by now.
    if passkey.public_key != proof.public_key {
        return Ok(Proven::Unknown);
    }
    if proof.user_handle.is_some() && handle_in(tx, &proof.id, user_id)? != proof.user_handle {
        return Ok(Proven::OtherAccount);
    }
    if !replay_guard::spend(tx, &proof.once)? {
        return Ok(Proven::Replayed);
    }
    let Asserted { is_user_verified, sign_count, is_backed_up } = proof.asserted;
    if !counter_advances(passkey.sign_count, sign_count) {
        return Ok(Proven::Cloned);
    }
    if (passkey.sign_count, passkey.is_backed_up) != (sign_count, is_backed_up) {
        tx.execute(
            "UPDATE passkeys SET sign_count = $2, backed_up = $3 WHERE id = $1",
            params![&proof.id, i64::from(sign_count), is_backed_up],
        )?;
    }
    let method = if is_user_verified { Method::VerifiedPasskey } else { Method::Passkey };
    let credential = Credential::passkey(&proof.id);
    let authentication = if proof.is_step_up {
        let Some(first) = second_factor::continued(tx, user_id, &proof.session)? else {
            return Ok(Proven::OtherAccount);
        };
        first.and(method, credential)
    } else {
        Authentication::new(user_id.clone(), method, Some(credential), proof.session.now)
    };
    let session = sign_in::begin(tx, &authentication, None, &proof.session)?;
    Ok(session.map_or(Proven::Disabled, |session| Proven::SignedIn(Box::new(session))))
}

fn decode(row: &Row) -> Result<StoredPasskey, StoreError> {
    Ok(StoredPasskey {
        id: row.text(0)?,
        user_id: UserId::from_text(row.text(1)?),
        name: row.text(2)?,
        public_key: row.bytes(3)?,
        sign_count: u32::try_from(row.int(4)?).map_err(|_| StoreError::Corrupt("a signature counter".to_owned()))?,
        is_backed_up: row.bool(5)?,
        created_at: row.timestamp(6)?,
    })
}
