//! A text with its arguments, on its way into a page.

use std::fmt;

use askama::filters::HtmlSafe;
use fluent_bundle::{FluentArgs, FluentValue};

use super::{Language, catalogue};

/// A text of the catalogue. Templates escape it like any other value.
#[derive(Debug)]
pub struct Phrase<'a> {
    language: Language,
    key: &'static str,
    args: Option<FluentArgs<'a>>,
}

impl<'a> Phrase<'a> {
    pub(super) const fn new(language: Language, key: &'static str) -> Self {
        Self { language, key, args: None }
    }

    /// The same with an argument, a text or a number.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<FluentValue<'a>>) -> Self {
        self.args.get_or_insert_with(FluentArgs::new).set(name, value);
        self
    }

    /// The text as markup: that of the message stays, arguments are escaped.
    pub fn html(self) -> Html {
        let mut escaped = FluentArgs::new();
        for (name, value) in self.args.iter().flat_map(FluentArgs::iter) {
            match value {
                FluentValue::String(text) => escaped.set(name.to_owned(), escape(text)),
                other => escaped.set(name.to_owned(), other.clone()),
            }
        }
        Html(catalogue::format(self.language, self.key, &escaped))
    }
}

impl fmt::Display for Phrase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = FluentArgs::new();
        f.write_str(&catalogue::format(self.language, self.key, self.args.as_ref().unwrap_or(&none)))
    }
}

/// Markup from the catalogue, which templates do not escape.
#[derive(Debug)]
pub struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&#38;"),
            '<' => escaped.push_str("&#60;"),
            '>' => escaped.push_str("&#62;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
