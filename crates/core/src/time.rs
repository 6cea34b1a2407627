//! Time as a value: the clock is a parameter of everything that asks for it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: microseconds since the Unix epoch, as in every table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The time `seconds` seconds after the epoch (`NumericDate`, RFC 7519 §2).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch (`NumericDate`, RFC 7519 §2).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This time plus `span`, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This time minus `span`.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to this; zero if it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `YYYY-MM-DDTHH:MM:SS.sssZ`, as JavaScript's `toISOString` writes it (proleptic Gregorian, UTC).
    pub fn iso8601(self) -> String {
        let days = self.0.div_euclid(86_400_000_000);
        let millis = self.0.rem_euclid(86_400_000_000) / 1_000;
        let (year, month, day) = civil_from_days(days);
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            millis / 3_600_000,
            millis / 60_000 % 60,
            millis / 1_000 % 60,
            millis % 1_000
        )
    }

    /// The time that `text` names, in the form of RFC 3339 §5.6.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let number = |text: Option<&str>, least: i64, most: i64| {
            let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<i64>().ok().filter(|number| (least..=most).contains(number))
        };
        let is_separated = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')]
            .into_iter()
            .all(|(at, wanted)| text.as_bytes().get(at) == Some(&wanted));
        if !is_separated || !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return None;
        }
        let (year, month) = (number(text.get(0..4), 0, 9_999)?, number(text.get(5..7), 1, 12)?);
        let (day, hour) = (number(text.get(8..10), 1, 31)?, number(text.get(11..13), 0, 23)?);
        let (minute, second) = (number(text.get(14..16), 0, 59)?, number(text.get(17..19), 0, 60)?);
        let mut rest = text.get(19..)?;
        let mut micros = 0;
        if let Some(fraction) = rest.strip_prefix('.') {
            let end = fraction.find(|letter: char| !letter.is_ascii_digit())?;
            let digits = fraction.get(..end).filter(|digits| (1..=9).contains(&digits.len()))?;
            micros = format!("{digits:0<6}").get(..6)?.parse().ok()?;
            rest = fraction.get(end..)?;
        }
        let offset = match rest.as_bytes() {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let minutes = number(rest.get(1..3), 0, 23)? * 60 + number(rest.get(4..6), 0, 59)?;
                if *sign == b'+' { minutes } else { -minutes }
            }
            _ => return None,
        };
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) {
            return None;
        }
        let seconds = days * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
        Some(Self(seconds * 1_000_000 + micros))
    }
}

/// The count of days since 1970-01-01 of a calendar date: the reverse of [`civil_from_days`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The calendar date of a count of days since 1970-01-01, counted in eras of 400 years that begin in March.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso8601())
    }
}

/// The source of time: the system clock in the server, a clock that the test moves in tests.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// A clock that only moves when told to, for tests.
#[derive(Debug, Default)]
pub struct ManualClock(std::sync::atomic::AtomicI64);

impl ManualClock {
    /// A clock set to `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(std::sync::atomic::AtomicI64::new(now.0))
    }

    /// Advances the clock by `span`.
    pub fn advance(&self, span: Duration) {
        self.set(self.now().plus(span));
    }

    /// Sets the clock to `now`.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_prints_as_javascript_does() {
        assert_eq!(Timestamp::from_micros(0).iso8601(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_micros(1_772_366_430_123_456).iso8601(), "2026-03-01T12:00:30.123Z");
        assert_eq!(Timestamp::from_seconds(951_782_400).iso8601(), "2000-02-29T00:00:00.000Z");
        assert_eq!(Timestamp::from_seconds(-1).iso8601(), "1969-12-31T23:59:59.000Z");
    }

    #[test]
    fn times_of_rfc_3339_are_parsed() {
        let parsed = |text| Timestamp::parse_rfc3339(text).map(Timestamp::iso8601);
        for (text, time) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2026-03-01T12:00:30.123Z", "2026-03-01T12:00:30.123Z"),
            ("2026-03-01t12:00:30.1z", "2026-03-01T12:00:30.100Z"),
            ("2000-02-29T00:30:00+01:00", "2000-02-28T23:30:00.000Z"),
            ("2000-02-28T23:30:00.123456789-00:30", "2000-02-29T00:00:00.123Z"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(time), "{text}");
        }
        for bad in [
            "",
            "2026-03-01",
            "2026-02-30T00:00:00Z",
            "2026-03-01T12:00:30",
            "2026-03-01T12:00:30.Z",
            "+026-03-01T12:00:30Z",
        ] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn spans_saturate_instead_of_wrapping() {
        assert_eq!(Timestamp::from_micros(i64::MAX).plus(Duration::from_secs(1)).micros(), i64::MAX);
        assert_eq!(Timestamp::from_seconds(1).since(Timestamp::from_seconds(5)), Duration::ZERO);
    }
}
