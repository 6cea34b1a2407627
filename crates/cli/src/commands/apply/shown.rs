//! What applying does, for people.

use serde_json::Value;
use sigma_server::declarations::{Report, Step};

/// The changes, and how many entries are as declared.
pub fn changes(report: &Report) -> String {
    let steps = report.changes.iter().map(step).collect::<Vec<_>>().join("\n");
    format!("{steps}\n\n{}, {} as declared.", summary(report), report.unchanged)
}

/// How many things change.
pub fn summary(report: &Report) -> String {
    match report.changes.len() {
        1 => "1 change".to_owned(),
        many => format!("{many} changes"),
    }
}

/// What was done, for people who have seen the changes.
pub fn applied(report: &Report) -> String {
    let mut lines = vec!["Applied.".to_owned()];
    lines.extend(report.client_secrets.iter().map(|(app, secret)| format!("\nclient secret of {app}  {secret}")));
    match report.client_secrets.len() {
        0 => {}
        1 => lines.push("\nKeep the secret: it is not shown again.".to_owned()),
        _ => lines.push("\nKeep the secrets: they are not shown again.".to_owned()),
    }
    lines.join("\n")
}

fn step(step: &Step) -> String {
    let (kind, name) = (step.kind.as_str(), &step.name);
    let Some(before) = &step.before else {
        let lines = step.after.iter().map(|(member, value)| format!("    {member}: {value}"));
        return std::iter::once(format!("+ {kind} {name}")).chain(lines).collect::<Vec<_>>().join("\n");
    };
    let line = |(member, after): (&String, &Value)| {
        let before = before.get(member).unwrap_or(&Value::Null);
        format!("    {member}: {before} → {after}")
    };
    let lines = step.after.iter().map(line);
    std::iter::once(format!("~ {kind} {name}")).chain(lines).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_are_shown_with_what_was_before() {
        let report: Report = serde_json::from_value(json!({
            "applied": false,
            "changes": [
                {"kind": "org", "name": "bakery", "before": null, "after": {"name": "Bakery"}},
                {"kind": "app", "name": "shop", "before": {"b": [], "c": 2}, "after": {"b": ["x"], "c": null}},
            ],
            "unchanged": 4,
        }))
        .unwrap();
        assert_eq!(
            changes(&report),
            "+ org bakery\n    name: \"Bakery\"\n~ app shop\n    b: [] → [\"x\"]\n    c: 2 → null\n\n2 changes, 4 as declared.",
        );
    }
}
