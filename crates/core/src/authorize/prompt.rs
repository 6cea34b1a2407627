//! `prompt`: what a person must be asked again (OpenID Connect Core §3.1.2.1, Prompt Create 1.0).

/// One value of `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptValue {
    /// Nothing may be shown.
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

/// The values of `prompt`, of which `none` stands alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt(Vec<PromptValue>);

impl Prompt {
    /// Reads a space-separated list. Unknown values are ignored, as unknown parameters are.
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

    /// Whether `value` was asked for.
    pub fn asks(&self, value: PromptValue) -> bool {
        self.0.contains(&value)
    }
}
