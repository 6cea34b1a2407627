//! A task's way to wait for changes instead of asking for them.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::feed::Forget;
use crate::store::Store;

/// Wakes a task when something of a kind changed, in this process at once and in others within a second. It is a hint: a
/// change that the feed missed wakes nobody.
pub struct Signal(Arc<Wake>);

struct Wake(Notify);

impl Signal {
    /// A signal of what [`Tx::changed`](crate::Tx::changed) reports as `kind`.
    pub fn new(store: &Store, kind: &'static str) -> Self {
        let wake = Arc::new(Wake(Notify::new()));
        let weak = Arc::downgrade(&wake);
        store.feed().watch(kind, weak);
        Self(wake)
    }

    /// Waits for a change since the last call.
    pub async fn changed(&self) {
        self.0.0.notified().await;
    }
}

impl Forget for Wake {
    fn forget(&self, _: &str) {
        self.0.notify_one();
    }

    fn forget_all(&self) {
        self.0.notify_one();
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signal")
    }
}
