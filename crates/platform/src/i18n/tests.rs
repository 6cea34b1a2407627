//! The catalogues are complete, used, and well-formed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_bundle::FluentResource;
use http::HeaderMap;

use super::*;
use crate::settings::Languages;

/// The messages of a language: key to source, which names the arguments.
fn messages(language: Language) -> BTreeMap<String, String> {
    let mut messages: BTreeMap<String, String> = BTreeMap::new();
    for source in catalogue::sources(language) {
        let resource = FluentResource::try_new(source.to_owned());
        assert!(resource.is_ok(), "{language:?}: {:?}", resource.unwrap_err().1);
        let mut key = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            match line.split_once(" =") {
                Some((name, _)) if !line.starts_with([' ', '}']) => {
                    name.clone_into(&mut key);
                    assert!(messages.insert(key.clone(), line.to_owned()).is_none(), "{key} is there twice");
                }
                _ if key.is_empty() => {}
                _ => messages.get_mut(&key).unwrap().extend(["\n", line]),
            }
        }
    }
    messages
}

/// The arguments that a message names.
fn arguments(message: &str) -> BTreeSet<&str> {
    message.split("{ $").skip(1).map(|rest| rest.split([' ', '}']).next().unwrap()).collect()
}

/// The tags in a message, in order.
fn tags(message: &str) -> Vec<&str> {
    message.split('<').skip(1).map(|rest| rest.split_inclusive('>').next().unwrap()).collect()
}

/// Templates and sources, but for these modules.
fn sources() -> String {
    fn read(directory: &Path, all: &mut String) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("i18n") {
                read(&path, all);
            } else if path.is_file() {
                all.push_str(&fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let mut all = include_str!("mod.rs").to_owned();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for directory in ["platform", "workspace", "merits", "console", "server"].map(|name| crates.join(name)) {
        read(&directory.join("src"), &mut all);
        read(&directory.join("templates"), &mut all);
    }
    // Rules that say why something is refused name the text of pages beside the message of the API.
    for rule in ["merge.rs", "org/refusal.rs"] {
        all.push_str(&fs::read_to_string(crates.join("core/src").join(rule)).unwrap());
    }
    all
}

#[test]
fn every_text_that_is_used_exists() {
    let (messages, sources) = (messages(Language::English), sources());
    // Forms have a method of that name too.
    let calls = ["context.text(\"", "language.text(\"", "self.text(\"", ".line(\""];
    let keys: BTreeSet<_> = calls
        .into_iter()
        .flat_map(|call| sources.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .filter(|key| *key != "its-key")
        .collect();
    assert!(keys.len() > 50, "{keys:?}");
    for key in keys {
        assert!(messages.contains_key(key), "there is no text {key}");
    }
}

#[test]
fn every_text_that_exists_is_used() {
    let sources = sources();
    for key in messages(Language::English).keys() {
        assert!(sources.contains(&format!("\"{key}\"")), "{key} is not used");
    }
}

#[test]
fn all_languages_have_the_same_texts_with_the_same_arguments_and_markup() {
    let english = messages(Language::English);
    for language in Language::ALL {
        let other = messages(language);
        assert_eq!(english.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (key, message) in &english {
            assert_eq!(arguments(message), arguments(&other[key]), "{key} in {language:?}");
            assert_eq!(tags(message), tags(&other[key]), "{key} in {language:?}");
        }
    }
}

#[test]
fn markup_in_texts_is_harmless() {
    let allowed = ["strong>", "/strong>", "span class=\"quiet\">", "span class=\"nowrap\">", "/span>"];
    for (key, message) in messages(Language::English) {
        for tag in tags(&message) {
            assert!(allowed.contains(&tag), "{key} has <{tag}");
        }
    }
}

#[test]
fn arguments_are_escaped_where_a_text_is_markup() {
    let phrase = || Language::English.text("login-again").with("name", "<b>\"Ada\" & 'Co'");
    let html = phrase().html().to_string();
    assert!(html.contains("<strong>&#60;b&#62;&#34;Ada&#34; &#38; &#39;Co&#39;</strong>"), "{html}");
    assert!(phrase().to_string().contains("<b>\"Ada\""), "what is not markup is escaped by the template");
}

#[test]
fn durations_use_the_largest_exact_unit_and_the_right_plural() {
    for (minutes, english, german) in [
        (1, "1 minute", "1 Minute"),
        (5, "5 minutes", "5 Minuten"),
        (60, "1 hour", "1 Stunde"),
        (90, "90 minutes", "90 Minuten"),
        (1_440, "24 hours", "24 Stunden"),
        (2_880, "2 days", "2 Tagen"),
        (10_080, "7 days", "7 Tagen"),
    ] {
        let span = Duration::from_mins(minutes);
        assert_eq!(Language::English.duration(span), english);
        assert_eq!(Language::German.duration(span), german);
    }
}

#[test]
fn counts_are_grouped_by_thousands() {
    let grouped = [0, 7, 999, 1_000, 12_345, 100_000, 1_234_567].map(|count| Language::English.number(count));
    assert_eq!(grouped, ["0", "7", "999", "1,000", "12,345", "100,000", "1,234,567"]);
    assert_eq!(Language::German.number(1_234_567), "1.234.567");
}

#[test]
fn moments_are_written_as_people_write_them() {
    let at = Timestamp::from_seconds(1_772_366_400);
    assert_eq!(Language::English.moment(at), "1 March 2026 at 12:00 UTC");
    assert_eq!(Language::German.moment(at), "1. März 2026 um 12:00 UTC");
    assert_eq!(Language::English.moment(Timestamp::from_seconds(1_797_983_940)), "22 December 2026 at 23:59 UTC");
}

#[test]
fn an_app_and_then_the_browser_choose_among_the_languages_offered() {
    let both = Languages { default: Language::English, offered: Language::ALL.to_vec() };
    let german = Languages { default: Language::German, offered: Language::ALL.to_vec() };
    let only = Languages::default();
    for (ui_locales, accept, languages, expected) in [
        (None, None, &both, Language::English),
        (None, None, &german, Language::German),
        (None, Some("de"), &both, Language::German),
        (None, Some("de-AT,de;q=0.9,en;q=0.8"), &both, Language::German),
        (None, Some("en;q=0.3, de;q=0.7"), &both, Language::German),
        (None, Some("fr, de;q=0.5, en;q=0.4"), &both, Language::German),
        (None, Some("de;q=0, en"), &both, Language::English),
        (None, Some("fr"), &both, Language::English),
        (None, Some("fr"), &german, Language::German),
        (Some("de-CH"), Some("en"), &both, Language::German),
        (Some("fr de"), Some("en"), &both, Language::German),
        (Some("xx-!! \u{7f}"), Some(";;,*;q=x,\u{e4}"), &both, Language::English),
        (Some("de"), Some("de"), &only, Language::English),
    ] {
        let mut headers = HeaderMap::new();
        if let Some(value) = accept.and_then(|accept| http::HeaderValue::from_str(accept).ok()) {
            headers.insert(http::header::ACCEPT_LANGUAGE, value);
        }
        assert_eq!(Wanted::of(ui_locales, None, &headers).best(languages), expected, "{ui_locales:?} {accept:?}");
    }
    let long = "de ".repeat(100_000);
    Wanted::of(Some(&long), None, &HeaderMap::new()).best(&both);
}
