//! The look of the server: what an operator set in the console, by the API or in a file, and the settings for the rest. It changes while the
//! server runs, so each page takes the look of the moment at which it is begun.

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use sigma_core::branding::{Accent, Branding};
use sigma_store::branding::{self, Branded};
use sigma_store::{StoreError, cached};

use super::{Look, logo_url, read_logo, welcome};
use crate::objects::Logo;
use crate::settings::Branding as Settings;
use crate::state::AppState;

/// The look of the server, shared by everything that shows it.
#[derive(Clone, Debug)]
pub struct ShownLook(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Branding,
    /// The logo of the settings, which is a file of its own.
    logo: Option<Logo>,
    shown: RwLock<Arc<Look>>,
}

impl ShownLook {
    /// The look that the settings say. A logo that cannot be read is reported and left out: it stops no server.
    pub fn of(settings: &Settings) -> Self {
        let logo = settings.logo.as_ref().and_then(|path| {
            read_logo(path).inspect_err(|error| tracing::error!(error, "branding.logo is not shown")).ok()
        });
        let settings = Branding {
            name: Some(settings.name.clone()),
            logo: logo.as_ref().map(|logo| logo.name.clone()),
            accent: settings.accent.as_deref().and_then(Accent::parse),
            terms_url: settings.terms_url.clone(),
            privacy_url: settings.privacy_url.clone(),
            support_url: settings.support_url.clone(),
            welcome: welcome(&settings.welcome).unwrap_or_default(),
        };
        let shown = RwLock::new(Arc::new(look(&settings)));
        Self(Arc::new(Shared { settings, logo, shown }))
    }

    /// The look at this moment.
    pub fn look(&self) -> Arc<Look> {
        Arc::clone(&self.0.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The logo of the settings.
    pub(super) fn logo(&self) -> Option<&Logo> {
        self.0.logo.as_ref()
    }

    /// What is in force if that was set.
    fn with(&self, set: &Branding) -> Branding {
        set.or(&self.0.settings)
    }

    fn show(&self, set: &Branding) {
        let new = look(&self.with(set));
        let mut shown = self.0.shown.write().unwrap_or_else(PoisonError::into_inner);
        if **shown != new {
            *shown = Arc::new(new);
        }
    }
}

fn look(branding: &Branding) -> Look {
    let branding = branding.clone();
    Look {
        name: branding.name.unwrap_or_default(),
        logo: branding.logo.as_deref().map(logo_url),
        accent: branding.accent,
        terms_url: branding.terms_url,
        privacy_url: branding.privacy_url,
        support_url: branding.support_url,
        welcome: branding.welcome,
    }
}

/// The look that a page or a mail wears: its own, or that of the server when it was begun.
#[derive(Clone, Debug)]
pub enum Worn<'a> {
    /// Its own.
    Own(&'a Look),
    /// That of the server.
    Servers(Arc<Look>),
}

impl Deref for Worn<'_> {
    type Target = Look;

    fn deref(&self) -> &Look {
        match self {
            Self::Own(look) => look,
            Self::Servers(look) => look,
        }
    }
}

impl<'a> From<&'a Look> for Worn<'a> {
    fn from(look: &'a Look) -> Self {
        Self::Own(look)
    }
}

impl From<Arc<Look>> for Worn<'_> {
    fn from(look: Arc<Look>) -> Self {
        Self::Servers(look)
    }
}

impl AppState {
    /// How the server is to look if that was set, apart from what its settings say.
    pub fn server_branding_with(&self, set: &Branding) -> Branding {
        self.brands.shown.with(set)
    }

    /// Shows what is set now.
    ///
    /// # Errors
    /// The store does not answer: the look stays as it is.
    pub async fn show_server_branding(&self) -> Result<(), StoreError> {
        let mut set = self.store.read(|tx| branding::find(tx, &Branded::Server)).await?;
        if let Some(logo) = &set.logo
            && !self.brands.objects.is_at_hand(logo).await
        {
            set.logo = None;
        }
        self.brands.shown.show(&set);
        Ok(())
    }

    /// The same after a change here, which stands even if that fails: [`follow`] makes up for it.
    pub async fn show_changed_branding(&self) {
        if let Err(error) = self.show_server_branding().await {
            tracing::warn!(%error, "the branding of the server could not be loaded");
        }
    }
}

/// Shows what is set for as long as the server runs.
pub async fn follow(sigma: AppState) {
    let load = |sigma: AppState| async move { sigma.show_server_branding().await };
    crate::follow::follow(sigma, cached::BRANDING, "the branding of the server", load).await;
}
