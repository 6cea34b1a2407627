//! How a server, an org or an app looks on pages: logo, accent colour, links and words of welcome.

mod server;
mod texts;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

pub use server::server_name;
pub use texts::{BrandingProblem, BrandingTexts, welcome};

/// The longest words of welcome, in characters.
pub const LONGEST_WELCOME: usize = 300;
/// The longest link, in bytes.
const LONGEST_LINK: usize = 2_000;
/// The least contrast of text (WCAG 2.2 §1.4.3).
const CONTRAST: f64 = 4.5;
/// What an accent is seen on in light and in dark mode: the lightest and the darkest surface of the stylesheet have more
/// contrast.
const LIGHT_GROUND: Colour = Colour([0xf5, 0xf5, 0xf8]);
const DARK_GROUND: Colour = Colour([0x21, 0x22, 0x2b]);
/// Share of the accent in a tinted background, in percent.
const TINT: u8 = 10;
const WHITE: Colour = Colour([255, 255, 255]);
const BLACK: Colour = Colour([0, 0, 0]);

/// How something looks. Each part may come from the app, its org or the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branding {
    /// The name; apps and orgs have one of their own.
    pub name: Option<String>,
    /// The logo: the name of an object.
    pub logo: Option<String>,
    /// The colour of buttons and links.
    pub accent: Option<Accent>,
    /// The terms of service.
    pub terms_url: Option<String>,
    /// The privacy policy.
    pub privacy_url: Option<String>,
    /// Where people get help.
    pub support_url: Option<String>,
    /// What the sign-in page says first.
    pub welcome: Welcome,
}

/// What is changed of a part of a branding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part<T> {
    /// Nothing.
    #[default]
    Kept,
    /// It is taken away.
    Gone,
    /// It is set.
    Set(T),
}

impl<T> Part<T> {
    /// The part as it is to be: set, or taken away.
    pub fn of(value: Option<T>) -> Self {
        value.map_or(Self::Gone, Self::Set)
    }

    /// The part of a text that is to be, where an empty one takes it away and none keeps it.
    ///
    /// # Errors
    /// Those of `parse`.
    pub fn of_text<E>(text: Option<&str>, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<Self, E> {
        match text {
            None => Ok(Self::Kept),
            Some("") => Ok(Self::Gone),
            Some(text) => parse(text).map(Self::Set),
        }
    }

    fn after(&self, before: Option<&T>) -> Option<T>
    where
        T: Clone,
    {
        match self {
            Self::Kept => before.cloned(),
            Self::Gone => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// What is changed of a branding.
#[derive(Clone, Debug, Default)]
pub struct BrandingChange {
    /// The name, of a server alone.
    pub name: Part<String>,
    /// The logo.
    pub logo: Part<String>,
    /// The colour.
    pub accent: Part<Accent>,
    /// The terms of service.
    pub terms_url: Part<String>,
    /// The privacy policy.
    pub privacy_url: Part<String>,
    /// Where people get help.
    pub support_url: Part<String>,
    /// What the sign-in page says first, in all languages.
    pub welcome: Option<Welcome>,
}

impl BrandingChange {
    /// The branding with the change.
    pub fn of(&self, before: &Branding) -> Branding {
        Branding {
            name: self.name.after(before.name.as_ref()),
            logo: self.logo.after(before.logo.as_ref()),
            accent: self.accent.after(before.accent.as_ref()),
            terms_url: self.terms_url.after(before.terms_url.as_ref()),
            privacy_url: self.privacy_url.after(before.privacy_url.as_ref()),
            support_url: self.support_url.after(before.support_url.as_ref()),
            welcome: self.welcome.clone().unwrap_or_else(|| before.welcome.clone()),
        }
    }
}

/// Checks a link that has to be a web page.
///
/// # Errors
/// What is wrong with it.
pub fn check_web_link(text: &str) -> Result<(), &'static str> {
    check_link(text)?;
    if text.starts_with("https://") { Ok(()) } else { Err("must begin with https://") }
}

/// Words of welcome by the tags of their languages: plain text, a paragraph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Welcome(BTreeMap<String, String>);

impl Welcome {
    /// Without words.
    pub const NONE: Self = Self(BTreeMap::new());

    /// The words in these languages, trimmed; empty ones are left out.
    ///
    /// # Errors
    /// The language whose words are refused, and why.
    pub fn new<'t>(words: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Self, (String, &'static str)> {
        let mut all = BTreeMap::new();
        for (language, words) in words {
            let words = words.trim();
            if words.is_empty() {
                continue;
            }
            if words.chars().count() > LONGEST_WELCOME {
                return Err((language.to_owned(), "is longer than 300 characters"));
            }
            if words.chars().any(char::is_control) {
                return Err((language.to_owned(), "has line breaks or control characters"));
            }
            all.insert(language.to_owned(), words.to_owned());
        }
        Ok(Self(all))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by the tags of their languages.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, words)| (language.as_str(), words.as_str()))
    }

