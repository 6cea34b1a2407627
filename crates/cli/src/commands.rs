//! The admin commands, a file each.

pub mod api_key;
pub mod app;
pub mod keys;
pub mod openapi;
pub mod resource;
pub mod user;
pub mod workspace;

use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// One page of a list, as `--json` shows it.
#[derive(Debug, Serialize)]
pub struct Listed<T> {
    /// What is on the page.
    items: Vec<T>,
    /// What `--after` of the next page is; null on the last one.
    next: Option<String>,
}

impl<T: Serialize> Listed<T> {
    /// The page of at most `limit` of `found`, which holds one more if there is a next page.
    pub fn new(mut found: Vec<T>, limit: u32, id: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(id);
        Self { items: found, next }
    }

    /// Prints the page: rows made by `table`, and how to see the next one.
    pub fn print(
        &self,
        output: Output,
        command: &str,
        empty: &str,
        table: impl FnOnce(&[T]) -> String,
    ) -> Result<(), Failure> {
        output.answer(self, |page| {
            if page.items.is_empty() {
                return empty.to_owned();
            }
            let rows = table(&page.items);
            match &page.next {
                Some(next) => format!("{rows}\n\nThere are more: {command} --after '{next}'"),
                None => rows,
            }
        })
    }
}

/// What to ask the store for, to learn whether there is a next page.
pub const fn one_more(limit: u32) -> u32 {
    limit.saturating_add(1)
}
