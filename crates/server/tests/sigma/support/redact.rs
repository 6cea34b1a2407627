//! What differs from run to run, taken out of answers before they are compared with a snapshot.

use serde_json::Value;

/// The value with a mark in place of what each JSON pointer leads to. A pointer that leads nowhere changes nothing.
pub fn redacted(mut value: Value, marks: &[(&str, &str)]) -> Value {
    for (pointer, mark) in marks {
        if let Some(found) = value.pointer_mut(pointer) {
            *found = Value::from(*mark);
        }
    }
    value
}
