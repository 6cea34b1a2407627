//! What the lists of an org share: their place in the address, and the way to the pages before and after.

use sigma_core::merits::{Cursor, PageRequest, Scope};
use sigma_core::params::Params;
use sigma_store::merits::{Merit, Slice};

use super::OrgAdmin;
use crate::pages::view::MeritLine;
use crate::pages::words;

/// Entries of a page.
const LIMIT: u32 = 25;

/// A list of an org: its name, and what it is filtered by.
pub struct Listing {
    path: String,
    filters: Vec<(&'static str, String)>,
    scope: Scope,
}

impl Listing {
    /// The list of that name; empty filters do not count.
    pub fn new(admin: &OrgAdmin, name: &str, filters: Vec<(&'static str, String)>) -> Self {
        let filters: Vec<_> = filters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut parts = vec!["page", admin.org.id.as_str(), name];
        parts.extend(filters.iter().flat_map(|(name, value)| [*name, value.as_str()]));
        Self { path: admin.path(name), scope: Scope::of(&parts), filters }
    }

    /// The page that an address names; the first one if its cursor is another list's.
    pub fn page(&self, query: &Params) -> PageRequest {
        let cursor = |name: &str| query.get(name);
        PageRequest::parse(None, cursor("after"), cursor("before"), self.scope)
            .map_or_else(|_| PageRequest::first(LIMIT), |page| PageRequest { limit: LIMIT, ..page })
    }

    /// The addresses of the pages with newer and older entries; `digits` are those of an entry's id.
    pub fn neighbours<'a, T>(
        &self,
        slice: &'a Slice<T>,
        digits: impl Fn(&'a T) -> &'a str,
    ) -> (Option<String>, Option<String>) {
        let at = |name: &'static str, entry: Option<&'a T>| {
            let cursor = Cursor::of(digits(entry?)).encode(self.scope);
            Some(self.url(&[(name, &cursor)]))
        };
        let newer = slice.has_previous.then(|| at("before", slice.items.first())).flatten();
        let older = slice.has_next.then(|| at("after", slice.items.last())).flatten();
        (newer, older)
    }

    /// Its address with further parameters.
    fn url(&self, more: &[(&str, &str)]) -> String {
        at(&self.path, &self.filters, more)
    }

    /// The address of another page, with the filters of this list.
    pub fn filtered(&self, path: &str) -> String {
        at(path, &self.filters, &[])
    }
}

fn at(path: &str, filters: &[(&'static str, String)], more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(filters.iter().map(|(name, value)| (*name, value.as_str())));
    query.extend_pairs(more);
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A merit in a list.
pub fn line(admin: &OrgAdmin, merit: &Merit) -> MeritLine {
    let name = merit.shown_name().full();
    MeritLine {
        id: merit.id.to_string(),
        name: if name.is_empty() { admin.text("merits-nameless") } else { name },
        email: merit.email.clone(),
        title: merit.template_title.clone(),
        status: words::status(admin.language, merit.status),
        sent_at: merit.sent_at,
    }
}
