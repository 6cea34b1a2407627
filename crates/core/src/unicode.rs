//! Unicode normalisation. Keyboards and systems encode the same letters differently, so texts are normalised before
//! they are compared or hashed.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Normalization form C (UAX #15).
pub fn nfc(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// `toNFKC_Casefold` (Unicode §3.13): texts that differ only in case, width, composition or invisible letters become
/// equal.
pub fn caseless(text: &str) -> String {
    // Most texts: the rules below change nothing else of them.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let (nfd, nfkc) = (DecomposingNormalizerBorrowed::new_nfd(), ComposingNormalizerBorrowed::new_nfkc());
    let (cases, ignorable) = (CaseMapper::new(), CodePointSetData::new::<DefaultIgnorableCodePoint>());
    let step = |text: &str| {
        let seen: String = text.chars().filter(|letter| !ignorable.contains(*letter)).collect();
        nfkc.normalize(&cases.fold_string(&nfd.normalize(&seen))).into_owned()
    };
    // Few letters need a second round (U+0345 does), none a fourth.
    let mut folded = step(text);
    for _ in 0..3 {
        let again = step(&folded);
        if again == folded {
            break;
        }
        folded = again;
    }
    folded
}

/// A combining mark: an accent, a vowel sign, a virama, a tone mark.
pub fn is_mark(letter: char) -> bool {
    use GeneralCategory::{NonspacingMark, SpacingMark};
    matches!(CodePointMapData::<GeneralCategory>::new().get(letter), NonspacingMark | SpacingMark)
}

/// An invisible letter or mark, such as a filler or a variation selector.
pub fn is_unseen(letter: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// A character that controls, hides or turns around others: a text with one looks like another.
pub fn is_deceptive(letter: char) -> bool {
    letter.is_control() || is_format(letter)
}

/// A format character (Unicode category Cf), which makes texts look alike or reverses their direction; not the two joiners of
/// scripts and emoji.
pub const fn is_format(letter: char) -> bool {
    matches!(
        letter,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'
            | '\u{200E}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// A letter that leaves an empty place: a space, or the Braille pattern without dots.
pub fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{2800}'
}

/// A non-ASCII space.
pub fn is_foreign_space(letter: char) -> bool {
    letter != ' ' && CodePointMapData::<GeneralCategory>::new().get(letter) == GeneralCategory::SpaceSeparator
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nfd(text: &str) -> String {
        DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned()
    }

    #[test]
    fn lookalike_names_fold_to_the_same_text() {
        for (one, other) in [
            ("Café", "cafe\u{301}"),
            ("STRASSE", "straße"),
            ("Ｏｐｓ", "ops"),
            ("ﬁnance", "FINANCE"),
            ("Ca\u{200d}fé", "café"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("İstanbul", "i\u{307}stanbul"),
            ("Å", "\u{212b}"),
        ] {
            assert_eq!(caseless(one), caseless(other), "{one} {other}");
        }
        assert_ne!(caseless("cafe"), caseless("café"));
    }

    proptest! {
        #[test]
        fn a_folded_text_is_its_own_fold_and_composition_does_not_matter(text in "\\PC{0,40}") {
            let folded = caseless(&text);
            prop_assert_eq!(caseless(&folded), folded.clone());
            prop_assert_eq!(caseless(&nfd(&text)), folded.clone());
            prop_assert_eq!(caseless(&nfc(&text)), folded);
            prop_assert_eq!(nfc(&nfd(&text)), nfc(&text));
        }
    }
}
