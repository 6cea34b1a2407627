//! The timestamp of an auth token (RFC 3339).

/// The time that `text` denotes, in milliseconds since the Unix epoch; further digits are truncated.
///
/// RFC 3339 §5.6 with upper-case `T` and `Z`, one to nine fractional digits, no leap second. Known clients send
/// `YYYY-MM-DDTHH:MM:SS.sssZ`; the standard's other forms are accepted too.
pub(crate) fn parse_millis(text: &str) -> Option<i64> {
    let mut rest = text.as_bytes();
    let year = number::<4>(&mut rest)?;
    literal(&mut rest, b'-')?;
    let month = number::<2>(&mut rest).filter(|month| (1..=12).contains(month))?;
    literal(&mut rest, b'-')?;
    let day = number::<2>(&mut rest).filter(|day| (1..=days_in_month(year, month)).contains(day))?;
    literal(&mut rest, b'T')?;
    let hour = number::<2>(&mut rest).filter(|hour| *hour < 24)?;
    literal(&mut rest, b':')?;
    let minute = number::<2>(&mut rest).filter(|minute| *minute < 60)?;
    literal(&mut rest, b':')?;
    let second = number::<2>(&mut rest).filter(|second| *second < 60)?;
    let millis = fraction(&mut rest)?;
    let offset = offset_minutes(&mut rest)?;
    let minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset;
    rest.is_empty().then_some((minutes * 60 + second) * 1_000 + millis)
}

/// Reads exactly `N` decimal digits.
fn number<const N: usize>(rest: &mut &[u8]) -> Option<i64> {
    let (digits, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

fn literal(rest: &mut &[u8], expected: u8) -> Option<()> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    (*first == expected).then_some(())
}

/// Reads `.` and one to nine digits, if present; the first three are the milliseconds.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some((b'.', after)) = rest.split_first() else { return Some(0) };
    let length = after.iter().take_while(|digit| digit.is_ascii_digit()).count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let (digits, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(digits.iter().chain(b"00").take(3).fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0')))
}

/// Reads `Z` or `±hh:mm`.
fn offset_minutes(rest: &mut &[u8]) -> Option<i64> {
    let (sign, after) = rest.split_first()?;
    *rest = after;
    let sign = match sign {
        b'Z' => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = number::<2>(rest).filter(|hours| *hours < 24)?;
    literal(rest, b':')?;
    let minutes = number::<2>(rest).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 60 + minutes))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a Gregorian date, counted in eras of 400 years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_millis;

    #[test]
    fn the_format_of_known_clients_is_read() {
        assert_eq!(parse_millis("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(parse_millis("2026-03-01T12:00:30.123Z"), Some(1_772_366_430_123));
        assert_eq!(parse_millis("2000-02-29T00:00:00.000Z"), Some(951_782_400_000));
        assert_eq!(parse_millis("1969-12-31T23:59:59.999Z"), Some(-1));
        assert_eq!(parse_millis("0000-01-01T00:00:00.000Z"), Some(-62_167_219_200_000));
        assert_eq!(parse_millis("9999-12-31T23:59:59.999Z"), Some(253_402_300_799_999));
    }

    #[test]
    fn other_forms_of_rfc_3339_are_read_alike() {
        let noon = parse_millis("2026-03-01T12:00:00.000Z");
        assert_eq!(parse_millis("2026-03-01T12:00:00Z"), noon);
        assert_eq!(parse_millis("2026-03-01T12:00:00.000999999Z"), noon);
        assert_eq!(parse_millis("2026-03-01T13:30:00+01:30"), noon);
        assert_eq!(parse_millis("2026-02-28T23:59:00.0-12:01"), noon);
        assert_eq!(parse_millis("2026-03-01T12:00:00.5Z"), noon.map(|noon| noon + 500));
    }

    #[test]
    fn invalid_timestamps_are_rejected() {
        for wrong in [
            "",
            "not-a-date",
            "2026-03-01",
            "2026-03-01T12:00Z",
            "2026-03-01T12:00:00",
            "2026-03-01t12:00:00z",
            "2026-03-01 12:00:00Z",
            "2026-3-1T12:00:00Z",
            "2026-02-29T12:00:00Z",
            "1900-02-29T12:00:00Z",
            "2026-04-31T12:00:00Z",
            "2026-00-01T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-03-00T12:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T12:60:00Z",
            "2026-03-01T12:00:60Z",
            "2026-03-01T12:00:00.Z",
            "2026-03-01T12:00:00.0000000000Z",
            "2026-03-01T12:00:00.000ZZ",
            "2026-03-01T12:00:00.000Z ",
            " 2026-03-01T12:00:00.000Z",
            "2026-03-01T12:00:00+24:00",
            "2026-03-01T12:00:00+01:60",
            "2026-03-01T12:00:00+0100",
            "2026-03-01T12:00:00\u{661}Z",
            "+002026-03-01T12:00:00.000Z",
            "Sun, 01 Mar 2026 12:00:00 GMT",
        ] {
            assert_eq!(parse_millis(wrong), None, "{wrong}");
        }
    }
}
