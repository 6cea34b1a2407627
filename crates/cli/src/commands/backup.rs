//! `sigma backup`, `sigma restore` and `sigma verify-backup`.

mod folder;
mod rehearsal;
mod restore;

use std::fs;
use std::path::Path;

use serde::Serialize;
use sigma_core::time::{Clock as _, Timestamp};
use sigma_store::transfer::{self, About, Identity, Recipient, Sum};

pub use self::folder::stamp;
pub use self::rehearsal::verify;
pub use self::restore::restore;

use crate::args::{BackupArgs, BackupFile};
use crate::config;
use crate::failure::Failure;
use crate::opened::options;
use crate::output::{Output, fields};
use crate::progress::Bar;
use crate::system::{SystemClock, SystemRng};

/// Most recipients of one backup.
const MOST_RECIPIENTS: usize = 20;
/// The longest file of age identities.
const LONGEST_IDENTITIES: u64 = 64 * 1024;

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
    if !args.to.is_dir() {
        return Err(Failure::NotFound(format!("the folder {} does not exist", args.to.display())));
    }
    let settings = config::load_checked(file)?;
    let now = SystemClock.now();
    let path = args.to.join(folder::name(now, !recipients.is_empty()));
    let about = About { issuer: settings.issuer.clone(), sigma: env!("CARGO_PKG_VERSION").to_owned(), now };
    let mut bar = Bar::new("Backing up", output.json);
    let made = transfer::backup(&options(&settings), &path, &recipients, &about, &SystemRng, &mut |progress| {
        bar.show(progress);
    });
    drop(bar);
    let (header, checksums) = made?;
    let bytes = fs::metadata(&path).map_or(0, |file| file.len());
    let made = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let deleted = args.keep.map_or(Ok(Vec::new()), |keep| folder::keep(&args.to, made, keep))?;
    let view = BackupView {
        file: path.display().to_string(),
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

/// The identities of `--identity`.
fn identities(file: &BackupFile) -> Result<Vec<Identity>, Failure> {
    use std::io::Read as _;
    let Some(path) = &file.identity else { return Ok(Vec::new()) };
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(LONGEST_IDENTITIES).read_to_string(&mut text));
    read.map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", path.display())))?;
    Identity::parse_file(&text).map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}
