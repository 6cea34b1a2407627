//! Files that pages show, such as logos: in a folder, or in a bucket that speaks the protocol of S3.
//!
//! An object never changes: a logo is named by the SHA-256 of its content, a picture by a random id. Pages work without: an
//! object that is missing, or a bucket that does not respond, leaves a gap that they fill.

mod bucket;
mod decoding;
mod large;
mod logo;
mod picture;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig};
use secrecy::ExposeSecret as _;
use sigma_store::Memory;
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use bucket::{Bucket, Download, PART, Upload};
pub use decoding::ImageError;
pub use large::{LargeObject, Receiving};
pub use logo::Logo;
pub use picture::{LARGEST_PICTURE_KIB, PictureError, PictureName};

use crate::settings::{Objects as Settings, S3};

/// The largest object, in bytes.
pub const LARGEST: usize = 524_288;
/// Bytes of objects kept in memory.
const REMEMBERED: usize = 8 * 1024 * 1024;
/// How long a page waits to learn whether it can show an object.
const GLANCE: Duration = Duration::from_millis(300);
/// When an object that could not be loaded is looked for again.
const AGAIN: Duration = Duration::from_secs(30);
/// How long a bucket may take to respond.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Why an object cannot be stored or loaded.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The folder or bucket does not work.
    #[error("{0}")]
    Store(#[from] object_store::Error),
    /// The folder cannot be created.
    #[error("the folder {folder} cannot be created: {error}", folder = .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's message.
        error: std::io::Error,
    },
    /// The object is larger than [`LARGEST`].
    #[error("the object is too large")]
    TooLarge,
    /// The bucket took too long.
    #[error("the bucket took too long")]
    TimedOut,
    /// Writing failed.
    #[error("{0}")]
    Failed(String),
}

/// Where objects are; cheap to clone.
#[derive(Clone)]
pub struct Objects {
    place: Arc<Place>,
    /// The latest ones, by name.
    remembered: Memory<String, Bytes>,
    /// Those that could not be loaded a moment ago.
    missing: Memory<String, Instant>,
    /// Uploads of pictures that may be in progress …
    waiting_pictures: Arc<Semaphore>,
    /// … and the one that is being decoded.
    picture_turn: Arc<Semaphore>,
}

enum Place {
    Folder(PathBuf),
    Bucket { bucket: Arc<AmazonS3>, prefix: String },
}

impl Objects {
    /// The folder or bucket of the settings. Neither has to exist yet.
    ///
    /// # Errors
    /// The settings of the bucket are unusable.
    pub fn new(settings: &Settings) -> Result<Self, ObjectError> {
        let place = match &settings.s3 {
            None => Place::Folder(settings.folder.clone()),
            Some(s3) => {
                let retry = RetryConfig { max_retries: 1, retry_timeout: TIME_LIMIT, ..RetryConfig::default() };
                let bucket = Arc::new(client(s3, Waiting { limit: TIME_LIMIT, retry })?);
                Place::Bucket { bucket, prefix: s3.prefix.clone() }
            }
        };
        let (waiting, turns) = picture::TURNS;
        Ok(Self {
            place: Arc::new(place),
            remembered: Memory::weighed(REMEMBERED),
            missing: Memory::new(1_000),
            waiting_pictures: Arc::new(Semaphore::new(waiting)),
            picture_turn: Arc::new(Semaphore::new(turns)),
        })
    }

