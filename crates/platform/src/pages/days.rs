//! Days as browsers send them, `2026-11-22`, in UTC.

use sigma_core::time::Timestamp;
use time::format_description::well_known::Iso8601;
use time::{Date, PrimitiveDateTime, Time};

/// The beginning of a day.
pub fn beginning_of(day: &str) -> Option<Timestamp> {
    at(parse(day)?.with_time(Time::MIDNIGHT))
}

/// The end of a day, which is the beginning of the next.
pub fn end_of(day: &str) -> Option<Timestamp> {
    let day = parse(day)?;
    // The last representable day has no next one.
    at(day.next_day().map_or_else(|| day.with_time(Time::MAX), |next| next.with_time(Time::MIDNIGHT)))
}

fn parse(day: &str) -> Option<Date> {
    let day = Some(day).filter(|day| day.len() == "2026-11-22".len())?;
    Date::parse(day, &Iso8601::DATE).ok()
}

fn at(moment: PrimitiveDateTime) -> Option<Timestamp> {
    i64::try_from(moment.assume_utc().unix_timestamp_nanos() / 1_000).ok().map(Timestamp::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_utc_and_nothing_else_is() {
        assert_eq!(beginning_of("2026-03-01"), Some(Timestamp::from_seconds(1_772_323_200)));
        assert_eq!(end_of("2026-11-22").unwrap().iso8601(), "2026-11-23T00:00:00.000Z");
        assert_eq!(end_of("9999-12-31").unwrap().iso8601(), "9999-12-31T23:59:59.999Z");
        for bad in
            ["", "2026-02-30", "22.11.2026", "today", "2026-03-01T10:00:00Z", "2026-11-22T00:00", "-1-01-01", "x"]
        {
            assert_eq!((beginning_of(bad), end_of(bad)), (None, None), "{bad}");
        }
    }
}
