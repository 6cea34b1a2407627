//! Handing out a backup: once per request, recorded, and reported by mail.

use sigma_core::actor::Actor;
use sigma_core::backup::EncryptedBackup;
use sigma_core::ids::UserId;
use sigma_store::backup::{self, Retrieval, Retrieved, Version, Wanted, seal_context};
use sigma_store::outbox::NewMail;
use sigma_store::replay_guard::Once;

use crate::http::{ApiError, Refusal, RequestContext, Rule};
use crate::mail::AccountChange;
use crate::state::AppState;

use super::{not_found, unauthorized};

/// Who is entitled to a backup, and why.
pub struct Entitled {
    /// The user whose it is.
    pub user_id: UserId,
    /// The actor: the user, or nobody in particular on a device where nobody is signed in.
    pub actor: Actor,
    /// `session`, `key` or `provider`.
    pub method: &'static str,
    /// What is used up by it.
    pub once: Option<Once>,
}

/// Hands out a backup of the user.
///
/// # Errors
/// 404 without one, 401 if what entitled to it was used before, 429.
pub async fn hand_out(
    sigma: &AppState,
    context: &RequestContext,
    entitled: Entitled,
    wanted: Wanted,
) -> Result<(Version, EncryptedBackup), Refusal> {
    let Entitled { user_id, actor, method, once } = entitled;
    context.charge(Rule::BackupRead, user_id.as_str())?;
    let notices = notices(sigma, &user_id, AccountChange::BackupRetrieved).await?;
    let retrieval = Retrieval { user_id, wanted, method, once, notices, now: sigma.now() };
    let store = sigma.store_for(context, actor);
    match store.write(move |tx| backup::retrieve(tx, &retrieval)).await? {
        Retrieved::Backup(version, sealed) => {
            sigma.mail_was_promised();
            let opened = sigma.master_key.open(&seal_context(&version.id), &sealed).map_err(ApiError::internal)?;
            Ok((version, EncryptedBackup::from_stored(opened.to_vec())))
        }
        Retrieved::NotFound => Err(not_found().into()),
        Retrieved::Used => Err(unauthorized().into()),
    }
}

/// The mails that report `change` to the user: one, if an address is known to be theirs.
///
/// # Errors
/// The store does not answer.
pub async fn notices(sigma: &AppState, user_id: &UserId, change: AccountChange) -> Result<Vec<NewMail>, ApiError> {
    match sigma.find_account(user_id).await? {
        Some(account) => sigma.notices(&account.user, change),
        None => Ok(Vec::new()),
    }
}
