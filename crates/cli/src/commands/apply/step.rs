//! What applying does: each change with what is before and after it.

use serde::Serialize;
use serde_json::{Map, Value};
use sigma_core::time::Timestamp;
use sigma_store::{Owner, Stop, StoreError, Tx, org};

use super::app::Brought;
use super::file::Place;
use crate::failure::Failure;

/// The members of something.
pub type Members = Map<String, Value>;

/// A change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// `org`, `role`, `app` or `resource`.
    pub kind: &'static str,
    /// Its name among its kind.
    pub name: String,
    /// The members that change; null if it is new.
    before: Option<Members>,
    /// The same members afterwards.
    after: Members,
}

impl Step {
    /// What makes `after` of `before`; `None` if they are the same.
    pub fn between(kind: &'static str, name: &str, before: Option<Members>, mut after: Members) -> Option<Self> {
        let before = match before {
            None => {
                after.retain(|_, value| !is_nothing(value));
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

    fn text(&self) -> String {
        let Some(before) = &self.before else {
            let lines = self.after.iter().map(|(member, value)| format!("    {member}: {value}"));
            return std::iter::once(format!("+ {} {}", self.kind, self.name))
                .chain(lines)
                .collect::<Vec<_>>()
                .join("\n");
        };
        let line = |(member, after): (&String, &Value)| {
            let before = before.get(member).unwrap_or(&Value::Null);
            format!("    {member}: {before} → {after}")
        };
        let lines = self.after.iter().map(line);
        std::iter::once(format!("~ {} {}", self.kind, self.name)).chain(lines).collect::<Vec<_>>().join("\n")
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

/// The members of what can be printed as JSON.
pub fn members<T: Serialize>(value: &T) -> Result<Members, StoreError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(StoreError::Failed("a view is no object".to_owned())),
        Err(error) => Err(StoreError::Failed(error.to_string())),
    }
}

/// The outcome of an entry.
pub type Judged<T> = Result<T, Stop<Failure>>;

/// The refusals of an operation of the store, as failures.
pub fn refused<R: Into<Failure>>(stop: Stop<R>) -> Stop<Failure> {
    match stop {
        Stop::Refused(refusal) => Stop::Refused(refusal.into()),
        Stop::Failed(error) => Stop::Failed(error),
    }
}

/// What a transaction has done so far.
#[derive(Debug)]
pub struct Run {
    pub steps: Vec<Step>,
    /// Entries that were as declared.
    pub unchanged: usize,
    /// Why entries cannot be brought about, and where they stand.
    pub problems: Vec<String>,
    /// Secrets that were generated, by client id.
    pub secrets: Vec<(String, String)>,
}

impl Run {
    /// Begins, in the order of locks: the installation before any org.
    pub fn begin(tx: &mut dyn Tx, now: Timestamp) -> Result<Self, StoreError> {
        tx.lock(Owner::Installation)?;
        org::load_operator(tx, now)?;
        Ok(Self { steps: Vec::new(), unchanged: 0, problems: Vec::new(), secrets: Vec::new() })
    }

    /// Notes what became of an entry.
    pub fn note(&mut self, at: &Place, judged: Judged<Option<Step>>) -> Result<(), StoreError> {
        match judged {
            Ok(Some(step)) => self.steps.push(step),
            Ok(None) => self.unchanged += 1,
            Err(Stop::Refused(failure)) => {
                self.problems.push(at.tell(&failure.to_string()));
            }
            Err(Stop::Failed(error)) => return Err(error),
        }
        Ok(())
    }

    /// Notes what became of an app.
    pub fn note_app(&mut self, at: &Place, judged: Judged<Brought>) -> Result<(), StoreError> {
        let judged = judged.map(|brought| {
            self.secrets.extend(brought.secret);
            brought.step
        });
        self.note(at, judged)
    }

    /// How many things change, in words.
    pub fn summary(&self) -> String {
        match self.steps.len() {
            1 => "1 change".to_owned(),
            many => format!("{many} changes"),
        }
    }

    /// The changes.
    pub fn text(&self) -> String {
        let steps = self.steps.iter().map(Step::text).collect::<Vec<_>>().join("\n");
        format!("{steps}\n\n{}, {} as declared.", self.summary(), self.unchanged)
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
    fn a_step_shows_the_members_that_change() {
        let (before, after) = (object(&json!({"a": 1, "b": [], "c": 2})), object(&json!({"a": 1, "b": ["x"]})));
        let step = Step::between("app", "shop", Some(before.clone()), after).unwrap();
        assert_eq!(step.text(), "~ app shop\n    b: [] → [\"x\"]\n    c: 2 → null");
        assert_eq!(Step::between("app", "shop", Some(before.clone()), before.clone()), None);
        let new = Step::between("app", "shop", None, before).unwrap();
        assert_eq!(new.text(), "+ app shop\n    a: 1\n    c: 2");
    }
}