    /// Stores an object.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn put(&self, name: &str, object: Bytes) -> Result<(), ObjectError> {
        if object.len() > LARGEST {
            return Err(ObjectError::TooLarge);
        }
        let (path, payload) = (self.path(name), object.clone().into());
        match self.place.as_ref() {
            Place::Folder(folder) => {
                let created = std::fs::create_dir_all(folder);
                created.map_err(|error| ObjectError::Folder { folder: folder.clone(), error })?;
                LocalFileSystem::new_with_prefix(folder)?.put(&path, payload).await?;
            }
            Place::Bucket { bucket, .. } => drop(bucket.put(&path, payload).await?),
        }
        self.missing.remove(name);
        self.remember(name, object);
        Ok(())
    }

    /// Loads an object; `None` if there is none of that name.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, ObjectError> {
        if let Some(object) = self.remembered.get(name) {
            return Ok(Some(object));
        }
        let path = self.path(name);
        let loaded = match self.place.as_ref() {
            Place::Folder(folder) if !folder.is_dir() => return Ok(None),
            Place::Folder(folder) => load(&LocalFileSystem::new_with_prefix(folder)?, &path).await,
            Place::Bucket { bucket, .. } => {
                let loaded = tokio::time::timeout(TIME_LIMIT, load(bucket.as_ref(), &path)).await;
                loaded.unwrap_or(Err(ObjectError::TimedOut))
            }
        };
        match loaded {
            Ok(object) => {
                self.remember(name, object.clone());
                Ok(Some(object))
            }
            Err(ObjectError::Store(object_store::Error::NotFound { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object, if it is there. Other instances may show it for as long as they remember it.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn remove(&self, name: &str) -> Result<(), ObjectError> {
        self.remembered.remove(name);
        let path = self.path(name);
        let removed = match self.place.as_ref() {
            Place::Folder(folder) if !folder.is_dir() => return Ok(()),
            Place::Folder(folder) => LocalFileSystem::new_with_prefix(folder)?.delete(&path).await,
            Place::Bucket { bucket, .. } => bucket.delete(&path).await,
        };
        match removed {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether an object can be shown. A page does not wait for a slow bucket: it learns the next time.
    pub async fn is_at_hand(&self, name: &str) -> bool {
        let is_remembered = self.remembered.contains(name);
        if is_remembered || self.missing.get(name).is_some_and(|since| since.elapsed() < AGAIN) {
            return is_remembered;
        }
        let (objects, wanted) = (self.clone(), name.to_owned());
        let loading = tokio::spawn(async move {
            let loaded = objects.get(&wanted).await;
            if let Err(error) = &loaded {
                tracing::warn!(name = wanted, %error, "an object could not be loaded");
            }
            let is_there = matches!(loaded, Ok(Some(_)));
            if !is_there {
                objects.missing.insert(wanted, Instant::now());
            }
            is_there
        });
        matches!(tokio::time::timeout(GLANCE, loading).await, Ok(Ok(true)))
    }

    fn remember(&self, name: &str, object: Bytes) {
        let weight = object.len();
        self.remembered.insert_weighed(name.to_owned(), object, weight);
    }

    fn path(&self, name: &str) -> Path {
        match self.place.as_ref() {
            Place::Bucket { prefix, .. } if !prefix.is_empty() => Path::from(format!("{prefix}/{name}")),
            Place::Bucket { .. } | Place::Folder(_) => Path::from(name),
        }
    }
}

async fn load(store: &dyn ObjectStore, path: &Path) -> Result<Bytes, ObjectError> {
    let found = store.get(path).await?;
    if usize::try_from(found.meta.size).unwrap_or(usize::MAX) > LARGEST {
        return Err(ObjectError::TooLarge);
    }
    Ok(found.bytes().await?)
}

/// How long a bucket is waited for.
struct Waiting {
    /// For the answer to one request.
    limit: Duration,
    /// And how often it is asked again.
    retry: RetryConfig,
}

/// What speaks to the bucket of the settings.
fn client(s3: &S3, waiting: Waiting) -> Result<AmazonS3, ObjectError> {
    let options = ClientOptions::new().with_timeout(waiting.limit).with_connect_timeout(TIME_LIMIT / 2);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&s3.bucket)
        .with_region(&s3.region)
        .with_virtual_hosted_style_request(!s3.path_style)
        .with_access_key_id(s3.access_key_id.expose_secret())
        .with_secret_access_key(s3.secret_access_key.expose_secret())
        .with_client_options(options)
        // One request each: some services know no other.
        .with_disable_bulk_delete(true)
        .with_retry(waiting.retry);
    if let Some(token) = &s3.session_token {
        builder = builder.with_token(token.expose_secret());
    }
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    Ok(builder.build()?)
}

/// Without the keys of the bucket.
impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_ref() {
            Place::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
            Place::Bucket { .. } => f.write_str("Bucket"),
        }
    }
}

#[cfg(test)]
mod tests;
