//! How pages and mails look: the name, logo, accent colour and links of the server, of orgs and of apps.
//!
//! Those of orgs and apps are rows, looked up for pages alone and cached until the change feed reports a change. That of the server is a
//! row as well, and where that says nothing its settings. Without an answer of the store, or without a logo, a page looks plain and works.

mod files;
pub mod form;
mod shown;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::sync::Arc;

use sigma_core::app::App;
use sigma_core::branding::{Accent, Branding, BrandingProblem, Welcome, check_link, server_name};
use sigma_core::ids::OrgId;
use sigma_store::branding::{self, Branded};
use sigma_store::{Cache, Store, cached};

pub use files::{accent_url, logo_url, surface};
pub use shown::{ShownLook, Worn, follow};

use crate::http::ApiError;
use crate::i18n::Language;
use crate::objects::{Logo, Objects, PictureError};
use crate::settings::Branding as Settings;
use crate::state::AppState;

/// Orgs and apps whose branding is cached.
const CACHED: usize = 2_000;

/// Everything that pages need to look like their server, org and app.
pub struct Brands {
    /// The look of pages that belong to no app.
    shown: ShownLook,
    of: Cache<Arc<Branding>>,
    /// Where the logos of orgs and apps are.
    pub objects: Objects,
}

/// The look of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The name of the server.
    pub name: String,
    /// The address of its logo, on our own origin.
    pub logo: Option<String>,
    /// The accent: that of the app, of its org or of the server.
    pub accent: Option<Accent>,
    /// The server's terms of service.
    pub terms_url: Option<String>,
    /// Its privacy policy.
    pub privacy_url: Option<String>,
    /// Where people get help.
    pub support_url: Option<String>,
    /// What the sign-in page says first: the words of the app, of its org or of the server.
    pub welcome: Welcome,
}

impl Look {
    /// Of a server without any branding.
    pub const PLAIN: &'static Self = &Self {
        name: String::new(),
        logo: None,
        accent: None,
        terms_url: None,
        privacy_url: None,
        support_url: None,
        welcome: Welcome::NONE,
    };
}

impl Brands {
    /// The brands of a server.
    pub fn new(shown: ShownLook, objects: Objects, store: &Store) -> Self {
        Self { shown, of: Cache::new(store, cached::BRANDING, CACHED), objects }
    }

    /// The look of pages that belong to no app, at this moment.
    pub fn look(&self) -> Arc<Look> {
        self.shown.look()
    }

    /// The accent of those pages.
    pub fn accent(&self) -> Option<Accent> {
        self.look().accent
    }

    /// Keeps the picture in a file, encoded anew; returns its name, or `None` if there is none.
    ///
    /// # Errors
    /// 503 if too many others are being decoded; 500 if the folder or bucket does not work.
    pub async fn keep_logo(&self, file: impl AsRef<[u8]> + Send + 'static) -> Result<Option<String>, ApiError> {
        match self.objects.add_logo(file).await {
            Ok(name) => Ok(Some(name)),
            Err(PictureError::Image(_)) => Ok(None),
            Err(busy @ PictureError::Busy) => Err(ApiError::unavailable(busy)),
            Err(failed @ (PictureError::Store(_) | PictureError::Failed(_))) => Err(ApiError::internal(failed)),
        }
    }

    async fn find(&self, whose: Branded) -> Arc<Branding> {
        let key = whose.key();
        let prepare = || move |tx: &mut dyn sigma_store::Tx| Ok(Some(Arc::new(branding::find(tx, &whose)?)));
        let found = self.of.get_or_load(&key, prepare).await;
        let found = found.inspect_err(|error| tracing::warn!(%error, key, "a branding could not be loaded"));
        found.ok().flatten().unwrap_or_default()
    }
}

/// The branding of an app, with that of its org, or of an org; and the look of pages for it.
#[derive(Clone, Debug)]
pub struct Brand {
    /// Logo and links of the app, or of its org.
    pub branding: Branding,
    /// The look of its pages.
    pub look: Look,
}

impl AppState {
    /// The branding of `app`. One that nobody vouches for has no more than its logo and links.
    pub async fn app_brand(&self, app: &App) -> Brand {
        if app.document().is_some() {
            let logo = self.described_logo(&app.id).await;
            let logo = logo.inspect_err(|error| tracing::warn!(%error, "the logo of an app could not be looked up"));
            let (terms_url, privacy_url) = (app.metadata.tos_uri.clone(), app.metadata.policy_uri.clone());
            let logo = logo.ok().flatten();
            return self.brand(Branding { logo, terms_url, privacy_url, ..Branding::default() }).await;
        }
        let own = self.brands.find(Branded::App(app.id.clone(), app.org_id.clone())).await;
        if app.dynamic {
            let Branding { logo, terms_url, privacy_url, .. } = Branding::clone(&own);
            return self.brand(Branding { logo, terms_url, privacy_url, ..Branding::default() }).await;
        }
        let org = self.brands.find(Branded::Org(app.org_id.clone())).await;
        self.brand(own.or(&org)).await
    }

    /// The branding of an org.
    pub async fn org_brand(&self, org_id: &OrgId) -> Brand {
        self.brand(Branding::clone(&*self.brands.find(Branded::Org(org_id.clone())).await)).await
    }

    async fn brand(&self, mut branding: Branding) -> Brand {
        if let Some(logo) = &branding.logo
            && !self.brands.objects.is_at_hand(logo).await
        {
            branding.logo = None;
        }
        let mut look = Look::clone(&self.brands.look());
        look.accent = branding.accent.or(look.accent);
        if !branding.welcome.is_empty() {
            look.welcome = branding.welcome.clone();
        }
        Brand { branding, look }
    }
}

/// Words of welcome by the tags of languages that there are.
///
/// # Errors
/// What is wrong with them.
pub fn welcome(words: &BTreeMap<String, String>) -> Result<Welcome, BrandingProblem> {
    sigma_core::branding::welcome(words, is_language)
}

/// Whether pages can be in the language of that tag.
pub fn is_language(tag: &str) -> bool {
    Language::parse(tag).is_some()
}

/// What is wrong with the branding of the settings: the key and the problem.
pub fn problems(settings: &Settings) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    if let Err(problem) = server_name(&settings.name) {
        problems.push(("branding.name", problem.to_owned()));
    }
    if settings.accent.as_deref().is_some_and(|accent| Accent::parse(accent).is_none()) {
        problems.push(("branding.accent", "must be a colour such as \"#3d46c2\"".to_owned()));
    }
    if let Some(Err(error)) = settings.logo.as_ref().map(|path| read_logo(path)) {
        problems.push(("branding.logo", error));
    }
    if let Err(problem) = welcome(&settings.welcome) {
        problems.push(("branding.welcome", problem.words));
    }
    let links = [
        ("branding.terms_url", &settings.terms_url),
        ("branding.privacy_url", &settings.privacy_url),
        ("branding.support_url", &settings.support_url),
    ];
    for (key, link) in links {
        if let Some(Err(problem)) = link.as_deref().map(check_link) {
            problems.push((key, problem.to_owned()));
        }
    }
    problems
}

/// The logo in a file of the operator.
///
/// # Errors
/// Why it cannot be one.
pub fn read_logo(path: &std::path::Path) -> Result<Logo, String> {
    let file = fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Logo::read(&file).map_err(|error| format!("{}: {error}", path.display()))
}

impl fmt::Debug for Brands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brands").field("look", &self.look()).finish_non_exhaustive()
    }
}