    /// The words in exactly that language.
    pub fn get(&self, language: &str) -> Option<&str> {
        self.0.get(language).map(String::as_str)
    }

    /// The words for readers of a language: in it, else in English, else in any.
    pub fn for_readers_of(&self, language: &str) -> Option<&str> {
        self.get(language).or_else(|| self.get("en")).or_else(|| self.0.values().next().map(String::as_str))
    }
}

impl Branding {
    /// The same, where a part is missing that of `wider`.
    #[must_use]
    pub fn or(&self, wider: &Self) -> Self {
        Self {
            name: self.name.clone().or_else(|| wider.name.clone()),
            logo: self.logo.clone().or_else(|| wider.logo.clone()),
            accent: self.accent.or(wider.accent),
            terms_url: self.terms_url.clone().or_else(|| wider.terms_url.clone()),
            privacy_url: self.privacy_url.clone().or_else(|| wider.privacy_url.clone()),
            support_url: self.support_url.clone().or_else(|| wider.support_url.clone()),
            welcome: if self.welcome.is_empty() { wider.welcome.clone() } else { self.welcome.clone() },
        }
    }
}

/// Checks a link that pages show: an https address, or `mailto:` for support.
///
/// # Errors
/// What is wrong with it.
pub fn check_link(text: &str) -> Result<(), &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    let is_plain = text.len() <= LONGEST_LINK && !text.contains(|letter: char| letter.is_control() || letter == ' ');
    match url.scheme() {
        _ if !is_plain => Err("is too long, or has spaces or control characters"),
        // Without the slashes, a page of this server would take it for a path.
        "https" if text.starts_with("https://") && url.username().is_empty() && url.password().is_none() => Ok(()),
        "mailto" => Ok(()),
        _ => Err("must begin with https:// or mailto:"),
    }
}

/// An accent colour, as chosen. Pages use its [`Shade`]s, which can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent(Colour);

/// A colour: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// How an accent can be read on the pages of one mode (WCAG 2.2 §1.4.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Legibility {
    /// The contrast of the colour as chosen.
    pub chosen: f64,
    /// The colour that pages show instead, or the same.
    pub shown: Colour,
    /// Its contrast: at least 4.5.
    pub contrast: f64,
    /// Whether it is another one.
    pub is_corrected: bool,
}

/// An accent for one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shade {
    /// For links, and the ground of buttons.
    pub accent: Colour,
    /// The same under the pointer.
    pub strong: Colour,
    /// For text on it.
    pub on: Colour,
    /// A ground on which it can be read.
    pub tint: Colour,
}

impl Accent {
    /// That of the stylesheet.
    pub const DEFAULT: Self = Self(Colour([0x3d, 0x46, 0xc2]));

