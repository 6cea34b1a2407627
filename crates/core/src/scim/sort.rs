//! The order of lists (RFC 7644 §3.4.2.3).

use serde_json::{Map, Value};

use super::matching::values;
use super::path::{AttributePath, shortened};
use super::problem::Problem;
use super::schema::ResourceType;
use crate::org::text::folded;

/// The order that a caller wants.
#[derive(Clone, Debug)]
pub struct Sort {
    by: AttributePath,
    descending: bool,
}

impl Sort {
    /// Parses `sortBy` and `sortOrder`.
    ///
    /// # Errors
    /// `invalidPath`; `invalidValue` for the order.
    pub fn parse(of: ResourceType, by: &str, order: Option<&str>) -> Result<Self, Problem> {
        let path = AttributePath::parse(of, by).filter(|path| path.compared().is_some());
        let by = path.ok_or_else(|| Problem::path(format!("Nothing can be sorted by {:?}", shortened(by))))?;
        let descending = match order {
            None | Some("") => false,
            Some(order) if order.eq_ignore_ascii_case("ascending") => false,
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(_) => return Err(Problem::value("sortOrder must be ascending or descending")),
        };
        Ok(Self { by, descending })
    }

    /// Whether it reads the attribute `name` of the main schema.
    pub fn reads(&self, name: &str) -> bool {
        self.by.is_of(name)
    }

    /// Sorts resources. Those without the attribute come last, or first in descending order (§3.4.2.3).
    pub fn apply<T>(&self, resources: &mut [T], members: impl Fn(&T) -> &Map<String, Value>) {
        resources.sort_by_cached_key(|resource| {
            let key = self.key(members(resource));
            (key.is_none(), key)
        });
        if self.descending {
            resources.reverse();
        }
    }

    /// The text that decides: of an array, that of its primary entry, else of the first.
    fn key(&self, object: &Map<String, Value>) -> Option<String> {
        let attribute = self.by.compared()?;
        let whole = AttributePath { sub: None, ..self.by };
        let entries = values(object, &whole);
        let is_primary = |entry: &&&Value| entry.get("primary").and_then(Value::as_bool) == Some(true);
        let entry = entries.iter().find(is_primary).or_else(|| entries.first())?;
        let value = entry.get(attribute.name).unwrap_or(entry);
        match value {
            Value::String(text) if attribute.case_exact => Some(text.clone()),
            Value::String(text) => Some(folded(text)),
            Value::Bool(value) => Some(value.to_string()),
            _ => None,
        }
    }
}
