//! The settings in force, and where each comes from.

use std::collections::BTreeMap;

use super::Settings;

/// Where a setting comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// The configuration file at that path.
    File(String),
    /// The environment variable of that name.
    Environment(String),
}

impl Origin {
    /// The kind, in the management API.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(_) => "file",
            Self::Environment(_) => "environment",
        }
    }

    /// The file or the variable.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::File(name) | Self::Environment(name) => Some(name),
        }
    }
}

/// Where settings come from, by key; those that nobody set are missing.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<String, Origin>);

impl FromIterator<(String, Origin)> for Origins {
    fn from_iter<I: IntoIterator<Item = (String, Origin)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

/// A setting in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key, such as `tokens.code_seconds`.
    pub key: String,
    /// Its value; `null` if there is none. A secret is `***`.
    pub value: serde_json::Value,
    /// Where it comes from.
    pub origin: Origin,
}

impl Settings {
    /// Every setting, by key, with secrets masked.
    pub fn in_force(&self) -> Vec<Setting> {
        // Settings are plain data, which serde_json takes.
        let Ok(serde_json::Value::Object(all)) = serde_json::to_value(self) else { return Vec::new() };
        let mut keys = Vec::new();
        for (name, value) in all {
            match value {
                serde_json::Value::Object(section) => {
                    keys.extend(section.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)));
                }
                value => keys.push((name, value)),
            }
        }
        let setting = |(key, value): (String, serde_json::Value)| {
            let origin = self.origins.0.get(&key).cloned().unwrap_or_default();
            Setting { key, value, origin }
        };
        keys.into_iter().map(setting).collect()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn settings_are_listed_with_their_origin_and_without_secrets() {
        let mut settings = Settings::default();
        settings.master_key.value = Some(SecretString::from("topsecret"));
        settings.store.url = SecretString::from("postgres://sigma:hunter2@db/sigma");
        let variable = "SIGMA__MASTER_KEY__VALUE";
        settings.origins =
            [("master_key.value".to_owned(), Origin::Environment(variable.to_owned()))].into_iter().collect();
        let all = settings.in_force();
        let find = |key: &str| all.iter().find(|setting| setting.key == key).unwrap();
        assert_eq!(
            (&find("master_key.value").value, find("master_key.value").origin.name()),
            (&"***".into(), Some(variable))
        );
        assert_eq!((find("issuer").origin.kind(), &find("tls").value), ("default", &serde_json::Value::Null));
        assert!(find("tokens.code_seconds").value.is_number());
        let printed = format!("{all:?}");
        assert!(!printed.contains("topsecret") && !printed.contains("hunter2"), "{printed}");
    }
}
