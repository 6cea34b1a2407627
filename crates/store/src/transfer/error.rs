//! Why a database could not be copied.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::age::AgeError;
use crate::error::{OpenError, StoreError};

/// Why a database could not be backed up, restored or moved. Unless it says so, nothing was changed.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A statement failed.
    #[error("the database could not be read or written at {table}: {cause}")]
    Database {
        /// Where.
        table: String,
        /// Why.
        cause: StoreError,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's message.
        cause: io::Error,
    },
    /// The file is no backup of Sigma.
    #[error("this is not a backup that `sigma backup` made")]
    NotABackup,
    /// The file is incomplete or was changed.
    #[error("the backup is damaged: {0}. Take another one")]
    Damaged(String),
    /// The format is newer than this program.
    #[error("the backup has format {found}, and this program knows formats up to {known}: install the newer Sigma")]
    NewerFormat {
        /// That of the file.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// The schema is newer than this program.
    #[error("the backup has schema version {found}, and this program knows {known}: install the newer Sigma")]
    NewerSchema {
        /// That of the file.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// The file is encrypted, or encrypted for others.
    #[error(transparent)]
    Age(#[from] AgeError),
    /// The master key is another.
    #[error("what is there was sealed under another master key: put back the one that belongs to it")]
    OtherMasterKey,
    /// The target has rows.
    #[error("{0} is not empty, and nothing is ever overwritten: {1}")]
    NotEmpty(String, &'static str),
    /// What was written is not what was read.
    #[error("{table}: {how}")]
    Differs {
        /// The table.
        table: String,
        /// How.
        how: String,
    },
}

impl TransferError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::File { path: path.to_owned(), cause }
    }

    pub(crate) fn database(table: &str) -> impl FnOnce(StoreError) -> Self {
        move |cause| Self::Database { table: table.to_owned(), cause }
    }

    pub(crate) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }
}
