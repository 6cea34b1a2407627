//! The configuration: a TOML file, overridden by the environment (`SIGMA__SECTION__KEY`).
//!
//! Unknown keys prevent the start: they are typing errors that would otherwise leave a default in effect.

use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Env, Format as _, Toml};
use figment::{Figment, Source};
use sigma_server::settings::{Origin, Origins, Setting, Settings};

use crate::failure::Failure;

pub mod check;
pub mod environment;
pub mod show;

/// The file that is read by default if it exists: of an installation in this directory.
const LOCAL_FILE: &str = "sigma.toml";

/// The file that is read if there is no other: of the machine.
pub const SYSTEM_FILE: &str = "/etc/sigma/sigma.toml";

/// The prefix of our environment variables.
const PREFIX: &str = "SIGMA__";

/// The configuration and its source.
#[derive(Debug)]
pub struct Loaded {
    /// The settings with defaults, not yet checked.
    pub settings: Settings,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

/// Reads the configuration. `named` must exist, the others need not.
pub fn load(named: Option<&Path>) -> Result<Loaded, Failure> {
    let file = file(named)?;
    let mut figment = Figment::new();
    if let Some(path) = &file {
        figment = figment.merge(Toml::file_exact(path));
    }
    Ok(Loaded { settings: extract(figment)?, file })
}

/// The configuration file in force.
fn file(named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    match named {
        Some(path) if !path.is_file() => {
            Err(Failure::Config(format!("the configuration file {} does not exist", path.display())))
        }
        Some(path) => Ok(Some(path.to_owned())),
        None if Path::new(LOCAL_FILE).is_file() => Ok(Some(PathBuf::from(LOCAL_FILE))),
        None => match Path::new(SYSTEM_FILE).try_exists() {
            Ok(exists) => Ok(exists.then(|| PathBuf::from(SYSTEM_FILE))),
            Err(error) => Err(Failure::Config(format!(
                "{SYSTEM_FILE} cannot be read: {error}: run this as root or as the user of the server, or pass --config"
            ))),
        },
    }
}

/// Whether the configuration is that of the machine, to which its environment file belongs.
pub fn is_of_the_machine(named: Option<&Path>) -> bool {
    match named {
        Some(path) => path == Path::new(SYSTEM_FILE),
        None => !Path::new(LOCAL_FILE).is_file(),
    }
}

/// Defaults of the demo: all its clients share one address, and its log goes to a terminal.
const DEMO: &str = "
sign_in.implicit_sign_up = true
sign_up.email = true
sign_up.provider = 'on'
registration.mode = 'open'
registration.developers = true
[limits]
token = 6000
app = 6000
authorize = 6000
authorize_failures = 6000
sign_in = 600
passwords = 6000
direct = 600
userinfo = 6000
own_apis = 6000
backup_reads = 6000
backup_writes = 6000
restores = 600
device_codes = 6000
user_codes = 600
request_objects = 3000
request_objects_per_host = 3000
other = 60000
delays = false
sign_ups_per_hour = 6000
registrations_per_hour = 6000
client_documents_per_hour = 6000
[client_documents]
hosts = ['*']
[http]
drain_seconds = 0
[log]
filter = 'warn'
access = false
";

/// The settings of the demo, overridden by `named` and the environment. A `sigma.toml` here belongs to another server.
pub fn load_demo(named: Option<&Path>) -> Result<Settings, Failure> {
    let mut figment = Figment::from(Toml::string(DEMO));
    if let Some(path) = named {
        figment = figment.merge(Toml::file_exact(path));
    }
    extract(figment)
}

/// Applies the environment and parses the whole.
fn extract(figment: Figment) -> Result<Settings, Failure> {
    let figment = environment::merge(figment, PREFIX).merge(Env::prefixed(PREFIX).split("__"));
    let mut settings: Settings = figment.extract().map_err(|error| Failure::Config(explain(&figment, &error)))?;
    settings.origins = origins(&figment, &settings);
    Ok(settings)
}

/// Where the settings come from.
fn origins(figment: &Figment, settings: &Settings) -> Origins {
    let origin = |key: &str| {
        let metadata = figment.find_metadata(key)?;
        match &metadata.source {
            Some(Source::File(file)) => Some(Origin::File(file.display().to_string())),
            _ if metadata.name.contains("environment") => Some(Origin::Environment(variable(key))),
            _ => None,
        }
    };
    let found = |setting: Setting| Some((setting.key.clone(), origin(&setting.key)?));
    settings.in_force().into_iter().filter_map(found).collect()
}

/// The environment variable of a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// Reads the configuration and rejects an invalid one, with every problem.
pub fn load_checked(named: Option<&Path>) -> Result<Settings, Failure> {
    let Loaded { settings, .. } = load(named)?;
    refuse_problems(&settings)?;
    Ok(settings)
}

/// Rejects invalid settings, with every problem.
pub fn refuse_problems(settings: &Settings) -> Result<(), Failure> {
    let problems = check::problems(settings);
    if problems.is_empty() { Ok(()) } else { Err(unusable(&problems)) }
}

fn unusable(problems: &[check::Problem]) -> Failure {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::Config(format!("invalid configuration:\n  {}", lines.join("\n  ")))
}

/// Explains an error of figment: the key, the file or variable, and the expected value.
fn explain(figment: &Figment, error: &figment::Error) -> String {
    let mut path = error.path.clone();
    if let Kind::UnknownField(field, _) = &error.kind
        && path.last() != Some(field)
    {
        path.push(field.clone());
    }
    let key = path.join(".");
    let place = place(figment, &path, error);
    match &error.kind {
        Kind::UnknownField(field, expected) => {
            let meant = nearest(field, expected).map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
            format!("unknown key \"{key}\" in {place}{meant}\n  known here: {}", expected.join(", "))
        }
        Kind::MissingField(field) => {
            format!("\"{}\" is missing in {place}", [path, vec![field.to_string()]].concat().join("."))
        }
        // The value is not repeated: it may be a secret.
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("\"{key}\" in {place} must be {expected}")
        }
        Kind::UnknownVariant(found, expected) => {
            format!("\"{key}\" in {place} is \"{found}\", but must be one of: {}", expected.join(", "))
        }
        Kind::Message(message) if key.is_empty() => format!("{place}: {message}"),
        other => format!("\"{key}\" in {place}: {other}"),
    }
}

