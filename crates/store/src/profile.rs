//! Profiles: one for each identity of a user that they filled in, and one of the account for apps that see no identity
//! (`docs/spec/profile.md`).

use std::sync::Arc;

use sigma_bitcoin::BapId;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::UserId;
use sigma_core::profile::{Field, Profile, ProfileChange};
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::signed_request::{self, Rejected, SignedRequest};
use crate::{Owner, Row, Stop, StoreError, Tx, cached, params, picture, user};

/// Most profiles of one account: all of them are in its cache entry.
pub const MOST_PROFILES: usize = 20;

/// A profile as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProfile {
    /// The identity; `None` is the account itself.
    pub bap_id: Option<BapId>,
    /// What the user filled in.
    pub profile: Arc<Profile>,
    /// The id of the uploaded picture that its image is.
    pub picture: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// The profiles of a user.
pub fn list(tx: &mut dyn Tx, user_id: &UserId) -> Result<Vec<StoredProfile>, StoreError> {
    tx.query_all(
        "SELECT bap_id, fields, picture, created_at, updated_at FROM profiles WHERE user_id = $1 ORDER BY bap_id LIMIT 100",
        params![user_id],
    )?
    .iter()
    .map(decode)
    .collect()
}

fn find(tx: &mut dyn Tx, user_id: &UserId, bap_id: Option<&BapId>) -> Result<Option<StoredProfile>, StoreError> {
    tx.query_opt(
        "SELECT bap_id, fields, picture, created_at, updated_at FROM profiles WHERE user_id = $1 AND bap_id = $2",
        params![user_id, key(bap_id)],
    )?
    .map(|row| decode(&row))
    .transpose()
}

/// What becomes of a profile.
#[derive(Clone, Debug)]
pub struct ProfileWrite {
    /// The user.
    pub user_id: UserId,
    /// The identity; `None` is the account itself.
    pub bap_id: Option<BapId>,
    /// The new texts.
    pub change: ProfileChange,
    /// The uploaded picture that the image is from now on.
    pub picture: Option<String>,
    /// Whether the profile may, or must, exist already.
    pub mode: WriteMode,
    /// The signature that asks for it.
    pub signed: Option<SignedRequest>,
    /// The current time.
    pub now: Timestamp,
}

/// Whether a written profile exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// It must not.
    Create,
    /// It must.
    Change,
    /// It may.
    Either,
}

/// Why a profile is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileRefusal {
    /// There is one already.
    Exists,
    /// There is none.
    NotFound,
    /// The identity is not the user's.
    NotTheirs,
    /// The account has [`MOST_PROFILES`].
    TooMany,
    /// The signature does not count.
    Rejected(Rejected),
}

