//! What a user says about themselves: the claims of OpenID Connect's `profile` scope (Core §5.1), and the public texts of a BAP
//! identity (`docs/spec/profile.md`).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use url::Url;

use crate::org::text;
use crate::time::Timestamp;
use crate::unicode;

/// The most characters of a name.
const NAME_LENGTH: usize = 100;
/// The most characters of a full name.
const FULL_NAME_LENGTH: usize = 200;
/// The most characters of a gender, a birthdate, a time zone or a locale.
const WORD_LENGTH: usize = 64;
/// The longest URL, in bytes.
const LONGEST_URL: usize = 512;

macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident = $name:literal $(| $other:literal)*,)+) => {
        /// A field of a profile.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$doc])* $field,)+
        }

        impl Field {
            /// Every field, in the order of a form.
            pub const ALL: &[Self] = &[$(Self::$field,)+];

            /// The name on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$field => $name,)+ }
            }

            /// The field with that name, or with another that clients use for it.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name $(| $other)* => Some(Self::$field),)+ _ => None }
            }
        }
    };
}

fields! {
    /// The name that apps show first.
    AlternateName = "alternateName",
    /// The full name.
    Name = "name",
    /// Given names.
    GivenName = "given_name" | "givenName",
    /// Surnames.
    FamilyName = "family_name" | "familyName",
    /// Middle names.
    MiddleName = "middle_name" | "additionalName",
    /// What friends say.
    Nickname = "nickname",
    /// The name that the user would like to have at apps; it need not be unique.
    PreferredUsername = "preferred_username",
    /// A few sentences.
    Description = "description",
    /// The picture: an https URL, or one of ours.
    Image = "image" | "picture",
    /// The address of a page about the user.
    Profile = "profile",
    /// The address of their own page.
    Website = "website",
    /// `female`, `male` or another word.
    Gender = "gender",
    /// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
    Birthdate = "birthdate",
    /// A name of the time zone database, `Europe/Berlin`.
    Zoneinfo = "zoneinfo",
    /// A language tag (RFC 5646), `en-GB`.
    Locale = "locale",
}

/// Why the text of a field is rejected; the message does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileProblem {
    /// Too many characters.
    #[error("{} is too long", .0.as_str())]
    TooLong(Field),
    /// Control characters, or ones that change the direction of what follows.
    #[error("{} has characters that cannot be shown", .0.as_str())]
    Unprintable(Field),
    /// Not an https URL.
    #[error("{} must be an https URL", .0.as_str())]
    Url(Field),
    /// Not a date, nor a year.
    #[error("birthdate must be YYYY-MM-DD, 0000-MM-DD or YYYY")]
    Birthdate,
    /// Not the name of a time zone.
    #[error("zoneinfo must be a name of the time zone database, such as Europe/Berlin")]
    Zoneinfo,
    /// Not a language tag.
    #[error("locale must be a language tag, such as en-GB")]
    Locale,
}

impl ProfileProblem {
    /// The field that it is about.
    pub const fn field(self) -> Field {
        match self {
            Self::TooLong(field) | Self::Unprintable(field) | Self::Url(field) => field,
            Self::Birthdate => Field::Birthdate,
            Self::Zoneinfo => Field::Zoneinfo,
            Self::Locale => Field::Locale,
        }
    }
}

impl Field {
    /// Those that are claims of the same name, and nothing else. `name` and `picture` have other sources too.
    pub const AS_CLAIMS: [Self; 11] = [
        Self::GivenName,
        Self::FamilyName,
        Self::MiddleName,
        Self::Nickname,
        Self::PreferredUsername,
        Self::Profile,
        Self::Website,
        Self::Gender,
        Self::Birthdate,
        Self::Zoneinfo,
        Self::Locale,
    ];

