//! PATCH (RFC 7644 §3.5.2), with what Entra and Okta write a little differently (`docs/spec/scim.md#patch`).

use serde_json::{Map, Value};

use super::attribute::{Attribute, Kind, Mutability};
use super::document::{Document, is_writable, member, normalise, single};
use super::filter::{Filter, Literal};
use super::path::{AttributePath, PatchPath, shortened};
use super::problem::{Problem, ProblemKind};
use super::schema::{self, ResourceType};

/// Most operations of a request.
pub const MOST_OPERATIONS: usize = 100;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

impl Verb {
    /// Entra begins them with a capital.
    fn parse(word: &str) -> Option<Self> {
        let all = [("add", Self::Add), ("replace", Self::Replace), ("remove", Self::Remove)];
        all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, verb)| verb)
    }
}

/// A PATCH: operations that are applied in order, all or none.
#[derive(Clone, Debug)]
pub struct Patch {
    of: ResourceType,
    operations: Vec<(Verb, Option<PatchPath>, Value)>,
}

impl Patch {
    /// Parses the body.
    ///
    /// # Errors
    /// `invalidSyntax`, `invalidPath`, `invalidFilter`, `noTarget`, `tooMany`
    pub fn parse(of: ResourceType, body: &Map<String, Value>) -> Result<Self, Problem> {
        let is_patch = |schema: &Value| schema.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(schema::PATCH));
        if !member(body, "schemas").and_then(Value::as_array).is_some_and(|schemas| schemas.iter().any(is_patch)) {
            return Err(Problem::syntax(format!("schemas must name {}", schema::PATCH)));
        }
        let operations = member(body, "Operations").and_then(Value::as_array);
        let operations = operations.filter(|operations| !operations.is_empty());
        let operations = operations.ok_or_else(|| Problem::syntax("Operations must be an array of at least one"))?;
        if operations.len() > MOST_OPERATIONS {
            return Err(Problem::new(ProblemKind::TooMany, "A request has at most 100 operations"));
        }
        let operations = operations.iter().map(|operation| parse(of, operation)).collect::<Result<_, _>>()?;
        Ok(Self { of, operations })
    }

    /// The document with all operations applied.
    ///
    /// # Errors
    /// `invalidPath`, `invalidValue`, `mutability`, `noTarget`
    pub fn apply(&self, document: &Document) -> Result<Document, Problem> {
        let mut document = document.clone();
        for (verb, path, value) in &self.operations {
            match path {
                None => whole(self.of, &mut document, *verb, value)?,
                Some(PatchPath::Extension(urn)) => extension(self.of, &mut document, *verb, urn, value)?,
                Some(PatchPath::Attribute { path, filter }) => {
                    attribute(&mut document, *verb, path, filter.as_ref(), value)?;
                }
            }
        }
        document.check(self.of)?;
        Ok(document)
    }
}

fn parse(of: ResourceType, operation: &Value) -> Result<(Verb, Option<PatchPath>, Value), Problem> {
    let operation = operation.as_object().ok_or_else(|| Problem::syntax("An operation must be an object"))?;
    let verb = member(operation, "op").and_then(Value::as_str).and_then(Verb::parse);
    let verb = verb.ok_or_else(|| Problem::syntax("op must be add, replace or remove"))?;
    let path = match member(operation, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.trim().is_empty() => None,
        Some(Value::String(path)) => Some(PatchPath::parse(of, path)?),
        Some(_) => return Err(Problem::path("path must be a text")),
    };
    let value = member(operation, "value").cloned();
    match (verb, &path, &value) {
        (Verb::Remove, None, _) => Err(Problem::new(ProblemKind::NoTarget, "To remove something takes a path")),
        (Verb::Add | Verb::Replace, _, None) => Err(Problem::value("An operation that writes takes a value")),
        _ => Ok((verb, path, value.unwrap_or_default())),
    }
}

