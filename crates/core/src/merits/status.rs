//! The status of a merit, and the moves between them.

use std::fmt;

use super::problem::MeritProblem;

/// Whether an org was verified by the operator. One that was not deals with nobody outside: its merits cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was.
    Verified,
    /// Not yet.
    Unverified,
}

/// What becomes of a merit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// The org sends a proposed one.
    Approve,
    /// The recipient accepts it.
    Accept,
    /// The recipient does not want it.
    Reject,
    /// The recipient reports it as abuse.
    Report,
    /// The org takes it back.
    Revoke,
    /// The org sends it to another address instead.
    Transfer,
    /// The member gives it up.
    Forfeit,
    /// The org was verified.
    Verify,
}

impl Move {
    /// Every move.
    pub const ALL: [Self; 8] = [
        Self::Approve,
        Self::Accept,
        Self::Reject,
        Self::Report,
        Self::Revoke,
        Self::Transfer,
        Self::Forfeit,
        Self::Verify,
    ];
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $status:ident,)+) => {
        /// The status of a merit. It only changes by [`Status::after`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Status {
            $($(#[$doc])* $status,)+
        }

        impl Status {
            /// Every status.
            pub const ALL: &[Self] = &[$(Self::$status,)+];

            /// The name on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$status => stringify!($status),)+ }
            }
        }
    };
}

statuses! {
    /// Proposed; the org has to approve it.
    Unapproved,
    /// Sent; the recipient has to answer.
    Pending,
    /// The member has it.
    Accepted,
    /// The recipient did not want it.
    Rejected,
    /// The recipient reported it as abuse.
    Reported,
    /// The org took it back.
    Revoked,
    /// Another one was sent instead, to another address.
    Transferred,
    /// The member gave it up.
    Forfeited,
    /// Sent by an org that is not verified.
    Unverified,
    /// Proposed to an org that is not verified.
    UnapprovedUnverified,
    /// Transferred by an org that is not verified.
    TransferredUnverified,
}

