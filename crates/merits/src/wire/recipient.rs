//! What a sender says about a merit: to whom, and with which values.

use serde::Deserialize;
use serde_json::Value;
use sigma_core::email::Email;
use sigma_core::ids::{FieldId, UserId};
use sigma_core::merits::{MeritProblem, RequestFault};
use sigma_store::merits::send::To;
use utoipa::ToSchema;

use super::ids::id;

/// The recipient: exactly one of an address and a member.
///
/// # Errors
/// `invalid_request`, `invalid_id`
pub fn recipient(email: Option<&str>, member_id: Option<&str>) -> Result<To, MeritProblem> {
    match (email.filter(|text| !text.is_empty()), member_id.filter(|text| !text.is_empty())) {
        (Some(email), None) => address(email).map(To::Email),
        (None, Some(member)) => id::<UserId>(member).map(To::Member),
        _ => Err(RequestFault::Recipient.into()),
    }
}

/// An address.
///
/// # Errors
/// `invalid_request`
pub fn address(text: &str) -> Result<Email, MeritProblem> {
    Email::parse(text.trim()).map_err(|_| RequestFault::Email.into())
}

/// A value of a field.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivenValue {
    /// The field.
    pub field_id: String,
    /// A text, a day, a truth value, a list of attachment ids, or a name, by the type of the field.
    #[serde(default)]
    pub value: Value,
}

/// The values by field.
///
/// # Errors
/// `invalid_id`; `invalid_request` if there are more than any template has.
pub fn values(given: Vec<GivenValue>) -> Result<Vec<(FieldId, Value)>, MeritProblem> {
    /// More than the fields of any template.
    const MOST: usize = 100;
    if given.len() > MOST {
        return Err(RequestFault::Field.into());
    }
    given.into_iter().map(|one| Ok((id(&one.field_id)?, one.value))).collect()
}
