//! What of a resource an answer shows: `attributes` and `excludedAttributes` (RFC 7644 §3.9).

use serde_json::{Map, Value};

use super::attribute::Returned;
use super::path::AttributePath;
use super::problem::Problem;
use super::schema::ResourceType;

/// Most names of a list.
const MOST_NAMES: usize = 50;

/// What is shown.
#[derive(Clone, Debug, Default)]
pub enum Projection {
    /// Everything.
    #[default]
    All,
    /// These, and what is always returned.
    Only(Vec<AttributePath>, Vec<&'static str>),
    /// All but these.
    Without(Vec<AttributePath>, Vec<&'static str>),
}

impl Projection {
    /// Parses the two lists, of which only one may be given. Unknown names are ignored.
    ///
    /// # Errors
    /// `invalidValue`
    pub fn parse(of: ResourceType, attributes: &[&str], excluded: &[&str]) -> Result<Self, Problem> {
        let read = |names: &[&str]| {
            let extension = of.extension().filter(|urn| names.iter().any(|name| name.eq_ignore_ascii_case(urn)));
            let paths = names.iter().filter_map(|name| AttributePath::parse(of, name)).collect();
            (paths, extension.into_iter().collect())
        };
        if attributes.len() > MOST_NAMES || excluded.len() > MOST_NAMES {
            return Err(Problem::value("At most 50 attributes can be named"));
        }
        match (attributes.is_empty(), excluded.is_empty()) {
            (true, true) => Ok(Self::All),
            (false, true) => {
                let (paths, extensions) = read(attributes);
                Ok(Self::Only(paths, extensions))
            }
            (true, false) => {
                let (paths, extensions) = read(excluded);
                Ok(Self::Without(paths, extensions))
            }
            (false, false) => Err(Problem::value("attributes and excludedAttributes exclude each other")),
        }
    }

    /// Whether the attribute `name` of the main schema is shown, or a part of it.
    pub fn shows(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(paths, _) => paths.iter().any(|path| path.is_of(name)),
            Self::Without(paths, _) => !paths.iter().any(|path| path.is_of(name) && path.sub.is_none()),
        }
    }

    /// Applies it to a resource of that type.
    pub fn apply(&self, of: ResourceType, object: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::All => object,
            Self::Only(paths, extensions) => only(of, paths, extensions, &object),
            Self::Without(paths, extensions) => without(of, paths, extensions, object),
        }
    }
}

fn is_always(of: ResourceType, name: &str) -> bool {
    of.find(name).is_some_and(|attribute| attribute.returned == Returned::Always)
}

fn only(
    of: ResourceType,
    paths: &[AttributePath],
    extensions: &[&'static str],
    object: &Map<String, Value>,
) -> Map<String, Value> {
    let mut shown: Map<String, Value> = object
        .iter()
        .filter(|(name, _)| is_always(of, name) || extensions.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for path in paths {
        let name = path.attribute.name;
        let source = path.extension.map_or(Some(object), |urn| object.get(urn).and_then(Value::as_object));
        let Some(value) = source.and_then(|source| source.get(name)) else { continue };
        let target = match path.extension {
            Some(urn) if extensions.contains(&urn) => continue,
            Some(urn) => {
                let nested = shown.entry(urn).or_insert_with(|| Value::Object(Map::new()));
                let Some(nested) = nested.as_object_mut() else { continue };
                nested
            }
            None => &mut shown,
        };
        match path.sub {
            None => {
                target.insert(name.to_owned(), value.clone());
            }
            Some(sub) => add_part(target, name, sub.name, value),
        }
    }
    shown
}

/// Adds the part `sub` of `value`, an object or an array of objects, to what is shown of it already.
fn add_part(target: &mut Map<String, Value>, name: &str, sub: &str, value: &Value) {
    let part = |entry: &Value| entry.get(sub).cloned();
    match (target.get_mut(name), value) {
        (None, Value::Array(entries)) => {
            let parts = entries.iter().map(|entry| {
                let part = part(entry).map(|part| (sub.to_owned(), part));
                Value::Object(part.into_iter().collect())
            });
            target.insert(name.to_owned(), parts.collect());
        }
        (Some(Value::Array(shown)), Value::Array(entries)) => {
            for (shown, entry) in shown.iter_mut().zip(entries) {
                if let (Some(shown), Some(part)) = (shown.as_object_mut(), part(entry)) {
                    shown.insert(sub.to_owned(), part);
                }
            }
        }
        (Some(Value::Object(shown)), whole) => {
            shown.extend(part(whole).map(|part| (sub.to_owned(), part)));
        }
        (None, whole) => {
            let shown = part(whole).map(|part| (sub.to_owned(), part));
            target.insert(name.to_owned(), Value::Object(shown.into_iter().collect()));
        }
        _ => {}
    }
}

fn without(
    of: ResourceType,
    paths: &[AttributePath],
    extensions: &[&'static str],
    mut object: Map<String, Value>,
) -> Map<String, Value> {
    object.retain(|name, _| !extensions.contains(&name.as_str()));
    for path in paths {
        let target = match path.extension {
            Some(urn) => object.get_mut(urn).and_then(Value::as_object_mut),
            None => Some(&mut object),
        };
        let Some(target) = target else { continue };
        let name = path.attribute.name;
        match path.sub {
            None if path.extension.is_none() && is_always(of, name) => {}
            None => {
                target.remove(name);
            }
            Some(sub) => match target.get_mut(name) {
                Some(Value::Object(members)) => {
                    members.remove(sub.name);
                }
                Some(Value::Array(entries)) => {
                    for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
                        entry.remove(sub.name);
                    }
                }
                _ => {}
            },
        }
    }
    object
}
