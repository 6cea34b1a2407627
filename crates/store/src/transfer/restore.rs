//! Restoring: a backup into an empty database, or nothing.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use sigma_core::random::{Rng, alphanumeric};
use sigma_core::time::Timestamp;

use super::age::{Decrypting, Identity, decrypt, is_encrypted};
use super::archive::{ArchiveReader, Header, Part};
use super::database::{Source, Target, file_target, server_target, source, sum};
use super::file::{FileSource, all_tables, has_rows};
use super::revocation::{REVOKED, Revoked, revoke_since};
use super::shape::Sum;
use super::tables::LEFT;
use super::{Progress, TransferError, Watch};
use crate::error::OpenError;
use crate::migrations;
use crate::options::{StoreOptions, file_path};
use crate::seal::{MasterKey, SealError};
use crate::sqlite::{ServerLock, SqliteConnection};
use crate::value::Value;

/// The row that tells under which master key a database was sealed: the secret that signs cookies.
const SEALED: (&str, &str) = ("meta", "cookie-secret");

/// A backup that is complete.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says of itself.
    pub header: Header,
    /// Rows and checksum of each table.
    pub sums: Vec<Sum>,
    /// Whether it is encrypted.
    pub is_encrypted: bool,
}

/// What to restore, and how.
#[derive(Clone, Copy, Debug)]
pub struct Order<'o> {
    /// The backup: a file that can be read more than once.
    pub file: &'o File,
    /// What the file is called in messages.
    pub name: &'o Path,
    /// What may decrypt it.
    pub identities: &'o [Identity],
    /// The key that must open what is sealed in it.
    pub master_key: Option<&'o MasterKey>,
    /// What began at that time or later is ended.
    pub revoke_since: Option<Timestamp>,
    /// The time.
    pub now: Timestamp,
}

/// A backup that was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup.
    pub backup: Checked,
    /// What was revoked.
    pub revoked: Option<Revoked>,
}

/// The file, decrypted.
enum In {
    Plain(BufReader<File>),
    Encrypted(Box<Decrypting<BufReader<File>>>),
}

impl Read for In {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(out),
            Self::Encrypted(file) => file.read(out),
        }
    }
}

/// Reads a file from its beginning.
fn open(file: &File, name: &Path, identities: &[Identity]) -> Result<ArchiveReader<In>, TransferError> {
    use std::io::{BufRead as _, Seek as _};
    let mut file = file.try_clone().map_err(TransferError::file(name))?;
    file.rewind().map_err(TransferError::file(name))?;
    let mut file = BufReader::with_capacity(1 << 18, file);
    let is_encrypted = is_encrypted(file.fill_buf().map_err(TransferError::file(name))?);
    let input = if is_encrypted { In::Encrypted(Box::new(decrypt(file, identities)?)) } else { In::Plain(file) };
    ArchiveReader::new(input, migrations::current()?)
}

/// Reads a backup to its end, and checks that nothing is missing or changed, and that `master_key` opens what it has.
///
/// # Errors
/// The backup is not usable.
pub fn check(
    (file, name): (&File, &Path),
    identities: &[Identity],
    master_key: Option<&MasterKey>,
    watch: Watch<'_>,
) -> Result<Checked, TransferError> {
    let mut archive = open(file, name, identities)?;
    let header = archive.header().clone();
    let (mut table, mut done, all) = (String::new(), 0, header.all_rows());
    loop {
        match archive.next()? {
            Part::Table(shape) => table = shape.table,
            Part::Rows(rows) => {
                if table == SEALED.0
                    && let Some(master_key) = master_key
                {
                    check_key(&rows, master_key)?;
                }
                done += u64::try_from(rows.len()).unwrap_or(0);
                watch(Progress { table: &table, done, all });
            }
            Part::End(sums) => {
                let is_encrypted = matches!(archive.into_inner(), In::Encrypted(_));
                return Ok(Checked { header, sums, is_encrypted });
            }
        }
    }
}

/// Whether `master_key` opens the row that [`SEALED`] names, of the rows of its table.
fn check_key(rows: &[Vec<Value>], master_key: &MasterKey) -> Result<(), TransferError> {
    for row in rows {
        if let [Value::Text(name), Value::Bytes(sealed), ..] = row.as_slice()
            && name == SEALED.1
        {
            return match master_key.open(SEALED.1, sealed) {
                Ok(_) => Ok(()),
                Err(SealError::OtherKey) => Err(TransferError::OtherMasterKey),
                Err(_) => Err(TransferError::damaged("the secret that signs cookies cannot be opened")),
            };
        }
    }
    Ok(())
}

