//! Texts chosen by tenants: names, descriptions and ids of their own software's objects.

use crate::unicode;

/// The most characters of a name.
pub const NAME_LENGTH: usize = 100;
/// The most characters of a description.
pub const DESCRIPTION_LENGTH: usize = 1_000;
/// The most characters of a tenant's schema, attribute or catalog id.
pub const FOREIGN_ID_LENGTH: usize = 200;

/// Why a text is rejected; the message does not repeat the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextProblem {
    /// Only white space.
    #[error("must not be empty")]
    Empty,
    /// Too many characters.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// A control character.
    #[error("must not contain control characters")]
    Control,
    /// An invisible character, or one that changes the text direction.
    #[error("must not contain invisible characters")]
    Invisible,
    /// Invisible white space at an end.
    #[error("must not begin or end with white space")]
    Padded,
    /// A reserved word.
    #[error("is reserved")]
    Reserved,
    /// Characters that an id cannot have.
    #[error("may contain only letters, digits, \"_\" and \"-\"")]
    NotAnId,
}

/// A name in form C, trimmed: 1 to 100 characters without control characters.
///
/// # Errors
/// [`TextProblem`]
pub fn name(text: &str) -> Result<String, TextProblem> {
    let text = unicode::nfc(text.trim());
    if text.is_empty() {
        return Err(TextProblem::Empty);
    }
    bounded(&text, NAME_LENGTH)?;
    // Joiners, and spaces of whatever kind, are not a visible name.
    if folded(&text).chars().all(unicode::is_blank) { Err(TextProblem::Empty) } else { Ok(text) }
}

/// A description: at most 1,000 characters; line breaks are allowed.
///
/// # Errors
/// [`TextProblem`]
pub fn description(text: &str) -> Result<String, TextProblem> {
    let text = text.trim();
    let lines = text.replace(['\n', '\r', '\t'], " ");
    bounded(&lines, DESCRIPTION_LENGTH)?;
    Ok(text.to_owned())
}

/// The id of an object of the tenant's software, taken as it is.
///
/// # Errors
/// [`TextProblem`]
pub fn foreign_id(text: &str) -> Result<(), TextProblem> {
    if text.trim().is_empty() {
        return Err(TextProblem::Empty);
    }
    // Two lookalike ids would be two rules, one of them invisible.
    if text.trim() != text {
        return Err(TextProblem::Padded);
    }
    bounded(text, FOREIGN_ID_LENGTH)
}

/// An id that a caller chose for one of our objects: 1 to 64 letters, digits, `_` and `-`.
///
/// # Errors
/// [`TextProblem`]
pub fn chosen_id(text: &str) -> Result<(), TextProblem> {
    if text.is_empty() {
        return Err(TextProblem::Empty);
    }
    if text.len() > 64 {
        return Err(TextProblem::TooLong(64));
    }
    // The pages use it for the form of a new role.
    if text == "new" {
        return Err(TextProblem::Reserved);
    }
    let is_id = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_id { Ok(()) } else { Err(TextProblem::NotAnId) }
}

/// A name for comparison: names that differ only in case, width or composition are equal.
pub fn folded(name: &str) -> String {
    unicode::caseless(name)
}

fn bounded(text: &str, most: usize) -> Result<(), TextProblem> {
    if text.chars().any(char::is_control) {
        return Err(TextProblem::Control);
    }
    if text.chars().any(unicode::is_format) {
        return Err(TextProblem::Invisible);
    }
    if text.chars().nth(most).is_some() { Err(TextProblem::TooLong(most)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_bounded_and_printable() {
        assert_eq!(name("  Ops \u{1F600} "), Ok("Ops \u{1F600}".to_owned()));
        assert_eq!(name(" \n"), Err(TextProblem::Empty));
        assert_eq!(name("a\0b"), Err(TextProblem::Control));
        for unseen in ["\u{200B}", "Member\u{200B}", "\u{202E}nimdA", "a\u{FEFF}"] {
            assert_eq!(name(unseen), Err(TextProblem::Invisible), "{unseen:?}");
        }
        assert!(name("\u{1F469}\u{200D}\u{1F52C} Lab").is_ok());
        for blank in ["\u{200D}", "\u{2800}", "\u{2800} \u{2800}", "\u{3164}", "\u{115F}\u{3000}\u{2800}"] {
            assert_eq!(name(blank), Err(TextProblem::Empty), "{blank:?}");
        }
        assert_eq!(name("Cafe\u{301}"), Ok("Café".to_owned()));
        assert_eq!(folded("Cafe\u{301}"), folded("CAFÉ"));
        assert!(name(&"ä".repeat(100)).is_ok());
        assert_eq!(name(&"ä".repeat(101)), Err(TextProblem::TooLong(100)));
    }

    #[test]
    fn a_description_may_break_lines() {
        assert_eq!(description("a\nb"), Ok("a\nb".to_owned()));
        assert_eq!(description("a\u{7}b"), Err(TextProblem::Control));
        assert_eq!(description(""), Ok(String::new()));
    }

    #[test]
    fn a_chosen_id_is_plain() {
        assert_eq!(chosen_id("editor-2_x"), Ok(()));
        assert_eq!(chosen_id("new"), Err(TextProblem::Reserved));
        assert_eq!(foreign_id(" a "), Err(TextProblem::Padded));
        for bad in ["a b", "../a", "é", "a'--", "a\0"] {
            assert_eq!(chosen_id(bad), Err(TextProblem::NotAnId), "{bad:?}");
        }
    }
}
