//! Accounts as they are cached: a user with their identities and the kinds of their credentials.

use std::sync::Arc;

use sigma_bitcoin::BapId;
use sigma_core::authentication::CredentialKind;
use sigma_core::ids::UserId;
use sigma_core::person::{Identity, Person};
use sigma_core::time::Timestamp;

use crate::profile::{self, StoredProfile};
use crate::user::{self, User};
use crate::{StoreError, Tx, account_deletion, credential, identity};

/// A user and all their identities, as cached.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// Their identities, oldest first.
    pub identities: Vec<Identity>,
    /// What they say about themselves, by identity.
    pub profiles: Vec<StoredProfile>,
    /// The kinds of credentials that they can use.
    pub credentials: Vec<CredentialKind>,
    /// When the account is deleted, if that was requested.
    pub deletes_at: Option<Timestamp>,
}

impl Account {
    /// The user as an app sees them, with the identity chosen for it. An identity that is no longer theirs counts as
    /// none.
    pub fn person(&self, bap_id: Option<&BapId>) -> Person {
        let identity = bap_id.and_then(|wanted| self.identities.iter().find(|identity| identity.bap_id == *wanted));
        Person {
            membership: None,
            user_id: self.user.id.clone(),
            name: self.user.name.clone(),
            image: self.user.image.clone(),
            email: self.user.email.clone().map(|address| (address, self.user.email_verified)),
            pubkey: self.user.pubkey,
            identity: identity.cloned(),
            // Where no identity was chosen, the account's own.
            profile: self.profile_of(identity.map(|identity| &identity.bap_id)).map(|held| Arc::clone(&held.profile)),
            disabled: self.user.disabled,
        }
    }

    /// The identity that is used without a choice.
    pub fn primary_identity(&self) -> Option<&Identity> {
        self.identities.iter().find(|identity| identity.is_primary).or_else(|| self.identities.first())
    }

    /// The profile of that identity; `None` is the account itself.
    pub fn profile_of(&self, bap_id: Option<&BapId>) -> Option<&StoredProfile> {
        self.profiles.iter().find(|held| held.bap_id.as_ref() == bap_id)
    }
}

/// The account of that user.
pub fn find(tx: &mut dyn Tx, user_id: &UserId) -> Result<Option<Account>, StoreError> {
    let Some(user) = user::find(tx, user_id)? else { return Ok(None) };
    let identities = identity::list(tx, user_id)?;
    let profiles = profile::list(tx, user_id)?;
    let credentials = credential::kinds(tx, user_id)?;
    let deletes_at = account_deletion::find(tx, user_id)?.map(|deletion| deletion.due_at);
    Ok(Some(Account { user, identities, profiles, credentials, deletes_at }))
}
