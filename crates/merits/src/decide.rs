//! Decisions of the store, for callers that act for an org.

use sigma_core::actor::Actor;
use sigma_platform::http::RequestContext;
use sigma_store::Tx;
use sigma_store::merits::Decision;

use crate::caller::OrgCaller;
use crate::error::MeritsError;
use crate::state::MeritsState;

/// Runs the write in one transaction, which also checks whether the caller may do it.
///
/// # Errors
/// It was refused, or the store does not answer.
pub async fn decide<T: Send + 'static>(
    sigma: &MeritsState,
    context: &RequestContext,
    caller: &OrgCaller,
    operation: impl Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
) -> Result<T, MeritsError> {
    by(sigma, context, caller.actor(), operation).await
}

/// The same for any actor.
///
/// # Errors
/// It was refused, or the store does not answer.
pub async fn by<T: Send + 'static>(
    sigma: &MeritsState,
    context: &RequestContext,
    actor: Actor,
    operation: impl Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
) -> Result<T, MeritsError> {
    Ok(sigma.store_for(context, actor).decide(operation).await?)
}
