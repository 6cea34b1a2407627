//! Writes profiles with their pictures, for the API and for the account page (`docs/spec/profile.md`).

use bytes::Bytes;
use http::StatusCode;
use sigma_bitcoin::BapId;
use sigma_core::actor::Actor;
use sigma_core::ids::UserId;
use sigma_core::person::Person;
use sigma_core::profile::{Field, ProfileChange};
use sigma_store::profile::{self, ProfileRefusal, ProfileWrite, StoredProfile, WriteMode, Written};
use sigma_store::signed_request::SignedRequest;
use sigma_store::{Stop, StoreError, picture};

use crate::error::bad_request;
use crate::extract::rejected;
use crate::http::{ApiError, RequestContext};
use crate::objects::{ImageError, PictureError, PictureName};
use crate::state::AppState;

/// A checked change of a profile.
#[derive(Clone, Debug)]
pub struct NewProfile {
    /// The user.
    pub user_id: UserId,
    /// The identity; `None` is the account itself.
    pub bap_id: Option<BapId>,
    /// The texts.
    pub change: ProfileChange,
    /// An image file, which becomes the picture.
    pub file: Option<Bytes>,
    /// Whether there must be a profile already.
    pub mode: WriteMode,
    /// The signature that asks for it.
    pub signed: Option<SignedRequest>,
}

/// Why a profile was not written.
#[derive(Debug)]
pub enum ProfileError {
    /// A rule forbids it.
    Refused(ProfileRefusal),
    /// The file is no picture.
    Picture(ImageError),
    /// Too many pictures are being uploaded.
    Busy,
    /// The store does not answer.
    Store(StoreError),
    /// The picture could not be kept.
    Objects(PictureError),
}

impl From<StoreError> for ProfileError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop<ProfileRefusal>> for ProfileError {
    fn from(stop: Stop<ProfileRefusal>) -> Self {
        match stop {
            Stop::Refused(refusal) => Self::Refused(refusal),
            Stop::Failed(error) => Self::Store(error),
        }
    }
}

impl From<ProfileError> for ApiError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Refused(ProfileRefusal::Exists) => {
                Self::new(StatusCode::CONFLICT, "profile_exists", "The profile exists already")
            }
            ProfileError::Refused(ProfileRefusal::NotFound) => {
                Self::new(StatusCode::NOT_FOUND, "profile_not_found", "No profile exists for this user")
            }
            ProfileError::Refused(ProfileRefusal::NotTheirs) => not_theirs(),
            ProfileError::Refused(ProfileRefusal::TooMany) => {
                Self::new(StatusCode::CONFLICT, "too_many_profiles", "This account has the maximum number of profiles")
            }
            ProfileError::Refused(ProfileRefusal::Rejected(why)) => rejected(why),
            ProfileError::Picture(error) => bad_request("invalid_picture", error.to_string()),
            ProfileError::Busy => Self::unavailable("too many pictures at once"),
            ProfileError::Store(error) => error.into(),
            ProfileError::Objects(error) => Self::internal(error),
        }
    }
}

/// The refusal of an identity that is not the caller's.
pub fn not_theirs() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "bap_ownership_failed", "The identity does not belong to this account.")
        .with_code("BAP_OWNERSHIP_FAILED")
}

/// Writes a profile, on behalf of `actor`.
///
/// # Errors
/// [`ProfileError`]
pub async fn write(
    sigma: &AppState,
    context: &RequestContext,
    actor: Actor,
    new: NewProfile,
) -> Result<StoredProfile, ProfileError> {
    let NewProfile { user_id, bap_id, mut change, file, mode, signed } = new;
    let uploaded = match file {
        Some(file) => Some(upload(sigma, &user_id, file).await?),
        None => None,
    };
    if let Some(id) = &uploaded {
        change.set_own(Field::Image, format!("{}{}", sigma.issuer(), picture_path(&PictureName::largest(id))));
    }
    let picture = uploaded.clone();
    let write = ProfileWrite { user_id, bap_id, change, picture, mode, signed, now: sigma.now() };
    let written = sigma.store_for(context, actor).decide(move |tx| profile::write(tx, &write)).await;
    match written {
        Ok(Written { stored, unused_picture }) => {
            discard(sigma, unused_picture).await;
            Ok(stored)
        }
        Err(stop) => {
            // What was uploaded for it is shown nowhere.
            discard(sigma, uploaded).await;
            Err(stop.into())
        }
    }
}

/// Deletes a profile with its picture, on behalf of `actor`.
///
/// # Errors
/// [`ProfileError`]
pub async fn remove(
    sigma: &AppState,
    context: &RequestContext,
    actor: Actor,
    user_id: &UserId,
    bap_id: Option<BapId>,
) -> Result<(), ProfileError> {
    let (user_id, now) = (user_id.clone(), sigma.now());
    let store = sigma.store_for(context, actor);
    let unused = store.decide(move |tx| profile::remove(tx, &user_id, bap_id.as_ref(), now)).await?;
    discard(sigma, unused).await;
    Ok(())
}

/// The path of one size of a picture.
pub fn picture_path(name: &str) -> String {
    format!("/pictures/{name}")
}

/// The path of the small size of a picture that was uploaded here: pages load no other.
pub fn own_picture(sigma: &AppState, person: &Person) -> Option<String> {
    let url = person.picture()?;
    let name = url.strip_prefix(sigma.issuer())?.strip_prefix("/pictures/")?;
    let (id, _) = name.split_once('-')?;
    PictureName::parse(&PictureName::smaller(id)).map(|name| picture_path(name.as_str()))
}

/// Stores the picture in a file; returns its id.
async fn upload(sigma: &AppState, user_id: &UserId, file: Bytes) -> Result<String, ProfileError> {
    let (id, now) = (PictureName::new_id(&*sigma.rng), sigma.now());
    // First the row: objects that nobody knows would stay for ever.
    let (row, owner) = (id.clone(), user_id.clone());
    sigma.store.write(move |tx| picture::add(tx, &row, &owner, now)).await?;
    match sigma.brands.objects.add_picture(&id, file).await {
        Ok(()) => Ok(id),
        Err(error) => {
            discard(sigma, Some(id)).await;
            Err(match error {
                PictureError::Image(error) => ProfileError::Picture(error),
                PictureError::Busy => ProfileError::Busy,
                error => ProfileError::Objects(error),
            })
        }
    }
}

/// Deletes a picture that nothing shows. Should that fail, a job tries again.
async fn discard(sigma: &AppState, unused: Option<String>) {
    let Some(id) = unused else { return };
    if let Err(error) = sigma.brands.objects.remove_picture(&id).await {
        tracing::warn!(id, %error, "a picture could not be deleted");
        return;
    }
    if let Err(error) = sigma.store.write(move |tx| picture::remove(tx, &id)).await {
        tracing::warn!(%error, "a picture could not be forgotten");
    }
}
