//! Values of fields.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::field::FieldType;
use super::name::PersonName;
use super::problem::{MeritProblem, RequestFault};
use super::text::{line, lines};
use crate::ids::{AttachmentId, FieldId};

/// Most characters of a short text.
pub const SHORT_TEXT_LENGTH: usize = 255;
/// Most characters of a long text.
pub const LONG_TEXT_LENGTH: usize = 5_000;
/// Most attachments in a field.
pub const MOST_ATTACHMENTS: usize = 20;

/// The value of a field: a text, a day (`YYYY-MM-DD`), yes or no, attachments by id without prefix, or a name. The type of the
/// field decides which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FieldValue {
    /// Yes or no.
    Checked(bool),
    /// A text or a day.
    Text(String),
    /// Attachments.
    Attachments(Vec<String>),
    /// A name.
    Name(PersonName),
}

/// The values of a merit.
pub type FieldValues = BTreeMap<FieldId, FieldValue>;

impl FieldValue {
    /// The value of a field of that type; `None` if it is empty.
    ///
    /// # Errors
    /// [`MeritProblem`]
    pub fn of_json(kind: FieldType, value: &Value) -> Result<Option<Self>, MeritProblem> {
        let wrong = Err(RequestFault::Value.into());
        match (kind, value) {
            (_, Value::Null) => Ok(None),
            (_, Value::String(text)) if text.trim().is_empty() => Ok(None),
            (FieldType::ShortText, Value::String(text)) => {
                line(text, SHORT_TEXT_LENGTH, MeritProblem::FieldEmpty, MeritProblem::FieldTooLong)
                    .map(|text| Some(Self::Text(text)))
            }
            (FieldType::LongText, Value::String(text)) => {
                lines(text, LONG_TEXT_LENGTH, MeritProblem::FieldTooLong).map(|text| Some(Self::Text(text)))
            }
            (FieldType::Date, Value::String(text)) => match day(text.trim()) {
                Some(day) => Ok(Some(Self::Text(day))),
                None => wrong,
            },
            (FieldType::Checkbox, Value::Bool(checked)) => Ok(Some(Self::Checked(*checked))),
            (FieldType::Checkbox, Value::String(text)) => match text.trim() {
                "true" => Ok(Some(Self::Checked(true))),
                "false" => Ok(Some(Self::Checked(false))),
                _ => wrong,
            },
            (FieldType::Documents | FieldType::Photos | FieldType::Videos, Value::String(text)) => {
                attachments([text.as_str()].into_iter())
            }
            (FieldType::Documents | FieldType::Photos | FieldType::Videos, Value::Array(ids)) => {
                let ids: Option<Vec<&str>> = ids.iter().map(Value::as_str).collect();
                ids.map_or(wrong, |ids| attachments(ids.into_iter()))
            }
            (FieldType::Name, name) => PersonName::of_json(name).map(|name| Some(Self::Name(name))),
            _ => wrong,
        }
    }

    /// Its attachments.
    pub fn attachments(&self) -> impl Iterator<Item = AttachmentId> {
        let ids: &[String] = if let Self::Attachments(ids) = self { ids } else { &[] };
        ids.iter().filter_map(|id| AttachmentId::parse(id))
    }

    /// The value as text, for tables and files.
    pub fn to_text(&self) -> String {
        match self {
            Self::Checked(checked) => checked.to_string(),
            Self::Text(text) => text.clone(),
            Self::Attachments(ids) => ids.join(" "),
            Self::Name(name) => name.full(),
        }
    }
}

fn attachments<'a>(ids: impl Iterator<Item = &'a str>) -> Result<Option<FieldValue>, MeritProblem> {
    let mut listed: Vec<String> = Vec::new();
    for id in ids {
        let id = AttachmentId::parse(id.trim()).ok_or(MeritProblem::InvalidId)?;
        if !listed.iter().any(|known| known == id.digits()) {
            listed.push(id.digits().to_owned());
        }
        if listed.len() > MOST_ATTACHMENTS {
            return Err(MeritProblem::FieldTooLong);
        }
    }
    Ok((!listed.is_empty()).then_some(FieldValue::Attachments(listed)))
}

/// The day in a date or a time of ISO 8601.
fn day(text: &str) -> Option<String> {
    let day = text.get(..10)?;
    let rest = text.get(10..)?;
    if !(rest.is_empty() || rest.starts_with('T')) || rest.len() > 30 || !rest.is_ascii() {
        return None;
    }
    let [year, month, date] = <[&str; 3]>::try_from(day.split('-').collect::<Vec<_>>()).ok()?;
    let number = |text: &str, digits: usize| -> Option<u32> {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
    };
    let (year, month, date) = (number(year, 4)?, number(month, 2)?, number(date, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=last).contains(&date).then(|| day.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_fit_the_type_of_their_field() {
        let id = "0123456789abcdef01234567";
        let text = |text: &str| Some(FieldValue::Text(text.to_owned()));
        for (kind, value, kept) in [
            (FieldType::ShortText, json!(" baker "), text("baker")),
            (FieldType::LongText, json!("a\nb"), text("a\nb")),
            (FieldType::Date, json!("2024-02-29"), text("2024-02-29")),
            (FieldType::Date, json!("2024-02-29T10:00:00.000Z"), text("2024-02-29")),
            (FieldType::Checkbox, json!(true), Some(FieldValue::Checked(true))),
            (FieldType::Checkbox, json!("false"), Some(FieldValue::Checked(false))),
            (FieldType::Photos, json!([id, id]), Some(FieldValue::Attachments(vec![id.to_owned()]))),
            (FieldType::Documents, json!(id), Some(FieldValue::Attachments(vec![id.to_owned()]))),
            (FieldType::ShortText, json!(""), None),
            (FieldType::Photos, json!([]), None),
            (FieldType::Date, json!(null), None),
        ] {
            assert_eq!(FieldValue::of_json(kind, &value), Ok(kept), "{kind} {value}");
        }
        let wrong = MeritProblem::from(RequestFault::Value);
        for (kind, value, problem) in [
            (FieldType::ShortText, json!("a".repeat(256)), MeritProblem::FieldTooLong),
            (FieldType::LongText, json!("a".repeat(5_001)), MeritProblem::FieldTooLong),
            (FieldType::ShortText, json!(7), wrong),
            (FieldType::Date, json!("2023-02-29"), wrong),
            (FieldType::Date, json!("2023-2-9"), wrong),
            (FieldType::Date, json!("tomorrow"), wrong),
            (FieldType::Checkbox, json!("yes"), wrong),
            (FieldType::Photos, json!(["x"]), MeritProblem::InvalidId),
            (FieldType::Photos, json!([7]), wrong),
            (FieldType::Name, json!({"firstName": ["x"]}), MeritProblem::InvalidFullName),
        ] {
            assert_eq!(FieldValue::of_json(kind, &value), Err(problem), "{kind} {value}");
        }
        let many: Vec<_> = (0..21).map(|number| json!(format!("{number:024x}"))).collect();
        assert_eq!(FieldValue::of_json(FieldType::Photos, &json!(many)), Err(MeritProblem::FieldTooLong));
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_value(text in "\\PC{0,40}", kind in proptest::sample::select(FieldType::ALL)) {
            if let Ok(Some(value)) = FieldValue::of_json(kind, &json!(text)) {
                let stored = serde_json::to_string(&value).unwrap();
                prop_assert_eq!(serde_json::from_str::<FieldValue>(&stored).unwrap(), value);
            }
        }
    }
}
