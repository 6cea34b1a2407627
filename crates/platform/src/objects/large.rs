//! Objects that are too large to be held in memory: received and sent piece by piece.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::io::AsyncWriteExt as _;

use super::{ObjectError, Objects, Place};

/// Bytes held of an object that is being received: what S3 asks of a part, at least.
const PART: usize = 5 * 1024 * 1024;

/// An object that is being received. Nothing of it can be seen before [`Receiving::finish`].
pub struct Receiving(BufWriter);

/// An object to be sent.
pub struct LargeObject {
    /// Its size in bytes.
    pub size: u64,
    /// Its pieces.
    pub pieces: BoxStream<'static, Result<Bytes, ObjectError>>,
}

impl Objects {
    /// Begins to receive an object.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn receive(&self, name: &str) -> Result<Receiving, ObjectError> {
        let writer = BufWriter::with_capacity(self.large_store()?, self.path(name), PART);
        Ok(Receiving(writer.with_max_concurrency(1)))
    }

    /// Opens an object; `None` if there is none of that name.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn open(&self, name: &str) -> Result<Option<LargeObject>, ObjectError> {
        match self.large_store()?.get(&self.path(name)).await {
            Ok(found) => {
                let size = found.meta.size;
                let pieces = found.into_stream().map(|piece| piece.map_err(ObjectError::from)).boxed();
                Ok(Some(LargeObject { size, pieces }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn large_store(&self) -> Result<Arc<dyn ObjectStore>, ObjectError> {
        match self.place.as_ref() {
            Place::Folder(folder) => {
                let created = std::fs::create_dir_all(folder);
                created.map_err(|error| ObjectError::Folder { folder: folder.clone(), error })?;
                Ok(Arc::new(LocalFileSystem::new_with_prefix(folder)?))
            }
            Place::Bucket { bucket, .. } => {
                let bucket: Arc<dyn ObjectStore> = Arc::<object_store::aws::AmazonS3>::clone(bucket);
                Ok(bucket)
            }
        }
    }
}

impl Receiving {
    /// Adds a piece.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn add(&mut self, piece: Bytes) -> Result<(), ObjectError> {
        Ok(self.0.put(piece).await?)
    }

    /// Stores what was received.
    ///
    /// # Errors
    /// [`ObjectError`]
    pub async fn finish(mut self) -> Result<(), ObjectError> {
        self.0.shutdown().await.map_err(|error| ObjectError::Failed(error.to_string()))
    }

    /// Forgets what was received.
    pub async fn abandon(mut self) {
        // Parts that stay in a bucket are deleted by its own rules.
        if let Err(error) = self.0.abort().await {
            tracing::debug!(%error, "an upload could not be taken back");
        }
    }
}
