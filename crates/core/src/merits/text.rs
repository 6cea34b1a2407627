//! Texts of fields, templates and reasons: their lengths, and the codes of what is wrong with them.

use super::problem::{MeritProblem, RequestFault};
use crate::unicode;

/// Most characters of a template's title.
pub const TITLE_LENGTH: usize = 60;
/// Most characters of a template's description.
pub const DESCRIPTION_LENGTH: usize = 160;
/// Most characters of a field's name.
pub const FIELD_NAME_LENGTH: usize = 35;
/// Most characters of a field's description.
pub const FIELD_DESCRIPTION_LENGTH: usize = 160;
/// Most characters of the reason of a revocation.
pub const REASON_LENGTH: usize = 500;

/// The title of a template.
///
/// # Errors
/// [`MeritProblem`]
pub fn template_title(text: &str) -> Result<String, MeritProblem> {
    line(text, TITLE_LENGTH, MeritProblem::TitleEmpty, MeritProblem::TitleTooLong)
}

/// The description of a template.
///
/// # Errors
/// [`MeritProblem`]
pub fn template_description(text: &str) -> Result<String, MeritProblem> {
    let text = lines(text, DESCRIPTION_LENGTH, MeritProblem::DescriptionTooLong)?;
    if text.is_empty() { Err(MeritProblem::DescriptionEmpty) } else { Ok(text) }
}

/// The name of a field.
///
/// # Errors
/// [`MeritProblem`]
pub fn field_name(text: &str) -> Result<String, MeritProblem> {
    let name = line(text, FIELD_NAME_LENGTH, MeritProblem::FieldEmpty, MeritProblem::FieldNameTooLong)?;
    let folded = unicode::caseless(&name);
    if super::GLOBAL_FIELDS.iter().any(|field| unicode::caseless(field.name) == folded) {
        return Err(MeritProblem::FieldNameGlobal);
    }
    Ok(name)
}

/// The description of a field, which may be empty.
///
/// # Errors
/// [`MeritProblem`]
pub fn field_description(text: &str) -> Result<String, MeritProblem> {
    lines(text, FIELD_DESCRIPTION_LENGTH, MeritProblem::FieldTooLong)
}

/// The reason of a revocation, which may be empty.
///
/// # Errors
/// [`MeritProblem`]
pub fn reason(text: &str) -> Result<String, MeritProblem> {
    lines(text, REASON_LENGTH, RequestFault::Text.into())
}

/// One line that is not empty.
pub(super) fn line(
    text: &str,
    most: usize,
    empty: MeritProblem,
    too_long: MeritProblem,
) -> Result<String, MeritProblem> {
    let text = unicode::nfc(text.trim());
    if text.chars().all(|letter| unicode::is_blank(letter) || unicode::is_unseen(letter)) {
        return Err(empty);
    }
    if text.chars().nth(most).is_some() {
        return Err(too_long);
    }
    let is_bad = |letter: char| letter.is_control() || turns(letter) || matches!(letter, '\u{2028}' | '\u{2029}');
    if text.chars().any(is_bad) { Err(RequestFault::Text.into()) } else { Ok(text) }
}

/// A letter that turns the text around it: what an org writes stands in sentences of ours. The marks of a direction, which
/// languages need, turn nothing.
const fn turns(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Any number of lines.
pub(super) fn lines(text: &str, most: usize, too_long: MeritProblem) -> Result<String, MeritProblem> {
    let text = unicode::nfc(text.trim());
    if text.chars().nth(most).is_some() {
        return Err(too_long);
    }
    let is_bad = |letter: char| (letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) || turns(letter);
    if text.chars().any(is_bad) { Err(RequestFault::Text.into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_templates_and_fields_have_their_lengths_and_codes() {
        assert_eq!(template_title(" Baker "), Ok("Baker".to_owned()));
        assert_eq!(template_title(&"ä".repeat(60)).map(|title| title.chars().count()), Ok(60));
        assert_eq!(template_title(&"a".repeat(61)), Err(MeritProblem::TitleTooLong));
        assert_eq!(template_title("\u{200b} "), Err(MeritProblem::TitleEmpty));
        assert_eq!(template_description(""), Err(MeritProblem::DescriptionEmpty));
        assert_eq!(template_description(&"a".repeat(161)), Err(MeritProblem::DescriptionTooLong));
        assert_eq!(field_name(&"a".repeat(36)), Err(MeritProblem::FieldNameTooLong));
        assert_eq!(field_name("RECIPIENT name"), Err(MeritProblem::FieldNameGlobal));
        assert_eq!(field_name(" "), Err(MeritProblem::FieldEmpty));
        assert_eq!(field_description(&"a".repeat(161)), Err(MeritProblem::FieldTooLong));
        assert_eq!(field_description(""), Ok(String::new()));
        assert_eq!(field_name("a\u{0}b"), Err(RequestFault::Text.into()));
        assert_eq!(reason("late\nand cold"), Ok("late\nand cold".to_owned()));
    }

    #[test]
    fn no_text_turns_the_sentences_around_it() {
        for letter in ['\u{202A}', '\u{202E}', '\u{2066}', '\u{2069}'] {
            let text = format!("Baker{letter}gnp.exe");
            assert_eq!(template_title(&text), Err(RequestFault::Text.into()));
            assert_eq!(template_description(&text), Err(RequestFault::Text.into()));
            assert_eq!(reason(&text), Err(RequestFault::Text.into()));
        }
        assert_eq!(template_title("one\u{2028}two"), Err(RequestFault::Text.into()));
        for fine in ["אופה\u{200F} (1)", "\u{1F469}\u{200D}\u{1F373}"] {
            assert_eq!(template_title(fine), Ok(fine.to_owned()));
        }
    }
}