/// Restores a backup into the empty database of `options`, and revokes what was issued since the time of the order. Everything is checked
/// beforehand; if something fails all the same, a database file stays as empty as it was. A server compares after the COMMIT: if that
/// fails, its database is to be dropped.
///
/// # Errors
/// The backup is not usable, or the database not empty, in use or not writable.
pub fn restore(
    order: &Order<'_>,
    options: &StoreOptions,
    rng: &dyn Rng,
    watch: Watch<'_>,
) -> Result<Restored, TransferError> {
    let Order { file, name, identities, master_key, .. } = *order;
    let path = file_path(&options.url)?;
    // First what is quick, so that nobody waits for a refusal.
    let place = path.map(|path| Place::take(&path, rng)).transpose()?;
    let backup = check((file, name), identities, master_key, &mut |_| {})?;
    let archive = open(file, name, identities)?;
    let revoked = match place {
        Some(place) => into_file(archive, &place, order, watch)?,
        None => into_server(archive, options, order, watch)?,
    };
    Ok(Restored { backup, revoked })
}

/// Links in a row, as the system follows them.
const MOST_LINKS: usize = 40;
/// In the names of database files that are being restored.
const DRAFT: &str = ".restoring-";
/// Random letters after it.
const LETTERS: usize = 8;

/// Deletes what a restore into the database of `url` leaves behind when it is killed. Only whoever restores may call it.
pub fn clear_unfinished(url: &str) {
    if let Ok(Some(file)) = file_path(url)
        && let Ok(file) = canonical(&file)
    {
        clear_drafts(&file);
    }
}

fn clear_drafts(file: &Path) {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return };
    let name = name.to_string_lossy();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name();
        let rest = found.to_str().and_then(|found| found.strip_prefix(&*name)?.strip_prefix(DRAFT));
        let is_draft = rest.and_then(|rest| rest.split_at_checked(LETTERS)).is_some_and(|(letters, suffix)| {
            letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) && ["", "-wal", "-shm"].contains(&suffix)
        });
        if is_draft {
            drop(fs::remove_file(entry.path()));
        }
    }
}

/// Where a database file is to be, locked against servers.
struct Place {
    file: PathBuf,
    draft: PathBuf,
    _lock: ServerLock,
}

impl Place {
    fn take(file: &Path, rng: &dyn Rng) -> Result<Self, TransferError> {
        // By the name under which a server would lock it.
        let file = &canonical(file)?;
        let lock = ServerLock::take(file)?;
        refuse_rows(file)?;
        // Nobody else restores here, because of the lock.
        clear_drafts(file);
        let mut name = file.as_os_str().to_owned();
        name.push(format!("{DRAFT}{}", alphanumeric(rng, LETTERS)));
        Ok(Self { file: file.to_owned(), draft: PathBuf::from(name), _lock: lock })
    }

    /// The files of SQLite: the database, its log, and the index of the log.
    fn files(path: &Path) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        })
    }

    fn clear(path: &Path) {
        for file in Self::files(path) {
            drop(fs::remove_file(file));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        Self::clear(&self.draft);
    }
}

/// The name of `file` without links, whether or not it is there.
fn canonical(file: &Path) -> Result<PathBuf, TransferError> {
    if let Ok(there) = file.canonicalize() {
        return Ok(there);
    }
    // A link to a file that is not there yet: the database belongs where it points.
    let mut file = file.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&file) else { break };
        file = file.parent().unwrap_or(Path::new("")).join(target);
    }
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(TransferError::file(folder))?;
    Ok(folder.join(file.file_name().unwrap_or_default()))
}

/// Refuses a database file that has a row of anything.
fn refuse_rows(file: &Path) -> Result<(), TransferError> {
    let not_empty = || {
        let advice = "move the file and those beside it (-wal, -shm) away";
        Err(TransferError::NotEmpty(file.display().to_string(), advice))
    };
    let is_empty = |file: &Path| fs::metadata(file).map_or(true, |file| file.len() == 0);
    if is_empty(file) {
        // A log without its database may hold all of it.
        let logs = ["-wal", "-journal"].map(|suffix| {
            let mut name = file.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        });
        return if logs.iter().all(|log| is_empty(log)) { Ok(()) } else { not_empty() };
    }
    let session = SqliteConnection::open(file, std::time::Duration::from_secs(4))?;
    // Of any program.
    for table in all_tables(session.connection())? {
        let is_left = LEFT.iter().any(|(left, _)| *left == table);
        if !is_left && has_rows(session.connection(), &table.replace('"', "\"\""))? {
            return not_empty();
        }
    }
    Ok(())
}

