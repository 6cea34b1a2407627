//! The version of what a form shows. The form sends it back, so that nobody overwrites what was changed in another window, or by
//! somebody else, after it was shown.

use std::fmt::{self, Debug};

use sigma_core::digest::Digest;
use sigma_core::params::Params;

/// Characters of a version at most: more than any has.
const LONGEST: usize = 64;

/// The version of the settings that a form shows; none in a form of something new. A form that is drawn again with what was entered keeps
/// the version that it sent: only a page that shows how the settings are now has the present one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormVersion(String);

impl FormVersion {
    /// The version of these settings. It is only compared.
    pub fn of(settings: &impl Debug) -> Self {
        Self(Digest::of(format!("{settings:?}")).base64url())
    }

    /// What a form sent.
    pub fn sent(form: &Params) -> Self {
        Self(form.raw("version").unwrap_or_default().chars().take(LONGEST).collect())
    }

    /// Whether the form has none.
    pub const fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the settings changed since the form was shown.
    pub fn is_outdated(&self, settings: &impl Debug) -> bool {
        !self.is_none() && *self != Self::of(settings)
    }
}

impl fmt::Display for FormVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        assert!(!FormVersion::sent(&Params::parse("")).is_outdated(&("a", 2)));
    }
}
