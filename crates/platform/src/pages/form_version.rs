//! The version of what a form shows. The form sends it back, so that nobody overwrites what was changed in another window, or by
//! somebody else, after it was shown.

use std::fmt::Debug;

use sigma_core::digest::Digest;
use sigma_core::params::Params;

/// The version that a form sent.
#[derive(Clone, Debug, Default)]
pub struct FormVersion(Option<String>);

impl FormVersion {
    /// The version of the settings that a form shows. It is only compared.
    pub fn of(settings: &impl Debug) -> String {
        Digest::of(format!("{settings:?}")).base64url()
    }

    /// What a form sent, if it is one that shows settings.
    pub fn sent(form: &Params) -> Self {
        Self(form.raw("version").filter(|version| !version.is_empty()).map(str::to_owned))
    }

    /// Whether the settings have become others since the form was shown.
    pub fn is_outdated(&self, settings: &impl Debug) -> bool {
        self.0.as_ref().is_some_and(|sent| *sent != Self::of(settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_outdated_once_its_settings_are_others() {
        let sent = FormVersion::sent(&Params::parse(&format!("version={}", FormVersion::of(&("a", 1)))));
        assert!(!sent.is_outdated(&("a", 1)));
        assert!(sent.is_outdated(&("a", 2)));
        assert!(!FormVersion::sent(&Params::parse("version=")).is_outdated(&("a", 2)));
    }
}