fn into_file(
    archive: ArchiveReader<In>,
    place: &Place,
    order: &Order<'_>,
    watch: Watch<'_>,
) -> Result<Option<Revoked>, TransferError> {
    let draft = place.draft.as_path();
    let mut target = file_target(draft, archive.header().schema)?;
    let sums = fill(archive, target.as_mut(), watch)?;
    let revoked = revoke(target.as_mut(), order)?;
    target.commit()?;
    compare(&mut FileSource::open(draft)?, &sums, revoked.is_some())?;
    finish_file(draft)?;
    // What is there is empty, and its log must not be taken for the log of the new file.
    Place::clear(&place.file);
    fs::rename(draft, &place.file).map_err(TransferError::file(&place.file))?;
    let folder = place.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(TransferError::file(folder))?;
    Ok(revoked)
}

/// Whether the database has what was in the backup, but for what was revoked.
fn compare(source: &mut dyn Source, sums: &[Sum], was_revoked: bool) -> Result<(), TransferError> {
    for shape in source.shapes()? {
        let Some(expected) = sums.iter().find(|sum| sum.table == shape.table) else { continue };
        if was_revoked && REVOKED.contains(&shape.table.as_str()) {
            continue;
        }
        let found = sum(source, &shape)?;
        if found != *expected {
            let how =
                format!("{} rows were written, which differ from the {} of the backup", found.rows, expected.rows);
            return Err(TransferError::Differs { table: shape.table, how });
        }
    }
    Ok(())
}

/// Brings the schema of a new file to this version, and all of it into that one file, on disk.
fn finish_file(file: &Path) -> Result<(), TransferError> {
    let mut session = SqliteConnection::open(file, std::time::Duration::from_secs(4))?;
    migrations::run(&mut session)?;
    let checkpoint = session.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    checkpoint.map_err(super::file::failed("the end"))?;
    drop(session);
    File::open(file).and_then(|file| file.sync_all()).map_err(TransferError::file(file))
}

fn into_server(
    archive: ArchiveReader<In>,
    options: &StoreOptions,
    order: &Order<'_>,
    watch: Watch<'_>,
) -> Result<Option<Revoked>, TransferError> {
    let advice = "create another database and name that one in store.url";
    let not_empty = || TransferError::NotEmpty("the database of store.url".to_owned(), advice);
    let mut target = match server_target(options, archive.header().schema) {
        // It has a schema already, of a newer version.
        Err(TransferError::Open(OpenError::Newer { .. } | OpenError::Migration(_))) => return Err(not_empty()),
        target => target?,
    };
    for shape in target.shapes()? {
        if target.has_rows(&shape.table)? {
            return Err(not_empty());
        }
    }
    let sums = fill(archive, target.as_mut(), watch)?;
    let revoked = revoke(target.as_mut(), order)?;
    target.commit()?;
    compare(source(options)?.as_mut(), &sums, revoked.is_some())?;
    super::server::migrate(options)?;
    Ok(revoked)
}

fn revoke(target: &mut dyn Target, order: &Order<'_>) -> Result<Option<Revoked>, TransferError> {
    order.revoke_since.map(|since| revoke_since(target, since, order.now)).transpose()
}

/// Copies everything in the backup; returns its checksums.
fn fill(mut archive: ArchiveReader<In>, target: &mut dyn Target, watch: Watch<'_>) -> Result<Vec<Sum>, TransferError> {
    let shapes = target.shapes()?;
    let (mut current, mut done, all) = (None, 0, archive.header().all_rows());
    loop {
        match archive.next()? {
            Part::Table(shape) => {
                let there = shapes.iter().find(|there| there.table == shape.table);
                let there = there.ok_or_else(|| TransferError::damaged(format!("it has a table {}", shape.table)))?;
                current = Some(there.ordered_as(&shape)?);
            }
            Part::Rows(rows) => {
                let Some(shape) = &current else { continue };
                target.insert(shape, &rows)?;
                done += u64::try_from(rows.len()).unwrap_or(0);
                watch(Progress { table: &shape.table, done, all });
            }
            Part::End(sums) => return Ok(sums),
        }
    }
}
