//! A bucket of files that are larger than memory: sent and loaded in parts, by name.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::AmazonS3;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{GetOptions, MultipartId, ObjectStore as _, ObjectStoreExt as _, RetryConfig};

use super::{ObjectError, Waiting, client};
use crate::settings::S3;

/// Bytes of a part; some services want all of the same size.
pub const PART: usize = 16 * 1024 * 1024;
/// The most parts of a file, by the protocol.
const MOST_PARTS: usize = 10_000;
/// How long a part may take, on a slow line.
const PART_LIMIT: Duration = Duration::from_mins(5);
/// How often a request is repeated that failed for a reason that passes: some six seconds.
const RETRIES: usize = 6;

/// A bucket, and what the names in it begin with; cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Path,
}

/// A file that is being sent. Nobody sees any of it before [`Upload::finish`].
#[derive(Clone)]
pub struct Upload {
    bucket: Bucket,
    path: Path,
    id: MultipartId,
    parts: Vec<PartId>,
}

/// A file that is being loaded.
pub struct Download {
    bucket: Bucket,
    path: Path,
    size: u64,
    /// Names this content: should the file be replaced meanwhile, the rest of it is not taken.
    version: Option<String>,
    at: u64,
}

impl Bucket {
    /// The bucket of the settings, which may not exist. TLS has to be set up.
    ///
    /// # Errors
    /// The settings are unusable.
    pub fn new(settings: &S3) -> Result<Self, ObjectError> {
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PART_LIMIT, ..RetryConfig::default() };
        let prefix = parsed(&settings.prefix)?;
        Ok(Self { store: Arc::new(client(settings, Waiting { limit: PART_LIMIT, retry })?), prefix })
    }

    /// The names of the files right below the prefix.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn names(&self) -> Result<Vec<String>, ObjectError> {
        let found = self.store.list_with_delimiter(Some(&self.prefix)).await?;
        Ok(found.objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }

    /// Begins to send the file `name`; `None` if there is one of that name, which is never replaced.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn send(&self, name: &str) -> Result<Option<Upload>, ObjectError> {
        let path = self.path(name)?;
        if self.is_there(&path).await? {
            return Ok(None);
        }
        let id = self.store.create_multipart(&path).await?;
        Ok(Some(Upload { bucket: self.clone(), path, id, parts: Vec::new() }))
    }

    /// Begins to load the file `name`; `None` if there is none.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn load(&self, name: &str) -> Result<Option<Download>, ObjectError> {
        let path = self.path(name)?;
        match self.store.head(&path).await {
            Ok(found) => {
                Ok(Some(Download { bucket: self.clone(), path, size: found.size, version: found.e_tag, at: 0 }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes the file `name`, if it is there.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn delete(&self, name: &str) -> Result<(), ObjectError> {
        match self.store.delete(&self.path(name)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn is_there(&self, path: &Path) -> Result<bool, ObjectError> {
        match self.store.head(path).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn path(&self, name: &str) -> Result<Path, ObjectError> {
        if name.is_empty() {
            return Err(ObjectError::Failed("a file in a bucket has a name".to_owned()));
        }
        parsed(&format!("{}/{name}", self.prefix))
    }
}

fn parsed(text: &str) -> Result<Path, ObjectError> {
    let text = text.strip_prefix('/').unwrap_or(text);
    Path::parse(text).map_err(|error| ObjectError::Failed(error.to_string()))
}

impl Upload {
    /// Sends the next part: [`PART`] bytes, or fewer at the end.
    ///
    /// # Errors
    /// [`ObjectError`]; [`Upload::abandon`] takes back what was sent.
    pub async fn add(&mut self, part: Bytes) -> Result<(), ObjectError> {
        if self.parts.len() >= MOST_PARTS {
            return Err(ObjectError::TooLarge);
        }
        let store = &self.bucket.store;
        self.parts.push(store.put_part(&self.path, &self.id, self.parts.len(), part.into()).await?);
        Ok(())
    }

    /// Completes the file, which appears under its name, or fails and leaves nothing.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn finish(mut self) -> Result<(), ObjectError> {
        let completed = self.complete().await;
        if completed.is_err() {
            drop(self.abandon().await);
        }
        completed
    }

    async fn complete(&mut self) -> Result<(), ObjectError> {
        // While this one was sent, another host may have finished one of the same second.
        if self.bucket.is_there(&self.path).await? {
            return Err(ObjectError::Failed("another file took the name meanwhile".to_owned()));
        }
        let parts = std::mem::take(&mut self.parts);
        self.bucket.store.complete_multipart(&self.path, &self.id, parts).await?;
        Ok(())
    }

    /// Takes back what was sent.
    ///
    /// # Errors
    /// [`ObjectError`]: parts are left, which nobody sees and which a rule of the bucket may delete.
    pub async fn abandon(self) -> Result<(), ObjectError> {
        Ok(self.bucket.store.abort_multipart(&self.path, &self.id).await?)
    }
}

impl Download {
    /// Bytes of the file.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The next piece, of at most [`PART`] bytes; `None` at the end.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        if self.at >= self.size {
            return Ok(None);
        }
        let end = self.at.saturating_add(u64::try_from(PART).unwrap_or(u64::MAX)).min(self.size);
        let wanted =
            GetOptions { if_match: self.version.clone(), range: Some((self.at..end).into()), ..GetOptions::default() };
        let piece = self.bucket.store.get_opts(&self.path, wanted).await?.bytes().await?;
        if u64::try_from(piece.len()).unwrap_or(u64::MAX) != end - self.at {
            return Err(ObjectError::Failed("the bucket sent less than the whole file".to_owned()));
        }
        self.at = end;
        Ok(Some(piece))
    }
}

/// Without the keys of the bucket.
impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bucket").field(&self.prefix.as_ref()).finish()
    }
}
