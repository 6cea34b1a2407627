//! The buttons of upstream providers.

use crate::branding::logo_url;
use crate::providers::Provider;
use crate::settings::ProviderKind;
use crate::state::AppState;

/// The button of a provider.
#[derive(Clone, Debug)]
pub struct ProviderButton {
    /// Its id.
    pub id: String,
    /// What it says.
    pub label: String,
    /// The address of its icon.
    pub icon: Option<String>,
    /// Which mark it has without one.
    pub kind: ProviderKind,
}

impl ProviderButton {
    /// The button of `provider`.
    pub fn of(provider: &Provider) -> Self {
        Self {
            id: provider.id().to_string(),
            label: provider.label().to_owned(),
            icon: provider.icon().map(logo_url),
            kind: provider.kind(),
        }
    }

    /// Those of all providers, in the order of the settings.
    pub fn all(sigma: &AppState) -> Vec<Self> {
        sigma.providers.all().iter().map(|provider| Self::of(provider)).collect()
    }
}
