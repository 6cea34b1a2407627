//! Times as people read them: in UTC, with the exact time in the markup.

use sigma_core::time::Timestamp;

/// `2026-11-22`.
pub fn day(at: Timestamp) -> String {
    let iso = at.iso8601();
    iso.split_once('T').map_or_else(|| iso.clone(), |(day, _)| day.to_owned())
}

/// `2026-11-22 06:14 UTC`.
pub fn minute(at: Timestamp) -> String {
    let iso = at.iso8601();
    let (day, time) = iso.split_once('T').unwrap_or((&iso, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or_default())
}
