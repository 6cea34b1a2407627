//! Grants that begin with the assertion of another authorization server (`docs/spec/id-jag.md`).

use sigma_core::code::Authorization;
use sigma_core::event::{Action, Details, Target};
use sigma_core::ids::GrantId;
use sigma_core::time::Timestamp;

use crate::event::{self, NewEvent};
use crate::replay_guard::{self, Once};
use crate::{Owner, StoreError, Tx, account_deletion, cached, grant, params, provider_account, user};

/// Most live grants of a user and an app that began so; the oldest ends beyond that.
pub const MOST: i64 = 100;

/// An assertion that was verified.
#[derive(Clone, Debug)]
pub struct Asserted {
    /// The grant that begins.
    pub grant_id: GrantId,
    /// What the app may do, for whom.
    pub authorization: Authorization,
    /// The credential of the app, if that may be used once.
    pub app_credential: Option<Once>,
    /// The assertion, which may be used once.
    pub assertion: Once,
    /// The provider.
    pub provider: String,
    /// The user's account there.
    pub subject: String,
    /// The current time.
    pub now: Timestamp,
    /// When the grant ends.
    pub expires_at: Timestamp,
}

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// The grant began.
    Accepted,
    /// The app's credential was used before.
    CredentialUsed,
    /// The assertion was used before.
    AssertionUsed,
    /// The account at the provider is not linked to this user any more, or the user's account is disabled or going to be deleted.
    NoUser,
}

/// Begins a grant by an assertion.
pub fn accept(tx: &mut dyn Tx, new: &Asserted) -> Result<Acceptance, StoreError> {
    let Asserted { grant_id, authorization, now, expires_at, .. } = new;
    let (user_id, app_id) = (&authorization.user_id, &authorization.app_id);
    tx.lock(Owner::User(user_id))?;
    if !replay_guard::spend_if(tx, new.app_credential.as_ref())? {
        return Ok(Acceptance::CredentialUsed);
    }
    if !replay_guard::spend(tx, &new.assertion)? {
        return Ok(Acceptance::AssertionUsed);
    }
    let linked = provider_account::find(tx, &new.provider, &new.subject)?;
    if linked.is_none_or(|account| account.user_id != *user_id)
        || !user::is_active(tx, user_id)?
        || account_deletion::find(tx, user_id)?.is_some()
    {
        return Ok(Acceptance::NoUser);
    }
    let too_many = tx.query_all(
        "SELECT id FROM grants WHERE user_id = $1 AND app_id = $2 AND offline = 1 AND refresh_key IS NULL
         ORDER BY created_at DESC, id DESC LIMIT 10 OFFSET $3",
        params![user_id, app_id, MOST - 1],
    )?;
    for row in &too_many {
        let oldest = GrantId::from_text(row.text(0)?);
        tx.execute("DELETE FROM grants WHERE id = $1", params![&oldest])?;
        tx.changed(cached::GRANT, oldest.as_str())?;
    }
    grant::begin_alone(tx, grant_id, authorization, *now, *expires_at)?;
    let details = Details {
        app: Some(app_id.clone()),
        method: Some(new.provider.clone()),
        scope: Some(authorization.scope.to_string()),
        ..Details::default()
    };
    let event = NewEvent::new(Action::AssertionAccept).about(user_id).to(Target::Grant(grant_id.clone()));
    event::append_bounded(tx, event.with(details), user_id, *now)?;
    Ok(Acceptance::Accepted)
}