    /// `#3d46c2`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        Some(Self(Colour([byte(0)?, byte(2)?, byte(4)?])))
    }

    /// The six hex digits.
    pub fn hex(self) -> String {
        let Colour([red, green, blue]) = self.0;
        format!("{red:02x}{green:02x}{blue:02x}")
    }

    /// How it can be read on light and on dark pages.
    pub fn legibility(self) -> [Legibility; 2] {
        [(self.light(), LIGHT_GROUND), (self.dark(), DARK_GROUND)].map(|(shade, ground)| Legibility {
            chosen: self.0.contrast(ground),
            shown: shade.accent,
            contrast: shade.accent.contrast(ground),
            is_corrected: shade.accent != self.0,
        })
    }

    /// For light pages: darkened as far as needed.
    pub fn light(self) -> Shade {
        self.shade(LIGHT_GROUND, BLACK)
    }

    /// For dark pages: lightened as far as needed.
    pub fn dark(self) -> Shade {
        self.shade(DARK_GROUND, WHITE)
    }

    /// Moves the colour towards `towards` until text in it can be read on `ground`, plain and tinted.
    fn shade(self, ground: Colour, towards: Colour) -> Shade {
        let tint = |accent: Colour| ground.mix(accent, TINT);
        let readable = |share: &u8| {
            let accent = self.0.mix(towards, *share);
            accent.contrast(ground).min(accent.contrast(tint(accent))) >= CONTRAST
        };
        let share = (0..=100).find(readable).unwrap_or(100);
        let accent = self.0.mix(towards, share);
        let strong = accent.mix(towards, 20);
        let on = if accent.contrast(WHITE) >= accent.contrast(BLACK) { WHITE } else { BLACK };
        Shade { accent, strong, on, tint: tint(accent) }
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([red, green, blue]) = self;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Colour {
    /// The colour with `share` percent of `other`.
    fn mix(self, other: Self, share: u8) -> Self {
        let share = u32::from(share);
        let mut mixed = self.0;
        for (part, towards) in mixed.iter_mut().zip(other.0) {
            let sum = u32::from(*part) * (100 - share) + u32::from(towards) * share;
            *part = u8::try_from(sum / 100).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }

    /// The relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let value = f64::from(part) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The contrast ratio with another colour, 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_accent_is_a_hash_and_six_digits() {
        assert_eq!(Accent::parse("#3D46c2").unwrap().to_string(), "#3d46c2");
        for bad in ["", "#", "3d46c2", "#3d46c", "#3d46c22", "#3d46cg", "red", "#+d46c2", "#\u{e9}46c2"] {
            assert_eq!(Accent::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_readable_accent_is_used_as_it_is() {
        assert_eq!(Accent::parse("#3d46c2").unwrap().light().accent.to_string(), "#3d46c2");
        assert_eq!(Accent::parse("#aab1ff").unwrap().dark().accent.to_string(), "#aab1ff");
    }

    #[test]
    fn a_colour_that_cannot_be_read_is_corrected_and_says_so() {
        let [light, dark] = Accent::parse("#ffe14d").unwrap().legibility();
        assert!(light.is_corrected && light.chosen < CONTRAST && light.contrast >= CONTRAST, "{light:?}");
        assert!(!dark.is_corrected && dark.chosen >= CONTRAST, "{dark:?}");
        assert_eq!(dark.shown.to_string(), "#ffe14d");
    }

    #[test]
    fn words_of_welcome_are_a_paragraph_in_the_language_of_the_reader() {
        let words = Welcome::new([("en", " Hello "), ("de", "")]).unwrap();
        assert_eq!((words.get("de"), words.for_readers_of("de")), (None, Some("Hello")));
        let words = Welcome::new([("en", "Hello"), ("de", "Hallo")]).unwrap();
        assert_eq!(words.for_readers_of("de"), Some("Hallo"));
        assert!(Welcome::NONE.is_empty() && Welcome::NONE.for_readers_of("en").is_none());
        for bad in ["a\nb", "a\u{7}", &"x".repeat(LONGEST_WELCOME + 1)] {
            assert_eq!(Welcome::new([("en", bad)]).map_err(|(language, _)| language), Err("en".to_owned()), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_accent_can_be_read_in_both_modes(colour: [u8; 3]) {
            let accent = Accent(Colour(colour));
            for (shade, ground) in [(accent.light(), LIGHT_GROUND), (accent.dark(), DARK_GROUND)] {
                prop_assert!(shade.accent.contrast(ground) >= CONTRAST, "{} on {ground}", shade.accent);
                prop_assert!(shade.strong.contrast(ground) >= CONTRAST);
                prop_assert!(shade.on.contrast(shade.accent) >= CONTRAST, "{} on {}", shade.on, shade.accent);
            }
        }
    }

    #[test]
    fn links_lead_to_https_or_a_mailbox() {
        for good in ["https://shop.example.org/terms", "mailto:help@example.org"] {
            assert_eq!(check_link(good), Ok(()), "{good}");
        }
        for bad in
            ["javascript:alert(1)", "http://example.org", "/terms", "https://a b", "https://u:p@example.org", "data:x"]
        {
            assert!(check_link(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_missing_part_is_the_wider_one() {
        let app = Branding { logo: Some("a".to_owned()), ..Branding::default() };
        let org = Branding { logo: Some("b".to_owned()), terms_url: Some("t".to_owned()), ..Branding::default() };
        let both = app.or(&org);
        assert_eq!((both.logo.as_deref(), both.terms_url.as_deref()), (Some("a"), Some("t")));
    }
}