    /// The text as it is kept; `None` if it is empty.
    ///
    /// # Errors
    /// [`ProfileProblem`]
    pub fn check(self, entered: &str) -> Result<Option<String>, ProfileProblem> {
        // Long texts are not worth normalising.
        if entered.len() > 8_192 {
            return Err(ProfileProblem::TooLong(self));
        }
        let entered = entered.trim();
        if entered.is_empty() {
            return Ok(None);
        }
        match self {
            Self::Name => self.words(entered, FULL_NAME_LENGTH),
            Self::AlternateName
            | Self::GivenName
            | Self::FamilyName
            | Self::MiddleName
            | Self::Nickname
            | Self::PreferredUsername => self.words(entered, NAME_LENGTH),
            Self::Description => {
                let lines = entered.replace("\r\n", "\n");
                self.printable(&lines.replace('\n', " "), text::DESCRIPTION_LENGTH)?;
                Ok(Some(unicode::nfc(&lines)))
            }
            Self::Gender => self.words(entered, WORD_LENGTH),
            Self::Image | Self::Profile | Self::Website => self.url(entered),
            Self::Birthdate => is_birthdate(entered).then(|| Some(entered.to_owned())).ok_or(ProfileProblem::Birthdate),
            Self::Zoneinfo => is_zone(entered).then(|| Some(entered.to_owned())).ok_or(ProfileProblem::Zoneinfo),
            Self::Locale => locale(entered).map(Some).ok_or(ProfileProblem::Locale),
        }
    }

    fn words(self, entered: &str, most: usize) -> Result<Option<String>, ProfileProblem> {
        let composed = unicode::nfc(entered);
        self.printable(&composed, most)?;
        // Nothing but fillers and joiners is no name.
        Ok(composed.chars().any(|letter| !unicode::is_blank(letter) && !unicode::is_unseen(letter)).then_some(composed))
    }

    fn printable(self, shown: &str, most: usize) -> Result<(), ProfileProblem> {
        if shown.chars().count() > most {
            return Err(ProfileProblem::TooLong(self));
        }
        let turns = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if shown.chars().any(|letter| letter.is_control() || turns(letter) || matches!(letter, '\u{2028}' | '\u{2029}'))
        {
            return Err(ProfileProblem::Unprintable(self));
        }
        Ok(())
    }

    fn url(self, entered: &str) -> Result<Option<String>, ProfileProblem> {
        if entered.len() > LONGEST_URL {
            return Err(ProfileProblem::TooLong(self));
        }
        let problem = ProfileProblem::Url(self);
        // A parser would remove line breaks and tabs silently.
        if entered.chars().any(|letter| letter.is_control() || letter == ' ') {
            return Err(problem);
        }
        let url = Url::parse(entered).map_err(|_| problem)?;
        let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        if !is_plain || url.host_str().is_none_or(str::is_empty) {
            return Err(problem);
        }
        let url = String::from(url);
        if url.len() > LONGEST_URL { Err(ProfileProblem::TooLong(self)) } else { Ok(Some(url)) }
    }
}

/// `YYYY-MM-DD` with year 0000 for an omitted one, or `YYYY` (Core §5.1).
fn is_birthdate(text: &str) -> bool {
    let number = |digits: &str, length: usize| -> Option<u32> {
        let is_number = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let mut parts = text.splitn(3, '-');
    let year = parts.next().and_then(|part| number(part, 4));
    match (year, parts.next(), parts.next()) {
        (Some(year), None, None) => year > 0,
        (Some(year), Some(month), Some(day)) => {
            let (Some(month), Some(day)) = (number(month, 2), number(day, 2)) else { return false };
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let days = match month {
                1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
                4 | 6 | 9 | 11 => 30,
                2 if is_leap => 29,
                2 => 28,
                _ => return false,
            };
            (1..=days).contains(&day)
        }
        _ => false,
    }
}

/// Whether the text has the form of a time zone's name (`Area/Location`, RFC 6557): zones are added and renamed every year, so
/// that a list would soon reject valid ones.
fn is_zone(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
    };
    let alone = ["UTC", "GMT", "Zulu"].contains(&text);
    let parts = text.split('/').count();
    text.len() <= WORD_LENGTH && (alone || ((2..=3).contains(&parts) && text.split('/').all(is_part)))
}

