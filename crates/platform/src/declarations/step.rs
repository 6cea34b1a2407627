//! What applying does: each change with what is before and after it.

use std::fmt::Display;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sigma_store::{Stop, StoreError};
use utoipa::ToSchema;

/// The members of something.
pub type Members = Map<String, Value>;

/// What is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// How the server looks.
    Server,
    /// A workspace.
    Org,
    /// A role of one.
    Role,
    /// An app.
    App,
    /// An API.
    Resource,
    /// A server elsewhere that people sign in with.
    Provider,
}

impl Kind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Org => "org",
            Self::Role => "role",
            Self::App => "app",
            Self::Resource => "resource",
            Self::Provider => "provider",
        }
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// What kind of thing changes.
    pub kind: Kind,
    /// Its name among its kind.
    pub name: String,
    /// The members that change; null if it is new.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Members>,
    /// The same members afterwards.
    #[schema(value_type = Object)]
    pub after: Members,
}

impl Step {
    /// What makes `after` of `before`; `None` if they are the same.
    pub fn between(kind: Kind, name: &str, before: Option<Members>, mut after: Members) -> Option<Self> {
        let before = match before {
            None => {
                after = telling(after);
                None
            }
            Some(mut before) => {
                for (member, _) in before.clone() {
                    after.entry(member).or_insert(Value::Null);
                }
                for (member, value) in after.clone() {
                    if before.get(&member).unwrap_or(&Value::Null) == &value {
                        before.remove(&member);
                        after.remove(&member);
                    }
                }
                if after.is_empty() {
                    return None;
                }
                Some(before)
            }
        };
        Some(Self { kind, name: name.to_owned(), before, after })
    }
}

/// Whether a new thing need not be shown to have it.
pub fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The members that say something: what is off, empty or 0 is so by default.
pub fn telling(members: Members) -> Members {
    // A quota of 0 says that there may be none.
    let inside = |name: &str, value: Value| match value {
        Value::Object(members) if name != "quotas" => Value::Object(telling(members)),
        value => value,
    };
    let members = members.into_iter().map(|(name, value)| (name.clone(), inside(&name, value)));
    members.filter(|(_, value)| !is_nothing(value) && value.as_u64() != Some(0)).collect()
}

/// The members of what can be printed as JSON.
pub fn members<T: Serialize>(value: &T) -> Result<Members, StoreError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(StoreError::Failed("a view is no object".to_owned())),
        Err(error) => Err(StoreError::Failed(error.to_string())),
    }
}

/// The outcome of an entry, which rules may refuse in these words.
pub type Judged<T> = Result<T, Stop<String>>;

/// The refusals of an operation of the store, in words.
pub fn refused<R: Display>(stop: Stop<R>) -> Stop<String> {
    match stop {
        Stop::Refused(refusal) => Stop::Refused(refusal.to_string()),
        Stop::Failed(error) => Stop::Failed(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Members {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_step_has_the_members_that_change() {
        let (before, after) = (object(&json!({"a": 1, "b": [], "c": 2})), object(&json!({"a": 1, "b": ["x"]})));
        let step = Step::between(Kind::App, "shop", Some(before.clone()), after).unwrap();
        assert_eq!(
            serde_json::to_value(&step).unwrap(),
            json!({"kind": "app", "name": "shop", "before": {"b": [], "c": 2}, "after": {"b": ["x"], "c": null}}),
        );
        assert_eq!(Step::between(Kind::App, "shop", Some(before.clone()), before.clone()), None);
        let new = Step::between(Kind::App, "shop", None, before).unwrap();
        assert_eq!((new.before, new.after), (None, object(&json!({"a": 1, "c": 2}))), "without what it has not");
    }

    #[test]
    fn what_is_off_or_empty_is_left_out() {
        let entry =
            object(&json!({"a": 0, "b": "", "c": {"d": false}, "e": [], "f": {"g": 1}, "h": null, "quotas": {"i": 0}}));
        assert_eq!(Value::Object(telling(entry)), json!({"f": {"g": 1}, "quotas": {"i": 0}}));
    }
}
