//! What clients write of a resource: its attributes, checked against the schema.

use serde_json::{Map, Value};

use super::attribute::{Attribute, Kind, Mutability};
use super::path::shortened;
use super::problem::Problem;
use super::schema::ResourceType;
use crate::email::Email;

/// Most characters of a text.
const LONGEST_TEXT: usize = 1_000;
/// Most entries of an array, members of groups aside.
const MOST_ENTRIES: usize = 50;
/// Most members of a group in one request.
const MOST_MEMBERS: usize = 5_000;
/// Most bytes of a document without the members of a group.
const MOST_BYTES: usize = 16 * 1024;

/// The attributes that clients write, by their names in the schemas. Nothing that only the server writes is in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(pub(super) Map<String, Value>);

impl Document {
    /// Checks the body of a POST or PUT. Attributes that only the server writes, and unknown ones, are ignored
    /// (RFC 7644 §3.3, §3.5.1).
    ///
    /// # Errors
    /// `invalidSyntax`, `invalidValue`
    pub fn of_body(of: ResourceType, body: &Map<String, Value>) -> Result<Self, Problem> {
        let schemas = member(body, "schemas").and_then(Value::as_array);
        let schemas = schemas.ok_or_else(|| Problem::syntax("schemas is missing"))?;
        let is_named = |schema: &Value| schema.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(of.schema()));
        if !schemas.iter().any(is_named) {
            return Err(Problem::syntax(format!("schemas must name {}", of.schema())));
        }
        let mut document = Self::default();
        for (name, value) in body {
            if let Some(urn) = of.extension()
                && name.eq_ignore_ascii_case(urn)
            {
                document.merge_extension(of, urn, value)?;
            } else if let Some(attribute) = of.find(name).filter(|attribute| is_writable(attribute)) {
                document.set(None, attribute, normalise(attribute, value)?);
            }
        }
        document.check(of)?;
        Ok(document)
    }

    /// A document from the store.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn from_stored(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// The form for the store.
    pub fn to_stored(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// A copy without `name`, and what it was.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// A copy with the members of a group: their ids.
    #[must_use]
    pub fn with_members<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        let entry = |id: &str| Value::Object(Map::from_iter([("value".to_owned(), Value::from(id))]));
        let members: Vec<Value> = ids.into_iter().map(entry).collect();
        if !members.is_empty() {
            self.0.insert("members".to_owned(), Value::Array(members));
        }
        self
    }

    /// A copy in which the person is active or not.
    #[must_use]
    pub fn with_active(mut self, active: bool) -> Self {
        self.0.insert("active".to_owned(), Value::Bool(active));
        self
    }

    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Whether an attribute has a value.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether the person is active; they are if nothing is said.
    pub fn active(&self) -> bool {
        self.0.get("active").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The ids of the members.
    pub fn members(&self) -> Vec<&str> {
        let entries = self.0.get("members").and_then(Value::as_array);
        entries.into_iter().flatten().filter_map(|entry| entry.get("value").and_then(Value::as_str)).collect()
    }

    /// The address by which the person is invited: the primary one, else the first of type `work`, else the first, else a
    /// `userName` that is one.
    pub fn email(&self) -> Option<Email> {
        let entries = self.0.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_primary = |entry: &&Value| entry.get("primary").and_then(Value::as_bool) == Some(true);
        let is_work = |entry: &&Value| {
            entry.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
        };
        let entry =
            entries.iter().find(is_primary).or_else(|| entries.iter().find(is_work)).or_else(|| entries.first());
        let address = entry.and_then(|entry| entry.get("value")).and_then(Value::as_str);
        address.and_then(|text| Email::parse(text).ok()).or_else(|| Email::parse(self.text("userName")?).ok())
    }

    /// The name under which the person is invited.
    pub fn person_name(&self) -> Option<String> {
        let name = self.0.get("name");
        let part = |part: &str| name.and_then(|name| name.get(part)).and_then(Value::as_str);
        let both = match (part("givenName"), part("familyName")) {
            (Some(given), Some(family)) => Some(format!("{given} {family}")),
            (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
            (None, None) => None,
        };
        let shown = self.text("displayName").or_else(|| part("formatted")).map(str::to_owned);
        shown.or(both).or_else(|| self.text("userName").map(str::to_owned))
    }

    /// Checks what the schema demands of a whole resource.
    pub(super) fn check(&self, of: ResourceType) -> Result<(), Problem> {
        for attribute in of.attributes().iter().filter(|attribute| attribute.required) {
            if self.text(attribute.name).is_none_or(|text| text.trim().is_empty()) {
                return Err(Problem::value(format!("{} is required", attribute.name)));
            }
        }
        let bytes: usize = self
            .0
            .iter()
            .filter(|(name, _)| *name != "members")
            .map(|(name, value)| name.len().saturating_add(serde_json::to_string(value).map_or(0, |text| text.len())))
            .sum();
        if bytes > MOST_BYTES {
            return Err(Problem::value("A resource has at most 16 KiB"));
        }
        Ok(())
    }

    /// Sets an attribute, or removes it if there is no value.
    pub(super) fn set(&mut self, extension: Option<&'static str>, attribute: &Attribute, value: Option<Value>) {
        let target = match extension {
            None => &mut self.0,
            Some(urn) => {
                if value.is_none() && !self.0.contains_key(urn) {
                    return;
                }
                let nested = self.0.entry(urn).or_insert_with(|| Value::Object(Map::new()));
                let Some(nested) = nested.as_object_mut() else { return };
                nested
            }
        };
        match value {
            Some(value) => {
                target.insert(attribute.name.to_owned(), value);
            }
            None => {
                target.remove(attribute.name);
            }
        }
        if let Some(urn) = extension
            && self.0.get(urn).and_then(Value::as_object).is_some_and(Map::is_empty)
        {
            self.0.remove(urn);
        }
    }

    /// The value of an attribute.
    pub(super) fn value(&self, extension: Option<&'static str>, attribute: &Attribute) -> Option<&Value> {
        let source = match extension {
            None => Some(&self.0),
            Some(urn) => self.0.get(urn).and_then(Value::as_object),
        };
        source.and_then(|source| source.get(attribute.name))
    }

    /// Sets the attributes of an extension that `value` names.
    fn merge_extension(&mut self, of: ResourceType, urn: &'static str, value: &Value) -> Result<(), Problem> {
        let Some(members) = value.as_object() else {
            return Err(Problem::value(format!("{urn} must be an object")));
        };
        for (name, value) in members {
            if let Some(attribute) = of.find_extended(name).filter(|attribute| is_writable(attribute)) {
                self.set(Some(urn), attribute, normalise(attribute, value)?);
            }
        }
        Ok(())
    }
}

/// Whether clients write it.
pub(super) fn is_writable(attribute: &Attribute) -> bool {
    attribute.mutability != Mutability::ReadOnly
}

/// The member of that name, whatever the case (RFC 7643 §2.1).
pub(super) fn member<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// A value as it is stored; `None` is one that unassigns (RFC 7643 §2.5).
///
/// # Errors
/// `invalidValue`
pub(super) fn normalise(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Problem> {
    if value.is_null() {
        return Ok(None);
    }
    if !attribute.multi_valued {
        return single(attribute, value);
    }
    let most = if attribute.name == "members" { MOST_MEMBERS } else { MOST_ENTRIES };
    let entries = match value {
        Value::Array(entries) => entries.as_slice(),
        one => std::slice::from_ref(one),
    };
    if entries.len() > most {
        return Err(Problem::value(format!("{} has at most {most} values", attribute.name)));
    }
    let mut stored: Vec<Value> = Vec::with_capacity(entries.len());
    for entry in entries {
        stored.extend(single(attribute, entry)?);
    }
    if stored.iter().filter(|entry| entry.get("primary").and_then(Value::as_bool) == Some(true)).count() > 1 {
        return Err(Problem::value(format!("Only one value of {} can be primary", attribute.name)));
    }
    Ok((!stored.is_empty()).then_some(Value::Array(stored)))
}

/// One value: all of an attribute, or an entry of an array.
pub(super) fn single(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Problem> {
    let wrong = |wanted: &str| Problem::value(format!("{} must be {wanted}", attribute.name));
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Boolean, Value::Bool(value)) => Ok(Some(Value::Bool(*value))),
        // Entra writes truth values as texts.
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(Value::Bool(true))),
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(Value::Bool(false))),
        (Kind::Boolean, _) => Err(wrong("true or false")),
        (Kind::Complex, Value::Object(members)) => object(attribute, members),
        // Entra writes the id of the manager without the object around it.
        (Kind::Complex, Value::String(_)) => match attribute.sub("value") {
            Some(sub) => {
                let value = single(sub, value)?.map(|value| (sub.name.to_owned(), value));
                Ok(value.map(|value| Value::Object(Map::from_iter([value]))))
            }
            None => Err(wrong("an object")),
        },
        (Kind::Complex, _) => Err(wrong("an object")),
        (_, Value::String(text)) => {
            if text.chars().count() > LONGEST_TEXT {
                return Err(wrong("at most 1,000 characters long"));
            }
            if text.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t' && letter != '\r') {
                return Err(wrong("a text without control characters"));
            }
            Ok(Some(Value::String(text.clone())))
        }
        // A number is a text that somebody forgot to quote.
        (Kind::String, Value::Number(number)) => Ok(Some(Value::String(number.to_string()))),
        (_, other) => {
            Err(Problem::value(format!("{} must be a text, not {}", attribute.name, shortened(&other.to_string()))))
        }
    }
}

fn object(attribute: &Attribute, members: &Map<String, Value>) -> Result<Option<Value>, Problem> {
    let mut stored = Map::new();
    for (name, value) in members {
        let Some(sub) = attribute.sub(name).filter(|sub| is_writable(sub)) else { continue };
        if let Some(value) = single(sub, value)? {
            stored.insert(sub.name.to_owned(), value);
        }
    }
    Ok((!stored.is_empty()).then_some(Value::Object(stored)))
}