/// The tag in its usual case; `en_US` is a common spelling of `en-US` (Core §5.1).
fn locale(text: &str) -> Option<String> {
    if text.len() > WORD_LENGTH {
        return None;
    }
    let spelled = text.replace('_', "-");
    let mut subtags = spelled.split('-').peekable();
    let is = |part: &str, lengths: std::ops::RangeInclusive<usize>, kind: fn(&u8) -> bool| {
        lengths.contains(&part.len()) && part.as_bytes().iter().all(kind)
    };
    let (letters, digits) = (u8::is_ascii_alphabetic, u8::is_ascii_digit);
    let language = subtags.next().filter(|part| is(part, 2..=3, letters))?;
    let mut tag = language.to_ascii_lowercase();
    if let Some(script) = subtags.next_if(|part| is(part, 4..=4, letters)) {
        let (first, rest) = script.split_at(1);
        tag = format!("{tag}-{}{}", first.to_ascii_uppercase(), rest.to_ascii_lowercase());
    }
    if let Some(region) = subtags.next_if(|part| is(part, 2..=2, letters) || is(part, 3..=3, digits)) {
        tag = format!("{tag}-{}", region.to_ascii_uppercase());
    }
    // Variants, extensions and private use.
    for part in subtags {
        if !is(part, 1..=8, u8::is_ascii_alphanumeric) {
            return None;
        }
        tag = format!("{tag}-{}", part.to_ascii_lowercase());
    }
    Some(tag)
}

/// The filled-in fields of a profile. Each text was checked by [`Field::check`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    fields: BTreeMap<Field, String>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Profile {
    /// The profile that was stored as [`Profile::stored`].
    ///
    /// # Errors
    /// It is not a JSON object of texts.
    pub fn from_stored(json: &str, updated_at: Timestamp) -> Result<Self, serde_json::Error> {
        let stored: BTreeMap<String, String> = serde_json::from_str(json)?;
        // A field of a newer version is ignored.
        let fields = stored.into_iter().filter_map(|(name, text)| Some((Field::parse(&name)?, text))).collect();
        Ok(Self { fields, updated_at })
    }

    /// JSON for the store.
    pub fn stored(&self) -> String {
        let named: Map<String, Value> =
            self.iter().map(|(field, text)| (field.as_str().to_owned(), text.into())).collect();
        Value::Object(named).to_string()
    }

    /// The text of a field.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.fields.get(&field).map(String::as_str)
    }

    /// The filled-in fields.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.fields.iter().map(|(field, text)| (*field, text.as_str()))
    }

    /// The name that apps show.
    pub fn display_name(&self) -> Option<&str> {
        self.get(Field::Name).or_else(|| self.get(Field::AlternateName))
    }

    /// Makes a change; returns the fields that differ afterwards.
    pub fn apply(&mut self, change: &ProfileChange, now: Timestamp) -> Vec<Field> {
        let mut changed = Vec::new();
        for (field, text) in &change.0 {
            if self.get(*field) == text.as_deref() {
                continue;
            }
            match text {
                Some(text) => self.fields.insert(*field, text.clone()),
                None => self.fields.remove(field),
            };
            changed.push(*field);
        }
        self.updated_at = now;
        changed
    }
}

/// New texts for some fields; `None` clears one. In JSON an object: members that are no fields are skipped unread, such as the
/// `password` that some clients send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange(BTreeMap<Field, Option<String>>);

impl ProfileChange {
    /// Sets a field to what was entered.
    ///
    /// # Errors
    /// [`ProfileProblem`]
    pub fn set(&mut self, field: Field, entered: &str) -> Result<(), ProfileProblem> {
        self.0.insert(field, field.check(entered)?);
        Ok(())
    }

