//! JSON without repeated member names, so that two readers cannot take different values (RFC 7515 §4, RFC 8259 §4).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::time::Timestamp;

/// Checks that `text` is JSON without a repeated name in any object and without NUL in any string.
///
/// # Errors
/// Why it is not.
pub fn check(text: &[u8]) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    Clean.deserialize(&mut reader)?;
    reader.end()
}

/// The members of an object, in the order received; no name is repeated.
#[derive(Debug)]
pub struct Members(pub Vec<(String, Value)>);

impl Members {
    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The `NumericDate` (RFC 7519 §2) called `name`; fractions of a second are dropped.
    ///
    /// # Errors
    /// It is no number, or one of no date.
    pub fn numeric_date(&self, name: &str) -> Result<Option<Timestamp>, NotADate> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_number().ok_or(NotADate)?.to_string();
        let (seconds, _) = number.split_once('.').unwrap_or((&number, ""));
        seconds.parse().map(|seconds| Some(Timestamp::from_seconds(seconds))).map_err(|_| NotADate)
    }
}

/// The value is not a `NumericDate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADate;

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose member names are unique")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let (mut members, mut names) = (Vec::new(), Names::default());
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if !names.add(Cow::Owned(name.clone())) {
                return Err(A::Error::custom(REPEATED));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

const REPEATED: &str = "a member name is repeated";

/// Whether JSON was refused because a name repeats in an object.
pub fn is_repetition(error: &serde_json::Error) -> bool {
    error.to_string().starts_with(REPEATED)
}

/// Validates JSON: no repeated name in an object, no NUL in any string.
struct Clean;

impl<'de> DeserializeSeed<'de> for Clean {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Clean {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(E::custom("a string contains NUL")) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = Names::default();
        while let Some(name) = map.next_key_seed(Name)? {
            if name.contains('\0') {
                return Err(A::Error::custom("a member name contains NUL"));
            }
            map.next_value_seed(Self)?;
            if !names.add(name) {
                return Err(A::Error::custom(REPEATED));
            }
        }
        Ok(())
    }
}

/// The names of an object: most have few, where a linear search is faster than hashing; some have many.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    /// Adds a name; returns whether it was new.
    fn add(&mut self, name: Cow<'de, str>) -> bool {
        const FEW: usize = 16;
        if self.many.is_empty() && self.few.len() < FEW {
            let is_new = !self.few.contains(&name);
            self.few.push(name);
            return is_new;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(name)
    }
}

/// Reads a name, without a copy if nothing in it is escaped.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_name_is_refused_at_any_depth() {
        for good in [r#"{"a":1,"b":{"a":[{"a":null}]}}"#, "[]", "{}", r#"{"a":"","A":""}"#] {
            assert!(check(good.as_bytes()).is_ok(), "{good}");
        }
        let repeated = [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"a":2}}"#, r#"[{"a":1,"\u0061":2}]"#];
        for bad in repeated.into_iter().chain([r#"{"a":"\u0000"}"#, r#"{"\u0000":1}"#, "{} {}", "", "{"]) {
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
        let many: Vec<_> = (0..40).map(|number| format!(r#""n{number}":1"#)).collect();
        assert!(check(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
        assert!(check(format!(r#"{{{},"n3":1}}"#, many.join(",")).as_bytes()).is_err());
    }

    #[test]
    fn members_keep_their_order() {
        let Members(members) = serde_json::from_str(r#"{"b":1,"a":"x","\u0063":null}"#).unwrap();
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert!(serde_json::from_str::<Members>(r#"{"a":1,"\u0061":2}"#).is_err());
        assert!(serde_json::from_str::<Members>("[]").is_err());
    }
}
