//! Limits on legitimate actions: mails to one person.

use std::time::Duration;

use sigma_core::time::Timestamp;

use crate::{StoreError, Tx, params};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Invitations to an address.
    Invitation,
    /// Links to reset the password of an account.
    Reset,
    /// Sign-ups with an address.
    SignUp,
    /// Sign-ups with an address from one network.
    SignUpFromNetwork,
    /// Codes that prove a further address of a user.
    NewEmail,
    /// Such codes for one user.
    NewEmailOfUser,
    /// Merits that an org sends.
    MeritsOfOrg,
    /// Requests of "Login with Sigma" and "Link App" by one app.
    MeritRequestsOfApp,
    /// Mails about merits to an address, from all orgs and from each.
    MeritMails,
    /// Bytes of attachments that an org uploads.
    AttachmentsOfOrg,
}

impl Purpose {
    /// The stored form.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
            Self::SignUp => "sign_up",
            Self::SignUpFromNetwork => "sign_up_from_network",
            Self::NewEmail => "new_email",
            Self::NewEmailOfUser => "new_email_of_user",
            Self::MeritsOfOrg => "merits_of_org",
            Self::MeritRequestsOfApp => "merit_requests_of_app",
            Self::MeritMails => "merit_mails",
            Self::AttachmentsOfOrg => "attachments_of_org",
        }
    }
}

/// Counts one more of `subject`, and returns how many there were in the current `window`. Subjects that stand for a
/// person are keyed digests of an address, so that known and unknown ones count alike.
pub(crate) fn tally(
    tx: &mut dyn Tx,
    purpose: Purpose,
    subject: &str,
    now: Timestamp,
    window: Duration,
) -> Result<i64, StoreError> {
    let counted = tx.query_opt(
        "INSERT INTO quotas (purpose, subject, count, expires_at) VALUES ($1, $2, 1, $4)
         ON CONFLICT (purpose, subject) DO UPDATE SET
            count = CASE
                WHEN quotas.expires_at <= $3 THEN 1
                WHEN quotas.count < 1000000 THEN quotas.count + 1
                ELSE quotas.count END,
            expires_at = CASE WHEN quotas.expires_at <= $3 THEN excluded.expires_at ELSE quotas.expires_at END
         RETURNING count",
        params![purpose.as_str(), subject, now, now.plus(window)],
    )?;
    counted.map_or(Ok(1), |row| row.int(0))
}

/// How many of `subject` there were in the current window.
pub(crate) fn count(tx: &mut dyn Tx, purpose: Purpose, subject: &str, now: Timestamp) -> Result<i64, StoreError> {
    let sql = "SELECT count FROM quotas WHERE purpose = $1 AND subject = $2 AND expires_at > $3";
    tx.query_opt(sql, params![purpose.as_str(), subject, now])?.map_or(Ok(0), |row| row.int(0))
}

/// Takes `wanted` of what `subject` may have in a `window`, or nothing: the time at which the window ends, if fewer are left.
pub(crate) fn take(
    tx: &mut dyn Tx,
    (purpose, subject): (Purpose, &str),
    (wanted, most): (i64, i64),
    now: Timestamp,
    window: Duration,
) -> Result<Result<(), Timestamp>, StoreError> {
    // Almost always a window is open and has room, and an update costs half of what a conflict does.
    let taken = tx.execute(
        "UPDATE quotas SET count = count + $3 WHERE purpose = $1 AND subject = $2 AND expires_at > $5 AND count + $3 <= $4",
        params![purpose.as_str(), subject, wanted, most, now],
    )?;
    if taken > 0 {
        return Ok(Ok(()));
    }
    let taken = tx.query_opt(
        "INSERT INTO quotas (purpose, subject, count, expires_at) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($6 AS BIGINT)
         WHERE CAST($3 AS BIGINT) <= CAST($4 AS BIGINT)
         ON CONFLICT (purpose, subject) DO UPDATE SET
            count = CASE WHEN quotas.expires_at <= $5 THEN excluded.count ELSE quotas.count + excluded.count END,
            expires_at = CASE WHEN quotas.expires_at <= $5 THEN excluded.expires_at ELSE quotas.expires_at END
            WHERE quotas.expires_at <= $5 OR quotas.count + excluded.count <= $4
         RETURNING count",
        params![purpose.as_str(), subject, wanted, most, now, now.plus(window)],
    )?;
    if taken.is_some() {
        return Ok(Ok(()));
    }
    let sql = "SELECT expires_at FROM quotas WHERE purpose = $1 AND subject = $2";
    let until = tx.query_opt(sql, params![purpose.as_str(), subject])?.map(|row| row.timestamp(0)).transpose()?;
    Ok(Err(until.unwrap_or_else(|| now.plus(window))))
}
