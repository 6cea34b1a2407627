//! The admin commands, one file each.

pub mod admin;
pub mod api_key;
pub mod app;
pub mod apply;
pub mod audit;
pub mod backup;
pub mod branding;
pub mod credential_keys;
pub mod health;
pub mod jobs;
pub mod keys;
pub mod link;
pub mod migrate;
pub mod named;
pub mod openapi;
pub mod people;
pub mod program;
pub mod provider;
pub mod rekey;
pub mod resource;
pub mod scim;
pub mod user;
pub mod workspace;

use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

/// A page of a list, as shown by `--json`.
#[derive(Debug, Serialize)]
pub struct Listed<T> {
    /// The entries of the page.
    items: Vec<T>,
    /// `--after` of the next page; null on the last one.
    next: Option<String>,
}

impl<T: Serialize> Listed<T> {
    /// Returns the page of at most `limit` of `found`, which has one more entry if there is a next page.
    pub fn new(mut found: Vec<T>, limit: u32, id: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(id);
        Self { items: found, next }
    }

    /// Prints the page as rows of `table`, and how to get the next one.
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

/// The limit for the store query: one more than the page, to learn whether there is a next page.
pub const fn one_more(limit: u32) -> u32 {
    limit.saturating_add(1)
}
