//! The name of a recipient.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problem::MeritProblem;
use super::text::line;

/// Most characters of each part of a name.
pub const NAME_PART_LENGTH: usize = 60;

/// The name of a person: at least one part is not empty, except where none was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonName {
    /// Given names.
    pub first_name: String,
    /// Surnames.
    pub last_name: String,
}

impl PersonName {
    /// A name in two parts.
    ///
    /// # Errors
    /// [`MeritProblem::InvalidFullName`]
    pub fn new(first_name: &str, last_name: &str) -> Result<Self, MeritProblem> {
        let part = |text: &str| match text.trim() {
            "" => Ok(String::new()),
            text => line(text, NAME_PART_LENGTH, MeritProblem::InvalidFullName, MeritProblem::InvalidFullName)
                .map_err(|_| MeritProblem::InvalidFullName),
        };
        let name = Self { first_name: part(first_name)?, last_name: part(last_name)? };
        if name.is_empty() { Err(MeritProblem::InvalidFullName) } else { Ok(name) }
    }

    /// A name in one text: the last word is the last name.
    ///
    /// # Errors
    /// [`MeritProblem::InvalidFullName`]
    pub fn of_text(text: &str) -> Result<Self, MeritProblem> {
        let text = text.trim();
        let (first, last) = text.rsplit_once(char::is_whitespace).unwrap_or((text, ""));
        Self::new(first, last)
    }

    /// `recipientName`: a text, or an object with `firstName` and `lastName`.
    ///
    /// # Errors
    /// [`MeritProblem::InvalidFullName`]
    pub fn of_json(value: &Value) -> Result<Self, MeritProblem> {
        match value {
            Value::String(text) => Self::of_text(text),
            Value::Object(parts) => {
                let part = |key: &str| match parts.get(key) {
                    None | Some(Value::Null) => Ok(""),
                    Some(Value::String(text)) => Ok(text.as_str()),
                    Some(_) => Err(MeritProblem::InvalidFullName),
                };
                Self::new(part("firstName")?, part("lastName")?)
            }
            _ => Err(MeritProblem::InvalidFullName),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.first_name.is_empty() && self.last_name.is_empty()
    }

    /// Both parts, as they are read.
    pub fn full(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_a_text_or_an_object() {
        let ada = PersonName { first_name: "Ada".to_owned(), last_name: "Lovelace".to_owned() };
        for value in [json!("Ada Lovelace"), json!(" Ada  Lovelace "), json!({"firstName":"Ada","lastName":"Lovelace"})]
        {
            assert_eq!(PersonName::of_json(&value), Ok(ada.clone()), "{value}");
        }
        assert_eq!(PersonName::of_json(&json!("Ada")).unwrap().full(), "Ada");
        assert_eq!(PersonName::of_json(&json!({"lastName":"Lovelace"})).unwrap().full(), "Lovelace");
        let long = "a".repeat(61);
        for value in
            [json!(""), json!(7), json!(null), json!({}), json!({"firstName":7}), json!(long), json!("a\u{0} b")]
        {
            assert_eq!(PersonName::of_json(&value), Err(MeritProblem::InvalidFullName), "{value}");
        }
    }
}
