//! The meaning of the server's errors.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::client::Trouble;
use crate::error::{Outage, StoreError};

/// How to handle a failed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Concurrent transactions conflicted: run the operation again.
    Again,
    /// A row with the same key existed, perhaps created a moment ago by another transaction: run the operation again,
    /// it may find the row now.
    Duplicate(StoreError),
    /// The connection is gone, or unusable.
    Lost,
    /// The server accepts no writes on this connection.
    ReadOnly,
    /// No response in time: whether the statement ran is unknown, and the connection is closed.
    Silence,
    /// There is no connection to run it on.
    Unconnected(Outage),
    /// Tell the caller.
    Final(StoreError),
}

impl Fault {
    /// The meaning of `trouble`, which is logged if nothing will be done about it.
    pub(crate) fn of(trouble: &Trouble, sql: &str) -> Self {
        let Trouble::Reported(error) = trouble else {
            tracing::error!(sql, "the database server does not answer: the connection is closed");
            return Self::Silence;
        };
        let fault = Self::classify(error);
        if let Self::Final(failure) = &fault {
            tracing::error!(error = explain(error), %failure, sql, "a statement failed");
        }
        fault
    }

    /// What the caller is told, if the error cannot be handled otherwise.
    pub(crate) fn failure(self) -> StoreError {
        match self {
            Self::Again => Outage::Contended.into(),
            Self::Lost => Outage::Disconnected.into(),
            Self::ReadOnly => Outage::ReadOnly.into(),
            Self::Silence => Outage::TimedOut.into(),
            Self::Unconnected(outage) => outage.into(),
            Self::Duplicate(failure) | Self::Final(failure) => failure,
        }
    }

    fn classify(error: &Error) -> Self {
        let Some(answer) = error.as_db_error() else {
            let io = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>()).is_some();
            return if io || error.is_closed() { Self::Lost } else { Self::Final(StoreError::Failed(explain(error))) };
        };
        match *answer.code() {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::Again,
            SqlState::UNIQUE_VIOLATION => Self::Duplicate(StoreError::Failed(explain(error))),
            SqlState::READ_ONLY_SQL_TRANSACTION => Self::ReadOnly,
            SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => Self::Final(Outage::TimedOut.into()),
            SqlState::DISK_FULL => Self::Final(Outage::DiskFull.into()),
            SqlState::IO_ERROR => Self::Final(Outage::Io.into()),
            SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => {
                tracing::error!(error = explain(error), "{POOLER}");
                Self::Lost
            }
            // The schema was changed under a statement.
            SqlState::FEATURE_NOT_SUPPORTED if answer.message().contains("cached plan") => Self::Lost,
            ref state if in_class(state, "08") || in_class(state, "57P") || in_class(state, "25P03") => Self::Lost,
            ref state if in_class(state, "53") => Self::Final(Outage::Exhausted.into()),
            ref state if in_class(state, "XX001") || in_class(state, "XX002") => {
                Self::Final(StoreError::Corrupt(answer.message().to_owned()))
            }
            _ => Self::Final(StoreError::Failed(explain(error))),
        }
    }
}

/// Advice for when a pooler between us and the server reassigns connections.
pub(crate) const POOLER: &str = "a connection pooler such as PgBouncer answers in the place of the database server: \
     set store.pooler to \"transaction\", or give the address of the server itself";

/// Whether `error` is a pooler's refusal of an unknown start-up parameter.
pub(crate) fn is_pooler(error: &Error) -> bool {
    error.as_db_error().is_some_and(|answer| answer.message().contains("unsupported startup parameter"))
}

fn in_class(state: &SqlState, class: &str) -> bool {
    state.code().starts_with(class)
}

/// The client prints "db error" and hides the server's message in the source. Without the detail, which quotes rows.
pub(crate) fn explain(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(answer), _) => format!("{} ({})", answer.message(), answer.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

impl Trouble {
    /// The reportable part of it.
    pub(crate) fn explain(&self) -> String {
        match self {
            Self::Reported(error) => explain(error),
            Self::Silence => "the server does not answer".to_owned(),
        }
    }
}
