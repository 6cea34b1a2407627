//! Elapsed time, for timeouts and measures: the one place of the store that reads the machine's own clock. It does not follow
//! the `Clock`, because how long a database takes has nothing to do with what time it is.

use std::time::Instant;

/// A point in monotonic time.
#[expect(clippy::disallowed_methods, reason = "time-outs of the engine measure real time, in this place only")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
