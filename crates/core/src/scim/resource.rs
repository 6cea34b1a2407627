//! Resources as answers show them.

use serde_json::{Map, Value, json};

use super::document::Document;
use super::problem::{Problem, ProblemKind};
use super::schema::ResourceType;
use crate::digest::Digest;
use crate::time::Timestamp;

/// A group of a person, or a person in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The id of the other resource.
    pub id: String,
    /// The name of the group; a person in a group is shown without one.
    pub display: Option<String>,
}

/// A resource with everything that the server knows of it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its type.
    pub of: ResourceType,
    /// Its id.
    pub id: String,
    /// What clients wrote.
    pub document: Document,
    /// The groups of a person, or the members of a group; `None` if they were not read, because they are not shown.
    pub related: Option<Vec<Membership>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The version of a resource: a digest of its content, so that whatever changes the content changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// The entity tag, weak: answers to different requests show different parts of one version.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `header`, the value of `If-Match` or `If-None-Match`, names this version.
    pub fn is_named_by(&self, header: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = opaque(&self.0);
        header.trim() == "*" || header.split(',').any(|tag| opaque(tag) == own)
    }

    /// Checks the condition of a change.
    ///
    /// # Errors
    /// 412
    pub fn require(&self, if_match: Option<&str>) -> Result<(), Problem> {
        match if_match {
            Some(header) if !self.is_named_by(header) => {
                Err(Problem::new(ProblemKind::Precondition, "The resource is of another version"))
            }
            _ => Ok(()),
        }
    }
}

impl Resource {
    /// The version. It needs what is `related`; without, it is that of a resource which has none.
    pub fn version(&self) -> Version {
        let mut content = self.members("");
        content.remove("meta");
        let text = serde_json::to_string(&content).unwrap_or_default();
        Version(format!("W/\"{}\"", Digest::of(text).hex().get(..32).unwrap_or_default()))
    }

    /// The members of its JSON. `base` is the address of the org's SCIM service.
    pub fn to_members(&self, base: &str) -> Map<String, Value> {
        let mut members = self.members(base);
        if self.related.is_some()
            && let Some(Value::Object(meta)) = members.get_mut("meta")
        {
            meta.insert("version".to_owned(), Value::from(self.version().as_str()));
        }
        members
    }

    fn members(&self, base: &str) -> Map<String, Value> {
        let mut members = self.document.0.clone();
        let extension = self.of.extension().filter(|urn| members.contains_key(*urn));
        let schemas: Vec<&str> = std::iter::once(self.of.schema()).chain(extension).collect();
        members.insert("schemas".to_owned(), json!(schemas));
        members.insert("id".to_owned(), Value::from(self.id.as_str()));
        let meta = json!({
            "resourceType": self.of.name(),
            "created": self.created_at.iso8601(),
            "lastModified": self.updated_at.iso8601(),
            "location": format!("{base}{}/{}", self.of.endpoint(), self.id),
        });
        members.insert("meta".to_owned(), meta);
        let (name, other, kind) = match self.of {
            ResourceType::User => ("groups", ResourceType::Group, "direct"),
            ResourceType::Group => ("members", ResourceType::User, "User"),
        };
        members.remove(name);
        let related = self.related.iter().flatten().map(|related| {
            let mut shown = json!({
                "value": related.id,
                "type": kind,
                "$ref": format!("{base}{}/{}", other.endpoint(), related.id),
            });
            // Members of a group have none in the schema (RFC 7643 §8.7.1): what was added would not be what is there.
            if let (Some(display), Some(shown)) = (&related.display, shown.as_object_mut()) {
                shown.insert("display".to_owned(), Value::from(display.as_str()));
            }
            shown
        });
        let related: Vec<Value> = related.collect();
        if !related.is_empty() {
            members.insert(name.to_owned(), Value::Array(related));
        }
        members
    }
}
