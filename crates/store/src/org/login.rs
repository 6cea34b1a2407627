//! Logging in to a workspace, for an authenticated user.

use sigma_core::authentication::{Acr, Authentication};
use sigma_core::ids::OrgId;
use sigma_core::time::Timestamp;

use crate::org::membership::{self, Belonging, Member};
use crate::org::record;
use crate::org::session::{self, NewOrgSession};
use crate::password::{self, PasswordProof};
use crate::{Owner, StoreError, Tx, credential};

/// The session that an authenticated person asks for.
#[derive(Clone, Debug)]
pub struct Login {
    /// The workspace they asked for; the first that they joined otherwise.
    pub org_id: Option<OrgId>,
    /// The name of the session, if one begins.
    pub jti: String,
    /// The current time.
    pub now: Timestamp,
}

/// A logged-in user.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The workspace.
    pub workspace: Belonging,
    /// The member.
    pub member: Member,
    /// When the session ends, regardless of refreshes.
    pub ends_at: Timestamp,
    /// Their other workspaces; only looked up when no workspace was requested.
    pub others: Vec<Belonging>,
}

/// The outcome of logging in to a workspace.
#[derive(Clone, Debug)]
pub enum LoginOutcome {
    /// A session began.
    LoggedIn(Box<LoggedIn>),
    /// A second factor is required, by this workspace or by the user themselves. Nothing began.
    NeedsSecondFactor(OrgId),
    /// They are no member, the account is disabled, or the credential no longer theirs.
    Refused,
}

impl LoginOutcome {
    /// The logged-in user.
    pub fn logged_in(self) -> Option<LoggedIn> {
        match self {
            Self::LoggedIn(logged_in) => Some(*logged_in),
            Self::NeedsSecondFactor(_) | Self::Refused => None,
        }
    }
}

/// Begins a session in a workspace.
pub fn begin(tx: &mut dyn Tx, authentication: &Authentication, login: &Login) -> Result<LoginOutcome, StoreError> {
    let user_id = authentication.user_id();
    tx.lock(Owner::User(user_id))?;
    if !credential::accept(tx, authentication, login.now)? {
        return Ok(LoginOutcome::Refused);
    }
    let (workspace, others) = if let Some(org_id) = &login.org_id {
        (membership::of_person_in(tx, user_id, org_id)?, Vec::new())
    } else {
        let mut all = membership::of_person(tx, user_id)?.into_iter();
        (all.next(), all.collect())
    };
    let Some(workspace) = workspace else { return Ok(LoginOutcome::Refused) };
    let member = membership::find(tx, &workspace.org_id, user_id)?;
    let Some(member) = member.filter(|member| !member.disabled) else { return Ok(LoginOutcome::Refused) };
    let of_workspace = record::find(tx, &workspace.org_id)?.is_some_and(|org| org.require_second_factor);
    let demanded = match authentication.acr() {
        // Allowed where a click suffices, and nowhere else.
        Acr::Zero => Acr::Zero,
        Acr::One | Acr::Two => Acr::demanded_by(&credential::kinds(tx, user_id)?),
    };
    if authentication.acr() < if of_workspace { Acr::Two } else { demanded } {
        return Ok(LoginOutcome::NeedsSecondFactor(workspace.org_id));
    }
    let new = NewOrgSession {
        org_id: &workspace.org_id,
        jti: &login.jti,
        user_id,
        session_epoch: member.session_epoch,
        acr: authentication.acr(),
        now: login.now,
    };
    let ends_at = session::begin(tx, &new)?;
    Ok(LoginOutcome::LoggedIn(Box::new(LoggedIn { workspace, member, ends_at, others })))
}

/// Logs in the user who proved a password. For a non-member the right password counts as a wrong one: otherwise the delays
/// would reveal that it was right.
pub fn by_password(tx: &mut dyn Tx, proof: &PasswordProof, login: &Login) -> Result<LoginOutcome, StoreError> {
    let Some(authentication) = password::authenticate(tx, proof, login.now)? else { return Ok(LoginOutcome::Refused) };
    let outcome = begin(tx, &authentication, login)?;
    match &outcome {
        LoginOutcome::LoggedIn(_) | LoginOutcome::NeedsSecondFactor(_) => password::forget_failures(tx, proof)?,
        LoginOutcome::Refused => password::deny(tx, proof, login.now)?,
    }
    Ok(outcome)
}
