//! The form of a branding, in the console and at an org's own pages: what was entered, and what the page says about it.

use sigma_core::branding::{Accent, Branding, BrandingChange, BrandingTexts, Legibility};
use sigma_core::params::Params;

use super::{is_language, logo_url};
use crate::i18n::Language;
use crate::pages::FormVersion;

/// What is wrong with a form: a key of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem(pub &'static str);

/// A branding as entered, without its logo, which has a form of its own.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// The name of a server, empty for that of its settings; others have none here.
    pub name: Option<String>,
    /// The colour; empty for the one of the wider branding.
    pub accent: String,
    /// The terms of service.
    pub terms_url: String,
    /// The privacy policy.
    pub privacy_url: String,
    /// Where people get help.
    pub support_url: String,
    /// The words of welcome in each language.
    pub welcome: Vec<(Language, String)>,
    /// The version of the settings that the form was drawn from.
    pub version: FormVersion,
}

impl Entered {
    /// As it is stored.
    pub fn of(branding: &Branding) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let welcome = |language: Language| branding.welcome.get(language.tag()).unwrap_or_default().to_owned();
        Self {
            name: None,
            accent: branding.accent.map(|accent| accent.to_string()).unwrap_or_default(),
            terms_url: text(&branding.terms_url),
            privacy_url: text(&branding.privacy_url),
            support_url: text(&branding.support_url),
            welcome: Language::ALL.map(|language| (language, welcome(language))).to_vec(),
            version: FormVersion::default(),
        }
    }

    /// The same for a server, which has a name here.
    #[must_use]
    pub fn of_server(self, branding: &Branding) -> Self {
        Self { name: Some(branding.name.clone().unwrap_or_default()), ..self }
    }

    /// As a form was sent.
    pub fn of_form(form: &Params) -> Self {
        let text = |name: &str| form.raw(name).unwrap_or_default().trim().to_owned();
        // A form sends line breaks however few letters are meant.
        let words = |language: Language| {
            let words = form.raw(&format!("welcome_{}", language.tag())).unwrap_or_default();
            words.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        Self {
            name: None,
            accent: text("accent"),
            terms_url: text("terms_url"),
            privacy_url: text("privacy_url"),
            support_url: text("support_url"),
            welcome: Language::ALL.map(|language| (language, words(language))).to_vec(),
            version: FormVersion::sent(form),
        }
    }

    /// As a form of a server was sent.
    pub fn of_server_form(form: &Params) -> Self {
        let name = form.raw("name").unwrap_or_default().trim().to_owned();
        Self { name: Some(name), ..Self::of_form(form) }
    }

    /// The change that it asks for.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn checked(&self) -> Result<BrandingChange, Problem> {
        let words = self.welcome.iter().map(|(language, words)| (language.tag().to_owned(), words.clone())).collect();
        let texts = BrandingTexts {
            name: self.name.as_deref(),
            accent: Some(&self.accent),
            terms_url: Some(&self.terms_url),
            privacy_url: Some(&self.privacy_url),
            support_url: Some(&self.support_url),
            welcome: Some(&words),
        };
        texts.checked(is_language).map_err(|problem| {
            Problem(match problem.field {
                "name" => "branding-problem-name",
                "accent" => "branding-problem-accent",
                "support_url" => "branding-problem-support",
                "welcome" => "branding-problem-welcome",
                _ => "branding-problem-link",
            })
        })
    }
}

/// What a page shows of a branding.
#[derive(Clone, Debug)]
pub struct BrandingView {
    /// Where the forms are sent; the logo to `/logo` below it.
    pub action: String,
    /// The letter in place of a logo.
    pub initial: String,
    /// The logo.
    pub logo_url: Option<String>,
    /// How the colour in force is seen, wherever it comes from.
    pub shades: Vec<ShadeRow>,
    /// Whether that is its own.
    pub is_own_accent: bool,
    /// What is entered.
    pub entered: Entered,
    /// Whether the viewer may change it.
    pub may_change: bool,
    /// Where they prove first who they are, if they have to.
    pub confirm_url: Option<String>,
}

/// How the accent is seen in one mode.
#[derive(Clone, Debug)]
pub struct ShadeRow {
    /// The mode: a key of the catalogue.
    pub mode: &'static str,
    /// The colour on pages.
    pub colour: String,
    /// Its contrast, in words.
    pub contrast: String,
    /// The contrast of the colour as chosen, if it was corrected.
    pub corrected_from: Option<String>,
}

impl BrandingView {
    /// The view of `branding`, with the accent of the server where there is none.
    pub fn of(action: String, name: &str, branding: &Branding, wider: Option<Accent>, language: Language) -> Self {
        Self {
            action,
            initial: crate::pages::view::initial(name),
            logo_url: branding.logo.as_deref().map(logo_url),
            shades: shades(branding.accent.or(wider).unwrap_or(Accent::DEFAULT), language),
            is_own_accent: branding.accent.is_some(),
            entered: Entered { version: FormVersion::of(&settings(branding)), ..Entered::of(branding) },
            may_change: true,
            confirm_url: None,
        }
    }
}

/// What the form shows of a branding, from which its version is made.
pub fn settings(branding: &Branding) -> Entered {
    Entered::of(branding).of_server(branding)
}

/// How an accent is seen in both modes.
pub fn shades(accent: Accent, language: Language) -> Vec<ShadeRow> {
    let ratio = |contrast: f64| language.text("branding-ratio").with("ratio", language.decimal(contrast)).to_string();
    let [light, dark] = accent.legibility();
    let row = |mode, one: Legibility| ShadeRow {
        mode,
        colour: one.shown.to_string(),
        contrast: ratio(one.contrast),
        corrected_from: one.is_corrected.then(|| ratio(one.chosen)),
    };
    vec![row("branding-light", light), row("branding-dark", dark)]
}

#[cfg(test)]
mod tests {
    use sigma_core::branding::Part;

    use super::*;

    #[test]
    fn a_form_is_checked_field_by_field() {
        let entered = Entered::of_form(&Params::parse(
            "accent=%23ffe14d&support_url=mailto:a@example.org&welcome_en=Hi%0D%0Athere",
        ));
        let change = entered.checked().unwrap();
        assert_eq!(change.accent, Part::Set(Accent::parse("#ffe14d").unwrap()));
        assert_eq!(change.welcome.unwrap().get("en"), Some("Hi there"));
        assert_eq!(change.terms_url, Part::Gone);
        for (form, problem) in [
            ("accent=red", "branding-problem-accent"),
            ("terms_url=mailto:a@example.org", "branding-problem-link"),
            ("privacy_url=javascript:alert(1)", "branding-problem-link"),
            ("support_url=http://example.org", "branding-problem-support"),
            (&format!("welcome_de={}", "x".repeat(301)), "branding-problem-welcome"),
        ] {
            assert_eq!(Entered::of_form(&Params::parse(form)).checked().err(), Some(Problem(problem)), "{form}");
        }
        let name = |name: &str| Entered::of_server_form(&Params::parse(&format!("name={name}"))).checked();
        assert_eq!(name("+Bakery+").unwrap().name, Part::Set("Bakery".to_owned()));
        assert_eq!(name("").unwrap().name, Part::Gone);
        assert_eq!(name(&"x".repeat(101)).err(), Some(Problem("branding-problem-name")));
    }

    #[test]
    fn a_page_says_which_colour_it_shows_instead() {
        let rows = shades(Accent::parse("#ffe14d").unwrap(), Language::English);
        assert!(rows[0].corrected_from.is_some() && rows[1].corrected_from.is_none());
        assert_eq!(rows[1].colour, "#ffe14d");
    }
}