impl From<Rejected> for ProfileRefusal {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

/// The profile as written, and the picture that nothing shows any more.
#[derive(Clone, Debug)]
pub struct Written {
    /// The profile.
    pub stored: StoredProfile,
    /// The id of a picture whose objects can be deleted.
    pub unused_picture: Option<String>,
}

/// Creates or changes a profile.
pub fn write(tx: &mut dyn Tx, write: &ProfileWrite) -> Result<Written, Stop<ProfileRefusal>> {
    tx.lock(Owner::User(&write.user_id))?;
    signed_request::demand(tx, &write.user_id, write.signed.as_ref())?;
    let bap_id = write.bap_id.as_ref();
    require_theirs(tx, &write.user_id, bap_id)?;
    let held = find(tx, &write.user_id, bap_id)?;
    match (&held, write.mode) {
        (Some(_), WriteMode::Create) => return Err(Stop::Refused(ProfileRefusal::Exists)),
        (None, WriteMode::Change) => return Err(Stop::Refused(ProfileRefusal::NotFound)),
        (None, _) if list(tx, &write.user_id)?.len() >= MOST_PROFILES => {
            return Err(Stop::Refused(ProfileRefusal::TooMany));
        }
        _ => {}
    }
    let is_new = held.is_none();
    let (mut profile, old_picture, created_at) = match held {
        Some(held) => (Profile::clone(&held.profile), held.picture, held.created_at),
        None => (Profile::default(), None, write.now),
    };
    let changed = profile.apply(&write.change, write.now);
    let image_changed = changed.contains(&Field::Image);
    let picture = if image_changed { write.picture.clone() } else { old_picture.clone() };
    let unused_picture = old_picture.filter(|old| image_changed && Some(old) != picture.as_ref());
    if let Some(unused) = &unused_picture {
        picture::give_up(tx, unused, write.now)?;
    }
    if let Some(kept) = &picture {
        picture::keep(tx, kept, &write.user_id)?;
    }
    tx.execute(
        "INSERT INTO profiles (user_id, bap_id, fields, picture, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id, bap_id) DO UPDATE SET fields = excluded.fields, picture = excluded.picture,
            updated_at = excluded.updated_at",
        params![&write.user_id, key(bap_id), profile.stored(), picture.as_deref(), created_at, write.now],
    )?;
    if is_new || !changed.is_empty() {
        let names = changed.iter().map(|field| field.as_str().to_owned()).collect();
        let details = Details { changed: names, ..Details::default() };
        record(tx, Action::ProfileChange, &write.user_id, bap_id, details, write.now)?;
    }
    tx.changed(cached::ACCOUNT, write.user_id.as_str())?;
    let stored = StoredProfile { bap_id: write.bap_id.clone(), profile: Arc::new(profile), picture, created_at };
    Ok(Written { stored, unused_picture })
}

/// Deletes a profile; returns the picture that nothing shows any more.
pub fn remove(
    tx: &mut dyn Tx,
    user_id: &UserId,
    bap_id: Option<&BapId>,
    now: Timestamp,
) -> Result<Option<String>, Stop<ProfileRefusal>> {
    tx.lock(Owner::User(user_id))?;
    let held = find(tx, user_id, bap_id)?.ok_or(Stop::Refused(ProfileRefusal::NotFound))?;
    tx.execute("DELETE FROM profiles WHERE user_id = $1 AND bap_id = $2", params![user_id, key(bap_id)])?;
    if let Some(picture) = &held.picture {
        picture::give_up(tx, picture, now)?;
    }
    record(tx, Action::ProfileRemove, user_id, bap_id, Details::default(), now)?;
    tx.changed(cached::ACCOUNT, user_id.as_str())?;
    Ok(held.picture)
}

/// The column of an identity, which is empty for the account itself.
fn key(bap_id: Option<&BapId>) -> &str {
    bap_id.map(BapId::as_str).unwrap_or_default()
}

fn require_theirs(tx: &mut dyn Tx, user_id: &UserId, bap_id: Option<&BapId>) -> Result<(), Stop<ProfileRefusal>> {
    let is_theirs = match bap_id {
        None => user::is_active(tx, user_id)?,
        Some(bap_id) => {
            let held = "SELECT 1 FROM identities WHERE bap_id = $1 AND user_id = $2";
            tx.query_opt(held, params![bap_id, user_id])?.is_some()
        }
    };
    if is_theirs { Ok(()) } else { Err(Stop::Refused(ProfileRefusal::NotTheirs)) }
}

fn record(
    tx: &mut dyn Tx,
    action: Action,
    user_id: &UserId,
    bap_id: Option<&BapId>,
    details: Details,
    now: Timestamp,
) -> Result<(), StoreError> {
    let target = bap_id.map_or_else(|| Target::User(user_id.clone()), |bap_id| Target::Identity(bap_id.clone()));
    event::append_bounded(tx, NewEvent::new(action).about(user_id).to(target).with(details), user_id, now)
}

fn decode(row: &Row) -> Result<StoredProfile, StoreError> {
    let bap_id = if row.text(0)?.is_empty() { None } else { Some(row.bap_id(0)?) };
    let profile = Profile::from_stored(&row.text(1)?, row.timestamp(4)?)
        .map_err(|_| StoreError::Corrupt("the fields of a profile are not JSON".to_owned()))?;
    Ok(StoredProfile { bap_id, profile: Arc::new(profile), picture: row.opt_text(2)?, created_at: row.timestamp(3)? })
}
