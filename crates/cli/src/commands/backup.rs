//! `sigma backup`, `sigma restore` and `sigma verify-backup`.

mod bucket;
mod folder;
mod identity;
mod rehearsal;
mod restore;

use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::path::Path;

use serde::Serialize;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::StoreOptions;
use sigma_store::transfer::{self, About, Header, Recipient, Sum, TransferError, Watch};

use self::bucket::Remote;
pub use self::folder::stamp;
use self::identity::identities;
pub use self::rehearsal::verify;
pub use self::restore::restore;

use crate::args::BackupArgs;
use crate::config;
use crate::failure::Failure;
use crate::opened::options;
use crate::output::{Output, fields};
use crate::progress::Bar;
use crate::system::{SystemClock, SystemRng};

/// Most recipients of one backup.
const MOST_RECIPIENTS: usize = 20;

/// A backup as printed.
#[derive(Serialize)]
struct BackupView {
    file: String,
    bytes: u64,
    encrypted: bool,
    #[serde(flatten)]
    about: HeaderView,
    /// Rows and checksum of each table: the same whatever the engine.
    checksums: Vec<Sum>,
    /// Backups that were deleted.
    deleted: Vec<String>,
}

/// What a backup says of itself, as printed.
#[derive(Serialize)]
struct HeaderView {
    taken_at: String,
    issuer: String,
    engine: String,
    schema: i64,
    sigma: String,
    tables: usize,
    rows: u64,
}

impl HeaderView {
    fn of(header: &transfer::Header) -> Self {
        Self {
            taken_at: Timestamp::from_micros(header.taken_at).to_string(),
            issuer: header.issuer.clone(),
            engine: header.engine.clone(),
            schema: header.schema,
            sigma: header.sigma.clone(),
            tables: header.rows.len(),
            rows: header.all_rows(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("taken at", self.taken_at.clone()),
            ("issuer", self.issuer.clone()),
            ("database", format!("{}, schema version {}, Sigma {}", self.engine, self.schema, self.sigma)),
            ("content", format!("{} rows of {} tables", self.rows, self.tables)),
        ]
    }
}

/// Makes a backup while the server runs, and deletes older ones if asked to.
pub fn backup(file: Option<&Path>, output: Output, args: &BackupArgs) -> Result<(), Failure> {
    let recipients: Vec<Recipient> = args
        .age
        .iter()
        // It may be a secret key by mistake.
        .map(|text| Recipient::parse(text).map_err(|error| Failure::Usage(format!("--age: {error}"))))
        .collect::<Result<_, _>>()?;
    if recipients.len() > MOST_RECIPIENTS {
        return Err(Failure::Usage(format!("--age: at most {MOST_RECIPIENTS} recipients")));
    }
    let settings = config::load_checked(file)?;
    let place = Place::of(&args.to)?;
    let now = SystemClock.now();
    let name = folder::name(now, !recipients.is_empty());
    let about = About { issuer: settings.issuer.clone(), sigma: env!("CARGO_PKG_VERSION").to_owned(), now };
    let mut bar = Bar::new("Backing up", output.json);
    let made = place.fill(&options(&settings), &name, &recipients, &about, &mut |progress| bar.show(progress));
    drop(bar);
    let Made { file, bytes, header, checksums } = made?;
    let deleted = args.keep.map_or(Ok(Vec::new()), |keep| place.keep(&name, keep))?;
    let view = BackupView {
        file,
        bytes,
        encrypted: !recipients.is_empty(),
        about: HeaderView::of(&header),
        checksums,
        deleted,
    };
    output.answer(&view, |view| {
        let mut shown = vec![("backup", view.file.clone())];
        shown.extend(view.about.fields());
        let is_encrypted = if view.encrypted { ", encrypted" } else { ", not encrypted" };
        shown.push(("size", format!("{} KiB{is_encrypted}", view.bytes.div_ceil(1024))));
        shown.push(("deleted", view.deleted.join("\n")));
        format!("{}\n\nKeep the master key elsewhere: the backup is useless without it.", fields(&shown))
    })
}

/// Where backups are put.
enum Place<'a> {
    Folder(&'a Path),
    Bucket(Remote),
}

/// A backup that was made.
struct Made {
    file: String,
    bytes: u64,
    header: Header,
    checksums: Vec<Sum>,
}

impl<'a> Place<'a> {
    /// That of `--to`.
    fn of(to: &'a Path) -> Result<Self, Failure> {
        match bucket::address(to) {
            Some((bucket, prefix)) => Ok(Self::Bucket(Remote::new(bucket, prefix)?)),
            None if to.is_dir() => Ok(Self::Folder(to)),
            None => Err(Failure::NotFound(format!("the folder {} does not exist", to.display()))),
        }
    }

    /// Makes the backup `name`, which appears once it is complete.
    fn fill(
        &self,
        options: &StoreOptions,
        name: &str,
        recipients: &[Recipient],
        about: &About,
        watch: Watch<'_>,
    ) -> Result<Made, Failure> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let (header, checksums) = transfer::backup(options, &path, recipients, about, &SystemRng, watch)?;
                let bytes = fs::metadata(&path).map_or(0, |file| file.len());
                Ok(Made { file: path.display().to_string(), bytes, header, checksums })
            }
            Self::Bucket(remote) => {
                let (file, out) = (remote.of(name), remote.send(name)?);
                let made = transfer::backup_to(options, (Path::new(&file), out), recipients, about, &SystemRng, watch);
                let (out, header, checksums) = made?;
                Ok(Made { bytes: out.finish()?, file, header, checksums })
            }
        }
    }

    /// Deletes all but the newest `keep` backups, of which `made` is one; returns the names of those that are gone.
    fn keep(&self, made: &str, keep: u32) -> Result<Vec<String>, Failure> {
        match self {
            Self::Folder(folder) => folder::keep(folder, made, keep),
            Self::Bucket(remote) => remote.keep(made, keep),
        }
    }
}

/// Opens a backup so that it can be read more than once: what is in a bucket or comes through a pipe is copied into a temporary file.
fn open(path: &Path, json: bool) -> Result<File, Failure> {
    if let Some((bucket, path)) = bucket::address(path) {
        let (prefix, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name.is_empty() {
            return Err(Failure::Usage("name the backup in the bucket: s3://BUCKET/PREFIX/sigma-….backup".to_owned()));
        }
        return Remote::new(bucket, prefix)?.load(name, &mut Bar::new("Loading", json));
    }
    let failed = |cause| Failure::from(TransferError::File { path: path.to_owned(), cause });
    let mut file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_file() {
        return Ok(file);
    }
    let mut copy = spool()?;
    io::copy(&mut file, &mut copy).and_then(|_| copy.rewind()).map_err(failed)?;
    Ok(copy)
}

/// A temporary file that has no name: nobody else can open it, and it is gone with this process however that ends.
fn spool() -> Result<File, Failure> {
    tempfile::tempfile().map_err(|error| spool_failed(&error))
}

fn spool_failed(error: &io::Error) -> Failure {
    let folder = std::env::temp_dir();
    Failure::Failed(format!(
        "the backup cannot be copied into {}: {error}; TMPDIR names another folder",
        folder.display()
    ))
}
