//! Tables and their rows as both engines have them, and the bytes that stand for a row.

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::TransferError;
use crate::value::Value;

/// One row.
pub(crate) type Cells = Vec<Value>;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// TEXT.
    Text,
    /// BIGINT.
    Int,
    /// BYTEA.
    Bytes,
    /// DOUBLE PRECISION.
    Real,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// A table: its columns in their order, and its primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) table: String,
    pub(crate) columns: Vec<Column>,
    /// The names of the columns of the primary key.
    pub(crate) key: Vec<String>,
}

impl Shape {
    /// `"a", "b"`: the columns in a statement.
    pub(crate) fn columns(&self) -> String {
        quoted(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// The columns of the key in a statement.
    pub(crate) fn key(&self) -> String {
        quoted(self.key.iter().map(String::as_str))
    }

    /// The columns of the key, with their places in a row.
    pub(crate) fn key_columns(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.key.iter().filter_map(|name| self.columns.iter().enumerate().find(|(_, column)| column.name == *name))
    }

    /// The values of the key in `row`.
    pub(crate) fn key_of(&self, row: &[Value]) -> Cells {
        self.key_columns().filter_map(|(place, _)| row.get(place).cloned()).collect()
    }

    /// This table with the columns in the order of `other`, which must have the same.
    pub(crate) fn ordered_as(&self, other: &Self) -> Result<Self, TransferError> {
        let differ = || TransferError::Differs {
            table: self.table.clone(),
            how: "the columns of the table are not those of the other database".to_owned(),
        };
        let find = |column: &Column| self.columns.iter().find(|own| **own == *column).cloned().ok_or_else(differ);
        let columns = other.columns.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        if columns.len() != self.columns.len() || self.key != other.key {
            return Err(differ());
        }
        Ok(Self { columns, ..self.clone() })
    }
}

/// `"a", "b"`. Names come from catalogs and backups, so they are checked beforehand: see [`is_name`].
fn quoted<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Whether `name` is a name as the migrations have them: nothing else goes into a statement.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 63 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The size of a row in memory, about.
pub(crate) fn weight(row: &[Value]) -> usize {
    row.iter()
        .map(|value| match value {
            Value::Text(text) => text.len() + 24,
            Value::Bytes(bytes) => bytes.len() + 24,
            Value::Null | Value::Int(_) | Value::Real(_) => 24,
        })
        .sum()
}

/// Appends a row: the number of values, then each with its type and length.
pub(crate) fn encode(row: &[Value], out: &mut Vec<u8>) {
    out.extend(length(row.len()));
    for value in row {
        match value {
            Value::Null => out.push(0),
            Value::Int(number) => {
                out.push(1);
                out.extend(number.to_be_bytes());
            }
            Value::Real(number) => {
                out.push(2);
                out.extend(number.to_bits().to_be_bytes());
            }
            Value::Text(text) => {
                out.push(3);
                out.extend(length(text.len()));
                out.extend(text.as_bytes());
            }
            Value::Bytes(bytes) => {
                out.push(4);
                out.extend(length(bytes.len()));
                out.extend(bytes);
            }
        }
    }
}

/// No value is as long as this can count: engines refuse a gibibyte.
fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes()
}

/// The first row of `bytes`, which lose it; `None` if they are no rows of that many columns.
pub(crate) fn decode(bytes: &mut &[u8], columns: usize) -> Option<Cells> {
    let count = take_length(bytes).filter(|count| *count == columns && columns > 0)?;
    let mut row = Vec::with_capacity(count.min(256));
    for _ in 0..count {
        row.push(match take::<1>(bytes)? {
            [0] => Value::Null,
            [1] => Value::Int(i64::from_be_bytes(take(bytes)?)),
            [2] => Value::Real(f64::from_bits(u64::from_be_bytes(take(bytes)?))),
            [3] => Value::Text(String::from_utf8(take_counted(bytes)?).ok()?),
            [4] => Value::Bytes(take_counted(bytes)?),
            _ => return None,
        });
    }
    Some(row)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(take(bytes)?)).ok()
}

fn take_counted(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let count = take_length(bytes)?;
    let (first, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(first.to_vec())
}

/// The checksum of a table: SHA-256 of its rows in the order of the key, and how many there are.
pub(crate) struct Tally {
    digest: Context,
    rows: u64,
    buffer: Vec<u8>,
}

/// The checksum of a whole table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of them in the order of the key, in hexadecimal.
    pub sha256: String,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self { digest: Context::new(&SHA256), rows: 0, buffer: Vec::new() }
    }

    /// Counts `row`; returns its bytes.
    pub(crate) fn add(&mut self, row: &[Value]) -> &[u8] {
        self.buffer.clear();
        encode(row, &mut self.buffer);
        self.digest.update(&self.buffer);
        self.rows += 1;
        &self.buffer
    }

    /// Counts a row by its bytes.
    pub(crate) fn add_encoded(&mut self, row: &[u8]) {
        self.digest.update(row);
        self.rows += 1;
    }

    pub(crate) fn finish(self, table: &str) -> Sum {
        Sum { table: table.to_owned(), rows: self.rows, sha256: hex(self.digest.finish().as_ref()) }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            (-1e9..1e9).prop_map(Value::Real),
            ".{0,20}".prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn rows_are_decoded_as_they_were_encoded(rows in proptest::collection::vec(proptest::collection::vec(value(), 1..6), 0..6)) {
            let mut bytes = Vec::new();
            for row in &rows {
                encode(row, &mut bytes);
            }
            let mut rest = bytes.as_slice();
            for row in &rows {
                prop_assert_eq!(decode(&mut &*rest, row.len() + 1), None);
                let decoded = decode(&mut rest, row.len());
                prop_assert_eq!(decoded.as_ref(), Some(row));
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn whatever_is_cut_off_or_made_up_is_no_row(bytes in proptest::collection::vec(any::<u8>(), 0..60), columns in 0_usize..6) {
            let mut rest = bytes.as_slice();
            if let Some(row) = decode(&mut rest, columns) {
                let mut again = Vec::new();
                encode(&row, &mut again);
                prop_assert_eq!(again.as_slice(), &bytes[..bytes.len() - rest.len()]);
            }
        }
    }

    #[test]
    fn only_plain_names_go_into_statements() {
        for name in ["users", "at", "replay_guard", "v2"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a\"b", "Users", "a b", "a;b", "é"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
