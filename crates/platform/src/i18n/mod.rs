//! The texts of pages and mails, by key: one catalogue per language in `locales/`, in Fluent, embedded.
//!
//! A new text is a message in every file of `locales/en` and `locales/de`, and `context.text("its-key")` in the template. What
//! varies is an argument; plurals, numbers and the order of words are up to the message. A message may hold markup if it is
//! used by [`Phrase::html`], which escapes its arguments.

mod catalogue;
mod negotiation;
mod phrase;

#[cfg(test)]
mod outside;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigma_core::time::Timestamp;

pub use negotiation::Wanted;
pub use phrase::Phrase;

/// A language that there is a catalogue for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Language {
    /// English, which has every text.
    #[default]
    #[serde(rename = "en")]
    English,
    /// German.
    #[serde(rename = "de")]
    German,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Where its lines begin, as the attribute `dir` says it.
    pub const fn direction(self) -> &'static str {
        match self {
            Self::English | Self::German => "ltr",
        }
    }

    /// The language of that tag.
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Its own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The text `key`. Arguments are added by `Phrase::with`.
    pub const fn text<'a>(self, key: &'static str) -> Phrase<'a> {
        Phrase::new(self, key)
    }

    /// How long something lasts, in the largest unit that is exact, to follow "within": `7 days`, `1 hour`.
    pub fn duration(self, span: Duration) -> String {
        let minutes = span.as_secs().div_ceil(60);
        let (key, count) = match minutes {
            minutes if minutes % 1_440 == 0 && minutes > 1_440 => ("duration-days", minutes / 1_440),
            minutes if minutes % 60 == 0 => ("duration-hours", minutes / 60),
            minutes => ("duration-minutes", minutes),
        };
        self.text(key).with("count", count).to_string()
    }

    /// A number with one digit after the separator: `4.5`.
    pub fn decimal(self, number: f64) -> String {
        let text = format!("{number:.1}");
        match self {
            Self::English => text,
            Self::German => text.replace('.', ","),
        }
    }

    /// A count as people read it: `1,234`.
    pub fn number(self, count: u64) -> String {
        let separator = match self {
            Self::English => ',',
            Self::German => '.',
        };
        let digits = count.to_string();
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    }

    /// A moment to the minute, in UTC: `1 March 2026 at 12:00 UTC`.
    pub fn moment(self, at: Timestamp) -> String {
        let iso = at.iso8601();
        let number = |from: usize, to: usize| iso.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
        let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else { return iso };
        let time = iso.get(11..16).unwrap_or_default();
        let phrase = self.text("moment").with("day", day).with("month", month).with("year", year).with("time", time);
        phrase.to_string()
    }
}
