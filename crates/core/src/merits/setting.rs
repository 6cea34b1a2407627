//! The fields of a template, and the rules by which they change.

use super::field::global_field;
use super::problem::{MeritProblem, RequestFault};
use super::value::FieldValue;
use crate::ids::FieldId;

/// Most fields of a template besides the recipient's name.
pub const MOST_FIELDS: usize = 35;

/// A field of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the field")]
pub struct FieldSetting {
    /// The field.
    pub field_id: FieldId,
    /// Whether merits have it.
    pub enabled: bool,
    /// Whether each merit needs a value.
    pub required: bool,
    /// The one value of all merits.
    pub value_for_all: Option<FieldValue>,
    /// Whether some merit has a value.
    pub in_use: bool,
    /// Whether the values of merits differ, or some merits have none.
    pub differs: bool,
    /// The one value that all merits have so far.
    pub shared: Option<FieldValue>,
}

/// A change to a field of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// Whether merits have it.
    pub enabled: bool,
    /// Whether each merit needs a value.
    pub required: bool,
    /// The one value of all merits.
    pub value_for_all: Option<FieldValue>,
}

impl FieldSetting {
    /// That of a field which the template does not have.
    pub const fn absent(field_id: FieldId) -> Self {
        Self {
            field_id,
            enabled: false,
            required: false,
            value_for_all: None,
            in_use: false,
            differs: false,
            shared: None,
        }
    }

    /// The setting after `change`; `others` are the template's other enabled fields besides the recipient's name.
    ///
    /// # Errors
    /// [`MeritProblem`]
    pub fn changed(&self, change: &SettingChange, others: usize) -> Result<Self, MeritProblem> {
        if global_field(&self.field_id).is_some_and(super::GlobalField::is_recipient_name) {
            if change.enabled && change.required && change.value_for_all.is_none() {
                return Ok(self.clone());
            }
            return Err(MeritProblem::RecipientNameStays);
        }
        if change.enabled && !self.enabled && others >= MOST_FIELDS {
            return Err(MeritProblem::TooManyFields);
        }
        if self.required && self.in_use && !change.enabled {
            return Err(MeritProblem::RequiredFieldStays);
        }
        if change.enabled && change.required && !self.required && self.in_use {
            return Err(MeritProblem::OptionalInUse);
        }
        if let Some(value) = &change.value_for_all {
            if matches!(value, FieldValue::Attachments(_) | FieldValue::Name(_)) {
                return Err(RequestFault::Value.into());
            }
            if self.in_use && (self.differs || self.shared.as_ref() != Some(value)) {
                return Err(MeritProblem::ValuesDiffer);
            }
        }
        Ok(Self {
            enabled: change.enabled,
            required: change.enabled && change.required,
            value_for_all: change.value_for_all.clone().filter(|_| change.enabled),
            ..self.clone()
        })
    }

    /// The value of a new merit.
    ///
    /// # Errors
    /// [`MeritProblem`]
    pub fn value(&self, given: Option<FieldValue>) -> Result<Option<FieldValue>, MeritProblem> {
        if let Some(all) = &self.value_for_all {
            return match given {
                Some(other) if other != *all => Err(RequestFault::ValueForAll.into()),
                _ => Ok(Some(all.clone())),
            };
        }
        if given.is_none() && self.required { Err(MeritProblem::FieldEmpty) } else { Ok(given) }
    }

    /// The setting once a merit has `value`.
    #[must_use]
    pub fn used(&self, value: Option<&FieldValue>) -> Self {
        match value {
            Some(value) if !self.in_use => {
                Self { in_use: true, shared: (!self.differs).then(|| value.clone()), ..self.clone() }
            }
            Some(value) if self.shared.as_ref() == Some(value) => self.clone(),
            _ => Self { differs: true, shared: None, ..self.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> FieldValue {
        FieldValue::Text(text.to_owned())
    }

    fn change(enabled: bool, required: bool, value_for_all: Option<&str>) -> SettingChange {
        SettingChange { enabled, required, value_for_all: value_for_all.map(text) }
    }

    fn field() -> FieldSetting {
        FieldSetting::absent(FieldId::from_text("fld_0123456789abcdef01234567"))
    }

    #[test]
    fn fields_change_by_their_rules() {
        let optional = field().changed(&change(true, false, None), 0).unwrap();
        assert_eq!(field().changed(&change(true, false, None), MOST_FIELDS), Err(MeritProblem::TooManyFields));
        assert!(optional.changed(&change(true, true, None), 0).is_ok(), "unused ones change freely");
        let used = optional.used(Some(&text("a")));
        assert_eq!(used.changed(&change(true, true, None), 0), Err(MeritProblem::OptionalInUse));
        assert!(used.changed(&change(false, false, None), 0).is_ok());
        assert!(used.changed(&change(true, false, Some("a")), 0).is_ok());
        assert_eq!(used.changed(&change(true, false, Some("b")), 0), Err(MeritProblem::ValuesDiffer));
        let differing = used.used(Some(&text("b")));
        assert_eq!(differing.changed(&change(true, false, Some("a")), 0), Err(MeritProblem::ValuesDiffer));
        assert!(used.used(None).differs, "a merit without the value differs too");
        let later = optional.used(None).used(Some(&text("a")));
        assert_eq!(later.changed(&change(true, false, Some("a")), 0), Err(MeritProblem::ValuesDiffer));
        let required = field().changed(&change(true, true, None), 0).unwrap().used(Some(&text("a")));
        assert_eq!(required.changed(&change(false, false, None), 0), Err(MeritProblem::RequiredFieldStays));
    }

    #[test]
    fn the_name_of_the_recipient_stays() {
        let name = FieldSetting::absent(super::super::GLOBAL_FIELDS[0].id());
        for refused in [change(false, true, None), change(true, false, None), change(true, true, Some("Ada"))] {
            assert_eq!(name.changed(&refused, 0), Err(MeritProblem::RecipientNameStays));
        }
    }

    #[test]
    fn values_of_a_merit_follow_the_setting() {
        let required = field().changed(&change(true, true, None), 0).unwrap();
        assert_eq!(required.value(None), Err(MeritProblem::FieldEmpty));
        let fixed = field().changed(&change(true, false, Some("a")), 0).unwrap();
        assert_eq!(fixed.value(None), Ok(Some(text("a"))));
        assert_eq!(fixed.value(Some(text("b"))), Err(RequestFault::ValueForAll.into()));
    }
}
