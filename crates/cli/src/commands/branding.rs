//! How apps and workspaces look on pages: changed and shown along with them.

use std::fs;

use serde::Serialize;
use sigma_core::branding::{Accent, Branding, Welcome, check_link};
use sigma_server::i18n::Language;
use sigma_server::objects::{Logo, Objects};
use sigma_store::branding::{self, Branded};

use crate::args::BrandingFields;
use crate::failure::Failure;
use crate::opened::Opened;

/// A branding as printed: what is set.
#[derive(Debug, Default, Serialize)]
pub struct BrandingView {
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    support_url: Option<String>,
    #[serde(skip_serializing_if = "Welcome::is_empty")]
    welcome: Welcome,
}

impl BrandingView {
    /// The branding of an app or workspace.
    pub fn find(opened: &Opened, whose: &Branded) -> Result<Self, Failure> {
        let whose = whose.clone();
        let branding = opened.read(move |tx| branding::find(tx, &whose))?;
        Ok(Self {
            logo: branding.logo,
            accent: branding.accent.map(|accent| accent.to_string()),
            terms_url: branding.terms_url,
            privacy_url: branding.privacy_url,
            support_url: branding.support_url,
            welcome: branding.welcome,
        })
    }

    /// Its lines in a list of fields.
    pub fn entries(&self) -> [(&'static str, String); 6] {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let welcome: Vec<_> = self.welcome.iter().map(|(language, words)| format!("{language}: {words}")).collect();
        [
            ("logo", text(&self.logo)),
            ("accent", text(&self.accent)),
            ("terms", text(&self.terms_url)),
            ("privacy", text(&self.privacy_url)),
            ("support", text(&self.support_url)),
            ("welcome", welcome.join("\n")),
        ]
    }
}

/// What a command says of one field: an empty value clears it.
#[derive(Clone)]
enum Field<T> {
    Keep,
    Clear,
    Set(T),
}

impl<T> Field<T> {
    fn read(text: Option<&str>, parse: impl FnOnce(&str) -> Result<T, Failure>) -> Result<Self, Failure> {
        match text {
            None => Ok(Self::Keep),
            Some("") => Ok(Self::Clear),
            Some(text) => parse(text).map(Self::Set),
        }
    }

    fn instead_of(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// A change, checked before anything is written.
pub struct Change {
    logo: Field<Logo>,
    accent: Field<Accent>,
    terms_url: Field<String>,
    privacy_url: Field<String>,
    support_url: Field<String>,
    welcome: Vec<(Language, String)>,
}

impl Change {
    /// Checks the values and reads the logo; `None` if there is nothing to change.
    pub fn of(fields: &BrandingFields) -> Result<Option<Self>, Failure> {
        if *fields == BrandingFields::default() {
            return Ok(None);
        }
        Ok(Some(Self {
            logo: Field::read(fields.logo.as_deref(), read_logo)?,
            accent: Field::read(fields.accent.as_deref(), accent)?,
            terms_url: link("--terms-url", fields.terms_url.as_deref())?,
            privacy_url: link("--privacy-url", fields.privacy_url.as_deref())?,
            support_url: link("--support-url", fields.support_url.as_deref())?,
            welcome: fields.welcome.iter().map(|text| welcome(text)).collect::<Result<_, _>>()?,
        }))
    }

    /// Stores the logo, then the change.
    pub fn apply(self, opened: &Opened, whose: Branded) -> Result<(), Failure> {
        let logo = match self.logo {
            Field::Keep => Field::Keep,
            Field::Clear => Field::Clear,
            Field::Set(logo) => {
                store(opened, &logo)?;
                Field::Set(logo.name)
            }
        };
        let now = opened.now();
        opened.write(move |tx| {
            let before = branding::find(tx, &whose)?;
            let after = Branding {
                logo: logo.clone().instead_of(before.logo),
                accent: self.accent.clone().instead_of(before.accent),
                terms_url: self.terms_url.clone().instead_of(before.terms_url),
                privacy_url: self.privacy_url.clone().instead_of(before.privacy_url),
                support_url: self.support_url.clone().instead_of(before.support_url),
                welcome: greeting(&before.welcome, &self.welcome),
            };
            branding::set(tx, &whose, &after, now)
        })
    }
}

fn read_logo(path: &str) -> Result<Logo, Failure> {
    let refused = |error: String| Failure::Usage(format!("--logo {path}: {error}"));
    let file = fs::read(path).map_err(|error| refused(error.to_string()))?;
    Logo::read(&file).map_err(|error| refused(error.to_string()))
}

fn accent(text: &str) -> Result<Accent, Failure> {
    let parsed = Accent::parse(text);
    parsed.ok_or_else(|| Failure::Usage(format!("--accent \"{text}\" is not a colour such as \"#3d46c2\"")))
}

/// `en=Welcome`
fn welcome(text: &str) -> Result<(Language, String), Failure> {
    let refused = |problem: &str| Failure::Usage(format!("--welcome \"{text}\" {problem}"));
    let (tag, words) = text.split_once('=').ok_or_else(|| refused("is not of the form en=Welcome"))?;
    let language = Language::parse(tag).ok_or_else(|| refused("names no language of pages"))?;
    Welcome::new([(tag, words)]).map_err(|(_, problem)| refused(problem))?;
    Ok((language, words.trim().to_owned()))
}

/// The words of before, with those that are given instead; empty ones take theirs away.
fn greeting(before: &Welcome, given: &[(Language, String)]) -> Welcome {
    let kept = before.iter().filter(|(tag, _)| !given.iter().any(|(language, _)| language.tag() == *tag));
    let all = kept.chain(given.iter().map(|(language, words)| (language.tag(), words.as_str())));
    // Each was checked, and there are no more of them than languages.
    Welcome::new(all).unwrap_or_else(|_| before.clone())
}

fn link(option: &str, text: Option<&str>) -> Result<Field<String>, Failure> {
    Field::read(text, |url| match check_link(url) {
        Ok(()) => Ok(url.to_owned()),
        Err(problem) => Err(Failure::Usage(format!("{option} \"{url}\" {problem}"))),
    })
}

/// Stores a logo, before anything names it.
///
/// # Errors
/// It cannot be stored.
pub fn store(opened: &Opened, logo: &Logo) -> Result<(), Failure> {
    let failed = |error: String| Failure::Failed(format!("the logo cannot be stored: {error}"));
    let objects = Objects::new(&opened.settings.objects).map_err(|error| failed(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(error.to_string()))?;
    if opened.settings.objects.s3.is_some() {
        crate::serve::install_tls()?;
    }
    let put = objects.put(&logo.name, logo.png.clone());
    runtime.block_on(put).map_err(|error| failed(error.to_string()))
}