/// The source of the key at `path`: a file or an environment variable.
fn place(figment: &Figment, path: &[String], error: &figment::Error) -> String {
    let metadata = figment.find_metadata(&path.join(".")).or(error.metadata.as_ref());
    match metadata.and_then(|metadata| metadata.source.as_ref()) {
        Some(Source::File(file)) => file.display().to_string(),
        _ if path.is_empty() => "the configuration".to_owned(),
        _ => format!("the environment variable {}", variable(&path.join("."))),
    }
}

/// The known key closest to `unknown`, if it differs in at most a third of its letters.
fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let (distance, name) = known.iter().map(|name| (edits(unknown, name), *name)).min()?;
    (distance * 3 <= unknown.chars().count().max(3)).then_some(name)
}

/// Levenshtein distance.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (index, left) in from.chars().enumerate() {
        let mut diagonal = index;
        let mut previous = index + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(to.chars()) {
            let substituted = diagonal + usize::from(left != right);
            diagonal = *cell;
            previous = substituted.min(previous + 1).min(*cell + 1);
            *cell = previous;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn refusal(toml: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sigma.toml");
        fs::write(&file, toml).unwrap();
        load(Some(&file)).unwrap_err().to_string().replace(&file.display().to_string(), "FILE")
    }

    #[test]
    fn an_unknown_key_is_named_with_its_file_and_the_nearest_known_one() {
        assert_eq!(
            refusal("[tokens]\ncode_secnds = 30"),
            "unknown key \"tokens.code_secnds\" in FILE; did you mean \"code_seconds\"?\n  known here: access_seconds, \
             id_seconds, refresh_seconds, code_seconds, device_code_seconds, interaction_seconds, \
             key_rotation_days"
        );
        assert!(refusal("isuer = 'x'").starts_with("unknown key \"isuer\" in FILE; did you mean \"issuer\"?"));
        assert!(refusal("[zzz]\na = 1").starts_with("unknown key \"zzz\" in FILE\n"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_repeated() {
        let message = refusal("[master_key]\nvalue = 123456789");
        assert_eq!(message, "\"master_key.value\" in FILE must be a string");
    }

    #[test]
    fn a_file_that_is_not_toml_is_named() {
        let message = refusal("issuer = ");
        assert!(message.contains("FILE"), "{message}");
    }

    #[test]
    fn settings_know_the_file_that_they_come_from() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sigma.toml");
        fs::write(&file, "issuer = 'https://id.example.org'\n[tokens]\ncode_seconds = 30").unwrap();
        let all = load(Some(&file)).unwrap().settings.in_force();
        let kind = |key: &str| all.iter().find(|setting| setting.key == key).unwrap().origin.clone();
        let named = Origin::File(file.display().to_string());
        assert_eq!(
            [kind("issuer"), kind("tokens.code_seconds"), kind("tokens.id_seconds")],
            [named.clone(), named, Origin::Default]
        );
        assert_eq!(variable("tokens.code_seconds"), "SIGMA__TOKENS__CODE_SECONDS");
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("same", "same"), 0);
    }
}
