//! Where things are kept: the database, the key that seals what is in it, and the objects beside it.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::mask::{masked, masked_secret, masked_url};

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// `sqlite:PATH` or `postgres://user:password@host/database`.
    #[serde(serialize_with = "masked_url")]
    pub url: SecretString,
    /// Create an empty database even if the master key has sealed one that is now missing. Only `sigma serve --new` and
    /// `sigma demo` set it.
    #[serde(skip)]
    pub make_new: bool,
    /// Connections for reading; for writing there is one on SQLite, and as many as this on PostgreSQL.
    pub connections: usize,
    /// What stands between this process and a PostgreSQL server.
    pub pooler: Pooler,
    /// How long `sigma serve` waits at start for a database server that is down, in seconds.
    pub wait: u32,
}

/// What stands between this process and a PostgreSQL server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooler {
    /// Nothing.
    #[default]
    None,
    /// A pooler that may give every transaction another connection, such as PgBouncer.
    Transaction,
}

impl From<Pooler> for sigma_store::Pooler {
    fn from(pooler: Pooler) -> Self {
        match pooler {
            Pooler::None => Self::None,
            Pooler::Transaction => Self::Transaction,
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            url: SecretString::from("sqlite:sigma.sqlite"),
            make_new: false,
            connections: 2,
            pooler: Pooler::None,
            wait: 60,
        }
    }
}

/// The master key: from `value` (base64 of 32 bytes), else from what `command` prints, or else from a file that is created at the first start (0600).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MasterKeySettings {
    /// Base64 of 32 bytes; meant for the environment (`SIGMA__MASTER_KEY__VALUE`).
    #[serde(serialize_with = "masked")]
    pub value: Option<SecretString>,
    /// A program and its arguments that print it: of a key management service. Run without a shell, for ten seconds at most.
    pub command: Vec<String>,
    /// The file that holds it otherwise.
    pub file: PathBuf,
}

impl MasterKeySettings {
    /// The file, if the key is in one.
    pub fn key_file(&self) -> Option<&Path> {
        (self.value.is_none() && self.command.is_empty()).then_some(self.file.as_path())
    }
}

impl Default for MasterKeySettings {
    fn default() -> Self {
        Self { value: None, command: Vec::new(), file: PathBuf::from("sigma.key") }
    }
}

/// Where logos of orgs and apps are kept: in a folder, or in a bucket if one is configured.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objects {
    /// The folder.
    pub folder: PathBuf,
    /// The bucket, for several instances.
    pub s3: Option<S3>,
}

impl Default for Objects {
    fn default() -> Self {
        Self { folder: PathBuf::from("sigma-objects"), s3: None }
    }
}

/// A bucket that speaks the protocol of S3.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// The address of the service, if it is not that of AWS.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region.
    #[serde(default = "default_region")]
    pub region: String,
    /// The bucket is the first part of the path instead of a subdomain, as most other services expect.
    #[serde(default)]
    pub path_style: bool,
    /// What the names of objects begin with.
    #[serde(default)]
    pub prefix: String,
    /// The id of the access key.
    #[serde(serialize_with = "masked_secret")]
    pub access_key_id: SecretString,
    /// The secret of the access key; meant for the environment.
    #[serde(serialize_with = "masked_secret")]
    pub secret_access_key: SecretString,
    /// What goes with keys that are valid for hours: for commands alone, since a server runs longer.
    #[serde(skip)]
    pub session_token: Option<SecretString>,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}
