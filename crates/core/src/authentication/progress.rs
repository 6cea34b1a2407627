//! What a sign-in still needs: a pure state machine over what was proven, what the account has, and what is required.

use super::{Acr, Authentication, CredentialKind};
use crate::time::Timestamp;

/// The requirements of a sign-in: the policy of an app, an org or the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Earlier authentications do not count (`prompt=login`, `max_age`).
    pub since: Option<Timestamp>,
    /// The required class.
    pub required: Acr,
    /// The class requested if the account can reach it (a voluntary `acr_values`, OpenID Connect Core §3.1.2.1).
    pub wanted: Acr,
}

impl Requirement {
    /// One factor, however long ago.
    pub const ONE_FACTOR: Self = Self { since: None, required: Acr::One, wanted: Acr::One };

    /// Whether `authentication` is recent enough to count.
    pub fn accepts_time_of(&self, authentication: &Authentication) -> bool {
        self.since.is_none_or(|since| authentication.auth_time() >= since)
    }
}

/// The credentials of an account, by kind. For an unknown user: those that the server accepts.
#[derive(Clone, Copy, Debug)]
pub struct AccountCredentials<'a> {
    /// Existing ones.
    pub held: &'a [CredentialKind],
    /// Ones that the user could add.
    pub enrollable: &'a [CredentialKind],
}

/// The next step of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The user proves one of these existing credentials.
    NeedsFactor(Vec<CredentialKind>),
    /// The user adds one of these. They have just proven a first factor, as [`Requirement::since`] requires.
    NeedsEnrolment(Vec<CredentialKind>),
    /// Nothing more is needed.
    Done,
    /// The requirement cannot be met, neither with existing nor with new credentials.
    OutOfReach,
}

/// Decides the next step after `authentication`; `None` means that nothing was proven yet.
pub fn progress(
    authentication: Option<&Authentication>,
    credentials: AccountCredentials<'_>,
    requirement: Requirement,
) -> Progress {
    let current = authentication.filter(|authentication| requirement.accepts_time_of(authentication));
    let reached = current.map_or(Acr::Zero, Authentication::acr);
    if current.is_some() && reached >= requirement.required.max(requirement.wanted) {
        return Progress::Done;
    }
    let raises = match reached {
        Acr::Zero => CredentialKind::is_first_factor,
        Acr::One | Acr::Two => CredentialKind::is_second_factor,
    };
    let held = of(credentials.held, raises);
    if !held.is_empty() {
        return Progress::NeedsFactor(held);
    }
    if current.is_some() && reached >= requirement.required {
        return Progress::Done;
    }
    // Without a proven factor, nothing can be added.
    let enrollable = if reached == Acr::Zero { Vec::new() } else { of(credentials.enrollable, raises) };
    if enrollable.is_empty() { Progress::OutOfReach } else { Progress::NeedsEnrolment(enrollable) }
}

fn of(kinds: &[CredentialKind], wanted: fn(CredentialKind) -> bool) -> Vec<CredentialKind> {
    kinds.iter().copied().filter(|kind| wanted(*kind)).collect()
}
