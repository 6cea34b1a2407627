//! Mails as whoever runs the server sees them: to whom and about what, never what they say.

use sigma_core::operator::OperatorRefusal;
use sigma_platform::http::ApiError;
use sigma_platform::state::AppState;
use sigma_store::operator::{Caller, mails};
use sigma_store::outbox::NewMail;
use sigma_store::{Stop, Store};

/// Why no test mail was queued.
#[derive(Debug)]
pub enum TestError {
    /// The caller has no address that is known to be theirs.
    NoAddress,
    /// The role of the caller, or the store.
    Stopped(Stop<OperatorRefusal>),
    /// It could not be sealed.
    Failed(ApiError),
}

impl From<Stop<OperatorRefusal>> for TestError {
    fn from(stop: Stop<OperatorRefusal>) -> Self {
        Self::Stopped(stop)
    }
}

/// Queues a mail to the caller's own address by `store`, which acts for them.
pub async fn send_test(sigma: &AppState, store: &Store, caller: &Caller) -> Result<(), TestError> {
    let asking = caller.clone();
    let tester = sigma.store.look_up(move |tx| mails::tester(tx, &asking)).await?;
    let address = tester.as_ref().and_then(|user| Some((user, user.proven_email()?)));
    let (user, address) = address.ok_or(TestError::NoAddress)?;
    let mail: NewMail =
        sigma.composer_for(user).test(address).map_err(|error| TestError::Failed(ApiError::internal(error)))?;
    let caller = caller.clone();
    store.decide(move |tx| mails::test(tx, &caller, &mail)).await?;
    sigma.mail_was_promised();
    Ok(())
}