impl Status {
    /// The status with this exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == name)
    }

    /// That of a merit which was just sent.
    pub const fn sent(standing: Standing) -> Self {
        match standing {
            Standing::Verified => Self::Pending,
            Standing::Unverified => Self::Unverified,
        }
    }

    /// That of a merit which was just proposed.
    pub const fn proposed(standing: Standing) -> Self {
        match standing {
            Standing::Verified => Self::Unapproved,
            Standing::Unverified => Self::UnapprovedUnverified,
        }
    }

    /// The status after `step`, by or towards an org of that standing.
    ///
    /// # Errors
    /// [`MeritProblem::InvalidStatusTransition`]
    pub const fn after(self, step: Move, standing: Standing) -> Result<Self, MeritProblem> {
        let verified = matches!(standing, Standing::Verified);
        Ok(match (self, step) {
            (Self::Unapproved | Self::UnapprovedUnverified, Move::Approve) => Self::sent(standing),
            (Self::Pending, Move::Accept) if verified => Self::Accepted,
            (Self::Pending, Move::Reject) => Self::Rejected,
            (Self::Pending, Move::Report) => Self::Reported,
            (Self::Pending | Self::Unverified | Self::Accepted, Move::Revoke) => Self::Revoked,
            (Self::Pending | Self::Unverified | Self::Accepted, Move::Transfer) if verified => Self::Transferred,
            (Self::Pending | Self::Unverified | Self::Accepted, Move::Transfer) => Self::TransferredUnverified,
            (Self::Accepted, Move::Forfeit) => Self::Forfeited,
            (Self::Unverified, Move::Verify) if verified => Self::Pending,
            (Self::UnapprovedUnverified, Move::Verify) if verified => Self::Unapproved,
            _ => return Err(MeritProblem::InvalidStatusTransition),
        })
    }

    /// Whether the org may change its values.
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Pending | Self::Unverified | Self::Accepted)
    }

    /// Whether the member has it: `active` on the wire.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Accepted)
    }

    /// Whether it counts as sent to its recipient, where a template may be sent only once.
    pub const fn is_live(self) -> bool {
        self.is_editable() || matches!(self, Self::Unapproved | Self::UnapprovedUnverified)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The moves as `docs/spec/merits.md` draws them: from, move, to.
    const DRAWN: &[(&str, Move, &[&str])] = &[
        ("Unapproved", Move::Approve, &["Pending", "Unverified"]),
        ("UnapprovedUnverified", Move::Approve, &["Pending", "Unverified"]),
        ("UnapprovedUnverified", Move::Verify, &["Unapproved"]),
        ("Unverified", Move::Verify, &["Pending"]),
        ("Pending", Move::Accept, &["Accepted"]),
        ("Pending", Move::Reject, &["Rejected"]),
        ("Pending", Move::Report, &["Reported"]),
        ("Pending", Move::Revoke, &["Revoked"]),
        ("Unverified", Move::Revoke, &["Revoked"]),
        ("Accepted", Move::Revoke, &["Revoked"]),
        ("Pending", Move::Transfer, &["Transferred", "TransferredUnverified"]),
        ("Unverified", Move::Transfer, &["Transferred", "TransferredUnverified"]),
        ("Accepted", Move::Transfer, &["Transferred", "TransferredUnverified"]),
        ("Accepted", Move::Forfeit, &["Forfeited"]),
    ];

    fn standing() -> impl Strategy<Value = Standing> {
        prop_oneof![Just(Standing::Verified), Just(Standing::Unverified)]
    }

    fn step() -> impl Strategy<Value = (Move, Standing)> {
        (proptest::sample::select(Move::ALL.as_slice()), standing())
    }

    #[test]
    fn names_round_trip() {
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(*status));
        }
        assert_eq!(Status::parse("accepted"), None);
    }

    #[test]
    fn a_merit_that_ended_has_no_way_on() {
        for ended in [
            Status::Rejected,
            Status::Reported,
            Status::Revoked,
            Status::Transferred,
            Status::TransferredUnverified,
            Status::Forfeited,
        ] {
            for step in Move::ALL {
                let refused = Err(MeritProblem::InvalidStatusTransition);
                assert_eq!(ended.after(step, Standing::Verified), refused, "{ended} {step:?}");
            }
            assert!(!ended.is_editable() && !ended.is_active() && !ended.is_live());
        }
    }

    #[test]
    fn outsiders_cannot_accept_from_an_org_that_is_not_verified() {
        let sent = Status::sent(Standing::Unverified);
        for step in [Move::Accept, Move::Reject, Move::Report, Move::Forfeit] {
            assert!(sent.after(step, Standing::Unverified).is_err());
        }
        assert_eq!(sent.after(Move::Verify, Standing::Verified), Ok(Status::Pending));
        assert!(sent.after(Move::Verify, Standing::Unverified).is_err());
        // The operator may take the verification back while merits wait.
        assert!(Status::Pending.after(Move::Accept, Standing::Unverified).is_err());
        assert_eq!(Status::Pending.after(Move::Report, Standing::Unverified), Ok(Status::Reported));
    }

    proptest! {
        #[test]
        fn no_sequence_of_calls_leaves_the_drawn_moves(
            proposed in any::<bool>(),
            first in standing(),
            steps in proptest::collection::vec(step(), 0..12),
        ) {
            let mut status = if proposed { Status::proposed(first) } else { Status::sent(first) };
            for (step, standing) in steps {
                let drawn = DRAWN.iter().find(|(from, by, _)| *from == status.as_str() && *by == step);
                match status.after(step, standing) {
                    Ok(next) => {
                        let (_, _, to) = drawn.expect("a drawn move");
                        prop_assert!(to.contains(&next.as_str()), "{status} {step:?} {next}");
                        if standing == Standing::Verified {
                            prop_assert!(!next.as_str().contains("Unverified"));
                        }
                        status = next;
                    }
                    Err(problem) => {
                        prop_assert_eq!(problem, MeritProblem::InvalidStatusTransition);
                        let by_verification =
                            matches!(step, Move::Verify | Move::Accept) && standing == Standing::Unverified;
                        prop_assert!(drawn.is_none() || by_verification, "{} {:?}", status, step);
                    }
                }
            }
        }
    }
}
