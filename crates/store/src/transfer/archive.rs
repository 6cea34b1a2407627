//! The file of a backup: the same for both engines, complete or recognizably not.
//!
//! ```text
//! "sigma-backup\n"  frame*  SHA-256 of everything before
//! frame: kind (1 byte), length (4 bytes), content
//!   1  the header, JSON: format, schema, engine, issuer, time, rows of each table
//!   2  a table begins, JSON: its name, columns and key
//!   3  rows of that table in the order of its key, deflated
//!   4  the end, JSON: rows and checksum of each table
//! ```
//!
//! An encrypted backup is a file of age with this inside.

use std::io::{Read, Write};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::TransferError;
use super::database::BATCH_BYTES;
use super::shape::{Cells, Shape, Sum, Tally, decode, is_name, weight};
use super::tables::COPIED;

/// No table of PostgreSQL is wider.
const MOST_COLUMNS: usize = 1_600;
/// What every backup begins with.
const MAGIC: &[u8; 13] = b"sigma-backup\n";
/// The format that is written, and the newest that is read.
pub(crate) const FORMAT: u32 = 1;
/// The longest frame: a row of the largest values that the database takes fits.
const LONGEST: u32 = 256 << 20;

/// The kinds of frames.
const HEADER: u8 = 1;
const TABLE: u8 = 2;
const ROWS: u8 = 3;
const END: u8 = 4;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the format.
    pub format: u32,
    /// The version of the schema.
    pub schema: i64,
    /// The engine of the database.
    pub engine: String,
    /// The version of Sigma that made the backup.
    pub sigma: String,
    /// The issuer of the server.
    pub issuer: String,
    /// The moment that it shows, in microseconds.
    pub taken_at: i64,
    /// Rows of each table.
    pub rows: Vec<(String, u64)>,
}

impl Header {
    /// Rows of all tables.
    pub fn all_rows(&self) -> u64 {
        self.rows.iter().fold(0, |sum, (_, rows)| sum.saturating_add(*rows))
    }
}

/// The end of a backup.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    tables: Vec<Sum>,
}

/// Counts what passes through into a checksum.
struct Summed<T> {
    inner: T,
    digest: Context,
}

/// Writes a backup.
pub(crate) struct ArchiveWriter<W: Write> {
    out: Summed<W>,
    tally: Option<(String, Tally)>,
    sums: Vec<Sum>,
}

impl<W: Write> ArchiveWriter<W> {
    pub(crate) fn new(out: W, header: &Header) -> std::io::Result<Self> {
        let mut out = Summed { inner: out, digest: Context::new(&SHA256) };
        out.write(MAGIC)?;
        out.write_frame(HEADER, &serde_json::to_vec(header)?)?;
        Ok(Self { out, tally: None, sums: Vec::new() })
    }

    /// A table begins.
    pub(crate) fn table(&mut self, shape: &Shape) -> std::io::Result<()> {
        self.finish_table();
        self.tally = Some((shape.table.clone(), Tally::new()));
        self.out.write_frame(TABLE, &serde_json::to_vec(shape)?)
    }

    /// Rows of the table, in the order of its key.
    pub(crate) fn rows(&mut self, rows: &[Cells]) -> std::io::Result<()> {
        let Some((_, tally)) = &mut self.tally else { return Ok(()) };
        // Most of it is ids and digests, which do not compress.
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::fast());
        for row in rows {
            deflated.write_all(tally.add(row))?;
        }
        self.out.write_frame(ROWS, &deflated.finish()?)
    }

    /// The end; returns what was written to, and the checksums.
    pub(crate) fn finish(mut self) -> std::io::Result<(W, Vec<Sum>)> {
        self.finish_table();
        let end = End { tables: self.sums };
        self.out.write_frame(END, &serde_json::to_vec(&end)?)?;
        let Summed { mut inner, digest } = self.out;
        inner.write_all(digest.finish().as_ref())?;
        Ok((inner, end.tables))
    }

    fn finish_table(&mut self) {
        self.sums.extend(self.tally.take().map(|(table, tally)| tally.finish(&table)));
    }
}

impl<W: Write> Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.digest.update(bytes);
        self.inner.write_all(bytes)
    }

    fn write_frame(&mut self, kind: u8, content: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(content.len()).ok().filter(|length| *length <= LONGEST);
        let length = length.ok_or_else(|| std::io::Error::other("a row is too large for a backup"))?;
        self.write(&[kind])?;
        self.write(&length.to_be_bytes())?;
        self.write(content)
    }
}

/// The next thing in a backup.
pub(crate) enum Part {
    /// A table begins.
    Table(Shape),
    /// Rows of it.
    Rows(Vec<Cells>),
    /// Everything was read, and the checksums are right.
    End(Vec<Sum>),
}

