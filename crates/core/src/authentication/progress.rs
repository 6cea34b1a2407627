//! What a sign-in still needs: a pure state machine over what was proven, what the account has, and what is required.

use super::{Acr, Authentication, CredentialKind};
use crate::time::Timestamp;

/// What a sign-in must come to: the policy of an app, an org or the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// An authentication before this does not count (`prompt=login`, `max_age`).
    pub since: Option<Timestamp>,
    /// The class without which nobody gets on.
    pub required: Acr,
    /// The class that is asked for where the account can reach it (a voluntary `acr_values`, OpenID Connect Core
    /// §3.1.2.1).
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

/// The credentials of an account, by kind. For somebody who is not known yet: those that the server takes.
#[derive(Clone, Copy, Debug)]
pub struct AccountCredentials<'a> {
    /// Those it has.
    pub held: &'a [CredentialKind],
    /// Those that the person could add.
    pub enrollable: &'a [CredentialKind],
}

/// What comes next in a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The person proves one of these, which the account has.
    NeedsFactor(Vec<CredentialKind>),
    /// The person adds one of these. They have proven a first factor just now, as [`Requirement::since`] asks.
    NeedsEnrolment(Vec<CredentialKind>),
    /// Nothing more is needed.
    Done,
    /// What is required cannot be reached: neither by what the account has nor by what it could add.
    OutOfReach,
}

/// Decides what comes next for whoever proved `authentication`; nobody did when it is absent.
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
    // Whoever has proven nothing adds nothing.
    let enrollable = if reached == Acr::Zero { Vec::new() } else { of(credentials.enrollable, raises) };
    if enrollable.is_empty() { Progress::OutOfReach } else { Progress::NeedsEnrolment(enrollable) }
}

fn of(kinds: &[CredentialKind], wanted: fn(CredentialKind) -> bool) -> Vec<CredentialKind> {
    kinds.iter().copied().filter(|kind| wanted(*kind)).collect()
}
