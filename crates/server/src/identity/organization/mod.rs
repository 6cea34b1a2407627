//! `/api/auth/organization/…`: a user's identities as Better Auth organizations. The id of such an organization is the
//! BAP id.

pub mod create;
pub mod full;
pub mod list;
pub mod set_active;

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;
use sigma_core::person::Identity;
use sigma_store::account::Account;
use utoipa::ToSchema;

use crate::http::ApiError;

/// An identity in Better Auth's format.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organization {
    /// The BAP id.
    id: String,
    /// The BAP id.
    slug: String,
    name: String,
    logo: Option<String>,
}

impl Organization {
    fn of(account: &Account, identity: &Identity) -> Self {
        let person = account.person(Some(&identity.bap_id));
        Self {
            id: identity.bap_id.to_string(),
            slug: identity.bap_id.to_string(),
            name: person.display_name(),
            logo: person.picture().map(Cow::into_owned),
        }
    }
}

fn not_theirs() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "forbidden", "User is not a member of the organization")
        .with_code("USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION")
}
