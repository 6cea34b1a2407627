//! Backing up: one moment of a database, written into a file beside the server that goes on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sigma_core::random::{Rng, alphanumeric};
use sigma_core::time::Timestamp;

use super::age::{Encrypting, Recipient, encrypt};
use super::archive::{ArchiveWriter, FORMAT, Header};
use super::database::{Source, source};
use super::shape::Sum;
use super::{Progress, TransferError, Watch};
use crate::options::StoreOptions;

/// In the names of files that are no backups yet.
const DRAFT: &str = ".unfinished-";

/// What a backup says of its origin.
#[derive(Clone, Debug)]
pub struct About {
    /// The issuer.
    pub issuer: String,
    /// The version of this program.
    pub sigma: String,
    /// The time.
    pub now: Timestamp,
}

/// Writes a backup of the database of `options` into the new file `path`, encrypted for `recipients` if there are any. The file appears
/// once it is complete and on disk; an interrupted backup leaves none, or at most a hidden one that nobody takes for a backup.
///
/// # Errors
/// The database cannot be read, or the file not be written.
pub fn backup(
    options: &StoreOptions,
    path: &Path,
    recipients: &[Recipient],
    about: &About,
    rng: &dyn Rng,
    watch: Watch<'_>,
) -> Result<(Header, Vec<Sum>), TransferError> {
    let mut source = source(options)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}{DRAFT}{}", alphanumeric(rng, 8)));
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    clear_drafts(folder);
    let written = write_file(source.as_mut(), &draft, recipients, about, rng, watch).and_then(|written| {
        // Never in the place of another backup.
        fs::hard_link(&draft, path).map_err(TransferError::file(path))?;
        Ok(written)
    });
    drop(fs::remove_file(&draft));
    let written = written?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(TransferError::file(folder))?;
    Ok(written)
}

/// Writes a backup of the database of `options` to `out`, which is called `name` in messages; returns it, with everything written to it.
/// What keeps an incomplete backup from being taken for one is up to whoever made `out`.
///
/// # Errors
/// The database cannot be read, or `out` not be written.
pub fn backup_to<W: Write>(
    options: &StoreOptions,
    (name, out): (&Path, W),
    recipients: &[Recipient],
    about: &About,
    rng: &dyn Rng,
    watch: Watch<'_>,
) -> Result<(W, Header, Vec<Sum>), TransferError> {
    let mut source = source(options)?;
    write(source.as_mut(), (name, out), recipients, about, rng, watch)
}

/// Deletes what killed backups left behind: drafts that nobody writes.
fn clear_drafts(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_draft(&name) {
            let is_left = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            if is_left {
                drop(fs::remove_file(entry.path()));
            }
        }
    }
}

/// Whether a file is named as drafts are: a dot, the marker, and eight random characters.
fn is_draft(name: &str) -> bool {
    let parts = name.strip_prefix('.').and_then(|name| name.rsplit_once(DRAFT));
    parts.is_some_and(|(_, end)| end.len() == 8 && end.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Where a backup goes, encrypted or not.
enum Out<W: Write> {
    Plain(W),
    Encrypted(Box<Encrypting<W>>),
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Encrypted(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Encrypted(file) => file.flush(),
        }
    }
}

fn write_file(
    source: &mut dyn Source,
    draft: &Path,
    recipients: &[Recipient],
    about: &About,
    rng: &dyn Rng,
    watch: Watch<'_>,
) -> Result<(Header, Vec<Sum>), TransferError> {
    let file = |cause| TransferError::File { path: draft.to_owned(), cause };
    // Nobody else may read it.
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft).map_err(file)?;
    // As long as somebody writes it, nobody clears it away.
    out.lock().map_err(file)?;
    let out = BufWriter::with_capacity(1 << 18, out);
    let (out, header, sums) = write(source, (draft, out), recipients, about, rng, watch)?;
    let out = out.into_inner().map_err(|error| file(error.into_error()))?;
    out.sync_all().map_err(file)?;
    Ok((header, sums))
}

fn write<W: Write>(
    source: &mut dyn Source,
    (name, out): (&Path, W),
    recipients: &[Recipient],
    about: &About,
    rng: &dyn Rng,
    watch: Watch<'_>,
) -> Result<(W, Header, Vec<Sum>), TransferError> {
    let file = |cause| TransferError::File { path: name.to_owned(), cause };
    let shapes = source.shapes()?;
    let mut rows = Vec::new();
    for shape in &shapes {
        rows.push((shape.table.clone(), source.count(&shape.table)?));
    }
    let header = Header {
        format: FORMAT,
        schema: source.version(),
        engine: source.engine().to_owned(),
        sigma: about.sigma.clone(),
        issuer: about.issuer.clone(),
        taken_at: about.now.micros(),
        rows,
    };
    let out = if recipients.is_empty() {
        Out::Plain(out)
    } else {
        Out::Encrypted(Box::new(encrypt(out, recipients, rng).map_err(file)?))
    };
    let mut archive = ArchiveWriter::new(out, &header).map_err(file)?;
    let (mut done, all) = (0, header.all_rows());
    for shape in &shapes {
        archive.table(shape).map_err(file)?;
        source.start(shape)?;
        loop {
            watch(Progress { table: &shape.table, done, all });
            let rows = source.next()?;
            if rows.is_empty() {
                break;
            }
            archive.rows(&rows).map_err(file)?;
            done += u64::try_from(rows.len()).unwrap_or(0);
        }
    }
    let (out, sums) = archive.finish().map_err(file)?;
    let out = match out {
        Out::Plain(out) => out,
        Out::Encrypted(out) => out.finish().map_err(file)?,
    };
    Ok((out, header, sums))
}
