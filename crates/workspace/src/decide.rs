//! Decisions of the store, as responses of this surface.

use sigma_core::actor::Actor;
use sigma_platform::http::RequestContext;
use sigma_store::Tx;
use sigma_store::org::Decision;

use crate::error::WorkspaceError;
use sigma_platform::state::AppState;

/// Runs the write in one transaction, which also checks whether it is allowed.
///
/// # Errors
/// It was refused, or the store does not answer.
pub async fn decide<T: Send + 'static>(
    sigma: &AppState,
    context: &RequestContext,
    operation: impl Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
) -> Result<T, WorkspaceError> {
    // Operations of workspaces are told who acts, and judge it.
    Ok(sigma.store_for(context, Actor::Anonymous).decide(operation).await?)
}

/// Looks it up.
///
/// # Errors
/// There is no such object, or the store does not answer.
pub async fn look_up<T: Send + 'static>(
    sigma: &AppState,
    operation: impl Fn(&mut dyn Tx) -> Decision<T> + Send + 'static,
) -> Result<T, WorkspaceError> {
    Ok(sigma.store.look_up(operation).await?)
}
