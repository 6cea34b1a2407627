//! The state of this surface.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;

use super::memory::WorkspaceMemory;
use sigma_platform::state::AppState;

/// The state of the server, and what this surface remembers beside it; cheap to clone. Handlers that do not need the latter
/// take the former.
#[derive(Clone)]
pub struct WorkspaceState(Arc<Inner>);

struct Inner {
    shared: AppState,
    memory: WorkspaceMemory,
}

impl WorkspaceState {
    /// With an empty memory. A server has one.
    pub fn new(shared: AppState) -> Self {
        let memory = WorkspaceMemory::new(&shared.store);
        Self(Arc::new(Inner { shared, memory }))
    }

    pub(super) fn memory(&self) -> &WorkspaceMemory {
        &self.0.memory
    }
}

impl Deref for WorkspaceState {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0.shared
    }
}

impl FromRef<WorkspaceState> for AppState {
    fn from_ref(state: &WorkspaceState) -> Self {
        state.0.shared.clone()
    }
}