    /// Sets a field to a text of ours, which needs no check.
    pub fn set_own(&mut self, field: Field, text: String) {
        self.0.insert(field, Some(text));
    }

    /// Sets or clears fields whose texts were not checked yet, as JSON has them.
    ///
    /// # Errors
    /// [`ProfileProblem`]
    pub fn of(entered: Entered) -> Result<Self, ProfileProblem> {
        let mut change = Self::default();
        for (field, text) in entered.fields {
            change.set(field, text.as_deref().unwrap_or_default())?;
        }
        Ok(change)
    }
}

/// A profile as a client sends it: texts that nobody checked, and the identity that it is for.
#[derive(Clone, Default)]
pub struct Entered {
    /// The fields; `None` clears one.
    pub fields: BTreeMap<Field, Option<String>>,
    /// `bapId`, if it was sent.
    pub bap_id: Option<String>,
}

/// Without the texts.
impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").field("fields", &self.fields.keys()).finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Entered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Entered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Entered, A::Error> {
                let mut entered = Entered::default();
                while let Some(name) = members.next_key::<String>()? {
                    if name == "bapId" {
                        entered.bap_id = members.next_value()?;
                    } else if let Some(field) = Field::parse(&name) {
                        let text = members.next_value()?;
                        if entered.fields.insert(field, text).is_some() {
                            return Err(A::Error::custom("a field is sent twice"));
                        }
                    } else {
                        members.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(entered)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The fields by name, as a client finds them.
impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(field, text)| (field.as_str(), text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: Field, entered: &str) -> Result<Option<String>, ProfileProblem> {
        field.check(entered)
    }

    fn kept(field: Field, entered: &str) -> String {
        check(field, entered).unwrap().unwrap()
    }

    #[test]
    fn names_are_trimmed_and_composed_and_have_no_tricks() {
        assert_eq!(kept(Field::Name, "  Ada Lovelace "), "Ada Lovelace");
        assert_eq!(kept(Field::GivenName, "Zoe\u{308}"), "Zoë");
        for empty in ["", "   ", "\u{200b}\u{200d}", "\u{2800}"] {
            assert_eq!(check(Field::Nickname, empty), Ok(None), "{empty:?}");
        }
        for field in [Field::AlternateName, Field::GivenName, Field::Nickname, Field::PreferredUsername] {
            assert_eq!(kept(field, &"ä".repeat(100)), "ä".repeat(100));
            assert_eq!(check(field, &"ä".repeat(101)), Err(ProfileProblem::TooLong(field)));
            for bad in ["a\0b", "a\nb", "a\u{202e}b", "a\u{2066}b", "\u{1b}[2J", "a\u{2028}b"] {
                assert_eq!(check(field, bad), Err(ProfileProblem::Unprintable(field)), "{bad:?}");
            }
        }
        assert_eq!(check(Field::Name, &"a".repeat(1_000_000)), Err(ProfileProblem::TooLong(Field::Name)));
        assert_eq!(kept(Field::Description, "one\r\ntwo"), "one\ntwo");
        assert!(check(Field::Description, &"a".repeat(1_001)).is_err());
        assert!(check(Field::Description, "a\u{0}").is_err());
    }

    #[test]
    fn only_https_urls_are_links() {
        assert_eq!(kept(Field::Website, "https://ada.example"), "https://ada.example/");
        assert_eq!(kept(Field::Image, "https://cdn.example/ada.png?s=1"), "https://cdn.example/ada.png?s=1");
        for bad in [
            "http://ada.example/",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "https://ada:secret@ada.example/",
            "https://",
            "//ada.example",
            "ada.example",
            "https://ada.example/a b",
            "https://ada.example/\tb",
            "file:///etc/passwd",
        ] {
            assert_eq!(check(Field::Profile, bad), Err(ProfileProblem::Url(Field::Profile)), "{bad}");
        }
        let long = format!("https://ada.example/{}", "a".repeat(500));
        assert_eq!(check(Field::Website, &long), Err(ProfileProblem::TooLong(Field::Website)));
    }

    #[test]
    fn a_birthdate_is_a_date_a_day_of_the_year_or_a_year() {
        for good in ["1815-12-10", "0000-12-10", "1815", "2000-02-29", "0000-02-29"] {
            assert_eq!(kept(Field::Birthdate, good), good);
        }
        for bad in [
            "1815-13-10",
            "1815-00-10",
            "1815-12-32",
            "1815-12-00",
            "1900-02-29",
            "1815-2-1",
            "15-12-10",
            "0000",
            "1815-12",
            "10.12.1815",
            "+815-12-10",
            "1815-12-10T00:00:00Z",
            "１８１５",
        ] {
            assert_eq!(check(Field::Birthdate, bad), Err(ProfileProblem::Birthdate), "{bad}");
        }
    }

    #[test]
    fn zones_and_locales_have_their_forms() {
        for good in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "UTC", "America/Port-au-Prince"] {
            assert_eq!(kept(Field::Zoneinfo, good), good);
        }
        for bad in ["Berlin", "+01:00", "../etc/passwd", "Europe/", "/Berlin", "Europe/Ber lin", "a/b/c/d"] {
            assert_eq!(check(Field::Zoneinfo, bad), Err(ProfileProblem::Zoneinfo), "{bad}");
        }
        for (entered, tag) in [
            ("en", "en"),
            ("EN_us", "en-US"),
            ("de-ch-1996", "de-CH-1996"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
        ] {
            assert_eq!(kept(Field::Locale, entered), tag);
        }
        for bad in ["e", "english", "en-", "en--US", "12", "en US", "en-waytoolongsubtag"] {
            assert_eq!(check(Field::Locale, bad), Err(ProfileProblem::Locale), "{bad}");
        }
    }

    #[test]
    fn fields_that_are_none_are_skipped_unread() {
        let sent = r#"{"alternateName":"ada","password":"correct horse","bapId":"x","givenName":null,"deep":{"password":["x"]}}"#;
        let entered: Entered = serde_json::from_str(sent).unwrap();
        assert!(!format!("{entered:?}").contains("horse"));
        assert_eq!(entered.bap_id.as_deref(), Some("x"));
        let mut profile = Profile::default();
        let change = ProfileChange::of(entered).unwrap();
        assert_eq!(profile.apply(&change, Timestamp::from_seconds(7)), [Field::AlternateName]);
        assert_eq!(profile.stored(), r#"{"alternateName":"ada"}"#);
        assert_eq!(Profile::from_stored(&profile.stored(), Timestamp::from_seconds(7)).unwrap(), profile);
        for bad in
            [r#"{"name":1}"#, r#"{"name":["a"]}"#, r#"{"name":"a","name":"b"}"#, r#"{"picture":"a","image":"b"}"#, "[]"]
        {
            assert!(serde_json::from_str::<Entered>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_text_clears_a_field_and_others_stay() {
        let mut profile = Profile::default();
        let mut change = ProfileChange::default();
        change.set(Field::Name, "Ada").unwrap();
        change.set(Field::Locale, "en").unwrap();
        profile.apply(&change, Timestamp::from_seconds(1));
        let mut change = ProfileChange::default();
        change.set(Field::Name, "").unwrap();
        assert_eq!(profile.apply(&change, Timestamp::from_seconds(2)), [Field::Name]);
        assert_eq!((profile.get(Field::Name), profile.get(Field::Locale)), (None, Some("en")));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_what_is_kept_is_its_own_form(entered in "\\PC{0,80}|[a-zA-Z0-9_/:.-]{0,40}") {
            for field in Field::ALL {
                if let Ok(Some(kept)) = field.check(&entered) {
                    proptest::prop_assert_eq!(field.check(&kept), Ok(Some(kept.clone())));
                }
            }
        }
    }
}
