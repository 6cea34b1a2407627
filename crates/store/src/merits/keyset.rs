//! Pages of lists by the id of the last entry: each costs the same wherever it is.

use sigma_core::merits::{Direction, PageRequest};

use crate::{Row, StoreError, Tx, Value};

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Whether there are older ones.
    pub has_next: bool,
    /// Whether there are newer ones.
    pub has_previous: bool,
}

impl<T> Slice<T> {
    /// The page of `found`, which has one entry more than asked for if there are more, in the order of the direction.
    pub(super) fn new(mut found: Vec<T>, page: &PageRequest) -> Self {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        match page.direction {
            Direction::Older => Self { items: found, has_next: more, has_previous: page.from.is_some() },
            Direction::Newer => {
                found.reverse();
                Self { items: found, has_next: page.from.is_some(), has_previous: more }
            }
        }
    }
}

/// The statements of a list, one for each direction. `$1` is the id that the page begins at, `$2` the limit.
pub(super) struct Keyset {
    pub(super) older: &'static str,
    pub(super) newer: &'static str,
}

/// `keyset!(select, "m.id", "m.org_id = $3")`: the rows of the macro `select`, which is a SELECT without WHERE, by that id.
macro_rules! keyset {
    ($select:ident, $id:literal, $filter:literal) => {
        $crate::merits::keyset::Keyset {
            older: concat!($select!(), " WHERE ", $filter, " AND ", $id, " < $1 ORDER BY ", $id, " DESC LIMIT $2"),
            newer: concat!($select!(), " WHERE ", $filter, " AND ", $id, " > $1 ORDER BY ", $id, " LIMIT $2"),
        }
    };
}
pub(super) use keyset;

/// The page of a list whose ids begin with `prefix`; `filters` are the parameters from `$3` on.
pub(super) fn page<T>(
    tx: &mut dyn Tx,
    list: &Keyset,
    prefix: &str,
    filters: &[Value],
    page: &PageRequest,
    decode: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Slice<T>, StoreError> {
    Ok(Slice::new(rows(tx, list, prefix, filters, page, decode)?, page))
}

/// The entries of a page and one more, in the order of its direction.
pub(super) fn rows<T>(
    tx: &mut dyn Tx,
    list: &Keyset,
    prefix: &str,
    filters: &[Value],
    page: &PageRequest,
    decode: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let (sql, open) = match page.direction {
        // No id comes after this one.
        Direction::Older => (list.older, "zzzzzzzzzzzzzzzzzzzzzzzz"),
        Direction::Newer => (list.newer, ""),
    };
    let digits = page.from.as_ref().map_or(open, |cursor| cursor.digits());
    let mut values = vec![Value::from(format!("{prefix}{digits}")), Value::from(page.limit + 1)];
    values.extend_from_slice(filters);
    tx.query_all(sql, &values)?.iter().map(decode).collect()
}

/// Merges lists of one direction into the page.
pub(super) fn merge<T>(lists: Vec<Vec<T>>, page: &PageRequest, id: impl Fn(&T) -> &str) -> Slice<T> {
    let mut found: Vec<T> = lists.into_iter().flatten().collect();
    found.sort_by(|one, next| match page.direction {
        Direction::Older => id(next).cmp(id(one)),
        Direction::Newer => id(one).cmp(id(next)),
    });
    found.dedup_by(|one, next| id(one) == id(next));
    found.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1));
    Slice::new(found, page)
}
