//! A branding as people and files write it: texts, checked in one place whatever surface they come from.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Accent, BrandingChange, Part, Welcome, check_link, check_web_link, server_name};

/// The texts of a change: an empty one takes its part away, and one that is missing leaves it.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrandingTexts<'t> {
    /// The name, of a server.
    pub name: Option<&'t str>,
    /// The colour.
    pub accent: Option<&'t str>,
    /// The terms of service: a web page.
    pub terms_url: Option<&'t str>,
    /// The privacy policy: a web page.
    pub privacy_url: Option<&'t str>,
    /// Where people get help: a web page or `mailto:`.
    pub support_url: Option<&'t str>,
    /// The words of welcome by the tags of languages, which replace all others.
    pub welcome: Option<&'t BTreeMap<String, String>>,
}

/// Why a part of a branding is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field} {words}")]
pub struct BrandingProblem {
    /// The part.
    pub field: &'static str,
    /// What is wrong with it.
    pub words: String,
}

impl BrandingProblem {
    fn new(field: &'static str, words: impl Into<String>) -> Self {
        Self { field, words: words.into() }
    }
}

impl BrandingTexts<'_> {
    /// The change that they ask for, apart from the logo. `is_language` knows the languages of pages.
    ///
    /// # Errors
    /// What is wrong with the first part that is.
    pub fn checked(&self, is_language: fn(&str) -> bool) -> Result<BrandingChange, BrandingProblem> {
        let name = |text: &str| server_name(text).map_err(|problem| BrandingProblem::new("name", problem));
        let accent = |text: &str| {
            Accent::parse(text).ok_or_else(|| BrandingProblem::new("accent", "must be a colour such as \"#3d46c2\""))
        };
        let link = |field: &'static str, check: fn(&str) -> Result<(), &'static str>| {
            move |text: &str| match check(text) {
                Ok(()) => Ok(text.to_owned()),
                Err(problem) => Err(BrandingProblem::new(field, problem)),
            }
        };
        Ok(BrandingChange {
            name: Part::of_text(self.name, name)?,
            logo: Part::Kept,
            accent: Part::of_text(self.accent, accent)?,
            terms_url: Part::of_text(self.terms_url, link("terms_url", check_web_link))?,
            privacy_url: Part::of_text(self.privacy_url, link("privacy_url", check_web_link))?,
            support_url: Part::of_text(self.support_url, link("support_url", check_link))?,
            welcome: self.welcome.map(|words| welcome(words, is_language)).transpose()?,
        })
    }
}

/// Words of welcome in languages of pages.
///
/// # Errors
/// What is wrong with them.
pub fn welcome(words: &BTreeMap<String, String>, is_language: fn(&str) -> bool) -> Result<Welcome, BrandingProblem> {
    if let Some(unknown) = words.keys().find(|tag| !is_language(tag)) {
        let unknown: String = unknown.chars().take(40).collect();
        return Err(BrandingProblem::new("welcome", format!("\"{unknown}\" is in no language of pages")));
    }
    let each = words.iter().map(|(language, words)| (language.as_str(), words.as_str()));
    Welcome::new(each).map_err(|(tag, problem)| BrandingProblem::new("welcome", format!("\"{tag}\" {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_language(tag: &str) -> bool {
        ["en", "de"].contains(&tag)
    }

    #[test]
    fn texts_set_take_away_and_leave() {
        let words = BTreeMap::from([("en".to_owned(), " Hi ".to_owned()), ("de".to_owned(), String::new())]);
        let texts = BrandingTexts {
            accent: Some("#ffe14d"),
            terms_url: Some(""),
            support_url: Some("mailto:a@example.org"),
            welcome: Some(&words),
            ..BrandingTexts::default()
        };
        let change = texts.checked(is_language).unwrap();
        assert_eq!(change.accent, Part::Set(Accent::parse("#ffe14d").unwrap()));
        assert_eq!((change.terms_url, change.privacy_url), (Part::Gone, Part::Kept));
        assert_eq!(change.support_url, Part::Set("mailto:a@example.org".to_owned()));
        assert_eq!(change.welcome, Some(Welcome::new([("en", "Hi")]).unwrap()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |texts: BrandingTexts<'_>| texts.checked(is_language).unwrap_err();
        let none = BrandingTexts::default();
        for (texts, field) in [
            (BrandingTexts { name: Some(" "), ..none }, "name"),
            (BrandingTexts { accent: Some("red"), ..none }, "accent"),
            (BrandingTexts { terms_url: Some("mailto:a@example.org"), ..none }, "terms_url"),
            (BrandingTexts { privacy_url: Some("javascript:alert(1)"), ..none }, "privacy_url"),
            (BrandingTexts { support_url: Some("http://example.org"), ..none }, "support_url"),
        ] {
            let problem = refused(texts);
            assert_eq!(problem.field, field);
            assert!(problem.to_string().starts_with(field), "{problem}");
        }
        for (tag, words) in [("xx", "?".to_owned()), ("de", "x".repeat(301)), ("en", "a\nb".to_owned())] {
            let words = BTreeMap::from([(tag.to_owned(), words)]);
            let problem = refused(BrandingTexts { welcome: Some(&words), ..none });
            assert!(problem.to_string().starts_with(&format!("welcome \"{tag}\" ")), "{problem}");
        }
    }
}
