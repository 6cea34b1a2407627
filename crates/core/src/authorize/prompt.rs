//! `prompt`: what a user must be asked again (OpenID Connect Core §3.1.2.1, Prompt Create 1.0).

/// One value of `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptValue {
    /// No page may be shown.
    None,
    /// Authenticate again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Choose the account.
    SelectAccount,
    /// Make an account.
    Create,
}

impl PromptValue {
    const ALL: [(&'static str, Self); 5] = [
        ("none", Self::None),
        ("login", Self::Login),
        ("consent", Self::Consent),
        ("select_account", Self::SelectAccount),
        ("create", Self::Create),
    ];
}

/// The values of `prompt`; `none` must be alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt(Vec<PromptValue>);

impl Prompt {
    /// Parses a space-separated list. Unknown values are ignored, like unknown parameters.
    ///
    /// # Errors
    /// `none` beside another value (OpenID Connect Core §3.1.2.1).
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let values: Vec<PromptValue> = words
            .iter()
            .filter_map(|word| PromptValue::ALL.iter().find(|(name, _)| name == word).map(|(_, value)| *value))
            .collect();
        if values.contains(&PromptValue::None) && words.len() > 1 {
            return Err("prompt none must stand alone");
        }
        Ok(Self(values))
    }

    /// Whether `value` was requested.
    pub fn asks(&self, value: PromptValue) -> bool {
        self.0.contains(&value)
    }
}