/// Reads a backup, which may be anything.
pub(crate) struct ArchiveReader<R: Read> {
    input: Summed<R>,
    header: Header,
    tally: Option<(String, Tally)>,
    /// Of the table.
    columns: usize,
    sums: Vec<Sum>,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads the header, and refuses a backup that is newer than this program.
    pub(crate) fn new(input: R, known_schema: i64) -> Result<Self, TransferError> {
        let mut input = Summed { inner: input, digest: Context::new(&SHA256) };
        let magic = input.read(MAGIC.len());
        if !magic.is_ok_and(|magic| magic == MAGIC) {
            return Err(TransferError::NotABackup);
        }
        let (kind, content) = input.read_frame()?;
        if kind != HEADER {
            return Err(TransferError::damaged("it has no header"));
        }
        // A newer format may have another header.
        let Version { format } = json(&content)?;
        if format > FORMAT {
            return Err(TransferError::NewerFormat { found: format, known: FORMAT });
        }
        let header: Header = json(&content)?;
        if header.schema > known_schema {
            return Err(TransferError::NewerSchema { found: header.schema, known: known_schema });
        }
        Ok(Self { input, header, tally: None, columns: 0, sums: Vec::new() })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn next(&mut self) -> Result<Part, TransferError> {
        let (kind, content) = self.input.read_frame()?;
        match kind {
            TABLE => {
                self.finish_table();
                let shape: Shape = json(&content)?;
                let are_names = shape.columns.iter().all(|column| is_name(&column.name));
                let is_wide = shape.columns.len() > MOST_COLUMNS || shape.key.len() > shape.columns.len();
                let has_key = || !shape.key.is_empty() && shape.key_columns().count() == shape.key.len();
                let is_new = self.sums.iter().all(|sum| sum.table != shape.table);
                if is_wide
                    || COPIED.binary_search(&shape.table.as_str()).is_err()
                    || !are_names
                    || !has_key()
                    || !is_new
                {
                    return Err(TransferError::damaged("it has a table that Sigma does not"));
                }
                self.tally = Some((shape.table.clone(), Tally::new()));
                self.columns = shape.columns.len();
                Ok(Part::Table(shape))
            }
            ROWS => {
                let Some((_, tally)) = &mut self.tally else {
                    return Err(TransferError::damaged("it has rows of no table"));
                };
                let no_rows = || TransferError::damaged("rows cannot be read");
                let most = u64::try_from(BATCH_BYTES).unwrap_or(0).saturating_mul(2) + u64::from(LONGEST);
                let mut inflated = Vec::new();
                DeflateDecoder::new(content.as_slice()).take(most).read_to_end(&mut inflated).map_err(|_| no_rows())?;
                let (mut rest, mut rows, mut bytes) = (inflated.as_slice(), Vec::new(), 0);
                while !rest.is_empty() {
                    let before = rest;
                    let row = decode(&mut rest, self.columns).ok_or_else(no_rows)?;
                    // Whoever wrote them began another batch after a large row; whatever it was compressed to.
                    if bytes > 2 * BATCH_BYTES {
                        return Err(no_rows());
                    }
                    bytes += weight(&row);
                    tally.add_encoded(before.get(..before.len() - rest.len()).unwrap_or_default());
                    rows.push(row);
                }
                Ok(Part::Rows(rows))
            }
            END => {
                self.finish_table();
                let end: End = json(&content)?;
                self.check_end(&end)?;
                Ok(Part::End(end.tables))
            }
            _ => Err(TransferError::damaged("it has a part of an unknown kind")),
        }
    }

    /// What it reads.
    pub(crate) fn into_inner(self) -> R {
        self.input.inner
    }

    fn check_end(&mut self, end: &End) -> Result<(), TransferError> {
        let expected = self.input.digest.clone().finish();
        let found = self.input.read(32)?;
        if found != expected.as_ref() {
            return Err(TransferError::damaged("its checksum is wrong"));
        }
        if self.input.inner.read(&mut [0]).map_err(|_| cut())? != 0 {
            return Err(TransferError::damaged("something follows its end"));
        }
        let counted = self.sums.iter().map(|sum| (&sum.table, sum.rows));
        let is_whole = end.tables == self.sums && counted.eq(self.header.rows.iter().map(|(name, rows)| (name, *rows)));
        if is_whole { Ok(()) } else { Err(TransferError::damaged("rows are missing")) }
    }

    fn finish_table(&mut self) {
        self.sums.extend(self.tally.take().map(|(table, tally)| tally.finish(&table)));
    }
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl<R: Read> Summed<R> {
    fn read(&mut self, count: usize) -> Result<Vec<u8>, TransferError> {
        // Not allocated before it is there: the length may be made up.
        let mut bytes = Vec::with_capacity(count.min(1 << 20));
        let wanted = u64::try_from(count).unwrap_or(u64::MAX);
        (&mut self.inner).take(wanted).read_to_end(&mut bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => TransferError::damaged(error.to_string()),
            _ => TransferError::damaged(format!("it cannot be read: {error}")),
        })?;
        if bytes.len() < count {
            return Err(cut());
        }
        self.digest.update(&bytes);
        Ok(bytes)
    }

    fn read_frame(&mut self) -> Result<(u8, Vec<u8>), TransferError> {
        let head = self.read(5)?;
        let (Some(kind), Some(length)) = (head.first(), head.get(1..).and_then(|rest| rest.first_chunk::<4>())) else {
            return Err(cut());
        };
        let length = u32::from_be_bytes(*length);
        if length > LONGEST {
            return Err(TransferError::damaged("a part of it is too long"));
        }
        Ok((*kind, self.read(usize::try_from(length).unwrap_or(usize::MAX))?))
    }
}

fn cut() -> TransferError {
    TransferError::damaged("it is cut off")
}

fn json<T: DeserializeOwned>(content: &[u8]) -> Result<T, TransferError> {
    serde_json::from_slice(content).map_err(|_| TransferError::damaged("a part of it cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::super::shape::{Column, Kind};
    use super::*;
    use crate::value::Value;

    const SCHEMA: i64 = 45;

    fn shape(table: &str) -> Shape {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let columns = vec![column("name", Kind::Text), column("value", Kind::Bytes)];
        Shape { table: table.to_owned(), columns, key: vec!["name".to_owned()] }
    }

    fn header() -> Header {
        Header {
            format: FORMAT,
            schema: SCHEMA,
            engine: "SQLite".to_owned(),
            sigma: "0".to_owned(),
            issuer: "https://id.test".to_owned(),
            taken_at: 1,
            rows: vec![("meta".to_owned(), 3), ("users".to_owned(), 0)],
        }
    }

    fn written(header: &Header) -> Vec<u8> {
        let mut archive = ArchiveWriter::new(Vec::new(), header).unwrap();
        archive.table(&shape("meta")).unwrap();
        let row = |name: &str| vec![Value::Text(name.to_owned()), Value::Bytes(vec![1, 2, 3])];
        archive.rows(&[row("a"), row("b")]).unwrap();
        archive.rows(&[row("c")]).unwrap();
        archive.table(&shape("users")).unwrap();
        archive.finish().unwrap().0
    }

    fn read(file: &[u8]) -> Result<(u64, Vec<Sum>), TransferError> {
        let (mut archive, mut count) = (ArchiveReader::new(file, SCHEMA)?, 0);
        loop {
            match archive.next()? {
                Part::Table(_) => {}
                Part::Rows(rows) => count += u64::try_from(rows.len()).unwrap(),
                Part::End(sums) => return Ok((count, sums)),
            }
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let (rows, sums) = read(&written(&header())).unwrap();
        assert_eq!((rows, sums.len(), sums[0].rows, sums[1].rows), (3, 2, 3, 0));
        assert_eq!(sums[1].sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn a_large_row_ends_a_batch_and_none_follows_it() {
        let row = |name: &str, size| vec![Value::Text(name.to_owned()), Value::Bytes(vec![7; size])];
        let with = |rows: &[Cells]| {
            let mut archive = ArchiveWriter::new(Vec::new(), &header()).unwrap();
            archive.table(&shape("meta")).unwrap();
            archive.rows(rows).unwrap();
            archive.table(&shape("users")).unwrap();
            read(&archive.finish().unwrap().0)
        };
        let large = 3 * BATCH_BYTES;
        assert_eq!(with(&[row("a", 1), row("b", 2), row("c", large)]).unwrap().0, 3);
        assert!(matches!(with(&[row("a", 1), row("b", large), row("c", 1)]), Err(TransferError::Damaged(_))));
    }

    #[test]
    fn a_backup_cut_anywhere_or_changed_by_any_bit_is_refused() {
        let file = written(&header());
        for end in 0..file.len() {
            assert!(read(&file[..end]).is_err(), "cut at {end}");
        }
        for bit in 0..file.len() * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&changed).is_err(), "bit {bit}");
        }
        assert!(read(&[file.as_slice(), b"\n"].concat()).is_err());
    }

    #[test]
    fn a_newer_backup_is_refused_as_such() {
        let refused = |change: fn(&mut Header)| {
            let mut header = header();
            change(&mut header);
            read(&written(&header)).map(drop).unwrap_err().to_string()
        };
        assert_eq!(
            refused(|header| header.format = 2),
            "the backup has format 2, and this program knows formats up to 1: install the newer Sigma"
        );
        assert_eq!(
            refused(|header| header.schema = 46),
            "the backup has schema version 46, and this program knows 45: install the newer Sigma"
        );
    }

    #[test]
    fn fewer_rows_than_announced_are_refused() {
        let header = Header { rows: vec![("meta".to_owned(), 4), ("users".to_owned(), 0)], ..header() };
        assert!(read(&written(&header)).is_err());
    }

    #[test]
    fn tables_that_sigma_does_not_have_are_refused() {
        for table in ["refinery_schema_history", "pg_authid", "meta\" --"] {
            let mut archive = ArchiveWriter::new(Vec::new(), &header()).unwrap();
            archive.table(&shape(table)).unwrap();
            let file = archive.finish().unwrap().0;
            assert!(matches!(read(&file), Err(TransferError::Damaged(_))), "{table}");
        }
    }
}
