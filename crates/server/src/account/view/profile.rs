//! `/account/profile`: what a user says about themselves.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use sigma_core::profile::{Field, ProfileProblem};

use crate::pages::view::csp::ContentSecurityPolicy;
use crate::pages::view::{PageContext, initial, page};

/// The page. Its form posts `identity` and the fields to `/account/profile`; its script posts pictures to
/// `/account/profile/picture`.
#[derive(Clone, Debug)]
pub struct AccountProfile {
    /// The profiles that there are; none if there is only that of the account.
    pub choices: Vec<ProfileChoice>,
    /// The one that is shown: a BAP id, or `account`.
    pub identity: String,
    /// The name that apps see.
    pub name: String,
    /// The uploaded picture.
    pub picture: Option<String>,
    /// Whether there is a picture, uploaded or elsewhere.
    pub has_image: bool,
    /// Whether anything is filled in.
    pub exists: bool,
    /// Whether there is a published record of the identity.
    pub is_published: bool,
    /// The fields, in the order of the form.
    pub fields: Vec<ProfileField>,
    /// The claims that an app gets which may see the profile.
    pub preview: Vec<(String, String)>,
    /// What was just done: a key of the catalogue.
    pub done: Option<&'static str>,
    /// Why it was not done: a key of the catalogue.
    pub refused: Option<&'static str>,
}

/// A profile to choose.
#[derive(Clone, Debug)]
pub struct ProfileChoice {
    /// A BAP id, or `account`.
    pub value: String,
    /// The name of the identity; `None` for the account.
    pub name: Option<String>,
    /// Whether it is shown.
    pub is_current: bool,
}

/// A field of the form.
#[derive(Clone, Debug)]
pub struct ProfileField {
    /// The field.
    pub field: Field,
    /// Its text.
    pub value: String,
    /// Why that was refused.
    pub problem: Option<ProfileProblem>,
}

impl ProfileField {
    fn name(&self) -> &'static str {
        self.field.as_str()
    }

    fn is_long(&self) -> bool {
        self.field == Field::Description
    }

    /// The key of its label.
    const fn label(&self) -> &'static str {
        match self.field {
            Field::AlternateName => "profile-alternate-name",
            Field::Name => "profile-name",
            Field::GivenName => "profile-given-name",
            Field::FamilyName => "profile-family-name",
            Field::MiddleName => "profile-middle-name",
            Field::Nickname => "profile-nickname",
            Field::PreferredUsername => "profile-preferred-username",
            Field::Description => "profile-description",
            Field::Image => "profile-image",
            Field::Profile => "profile-page",
            Field::Website => "profile-website",
            Field::Gender => "profile-gender",
            Field::Birthdate => "profile-birthdate",
            Field::Zoneinfo => "profile-zoneinfo",
            Field::Locale => "profile-locale",
        }
    }

    /// The key of what helps to fill it in.
    const fn hint(&self) -> Option<&'static str> {
        match self.field {
            Field::AlternateName => Some("profile-alternate-name-hint"),
            Field::Image | Field::Profile | Field::Website => Some("profile-url-hint"),
            Field::Birthdate => Some("profile-birthdate-hint"),
            Field::Zoneinfo => Some("profile-zoneinfo-hint"),
            Field::Locale => Some("profile-locale-hint"),
            _ => None,
        }
    }

    /// The key of why it was refused.
    fn refusal(&self) -> Option<&'static str> {
        self.problem.map(|problem| match problem {
            ProfileProblem::TooLong(_) => "profile-too-long",
            ProfileProblem::Unprintable(_) => "profile-unprintable",
            ProfileProblem::Url(_) => "profile-bad-url",
            ProfileProblem::Birthdate => "profile-bad-birthdate",
            ProfileProblem::Zoneinfo => "profile-bad-zoneinfo",
            ProfileProblem::Locale => "profile-bad-locale",
        })
    }

    /// What describes the field to a screen reader: its hint and its error.
    fn described_by(&self) -> String {
        let hint = self.hint().map(|_| format!("{}-hint", self.name()));
        let error = self.problem.map(|_| format!("{}-error", self.name()));
        [hint, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// The browser's name for it (HTML, "autofill").
    const fn autocomplete(&self) -> &'static str {
        match self.field {
            Field::Name => "name",
            Field::GivenName => "given-name",
            Field::FamilyName => "family-name",
            Field::MiddleName => "additional-name",
            Field::Nickname | Field::AlternateName => "nickname",
            Field::Website => "url",
            Field::Gender => "sex",
            Field::Birthdate => "bday",
            Field::Locale => "language",
            _ => "off",
        }
    }

    const fn max_length(&self) -> u32 {
        match self.field {
            Field::Description => 1_000,
            Field::Image | Field::Profile | Field::Website => 512,
            Field::Name => 200,
            Field::Gender | Field::Birthdate | Field::Zoneinfo | Field::Locale => 64,
            _ => 100,
        }
    }
}

#[derive(Template)]
#[template(path = "account/profile.html")]
struct AccountProfilePage<'a> {
    context: &'a PageContext<'a>,
    view: &'a AccountProfile,
}

impl AccountProfile {
    fn initial(&self) -> String {
        initial(&self.name)
    }

    /// The page.
    pub fn render(&self, status: StatusCode, context: &PageContext<'_>) -> Response {
        page(status, &AccountProfilePage { context, view: self }, ContentSecurityPolicy::Strict)
    }
}
