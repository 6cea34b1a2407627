//! `/account/identities`: the identities of a user, and the keys that each has or had.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::person::IdentityProof;
use sigma_core::time::Timestamp;

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, initial, moment, page};

/// The page. Its forms post `identity` to `/account/identities/primary`.
#[derive(Clone, Debug)]
pub struct AccountIdentities {
    /// The identities, oldest first.
    pub lines: Vec<IdentityLine>,
    /// What was just done: a key of the catalogue.
    pub done: Option<&'static str>,
    /// Why it was not done: a key of the catalogue.
    pub refused: Option<&'static str>,
}

/// An identity.
#[derive(Clone, Debug)]
pub struct IdentityLine {
    /// Its id.
    pub bap_id: String,
    /// Its name.
    pub name: String,
    /// Its uploaded picture.
    pub picture: Option<String>,
    /// Whether it is used without a choice.
    pub is_primary: bool,
    /// How it is known to be the user's.
    pub proof: IdentityProof,
    /// Whether there is a published record of it.
    pub is_published: bool,
    /// Its keys, the latest first.
    pub keys: Vec<KeyLine>,
}

/// A key of an identity.
#[derive(Clone, Debug)]
pub struct KeyLine {
    /// Its beginning and end.
    pub name: String,
    /// Whether it is the identity's key today.
    pub is_current: bool,
    /// When it was registered.
    pub added_at: Timestamp,
    /// When it was retired.
    pub retired_at: Option<Timestamp>,
}

impl IdentityLine {
    fn initial(&self) -> String {
        initial(&self.name)
    }

    /// The key of what its proof means.
    const fn proof_words(&self) -> &'static str {
        match self.proof {
            IdentityProof::None => "identities-proof-none",
            IdentityProof::Address => "identities-proof-address",
            IdentityProof::Record => "identities-proof-record",
            IdentityProof::IdentityKey => "identities-proof-identity-key",
        }
    }
}

impl KeyLine {
    fn added(&self) -> String {
        moment::day(self.added_at)
    }

    fn retired(&self) -> String {
        self.retired_at.map(moment::day).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "account/identities.html")]
struct AccountIdentitiesPage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AccountIdentities,
}

impl AccountIdentities {
    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AccountIdentitiesPage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
