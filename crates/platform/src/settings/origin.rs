//! The settings in force, and where each comes from.

use std::collections::BTreeMap;

use sigma_core::branding::Branding;

use super::Settings;
use crate::branding::logo_url;

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
    /// Whoever runs the server, in the console, by the API or in a file that was applied.
    Console,
}

impl Origin {
    /// The kind, in the management API.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(_) => "file",
            Self::Environment(_) => "environment",
            Self::Console => "console",
        }
    }

    /// The file or the variable.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Default | Self::Console => None,
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
    /// [`in_force`](Self::in_force), of the branding with what was `set` beside the settings, which counts before them.
    pub fn in_force_with(&self, set: &Branding) -> Vec<Setting> {
        let welcome = (!set.welcome.is_empty()).then(|| serde_json::to_value(&set.welcome).unwrap_or_default());
        let text = |value: &Option<String>| value.clone().map(serde_json::Value::from);
        let branding = [
            ("branding.name", text(&set.name)),
            ("branding.logo", set.logo.as_deref().map(|name| logo_url(name).into())),
            ("branding.accent", set.accent.map(|accent| accent.to_string().into())),
            ("branding.terms_url", text(&set.terms_url)),
            ("branding.privacy_url", text(&set.privacy_url)),
            ("branding.support_url", text(&set.support_url)),
            ("branding.welcome", welcome),
        ];
        let mut all = self.in_force();
        for setting in &mut all {
            let value = branding.iter().find(|(key, _)| *key == setting.key).and_then(|(_, value)| value.clone());
            if let Some(value) = value {
                (setting.value, setting.origin) = (value, Origin::Console);
            }
        }
        all
    }

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
        let set = Branding { name: Some("Harbour".to_owned()), ..Branding::default() };
        let all = settings.in_force_with(&set);
        let find = |key: &str| all.iter().find(|setting| setting.key == key).unwrap();
        assert_eq!(
            (&find("master_key.value").value, find("master_key.value").origin.name()),
            (&"***".into(), Some(variable))
        );
        let name = find("branding.name");
        assert_eq!(
            (&name.value, name.origin.kind(), find("branding.accent").origin.kind()),
            (&"Harbour".into(), "console", "default")
        );
        assert_eq!((find("issuer").origin.kind(), &find("tls").value), ("default", &serde_json::Value::Null));
        assert!(find("tokens.code_seconds").value.is_number());
        let printed = format!("{all:?}");
        assert!(!printed.contains("topsecret") && !printed.contains("hunter2"), "{printed}");
    }
}