/// An operation without a path: the members of its value name the attributes. Those that only the server writes are ignored,
/// as in a PUT: Okta repeats the `id`.
fn whole(of: ResourceType, document: &mut Document, verb: Verb, value: &Value) -> Result<(), Problem> {
    let members = value.as_object().ok_or_else(|| Problem::value("Without a path the value must be an object"))?;
    for (name, value) in members {
        match PatchPath::parse(of, name) {
            Ok(PatchPath::Extension(urn)) => extension(of, document, verb, urn, value)?,
            Ok(PatchPath::Attribute { path, filter }) if is_writable(path.attribute) => {
                attribute(document, verb, &path, filter.as_ref(), value)?;
            }
            Ok(PatchPath::Attribute { .. }) => {}
            Err(_) if of.find(name).is_none() && !name.contains(['[', '.', ':']) => {
                return Err(Problem::path(format!("There is no attribute {:?}", shortened(name))));
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}

fn extension(
    of: ResourceType,
    document: &mut Document,
    verb: Verb,
    urn: &'static str,
    value: &Value,
) -> Result<(), Problem> {
    if verb == Verb::Remove {
        document.0.remove(urn);
        return Ok(());
    }
    let members = value.as_object().ok_or_else(|| Problem::value(format!("{urn} must be an object")))?;
    // Some repeat the URN of the extension in it.
    for (name, value) in members.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas")) {
        let unknown = || Problem::path(format!("There is no attribute {:?}", shortened(name)));
        let found = of.find_extended(name).ok_or_else(unknown)?;
        let path = AttributePath { extension: Some(urn), attribute: found, sub: None };
        attribute(document, verb, &path, None, value)?;
    }
    Ok(())
}

/// An operation on one attribute.
fn attribute(
    document: &mut Document,
    verb: Verb,
    path: &AttributePath,
    filter: Option<&Filter>,
    value: &Value,
) -> Result<(), Problem> {
    let last = path.sub.unwrap_or(path.attribute);
    if !is_writable(path.attribute) || !is_writable(last) {
        return Err(Problem::new(ProblemKind::Mutability, format!("{} is read only", last.name)));
    }
    // The value of a member can be removed and added, but not turned into another.
    if path.sub.is_some_and(|sub| sub.mutability == Mutability::Immutable) {
        return Err(Problem::new(ProblemKind::Mutability, format!("{} cannot be changed", last.name)));
    }
    let current = document.value(path.extension, path.attribute).cloned();
    let changed = if path.attribute.multi_valued {
        entries(path, verb, filter, current, value)?
    } else if let Some(sub) = path.sub {
        let mut members = object_of(current);
        set(&mut members, sub, verb, value)?;
        (!members.is_empty()).then_some(Value::Object(members))
    } else {
        whole_attribute(path.attribute, verb, current, value)?
    };
    document.set(path.extension, path.attribute, changed);
    Ok(())
}

/// A single value. Complex ones keep what the operation does not name.
fn whole_attribute(
    attribute: &'static Attribute,
    verb: Verb,
    current: Option<Value>,
    value: &Value,
) -> Result<Option<Value>, Problem> {
    if verb == Verb::Remove {
        return Ok(None);
    }
    let wanted = normalise(attribute, value)?;
    Ok(match (attribute.kind, current, wanted) {
        (Kind::Complex, Some(Value::Object(mut members)), Some(Value::Object(wanted))) => {
            members.extend(wanted);
            Some(Value::Object(members))
        }
        (_, _, wanted) => wanted,
    })
}

fn object_of(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn set(members: &mut Map<String, Value>, sub: &Attribute, verb: Verb, value: &Value) -> Result<(), Problem> {
    let wanted = if verb == Verb::Remove { None } else { single(sub, value)? };
    match wanted {
        Some(value) => members.insert(sub.name.to_owned(), value),
        None => members.remove(sub.name),
    };
    Ok(())
}

/// An operation on an array.
fn entries(
    path: &AttributePath,
    verb: Verb,
    filter: Option<&Filter>,
    current: Option<Value>,
    value: &Value,
) -> Result<Option<Value>, Problem> {
    let attribute = path.attribute;
    let mut entries = match current {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    };
    match (filter, path.sub) {
        (None, None) => match verb {
            Verb::Remove => remove_whole(attribute, &mut entries, value)?,
            Verb::Replace => entries = array(normalise(attribute, value)?),
            Verb::Add => append(attribute, &mut entries, value)?,
        },
        (filter, sub) => selected(attribute, verb, filter, sub, &mut entries, value)?,
    }
    // Normalised again: only one may be primary, and their number is bounded.
    let written = normalise(attribute, &Value::Array(entries))?;
    Ok(written)
}

fn array(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    }
}

/// Removes the whole array, or the entries that the value repeats: Entra removes members of a group like this.
fn remove_whole(attribute: &Attribute, entries: &mut Vec<Value>, value: &Value) -> Result<(), Problem> {
    let named = array(normalise(attribute, value)?);
    if named.is_empty() {
        entries.clear();
        return Ok(());
    }
    entries.retain(|entry| !named.iter().any(|named| is_same(entry, named)));
    Ok(())
}

/// Whether two entries are of the same value.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.get("value"), other.get("value")) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Adds entries that are not there yet.
fn append(attribute: &Attribute, entries: &mut Vec<Value>, value: &Value) -> Result<(), Problem> {
    for added in array(normalise(attribute, value)?) {
        if added.get("primary").and_then(Value::as_bool) == Some(true) {
            demote(entries);
        }
        let known = entries.iter_mut().find(|entry| {
            entry.get("value").is_some() && is_same(entry, &added) && entry.get("type") == added.get("type")
        });
        match (known, added) {
            (Some(Value::Object(known)), Value::Object(added)) => known.extend(added),
            (_, added) => {
                if !entries.contains(&added) {
                    entries.push(added);
                }
            }
        }
    }
    Ok(())
}

/// A new primary value takes the place of another (RFC 7644 §3.5.2).
fn demote(entries: &mut [Value]) {
    for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
        if entry.get("primary").and_then(Value::as_bool) == Some(true) {
            entry.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

/// An operation on those entries that a filter selects, or on all of them.
fn selected(
    attribute: &'static Attribute,
    verb: Verb,
    filter: Option<&Filter>,
    sub: Option<&'static Attribute>,
    entries: &mut Vec<Value>,
    value: &Value,
) -> Result<(), Problem> {
    let is_selected =
        |entry: &Value| entry.as_object().is_some_and(|entry| filter.is_none_or(|filter| filter.matches(entry)));
    if verb == Verb::Remove && sub.is_none() {
        entries.retain(|entry| !is_selected(entry));
        return Ok(());
    }
    if !entries.iter().any(is_selected) {
        return match verb {
            Verb::Remove => Ok(()),
            Verb::Replace => Err(no_target(attribute)),
            Verb::Add => create(attribute, filter, sub, entries, value),
        };
    }
    let makes_primary = verb != Verb::Remove
        && match sub {
            Some(sub) => sub.name == "primary" && single(sub, value)? == Some(Value::Bool(true)),
            None => value.get("primary").and_then(Value::as_bool) == Some(true),
        };
    let chosen: Vec<bool> = entries.iter().map(is_selected).collect();
    if makes_primary {
        demote(entries);
    }
    for (entry, _) in entries.iter_mut().zip(chosen).filter(|(_, chosen)| *chosen) {
        let Some(members) = entry.as_object_mut() else { continue };
        if let Some(sub) = sub {
            set(members, sub, verb, value)?;
            continue;
        }
        let Some(Value::Object(wanted)) = single(attribute, value)? else {
            return Err(Problem::value(format!("{} must be an object", attribute.name)));
        };
        if verb == Verb::Replace {
            members.clear();
        }
        members.extend(wanted);
    }
    Ok(())
}

fn no_target(attribute: &Attribute) -> Problem {
    Problem::new(ProblemKind::NoTarget, format!("No value of {} is like that", attribute.name))
}

/// Adds an entry that would have been selected: Entra adds the first address of a type like this.
fn create(
    attribute: &'static Attribute,
    filter: Option<&Filter>,
    sub: Option<&'static Attribute>,
    entries: &mut Vec<Value>,
    value: &Value,
) -> Result<(), Problem> {
    let texts = filter.and_then(Filter::equal_texts).ok_or_else(|| no_target(attribute))?;
    let mut members = Map::new();
    for (name, literal) in texts {
        let value = match literal {
            Literal::Text(text) => Value::String(text),
            Literal::Flag(flag) => Value::Bool(flag),
            Literal::Number | Literal::Null => return Err(no_target(attribute)),
        };
        if let Some(sub) = attribute.sub(name)
            && let Some(value) = single(sub, &value)?
        {
            members.insert(sub.name.to_owned(), value);
        }
    }
    match sub {
        Some(sub) => set(&mut members, sub, Verb::Add, value)?,
        None => members.extend(object_of(single(attribute, value)?)),
    }
    if members.get("primary").and_then(Value::as_bool) == Some(true) {
        demote(entries);
    }
    entries.push(Value::Object(members));
    Ok(())
}
