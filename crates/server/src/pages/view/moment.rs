//! Times as people read them: in UTC, with the exact time in the markup.

use std::time::Duration;

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

/// How long something lasts, in the largest unit that is exact: `7 days`, `1 hour`, `90 minutes`.
pub fn duration(span: Duration) -> String {
    let minutes = span.as_secs().div_ceil(60);
    let (count, unit) = match minutes {
        minutes if minutes % 1_440 == 0 && minutes > 1_440 => (minutes / 1_440, "day"),
        minutes if minutes % 60 == 0 => (minutes / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_use_the_largest_exact_unit() {
        for (minutes, reported) in [
            (1, "1 minute"),
            (5, "5 minutes"),
            (60, "1 hour"),
            (90, "90 minutes"),
            (1_440, "24 hours"),
            (2_880, "2 days"),
            (10_080, "7 days"),
        ] {
            assert_eq!(duration(Duration::from_mins(minutes)), reported);
        }
    }
}
