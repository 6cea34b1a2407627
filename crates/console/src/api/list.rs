//! Lists that are paged by key: `limit` and `after`.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use serde::Serialize;
use sigma_core::params::Params;
use utoipa::ToSchema;

use super::error::AdminError;
use crate::paging::{LENGTH, one_more, page_of};

/// The most entries of a page.
const MOST: u32 = 200;
/// Letters of an unknown parameter that are repeated.
const MOST_LETTERS: usize = 64;

/// Refuses a query with a parameter other than these: one that is misspelt and ignored would list or do something else.
pub fn unknown(name: &str, known: &[String]) -> Response {
    let name: String = name.chars().take(MOST_LETTERS).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    AdminError::malformed(format!("There is no parameter {name:?}; those that there are: {known}")).into_response()
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// `after` of the next page; null on the last one.
    pub next: Option<String>,
}

/// The query of a list.
pub struct ListQuery {
    params: Params,
    /// Entries of the page.
    pub limit: u32,
}

impl ListQuery {
    /// A parameter, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.raw(name).filter(|value| !value.is_empty())
    }

    /// A parameter that has a form.
    pub fn parsed<T>(
        &self,
        name: &str,
        words: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, AdminError> {
        self.get(name).map(|text| parse(text).ok_or(AdminError::Invalid(words))).transpose()
    }

    /// One more than the page, to learn whether there is a next one.
    pub fn one_more(&self) -> u32 {
        one_more(self.limit)
    }

    /// `after`, as a list ordered by id takes it.
    pub fn after_id<I: ToString>(&self, parse: impl FnOnce(&str) -> Option<I>) -> Result<String, AdminError> {
        let after = self.parsed("after", "after must be an id", parse)?;
        Ok(after.map(|after| after.to_string()).unwrap_or_default())
    }

    /// The page of what was found, as callers see it; the key of its last entry is the `after` of the next one.
    pub fn listed<T, L>(&self, found: Vec<T>, key: impl Fn(&T) -> String) -> Listed<L>
    where
        L: for<'t> From<&'t T>,
    {
        let (found, next) = self.page(found, key);
        Listed { items: found.iter().map(L::from).collect(), next }
    }

    /// The page of what was found, and the key of its last entry if there is a next one.
    pub fn page<T>(&self, found: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        page_of(found, self.limit, key)
    }
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let params = Params::parse(parts.uri.query().unwrap_or_default());
        if params.repeated().is_some() {
            return Err(AdminError::Invalid("A parameter must be sent once").into_response());
        }
        if params.with_nul().is_some() {
            return Err(AdminError::Invalid("A parameter must not contain a NUL").into_response());
        }
        let limit = match params.raw("limit") {
            None | Some("") => LENGTH,
            Some(text) => match text.parse() {
                Ok(limit) if (1..=MOST).contains(&limit) => limit,
                _ => return Err(AdminError::Invalid("limit must be a number from 1 to 200").into_response()),
            },
        };
        Ok(Self { params, limit })
    }
}
