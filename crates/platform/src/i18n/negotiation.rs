//! The language of a page: the best of those offered that the app or the browser asks for.

use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use http::{HeaderMap, header};
use unic_langid::LanguageIdentifier;

use super::Language;
use crate::settings::Languages;

/// What is read of a list of languages, in bytes.
const LONGEST: usize = 512;

/// The languages that somebody wants, best first.
#[derive(Clone, Debug, Default)]
pub struct Wanted(Vec<LanguageIdentifier>);

impl Wanted {
    /// Those of `ui_locales` (OpenID Connect Core §3.1.2.1), then the one that the user chose, then those of `Accept-Language`
    /// (RFC 9110 §12.5.4).
    pub fn of(ui_locales: Option<&str>, chosen: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self::of_texts(ui_locales, chosen, accepted)
    }

    /// The same, with the value of `Accept-Language`.
    pub fn of_texts(ui_locales: Option<&str>, chosen: Option<&str>, accepted: Option<&str>) -> Self {
        let mut wanted = Vec::new();
        let locales = ui_locales.map(start).unwrap_or_default();
        wanted.extend(locales.split(' ').filter_map(|tag| tag.parse::<LanguageIdentifier>().ok()));
        wanted.extend(chosen.and_then(|tag| tag.parse::<LanguageIdentifier>().ok()));
        wanted.extend(by_weight(accepted.map(start).unwrap_or_default()));
        Self(wanted)
    }

    /// The language to use.
    pub fn best(&self, languages: &Languages) -> Language {
        let offered = &languages.offered;
        if self.0.is_empty() || offered.len() < 2 {
            return languages.default;
        }
        let available: Vec<LanguageIdentifier> =
            offered.iter().filter_map(|language| language.tag().parse().ok()).collect();
        let best = negotiate_languages(&self.0, &available, None, NegotiationStrategy::Lookup);
        let best = best.first().map(ToString::to_string);
        let is_best = |language: &&Language| Some(language.tag()) == best.as_deref();
        offered.iter().find(is_best).copied().unwrap_or(languages.default)
    }
}

fn start(list: &str) -> &str {
    list.get(..LONGEST).unwrap_or(if list.len() > LONGEST { "" } else { list })
}

/// The languages of an `Accept-Language` by falling weight, without those of weight 0 (RFC 9110 §12.4.2).
fn by_weight(accepted: &str) -> impl Iterator<Item = LanguageIdentifier> {
    let range = |range: &str| {
        let (tag, weight) = match range.split_once(';') {
            None => (range, 1.0),
            Some((tag, weight)) => (tag, weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?),
        };
        let is_wanted = weight > 0.0 && weight <= 1.0;
        Some((weight, tag.trim().parse::<LanguageIdentifier>().ok()?)).filter(|_| is_wanted)
    };
    let mut ranges: Vec<_> = accepted.split(',').filter_map(range).collect();
    // A stable sort: what is equally welcome keeps its order.
    ranges.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranges.into_iter().map(|(_, language)| language)
}
