//! Pages of lists: `limit`, `starting_after`, `ending_before`. A cursor names the list that it belongs to, so that it means
//! nothing in another one.

use super::problem::{MeritProblem, RequestFault};
use crate::digest::Digest;
use crate::ids::is_digits;
use crate::jose::base64url;

/// Entries of a page, unless the caller says otherwise.
const DEFAULT_LIMIT: u32 = 10;
/// Most entries of a page.
const HIGHEST_LIMIT: u32 = 100;
/// Bytes of a list's name in a cursor.
const NAME_BYTES: usize = 8;
/// Bytes of an id.
const ID_BYTES: usize = 12;

/// What a list shows: its cursors work for it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope([u8; NAME_BYTES]);

impl Scope {
    /// The list of that name, owner and filters.
    pub fn of(parts: &[&str]) -> Self {
        let mut text = String::from("merits list");
        for part in parts {
            text.push('\0');
            text.push_str(part);
        }
        Self(Digest::of(text).as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

/// A place in a list: before or after the entry of that id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The digits of the id.
    digits: String,
}

impl Cursor {
    /// The cursor of an entry, by the digits of its id.
    pub fn of(digits: &str) -> Self {
        Self { digits: digits.to_owned() }
    }

    /// The digits of the id.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The form on the wire.
    pub fn encode(&self, scope: Scope) -> String {
        let mut bytes = scope.0.to_vec();
        let digits: Vec<u8> = self.digits.bytes().filter_map(value).collect();
        bytes.extend(digits.chunks(2).map(|pair| pair.iter().fold(0_u8, |byte, digit| byte << 4 | digit)));
        base64url::encode(&bytes)
    }

    /// Reads the form on the wire, for that list alone.
    ///
    /// # Errors
    /// [`RequestFault::Cursor`]
    pub fn decode(text: &str, scope: Scope) -> Result<Self, RequestFault> {
        if text.len() > 64 {
            return Err(RequestFault::Cursor);
        }
        let bytes = base64url::decode(text).ok_or(RequestFault::Cursor)?;
        let (name, id) = bytes.split_first_chunk::<NAME_BYTES>().ok_or(RequestFault::Cursor)?;
        if *name != scope.0 || id.len() != ID_BYTES {
            return Err(RequestFault::Cursor);
        }
        let digits = id.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
        if is_digits(&digits) { Ok(Self { digits }) } else { Err(RequestFault::Cursor) }
    }
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Which way a page goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To older entries.
    Older,
    /// To newer entries.
    Newer,
}

/// The page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many entries.
    pub limit: u32,
    /// From where on; without it from the newest entry.
    pub from: Option<Cursor>,
    /// Which way.
    pub direction: Direction,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::first(DEFAULT_LIMIT)
    }
}

impl PageRequest {
    /// The first page, of that many entries.
    pub fn first(limit: u32) -> Self {
        Self { limit: limit.clamp(1, HIGHEST_LIMIT), from: None, direction: Direction::Older }
    }

    /// The parameters `limit`, `starting_after` and `ending_before`. An empty one counts as absent.
    ///
    /// # Errors
    /// [`MeritProblem`]
    pub fn parse(
        limit: Option<&str>,
        starting_after: Option<&str>,
        ending_before: Option<&str>,
        scope: Scope,
    ) -> Result<Self, MeritProblem> {
        let limit = limit.filter(|text| !text.is_empty()).map_or(Ok(DEFAULT_LIMIT), parse_limit)?;
        let cursor = |text: Option<&str>| {
            text.filter(|text| !text.is_empty()).map(|text| Cursor::decode(text, scope)).transpose()
        };
        let (from, direction) = match (cursor(starting_after)?, cursor(ending_before)?) {
            (Some(_), Some(_)) => return Err(RequestFault::Cursor.into()),
            (None, Some(before)) => (Some(before), Direction::Newer),
            (after, None) => (after, Direction::Older),
        };
        Ok(Self { limit, from, direction })
    }
}

/// More than the highest is the highest; below 1 or no number is refused.
fn parse_limit(text: &str) -> Result<u32, MeritProblem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RequestFault::Limit.into());
    }
    match text.parse::<u32>().unwrap_or(HIGHEST_LIMIT).min(HIGHEST_LIMIT) {
        0 => Err(RequestFault::Limit.into()),
        limit => Ok(limit),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_works_only_in_its_own_list() {
        let (own, other) = (Scope::of(&["merits", "org_1"]), Scope::of(&["merits", "org_2"]));
        let cursor = Cursor::of("0123456789abcdef01234567");
        let text = cursor.encode(own);
        assert_eq!(Cursor::decode(&text, own), Ok(cursor));
        assert_eq!(Cursor::decode(&text, other), Err(RequestFault::Cursor));
        assert_ne!(Scope::of(&["a", "b"]), Scope::of(&["ab"]));
        for bad in ["", "x", "0123456789abcdef01234567", &text[1..], &"a".repeat(100)] {
            assert_eq!(Cursor::decode(bad, own), Err(RequestFault::Cursor), "{bad}");
        }
    }

    #[test]
    fn limits_above_the_highest_count_as_it_and_others_are_refused() {
        let scope = Scope::of(&[]);
        let limit = |text| PageRequest::parse(Some(text), None, None, scope).map(|page| page.limit);
        assert_eq!(limit(""), Ok(10));
        assert_eq!(limit("1"), Ok(1));
        assert_eq!(limit("101"), Ok(100));
        assert_eq!(limit("99999999999999999999"), Ok(100));
        for bad in ["0", "-1", "ten", "1.5", " 1"] {
            assert_eq!(limit(bad), Err(RequestFault::Limit.into()), "{bad}");
        }
        let text = Cursor::of("0123456789abcdef01234567").encode(scope);
        assert!(PageRequest::parse(None, Some(&text), Some(&text), scope).is_err());
        let newer = PageRequest::parse(None, None, Some(&text), scope).unwrap();
        assert_eq!(newer.direction, Direction::Newer);
    }

    proptest! {
        #[test]
        fn cursors_round_trip(digits in "[0-9a-f]{24}", list in "\\PC{0,20}") {
            let (scope, cursor) = (Scope::of(&[&list]), Cursor::of(&digits));
            prop_assert_eq!(Cursor::decode(&cursor.encode(scope), scope), Ok(cursor));
        }

        #[test]
        fn no_text_breaks_a_cursor(text in "\\PC{0,80}") {
            prop_assert!(Cursor::decode(&text, Scope::of(&[])).is_err());
        }
    }
}
