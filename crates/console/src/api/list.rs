//! Lists that are paged by key: `limit` and `after`.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use sigma_core::params::Params;

use super::error::AdminError;

/// Entries of a page, unless the caller wants another number, and the most.
const LIMIT: u32 = 50;
const MOST: u32 = 200;

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
        self.limit.saturating_add(1)
    }

    /// The page of what was found, and the key of its last entry if there is a next one.
    pub fn page<T>(&self, mut found: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(key);
        (found, next)
    }
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let params = Params::parse(parts.uri.query().unwrap_or_default());
        if params.repeated().is_some() || params.with_nul().is_some() {
            return Err(AdminError::Invalid("A parameter must be sent once").into_response());
        }
        let limit = match params.raw("limit") {
            None | Some("") => LIMIT,
            Some(text) => match text.parse() {
                Ok(limit) if (1..=MOST).contains(&limit) => limit,
                _ => return Err(AdminError::Invalid("limit must be a number from 1 to 200").into_response()),
            },
        };
        Ok(Self { params, limit })
    }
}
