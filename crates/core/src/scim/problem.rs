//! Why a request is refused (RFC 7644 §3.12).

use std::borrow::Cow;

/// The kind of a refusal: its status and, where there is one, its `scimType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// The filter is malformed, or compares what cannot be compared.
    InvalidFilter,
    /// The path of a PATCH operation is malformed or names no attribute.
    InvalidPath,
    /// The body is not of the required form.
    InvalidSyntax,
    /// A value is missing or not of its attribute's type.
    InvalidValue,
    /// The attribute cannot be changed.
    Mutability,
    /// The path of a PATCH operation selects nothing.
    NoTarget,
    /// More would have to be examined or changed than one request may.
    TooMany,
    /// Another resource has the value.
    Uniqueness,
    /// The org does not allow it, such as losing its last administrator.
    Conflict,
    /// The connection does not work any more.
    Unauthorized,
    /// It is not allowed at all.
    Forbidden,
    /// There is no such resource.
    NotFound,
    /// The resource is of another version than `If-Match` says.
    Precondition,
    /// The body is too large.
    TooLarge,
    /// Too many invitations were mailed to one address.
    TooManyMails,
}

impl ProblemKind {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Uniqueness | Self::Conflict => 409,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Precondition => 412,
            Self::TooLarge => 413,
            Self::TooManyMails => 429,
            _ => 400,
        }
    }

    /// The `scimType`, for those that have one.
    pub const fn scim_type(self) -> Option<&'static str> {
        match self {
            Self::InvalidFilter => Some("invalidFilter"),
            Self::InvalidPath => Some("invalidPath"),
            Self::InvalidSyntax => Some("invalidSyntax"),
            Self::InvalidValue => Some("invalidValue"),
            Self::Mutability => Some("mutability"),
            Self::NoTarget => Some("noTarget"),
            Self::TooMany => Some("tooMany"),
            Self::Uniqueness => Some("uniqueness"),
            _ => None,
        }
    }
}

/// A refusal. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// For people; not stable.
    pub detail: Cow<'static, str>,
}

impl Problem {
    /// A refusal of that kind.
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// `invalidValue`.
    pub fn value(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::InvalidValue, detail)
    }

    /// `invalidSyntax`.
    pub fn syntax(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::InvalidSyntax, detail)
    }

    /// `invalidPath`.
    pub fn path(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::InvalidPath, detail)
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "There is no such resource")
    }
}
