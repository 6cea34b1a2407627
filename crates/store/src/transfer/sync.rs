//! Moving: a database becomes the same as another one, however often it is interrupted.
//!
//! Nothing is remembered of how far a copy is: both databases are walked side by side in the order of the key, and only what differs is
//! written. So whoever begins again continues, and whatever changed in the meantime is seen.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::database::{BATCH_BYTES, BATCH_ROWS, Source, Target};
use super::shape::{Cells, Shape, Sum, Tally, weight};
use super::{Progress, TransferError, Watch};
use crate::value::Value;

/// A walk with the next row in sight.
struct Walk<'s> {
    source: &'s mut dyn Source,
    rows: VecDeque<Cells>,
}

impl<'s> Walk<'s> {
    fn begin(source: &'s mut dyn Source, shape: &Shape) -> Result<Self, TransferError> {
        source.start(shape)?;
        let mut walk = Self { source, rows: VecDeque::new() };
        walk.fetch()?;
        Ok(walk)
    }

    fn fetch(&mut self) -> Result<(), TransferError> {
        if self.rows.is_empty() {
            self.rows = self.source.next()?.into();
        }
        Ok(())
    }

    fn first(&self) -> Option<&Cells> {
        self.rows.front()
    }

    /// The next row, which is passed.
    fn pass(&mut self) -> Result<Option<Cells>, TransferError> {
        let Some(row) = self.rows.pop_front() else { return Ok(None) };
        self.fetch()?;
        Ok(Some(row))
    }
}

/// The order of two rows by the key, the same as that of both engines.
fn order(shape: &Shape, one: &[Value], other: &[Value]) -> Ordering {
    shape.key_columns().fold(Ordering::Equal, |so_far, (place, _)| {
        so_far.then_with(|| match (one.get(place), other.get(place)) {
            (Some(Value::Int(one)), Some(Value::Int(other))) => one.cmp(other),
            (Some(Value::Text(one)), Some(Value::Text(other))) => one.as_bytes().cmp(other.as_bytes()),
            (Some(Value::Bytes(one)), Some(Value::Bytes(other))) => one.cmp(other),
            (Some(Value::Real(one)), Some(Value::Real(other))) => one.total_cmp(other),
            (one, other) => rank(one).cmp(&rank(other)),
        })
    })
}

const fn rank(value: Option<&Value>) -> u8 {
    match value {
        None | Some(Value::Null) => 0,
        Some(Value::Int(_) | Value::Real(_)) => 1,
        Some(Value::Text(_)) => 2,
        Some(Value::Bytes(_)) => 3,
    }
}

/// Rows on their way to the target, which keeps each batch.
struct Batch<'t> {
    target: &'t mut dyn Target,
    shape: &'t Shape,
    rows: Vec<Cells>,
    bytes: usize,
}

impl<'t> Batch<'t> {
    fn new(target: &'t mut dyn Target, shape: &'t Shape) -> Self {
        Self { target, shape, rows: Vec::new(), bytes: 0 }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    fn add(&mut self, row: Cells) {
        self.bytes += weight(&row);
        self.rows.push(row);
    }

    fn insert(&mut self) -> Result<(), TransferError> {
        if !self.rows.is_empty() {
            self.target.insert(self.shape, &self.rows)?;
            self.empty()?;
        }
        Ok(())
    }

    fn delete(&mut self) -> Result<(), TransferError> {
        if !self.rows.is_empty() {
            self.target.delete(self.shape, &self.rows)?;
            self.empty()?;
        }
        Ok(())
    }

    fn empty(&mut self) -> Result<(), TransferError> {
        self.rows.clear();
        self.bytes = 0;
        self.target.keep()
    }
}

/// How a table of the target differed from that of the source.
struct Compared {
    /// Rows that were only in the target, or other rows there; they are deleted.
    other: u64,
    /// Rows that are missing in the target now.
    missing: u64,
    /// Of both, before.
    sums: (Sum, Sum),
}

/// Compares a table of both databases, and deletes from the target what is not in the source. Inserting comes afterwards: a row may need
/// the place of another in an index.
fn compare(
    (source, source_shape): (&mut dyn Source, &Shape),
    (target, shape): (&mut dyn Source, &Shape),
    writer: &mut dyn Target,
) -> Result<Compared, TransferError> {
    let (mut here, mut there) = (Walk::begin(source, source_shape)?, Walk::begin(target, shape)?);
    let mut batch = Batch::new(writer, shape);
    let (mut other, mut missing) = (0, 0);
    let (mut ours, mut found) = (Tally::new(), Tally::new());
    loop {
        let order = match (here.first(), there.first()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(two)) => order(shape, one, two),
        };
        let is_same = order == Ordering::Equal && here.first() == there.first();
        if order != Ordering::Greater
            && let Some(row) = here.pass()?
        {
            ours.add(&row);
            missing += u64::from(!is_same);
        }
        if order != Ordering::Less
            && let Some(row) = there.pass()?
        {
            found.add(&row);
            if !is_same {
                other += 1;
                batch.add(shape.key_of(&row));
            }
            if batch.is_full() {
                batch.delete()?;
            }
        }
    }
    batch.delete()?;
    Ok(Compared { other, missing, sums: (ours.finish(&shape.table), found.finish(&shape.table)) })
}

