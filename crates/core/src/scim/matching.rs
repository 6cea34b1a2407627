//! Whether a resource is as a filter says.

use serde_json::{Map, Value};

use super::attribute::{Attribute, Kind};
use super::filter::{Comparison, Filter, Literal};
use super::path::AttributePath;
use crate::org::text::folded;
use crate::time::Timestamp;

impl Filter {
    /// Whether the resource, or the entry of an attribute, is like that.
    pub fn matches(&self, object: &Map<String, Value>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(object)),
            Self::Or(all) => all.iter().any(|one| one.matches(object)),
            Self::Not(one) => !one.matches(object),
            Self::Entry(path, inner) => {
                values(object, path).into_iter().filter_map(Value::as_object).any(|entry| inner.matches(entry))
            }
            Self::Present(path) => values(object, path).into_iter().any(is_present),
            Self::Compare(path, comparison, literal) => compare(object, path, *comparison, literal),
        }
    }
}

/// The values that a path leads to: several, if an attribute on it is an array.
pub(super) fn values<'o>(object: &'o Map<String, Value>, path: &AttributePath) -> Vec<&'o Value> {
    let object = match path.extension {
        Some(urn) => object.get(urn).and_then(Value::as_object),
        None => Some(object),
    };
    let Some(value) = object.and_then(|object| object.get(path.attribute.name)) else { return Vec::new() };
    let entries: Vec<&Value> = match value {
        Value::Array(entries) => entries.iter().collect(),
        single => vec![single],
    };
    match path.sub {
        None => entries,
        Some(sub) => entries.into_iter().filter_map(|entry| entry.get(sub.name)).collect(),
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(entries) => !entries.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(object: &Map<String, Value>, path: &AttributePath, comparison: Comparison, literal: &Literal) -> bool {
    let Some(attribute) = path.compared() else { return false };
    let found = values(object, path);
    // The values of a complex attribute are those of its `value`.
    let found = found.into_iter().filter_map(|value| match value {
        Value::Object(members) => members.get(attribute.name),
        other => Some(other),
    });
    if *literal == Literal::Null {
        let is_there = found.into_iter().any(is_present);
        return if comparison == Comparison::Ne { is_there } else { !is_there };
    }
    match comparison {
        // A resource without the attribute does not have that value either.
        Comparison::Ne => !found.into_iter().any(|value| holds(attribute, value, Comparison::Eq, literal)),
        comparison => found.into_iter().any(|value| holds(attribute, value, comparison, literal)),
    }
}

fn holds(attribute: &Attribute, value: &Value, comparison: Comparison, literal: &Literal) -> bool {
    match (value, literal) {
        (Value::Bool(value), Literal::Flag(wanted)) => value == wanted,
        // Some clients write truth values as texts.
        (Value::Bool(value), Literal::Text(text)) => text.eq_ignore_ascii_case(if *value { "true" } else { "false" }),
        (Value::String(value), Literal::Text(wanted)) => texts(attribute, value, comparison, wanted),
        _ => false,
    }
}

fn texts(attribute: &Attribute, value: &str, comparison: Comparison, wanted: &str) -> bool {
    if attribute.kind == Kind::DateTime
        && let (Some(value), Some(wanted)) = (Timestamp::parse_rfc3339(value), Timestamp::parse_rfc3339(wanted))
    {
        return ordered(&value, comparison, &wanted);
    }
    if attribute.case_exact {
        return text(value, comparison, wanted);
    }
    text(&folded(value), comparison, &folded(wanted))
}

fn text(value: &str, comparison: Comparison, wanted: &str) -> bool {
    match comparison {
        Comparison::Co => value.contains(wanted),
        Comparison::Sw => value.starts_with(wanted),
        Comparison::Ew => value.ends_with(wanted),
        comparison => ordered(value, comparison, wanted),
    }
}

fn ordered<T: Ord + ?Sized>(value: &T, comparison: Comparison, wanted: &T) -> bool {
    match comparison {
        Comparison::Eq => value == wanted,
        Comparison::Ne => value != wanted,
        Comparison::Gt => value > wanted,
        Comparison::Ge => value >= wanted,
        Comparison::Lt => value < wanted,
        Comparison::Le => value <= wanted,
        Comparison::Co | Comparison::Sw | Comparison::Ew => false,
    }
}
