//! Search of people by any part of their names and addresses: what the index holds of them, and what a search looks for.
//!
//! The index knows runs of up to three letters ("grams"). Whoever has all grams of what is looked for may be meant; whether they are
//! is decided by their texts.

use std::collections::BTreeSet;

use crate::org::text::folded;

/// The letters of the longest gram.
const GRAM: usize = 3;
/// The bits of a letter in a gram: no code point is longer.
const LETTER_BITS: u32 = 21;
/// Grams that a search asks the index for. More would exclude hardly anybody.
pub const MOST_GRAMS: usize = 8;
/// The people of one segment of the index.
pub const SEGMENT: usize = 2_048;
/// The bits of a word of [`Places`].
const WORD: usize = 64;
/// The bytes of a set of places, one bit each.
const BITMAP: usize = SEGMENT / 8;

/// A name or an address as it is searched.
pub fn searched(text: &str) -> String {
    folded(text.trim())
}

/// Every run of one to three letters of a text that is [`searched`], as a number.
pub fn grams(text: &str) -> BTreeSet<i64> {
    let letters: Vec<char> = text.chars().collect();
    (1..=GRAM).flat_map(|length| letters.windows(length).map(gram)).collect()
}

/// The letters side by side.
fn gram(letters: &[char]) -> i64 {
    letters.iter().fold(0, |gram, letter| (gram << LETTER_BITS) | i64::from(u32::from(*letter)))
}

/// What somebody looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    text: String,
    grams: Vec<i64>,
}

impl Needle {
    /// Parses a text that is part of a name or an address; `None` if it is blank.
    pub fn parse(text: &str) -> Option<Self> {
        let text = searched(text);
        let letters: Vec<char> = text.chars().collect();
        let all: Vec<i64> = match letters.len() {
            0 => return None,
            length => letters.windows(length.min(GRAM)).map(gram).collect(),
        };
        // Those that are far from each other overlap least.
        let step = all.len().div_ceil(MOST_GRAMS).max(1);
        let grams: BTreeSet<i64> = all.iter().step_by(step).chain(all.last()).copied().collect();
        Some(Self { text, grams: grams.into_iter().take(MOST_GRAMS).collect() })
    }

    /// The grams to ask the index for, ascending: 1 to [`MOST_GRAMS`].
    pub fn grams(&self) -> &[i64] {
        &self.grams
    }

    /// Whether a name or an address contains it.
    pub fn is_in(&self, text: &str) -> bool {
        searched(text).contains(&self.text)
    }
}

/// Places of people in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places([u64; SEGMENT / WORD]);

impl Default for Places {
    fn default() -> Self {
        Self([0; SEGMENT / WORD])
    }
}

impl Places {
    /// Adds a place; one beyond the segment is left out.
    pub fn add(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / WORD) {
            *word |= 1 << (place % WORD);
        }
    }

    /// Keeps those that are also in `others`.
    pub fn keep(&mut self, others: &Self) {
        for (word, other) in self.0.iter_mut().zip(others.0) {
            *word &= other;
        }
    }

    /// The places, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..WORD).filter(move |bit| word & (1 << bit) != 0).map(move |bit| index * WORD + bit)
        })
    }

    /// The form that is stored: a list of places, or one bit each where that is shorter.
    pub fn encode(&self) -> Vec<u8> {
        let list: Vec<u8> =
            self.iter().filter_map(|place| u16::try_from(place).ok()).flat_map(u16::to_le_bytes).collect();
        if list.len() < BITMAP { list } else { self.0.iter().flat_map(|word| word.to_le_bytes()).collect() }
    }

    /// Reads the stored form; `None` if it is damaged.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut places = Self::default();
        if bytes.len() == BITMAP {
            for (word, eight) in places.0.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = u64::from_le_bytes(eight.try_into().ok()?);
            }
            return Some(places);
        }
        let pairs = bytes.chunks_exact(2);
        if bytes.len() > BITMAP || !pairs.remainder().is_empty() {
            return None;
        }
        for pair in pairs {
            places.add(usize::from(u16::from_le_bytes(pair.try_into().ok()?)));
        }
        Some(places)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wildcards_are_letters_and_blanks_find_nobody() {
        let needle = Needle::parse(" LOVEL ").unwrap();
        assert!(needle.is_in("Ada Lovelace"));
        assert!(!needle.is_in("Ada"));
        for (text, name, found) in [("100%", "100% Ada", true), ("1%", "100 Ada", false), ("a_a", "Ada", false)] {
            assert_eq!(Needle::parse(text).unwrap().is_in(name), found, "{text}");
        }
        assert_eq!(Needle::parse(" \u{200d} "), None);
    }

    proptest! {
        #[test]
        fn whoever_contains_a_text_has_its_grams(
            before in "[aB é王\u{1F600}]{0,8}", text in "[aB é王\u{1F600}]{1,12}", after in "[aB é王\u{1F600}]{0,8}"
        ) {
            let whole = searched(&format!("{before}{text}{after}"));
            let Some(needle) = Needle::parse(&text) else { return Ok(()) };
            if needle.is_in(&whole) {
                let all = grams(&whole);
                prop_assert!(needle.grams().iter().all(|gram| all.contains(gram)));
            }
            prop_assert!(needle.grams().len() <= MOST_GRAMS);
        }

        #[test]
        fn places_survive_storage(wanted in prop::collection::btree_set(0..SEGMENT, 0..300)) {
            let mut places = Places::default();
            for place in &wanted {
                places.add(*place);
            }
            let stored = places.encode();
            prop_assert!(stored.len() <= BITMAP);
            prop_assert_eq!(Places::decode(&stored), Some(places.clone()));
            prop_assert_eq!(places.iter().collect::<BTreeSet<_>>(), wanted);
        }
    }
}
