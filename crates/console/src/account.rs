//! What whoever runs the installation does to an account: a link to get back in, and its deletion.

use std::sync::Arc;

use sigma_core::ids::UserId;
use sigma_core::merge::MergeRefusal;
use sigma_core::operator::{OperatorRefusal, OperatorRight};
use sigma_platform::http::ApiError;
use sigma_platform::jobs::delete_account;
use sigma_platform::mail::AccountChange;
use sigma_platform::state::AppState;
use sigma_store::account_deletion::{Deletion, Requested};
use sigma_store::operator::account::{self, Recovered, Recovery};
use sigma_store::operator::{Caller, Decision, people};
use sigma_store::{Stop, Store, Tx};

use crate::new_person::takes_passwords;

/// How often a batch of what a person is signed in with is ended.
const MOST_BATCHES: u32 = 100;

/// Why nothing was done.
#[derive(Debug)]
pub enum AccountError {
    /// The role of the caller, or the store.
    Stopped(Stop<OperatorRefusal>),
    /// A mail could not be sealed.
    Failed(ApiError),
}

impl From<Stop<OperatorRefusal>> for AccountError {
    fn from(stop: Stop<OperatorRefusal>) -> Self {
        Self::Stopped(stop)
    }
}

/// Who asks, and the store on their behalf.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The server.
    pub sigma: &'a AppState,
    /// The store.
    pub store: &'a Store,
    /// Who.
    pub caller: &'a Caller,
    /// What must hold of the person in the transaction of the change.
    pub guard: &'a Guard,
}

/// What must hold in the transaction of a change.
pub type Guard = Arc<dyn Fn(&mut dyn Tx) -> Decision<()> + Send + Sync>;

/// Nothing in particular.
pub fn unguarded() -> Guard {
    Arc::new(|_| Ok(()))
}

impl Asking<'_> {
    /// Mails the person a link to set a new password, to `email` or their primary address; with [`Recovery::Anew`] that is the only way
    /// in that is left.
    pub async fn recover(
        self,
        user_id: &UserId,
        recovery: Recovery,
        email: Option<&str>,
    ) -> Result<Recovered, AccountError> {
        let (caller, whom) = (self.caller.clone(), user_id.clone());
        let found = self.store.look_up(move |tx| account::find(tx, &caller, recovery.right(), &whom));
        let user = found.await?;
        let address = email.or_else(|| user.proven_email()).filter(|_| takes_passwords(self.sigma));
        let Some(address) = address else { return Ok(Recovered::Unreachable) };
        let mail = self.sigma.composer_for(&user).reset(address);
        let mail = mail.map_err(|error| AccountError::Failed(ApiError::internal(error)))?;
        let (caller, whom, guard) = (self.caller.clone(), user_id.clone(), Arc::clone(self.guard));
        let act = self.store.decide(move |tx| {
            guard(tx)?;
            account::recover(tx, &caller, &whom, recovery, &mail)
        });
        let recovered = act.await?;
        if recovered == Recovered::Sent {
            self.sigma.mail_was_promised();
            if recovery == Recovery::Anew {
                self.sign_out(user_id).await?;
            }
        }
        Ok(recovered)
    }

    /// Requests the deletion of the account.
    pub async fn delete(self, user_id: &UserId) -> Result<Requested, AccountError> {
        let (caller, whom) = (self.caller.clone(), user_id.clone());
        let found = self.store.look_up(move |tx| account::find(tx, &caller, OperatorRight::DeletePeople, &whom));
        let user = found.await?;
        let notices = self.sigma.notices(&user, AccountChange::DeletionRequested);
        let notices = notices.map_err(AccountError::Failed)?;
        let now = self.sigma.now();
        let deletion = Deletion {
            user_id: user_id.clone(),
            pseudonym: UserId::new(now, &*self.sigma.rng),
            requested_at: now,
            due_at: now.plus(self.sigma.settings.accounts.deletion_grace()),
        };
        let (caller, guard) = (self.caller.clone(), Arc::clone(self.guard));
        let delete = self.store.decide(move |tx| {
            guard(tx)?;
            account::delete(tx, &caller, &deletion, &notices)
        });
        let requested = delete.await?;
        if requested == Requested::Scheduled {
            self.sigma.mail_was_promised();
            self.sign_out(user_id).await?;
        }
        Ok(requested)
    }

    /// Deletes the account at once.
    pub async fn remove(self, user_id: &UserId) -> Result<Requested, AccountError> {
        let now = self.sigma.now();
        let pseudonym = UserId::new(now, &*self.sigma.rng);
        let new = Deletion { user_id: user_id.clone(), pseudonym, requested_at: now, due_at: now };
        let (caller, guard) = (self.caller.clone(), Arc::clone(self.guard));
        let remove = self.store.decide(move |tx| {
            guard(tx)?;
            account::remove(tx, &caller, &new)
        });
        let (deletion, requested) = remove.await?;
        if requested == Requested::Scheduled {
            // Whoever dies in between leaves the rest to the job of deletions that are due.
            delete_account(self.store, &deletion, now).await.map_err(Stop::Failed)?;
        }
        Ok(requested)
    }

    /// Proposes to the owner of both accounts to merge this one into the one that `into` names: by its id, address or key.
    pub async fn propose_merge(self, gone: &UserId, into: &str) -> Result<Result<(), MergeRefusal>, AccountError> {
        let (caller, whom, text) = (self.caller.clone(), gone.clone(), into.trim().to_owned());
        let both = self.store.look_up(move |tx| {
            let gone = account::find(tx, &caller, OperatorRight::DeletePeople, &whom)?;
            Ok((gone, account::find_by_text(tx, &caller, &text)?))
        });
        let (gone, kept) = both.await?;
        let mut notices = Vec::new();
        for one in [&gone, &kept] {
            notices.extend(self.sigma.notices(one, AccountChange::MergeProposed).map_err(AccountError::Failed)?);
        }
        let (caller, now, guard) = (self.caller.clone(), self.sigma.now(), Arc::clone(self.guard));
        let proposing = self.store.decide(move |tx| {
            guard(tx)?;
            account::propose_merge(tx, &caller, [&gone.id, &kept.id], &notices, now)
        });
        let proposed = proposing.await?;
        self.sigma.mail_was_promised();
        Ok(proposed)
    }

    /// Keeps the account; returns whether it is kept.
    pub async fn keep(self, user_id: &UserId) -> Result<bool, AccountError> {
        let (caller, whom, now, guard) =
            (self.caller.clone(), user_id.clone(), self.sigma.now(), Arc::clone(self.guard));
        let keep = self.store.decide(move |tx| {
            guard(tx)?;
            account::keep(tx, &caller, &whom, now)
        });
        Ok(keep.await?)
    }

    /// Ends what the operation itself left: it ends a batch.
    async fn sign_out(self, user_id: &UserId) -> Result<(), AccountError> {
        for _ in 0..MOST_BATCHES {
            let (caller, whom, now) = (self.caller.clone(), user_id.clone(), self.sigma.now());
            if self.store.decide(move |tx| people::sign_out(tx, &caller, &whom, now)).await? == 0 {
                break;
            }
        }
        Ok(())
    }
}
