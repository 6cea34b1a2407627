//! Colours on a terminal, and none elsewhere.
//!
//! Output is made as text before anybody knows where it goes. Styles are marked in it by noncharacters, which Unicode leaves to
//! programs for such use, and become escape sequences when it is printed to a terminal, or nothing. If data holds one, at
//! worst the rest of its line is in colour.

use std::borrow::Cow;
use std::io::IsTerminal;

/// How a part of the output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Heads of tables, and names.
    Bold,
    /// All is well.
    Good,
    /// It deserves a look.
    Note,
    /// Something is wrong.
    Bad,
}

/// Ends what a style began.
const END: char = '\u{fdd0}';

impl Style {
    const ALL: [Self; 4] = [Self::Bold, Self::Good, Self::Note, Self::Bad];

    const fn mark(self) -> char {
        match self {
            Self::Bold => '\u{fdd1}',
            Self::Good => '\u{fdd2}',
            Self::Note => '\u{fdd3}',
            Self::Bad => '\u{fdd4}',
        }
    }

    /// Select Graphic Rendition (ECMA-48 §8.3.117).
    const fn sequence(self) -> &'static str {
        match self {
            Self::Bold => "\u{1b}[1m",
            Self::Good => "\u{1b}[32m",
            Self::Note => "\u{1b}[33m",
            Self::Bad => "\u{1b}[1;31m",
        }
    }

    /// The text in this style.
    pub fn on(self, text: &str) -> String {
        format!("{}{text}{END}", self.mark())
    }
}

/// Whether output to this stream is coloured: it is a terminal that understands colours, and `NO_COLOR` is not set.
pub fn is_coloured(stream: &impl IsTerminal) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal.is_empty() || terminal == "dumb");
    stream.is_terminal() && !is_set("NO_COLOR") && !is_dumb
}

/// Replaces the marks in `text`.
pub fn shown(text: &str, coloured: bool) -> Cow<'_, str> {
    if !text.contains(is_mark) {
        return Cow::Borrowed(text);
    }
    if !coloured {
        return Cow::Owned(text.chars().filter(|char| !is_mark(*char)).collect());
    }
    let mut shown = String::with_capacity(text.len() + 64);
    let mut open = false;
    for char in text.chars() {
        match Style::ALL.into_iter().find(|style| style.mark() == char) {
            Some(style) => {
                shown.push_str(style.sequence());
                open = true;
            }
            None if char == END || char == '\n' => {
                if std::mem::take(&mut open) {
                    shown.push_str("\u{1b}[0m");
                }
                if char == '\n' {
                    shown.push(char);
                }
            }
            None => shown.push(char),
        }
    }
    if open {
        shown.push_str("\u{1b}[0m");
    }
    Cow::Owned(shown)
}

fn is_mark(char: char) -> bool {
    char == END || Style::ALL.into_iter().any(|style| style.mark() == char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_colours_on_a_terminal_and_nothing_elsewhere() {
        let text = format!("{}  a\n{} b", Style::Good.on("fine"), Style::Bad.on("WRONG"));
        assert_eq!(shown(&text, false), "fine  a\nWRONG b");
        assert_eq!(shown(&text, true), "\u{1b}[32mfine\u{1b}[0m  a\n\u{1b}[1;31mWRONG\u{1b}[0m b");
        assert!(matches!(shown("plain", true), Cow::Borrowed("plain")));
    }

    #[test]
    fn a_mark_in_data_ends_with_its_line() {
        assert_eq!(shown("a\u{fdd4}b\nc", true), "a\u{1b}[1;31mb\u{1b}[0m\nc");
    }
}
