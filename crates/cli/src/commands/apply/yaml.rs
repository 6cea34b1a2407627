//! YAML, written.

use serde_json::Value;
use sigma_server::declarations::NAMES;

/// What a reader of YAML may take for something else than a text; `no` is Norwegian.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// The lines of a value in YAML. Texts are quoted as in JSON, which YAML reads the same whatever they contain.
pub fn yaml(value: &Value) -> Vec<String> {
    let below = |value: &Value, first: &str| {
        let lines = yaml(value).into_iter().enumerate();
        lines.map(|(number, line)| format!("{}{line}", if number == 0 { first } else { "  " })).collect::<Vec<_>>()
    };
    match value {
        Value::Object(entry) if !entry.is_empty() => {
            let first = NAMES.into_iter().find_map(|name| entry.get_key_value(name));
            let others = entry.iter().filter(|(name, _)| first.is_none_or(|(first, _)| first != *name));
            first
                .into_iter()
                .chain(others)
                .flat_map(|(name, value)| {
                    let name = if is_plain(name) { name.clone() } else { Value::from(name.as_str()).to_string() };
                    if is_block(value) {
                        [vec![format!("{name}:")], below(value, "  ")].concat()
                    } else {
                        vec![format!("{name}: {value}")]
                    }
                })
                .collect()
        }
        Value::Array(items) if !items.is_empty() => items.iter().flat_map(|item| below(item, "- ")).collect(),
        _ => vec![value.to_string()],
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(entry) => !entry.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !WORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_is_read_as_what_it_was_made_of() {
        let value = json!({
            "orgs": [
                {"name": "No: \"yes\" # \u{2028}é", "org": "bakery", "quotas": {"members": 5, "on": 1}, "roles": [{"name": "~", "permissions": ["- a", ""]}]},
                {"org": "on", "lists": [["a", ["b"]], [], {}], "none": null, "flag": false},
            ],
            "welcome": {"de": "Grüße\nan alle", "no": "1e3"},
        });
        let text = yaml(&value).join("\n");
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, value, "{text}");
        assert!(text.starts_with("orgs:\n  - org: \"bakery\"\n    name: "), "{text}");
        assert_eq!(yaml(&json!({})), ["{}"]);
    }
}
