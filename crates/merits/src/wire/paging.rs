//! Pages of lists (`docs/spec/merits.md#paging`).

use serde::Serialize;
use sigma_core::merits::{Cursor, PageRequest, Scope};
use sigma_core::params::Params;
use sigma_store::merits::Slice;
use utoipa::ToSchema;

use crate::error::MeritsError;

/// The parameters of a list.
#[derive(Clone, Debug)]
pub struct ListQuery(Params);

impl ListQuery {
    /// Reads a query; only `repeatable` may be repeated.
    ///
    /// # Errors
    /// `invalid_request`
    pub fn read(query: Option<&str>, repeatable: Option<&str>) -> Result<Self, MeritsError> {
        let params = Params::parse(query.unwrap_or_default());
        let others = repeatable.map(|name| params.without(name));
        if others.as_ref().unwrap_or(&params).repeated().is_some() {
            return Err(MeritsError::invalid("A parameter must be sent once"));
        }
        if params.with_nul().is_some() {
            return Err(MeritsError::invalid("A parameter must not contain a NUL"));
        }
        Ok(Self(params))
    }

    /// A parameter, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.raw(name).filter(|value| !value.is_empty())
    }

    /// The values of a parameter that may repeat.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.all(name).filter(|value| !value.is_empty())
    }

    /// The page of the list `scope` that is asked for.
    ///
    /// # Errors
    /// `invalid_request`
    pub fn page(&self, scope: Scope) -> Result<PageRequest, MeritsError> {
        let page =
            PageRequest::parse(self.0.raw("limit"), self.0.raw("starting_after"), self.0.raw("ending_before"), scope);
        Ok(page?)
    }
}

/// Where a page is in its list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Paging {
    cursors: Cursors,
    page_info: PageInfo,
}

/// The cursors of a page; none if it is empty.
#[derive(Serialize, ToSchema)]
struct Cursors {
    /// For `ending_before`.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// For `starting_after`.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// Whether there are further pages.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    has_previous_page: bool,
}

impl Paging {
    /// Of a page of the list `scope`.
    pub fn of<T>(slice: &Slice<T>, scope: Scope, digits: impl Fn(&T) -> &str) -> Self {
        let cursor = |item: Option<&T>| item.map(|item| Cursor::of(digits(item)).encode(scope));
        Self {
            cursors: Cursors { before: cursor(slice.items.first()), after: cursor(slice.items.last()) },
            page_info: PageInfo { has_next_page: slice.has_next, has_previous_page: slice.has_previous },
        }
    }
}