/// Inserts the rows of the source that the target does not have.
fn complete(
    (source, source_shape): (&mut dyn Source, &Shape),
    (target, shape): (&mut dyn Source, &Shape),
    writer: &mut dyn Target,
    watch: &mut dyn FnMut(u64),
) -> Result<(), TransferError> {
    let (mut here, mut there) = (Walk::begin(source, source_shape)?, Walk::begin(target, shape)?);
    let mut batch = Batch::new(writer, shape);
    let mut rows = 0;
    while let Some(row) = here.pass()? {
        rows += 1;
        let mut is_there = false;
        while let Some(first) = there.first() {
            match order(shape, first, &row) {
                Ordering::Greater => break,
                order => {
                    is_there |= order == Ordering::Equal;
                    there.pass()?;
                }
            }
        }
        if !is_there {
            batch.add(row);
        }
        watch(rows);
        if batch.is_full() {
            batch.insert()?;
        }
    }
    batch.insert()
}

/// The databases of a move.
pub(crate) struct Sides<'s> {
    pub(crate) source: &'s mut dyn Source,
    /// The target, as it is read …
    pub(crate) target: &'s mut dyn Source,
    /// … and written.
    pub(crate) writer: &'s mut dyn Target,
}

/// Makes the tables of the target those of the source. Returns the checksums of the source, and how many rows were written or deleted.
pub(crate) fn synchronize(sides: &mut Sides<'_>, watch: Watch<'_>) -> Result<(Vec<Sum>, u64), TransferError> {
    let (mut sums, mut changed, mut done) = (Vec::new(), 0, 0);
    let (shapes, theirs) = (sides.source.shapes()?, sides.target.shapes()?);
    let mut all = 0;
    for shape in &shapes {
        all += sides.source.count(&shape.table)?;
    }
    for shape in &shapes {
        let there = theirs.iter().find(|there| there.table == shape.table).ok_or_else(|| TransferError::Differs {
            table: shape.table.clone(),
            how: "the other database has no such table".to_owned(),
        })?;
        let there = there.ordered_as(shape)?;
        watch(Progress { table: &shape.table, done, all });
        sides.target.renew()?;
        let compared = compare((&mut *sides.source, shape), (&mut *sides.target, &there), &mut *sides.writer)?;
        changed += compared.other + compared.missing;
        let (ours, found) = compared.sums;
        if compared.missing > 0 {
            sides.target.renew()?;
            let mut report = |rows| watch(Progress { table: &shape.table, done: done + rows, all });
            complete((&mut *sides.source, shape), (&mut *sides.target, &there), &mut *sides.writer, &mut report)?;
        } else if compared.other == 0 && ours != found {
            let how = format!("{} rows here and {} there, with different checksums", ours.rows, found.rows);
            return Err(TransferError::Differs { table: shape.table.clone(), how });
        }
        done += ours.rows;
        sums.push(ours);
    }
    watch(Progress { table: "", done, all });
    Ok((sums, changed))
}
