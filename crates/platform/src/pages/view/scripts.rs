//! The texts of scripts. A page carries those that its scripts need in one attribute, as JSON by the name of each text without
//! `script-`. Values that only a script knows stay in braces: `{time}`.

use std::collections::BTreeMap;

use super::PageContext;

/// Signing, waiting and failing, on every page that unlocks a key.
const KEYS: &[&str] = &[
    "script-failed",
    "script-insecure",
    "script-other-address",
    "script-offline",
    "script-limited",
    "script-unavailable",
    "script-clock-fast",
    "script-clock-slow",
    "script-identity-taken",
    "script-refused-because",
    "script-refused",
    "script-signing-in",
    "script-signed-in",
    "script-key-yours",
    "script-identity-unnamed",
    "script-show",
    "script-hide",
    "script-show-password",
    "script-hide-password",
    "script-wrong-password",
    "script-no-account-key",
    "script-damaged",
    "script-enter-password",
    "script-unlocking",
    "script-choose-file",
    "script-file-is-no-backup",
    "script-text-is-no-backup",
    "script-forgotten",
    "script-creating-account",
];

/// Pages that create a key.
const CREATING: &[&str] = &[
    "script-choose-password",
    "script-password-too-short",
    "script-passwords-differ",
    "script-strength-too-short",
    "script-strength-weak",
    "script-strength-fair",
    "script-strength-strong",
    "script-creating-key",
    "script-saving",
    "script-no-new-accounts",
    "script-adding-key",
    "script-key-added",
    "script-key-taken",
    "script-sign-in-again",
    "script-key-refused",
    "script-backup-without-key",
];

/// Pages that restore a key.
const RESTORING: &[&str] = &[
    "script-restore-not-entitled",
    "script-restore-none",
    "script-restore-limited",
    "script-restore-password",
    "script-restore-opening",
    "script-restore-key-removed",
];

/// The page of the account's backups.
const STORING: &[&str] = &["script-storing", "script-not-stored"];

/// Pages with passkeys.
const PASSKEYS: &[&str] = &[
    "script-offline",
    "script-no-passkeys",
    "script-passkey-cancelled",
    "script-passkey-known",
    "script-passkey-address",
    "script-passkey-unsupported",
    "script-passkey-failed",
    "script-try-again",
];

/// Pages with a button that copies.
const COPYING: &[&str] = &["script-copied", "script-copy-marked"];

/// The signer.
const SIGNER: &[&str] = &["script-one-moment", "script-blocked"];

/// The groups, by the names that templates use.
const GROUPS: [(&str, &[&str]); 7] = [
    ("keys", KEYS),
    ("creating", CREATING),
    ("restoring", RESTORING),
    ("storing", STORING),
    ("passkeys", PASSKEYS),
    ("copying", COPYING),
    ("signer", SIGNER),
];

/// What scripts fill in.
const VALUES: [(&str, &str); 5] = [
    ("time", "{time}"),
    ("count", "{count}"),
    ("message", "{message}"),
    ("issuer", "{issuer}"),
    ("origin", "{origin}"),
];

impl PageContext<'_> {
    /// The texts of `groups`, names separated by spaces, as a JSON object.
    pub fn script_texts(&self, groups: &str) -> String {
        let text = |key: &'static str| {
            let with_values = |phrase: crate::i18n::Phrase<'static>, (name, value)| phrase.with(name, value);
            let phrase = VALUES.into_iter().fold(self.language.text(key), with_values);
            (key.trim_start_matches("script-"), phrase.to_string())
        };
        let wanted = |name: &str| groups.split(' ').any(|group| group == name);
        let groups = GROUPS.iter().filter(|(name, _)| wanted(name));
        let texts: BTreeMap<_, _> = groups.flat_map(|(_, keys)| keys.iter().map(|key| text(key))).collect();
        serde_json::to_string(&texts).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::i18n::Language;

    /// The texts that scripts name.
    fn named() -> BTreeSet<String> {
        let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web");
        let mut named = BTreeSet::new();
        for folder in ["pages", "signer", "wallet"] {
            for entry in fs::read_dir(web.join(folder)).unwrap() {
                let source = fs::read_to_string(entry.unwrap().path()).unwrap();
                // Some have a function of that name of their own.
                if !source.contains("texts.ts\";") {
                    continue;
                }
                for call in [" text(", "(text("].into_iter().flat_map(|call| source.split(call).skip(1)) {
                    let arguments = call.split([')', '{']).next().unwrap();
                    let keys = arguments.split('"').skip(1).step_by(2);
                    named.extend(keys.filter(|key| !key.contains([' ', '.'])).map(str::to_owned));
                }
            }
        }
        named
    }

    #[test]
    fn scripts_name_texts_that_pages_carry_and_none_is_carried_in_vain() {
        let carried: BTreeSet<String> = GROUPS
            .iter()
            .flat_map(|(_, keys)| keys.iter().map(|key| key.trim_start_matches("script-").to_owned()))
            .collect();
        let named = named();
        assert!(named.len() > 40, "{named:?}");
        let missing: Vec<_> = named.difference(&carried).collect();
        assert!(missing.is_empty(), "no page carries {missing:?}");
        let unused: Vec<_> = carried.difference(&named).collect();
        assert!(unused.is_empty(), "no script says {unused:?}");
    }

    #[test]
    fn templates_name_groups_that_exist() {
        fn read(folder: &Path, all: &mut String) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { read(&path, all) } else { all.push_str(&fs::read_to_string(path).unwrap()) }
            }
        }
        let mut templates = String::new();
        for room in ["platform", "server", "workspace"] {
            read(&Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(room).join("templates"), &mut templates);
        }
        let calls: Vec<_> = templates.split("script_texts(\"").skip(1).collect();
        assert!(calls.len() >= 10);
        for name in calls.iter().flat_map(|call| call.split('"').next().unwrap().split(' ')) {
            assert!(GROUPS.iter().any(|(known, _)| *known == name), "{name}");
        }
    }

    #[test]
    fn what_scripts_fill_in_stays_in_braces() {
        for language in Language::ALL {
            let context = PageContext { language, ..PageContext::new("https://id.example.org") };
            let texts: BTreeMap<String, String> =
                serde_json::from_str(&context.script_texts("keys creating restoring storing passkeys copying signer"))
                    .unwrap();
            assert!(texts["limited"].contains("{time}") && texts["other-address"].contains("{origin}"), "{texts:?}");
            assert!(texts.values().all(|text| !text.is_empty() && !text.contains('$')), "{texts:?}");
        }
    }
}
