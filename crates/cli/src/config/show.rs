//! `sigma config show` and `sigma config check`.

use std::path::Path;

use serde::Serialize;
use sigma_core::time::Clock as _;
use sigma_server::settings::Settings;

use super::check::{self, Problem};
use crate::failure::Failure;
use crate::output::Output;
use crate::system::SystemClock;

/// Prints the effective settings as TOML or JSON. Secrets are masked (`***`).
pub fn show(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let loaded = super::load(file)?;
    let from = loaded.file.map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    let masked = serde_json::to_value(&loaded.settings).map_err(|error| Failure::Failed(error.to_string()))?;
    output.answer(&masked, |masked| format!("# {from}, the environment and the defaults\n{}", as_toml(masked)))
}

/// The output of `config check`.
#[derive(Serialize)]
struct CheckedConfig<'a> {
    ok: bool,
    file: Option<&'a Path>,
    problems: Vec<Problem>,
}

/// Reports the problems of this configuration (exit code 5).
pub fn check(file: Option<&Path>, output: Output) -> Result<(), Failure> {
    let loaded = super::load(file)?;
    let mut problems = check::problems(&loaded.settings);
    if problems.is_empty() {
        problems.extend(check::refused_certificate(&loaded.settings, SystemClock.now()));
    }
    let checked = CheckedConfig { ok: problems.is_empty(), file: loaded.file.as_deref(), problems };
    if output.json || checked.ok {
        output.answer(&checked, |_| summary(&loaded.settings))?;
    }
    if checked.ok {
        return Ok(());
    }
    if output.json {
        Err(Failure::Config("invalid configuration".to_owned()))
    } else {
        Err(super::unusable(&checked.problems))
    }
}

fn summary(settings: &Settings) -> String {
    format!("The configuration is valid: issuer {}, listening on {}.", settings.issuer, settings.listen)
}

/// Settings as TOML: plain keys first, then one table per section. Unset keys are comments.
fn as_toml(settings: &serde_json::Value) -> String {
    let mut lines = Vec::new();
    let mut sections = Vec::new();
    for (key, value) in settings.as_object().into_iter().flatten() {
        match value.as_object() {
            Some(section) => sections.push((key, section)),
            None => lines.push(line(key, value)),
        }
    }
    for (name, section) in sections {
        lines.push(format!("\n[{name}]"));
        lines.extend(section.iter().map(|(key, value)| line(key, value)));
    }
    lines.join("\n")
}

/// One key.
fn line(key: &str, value: &serde_json::Value) -> String {
    if value.is_null() { format!("# {key} is not set") } else { format!("{key} = {}", in_toml(value)) }
}

/// A value. JSON strings, numbers and booleans are valid TOML; unset members of tables are left out.
fn in_toml(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(in_toml).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Object(members) => {
            let set = members.iter().filter(|(_, value)| !value.is_null());
            let members: Vec<_> = set.map(|(key, value)| format!("{key} = {}", in_toml(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn shown_settings_can_be_read_back() {
        let shown = as_toml(&serde_json::to_value(Settings::default()).unwrap());
        let read: Settings = Figment::from(Toml::string(&shown)).extract().unwrap();
        assert_eq!(as_toml(&serde_json::to_value(read).unwrap()), shown);
    }

    #[test]
    fn providers_are_shown_as_they_can_be_read_back() {
        let toml = "providers = [{ id = \"op\", issuer = \"https://op.example.org\", client_id = \"us\", client_secret = \"s\", \
                    membership = { roles = [{ group = \"a\", role = \"b\" }] } }]";
        let settings: Settings = Figment::from(Toml::string(toml)).extract().unwrap();
        let shown = as_toml(&serde_json::to_value(settings).unwrap());
        assert!(shown.contains("client_secret = \"***\""), "{shown}");
        let read: Settings = Figment::from(Toml::string(&shown)).extract().unwrap();
        assert_eq!(as_toml(&serde_json::to_value(read).unwrap()), shown);
    }

    #[test]
    fn secrets_are_masked() {
        let mut settings = Settings::default();
        settings.master_key.value = Some(SecretString::from("topsecret"));
        settings.store.url = SecretString::from("postgres://sigma:hunter2@db/sigma?password=hunter2");
        let shown = as_toml(&serde_json::to_value(settings).unwrap());
        assert!(shown.contains("value = \"***\""), "{shown}");
        assert!(shown.contains("url = \"postgres://sigma:***@db/sigma?***\""), "{shown}");
        assert!(!shown.contains("topsecret") && !shown.contains("hunter2"), "{shown}");
    }
}
