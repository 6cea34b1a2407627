//! Many rows by one INSERT: what a statement costs by itself is paid once for them.

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::value::Value;
use crate::{StoreError, Tx};

/// Rows of one statement.
const TOGETHER: usize = 50;

/// An INSERT of any number of rows. In its text of a row, each `$` is a parameter.
pub(crate) struct Rows {
    into: &'static str,
    row: &'static str,
    conflict: &'static str,
    one: OnceLock<String>,
    many: OnceLock<String>,
}

impl Rows {
    /// `Rows::new("INSERT INTO t (a, b) VALUES ", "($, $)", " ON CONFLICT DO NOTHING")`
    pub(crate) const fn new(into: &'static str, row: &'static str, conflict: &'static str) -> Self {
        Self { into, row, conflict, one: OnceLock::new(), many: OnceLock::new() }
    }

    /// Adds the rows; returns how many of them, piece by piece, as `added`.
    pub(crate) fn add(
        &'static self,
        tx: &mut dyn Tx,
        rows: &[Vec<Value>],
        mut added: impl FnMut(&mut dyn Tx, std::ops::Range<usize>, u64) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut done = 0;
        for piece in rows.chunks(TOGETHER) {
            if piece.len() == TOGETHER {
                let count = tx.execute(self.many.get_or_init(|| self.text(TOGETHER)), &piece.concat())?;
                added(tx, done..done + TOGETHER, count)?;
                done += TOGETHER;
                continue;
            }
            for row in piece {
                let count = self.add_one(tx, row)?;
                added(tx, done..done + 1, count)?;
                done += 1;
            }
        }
        Ok(())
    }

    /// Adds all of the rows.
    pub(crate) fn add_all(&'static self, tx: &mut dyn Tx, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        self.add(tx, rows, |_, _, _| Ok(()))
    }

    /// Adds one row; returns whether it did, as 0 or 1.
    pub(crate) fn add_one(&'static self, tx: &mut dyn Tx, row: &[Value]) -> Result<u64, StoreError> {
        tx.execute(self.one.get_or_init(|| self.text(1)), row)
    }

    fn text(&self, rows: usize) -> String {
        let (mut text, mut number) = (self.into.to_owned(), 0);
        for row in 0..rows {
            text.push_str(if row == 0 { "" } else { ", " });
            for letter in self.row.chars() {
                text.push(letter);
                if letter == '$' {
                    number += 1;
                    // Writing to memory does not fail.
                    let _ = write!(text, "{number}");
                }
            }
        }
        text + self.conflict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_over_all_rows() {
        let rows = Rows::new("INSERT INTO t (a, b, c) VALUES ", "($, 1, $)", " ON CONFLICT DO NOTHING");
        assert_eq!(rows.text(2), "INSERT INTO t (a, b, c) VALUES ($1, 1, $2), ($3, 1, $4) ON CONFLICT DO NOTHING");
    }
}
