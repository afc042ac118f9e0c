//! Dates as log lines write them, read from bytes by integer arithmetic alone: [`crate::syslog`] and
//! [`crate::haproxy`] need millions of them a second.

use suiftly_schema::time::UnixMillis;

/// A date and time of day as written, not yet an instant. Fields are checked by [`Civil::at_utc`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: u16,
    /// 1–12.
    pub(crate) month: u8,
    /// 1–31.
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    /// 0–59; leap seconds are not known.
    pub(crate) second: u8,
    pub(crate) ms: u16,
}

impl Civil {
    /// The instant, if there is such a date, taking it as UTC.
    pub(crate) fn at_utc(self) -> Option<UnixMillis> {
        let day_exists = (1..=days_in_month(self.year, self.month)?).contains(&self.day);
        if !day_exists || self.hour > 23 || self.minute > 59 || self.second > 59 {
            return None;
        }
        let seconds = i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second);
        let ms = (days_since_epoch(self.year, self.month, self.day) * 86_400 + seconds) * 1_000 + i64::from(self.ms);
        (UnixMillis::MIN.0..=UnixMillis::MAX.0).contains(&ms).then_some(UnixMillis(ms))
    }
}

/// The year of an instant and its month: for dates that are written without a year.
pub(crate) fn year_and_month(at: UnixMillis) -> (u16, u8) {
    // Howard Hinnant's civil_from_days, for days from 0000-03-01.
    let days = at.0.clamp(UnixMillis::MIN.0, UnixMillis::MAX.0) / 86_400_000 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (u16::try_from(year).unwrap_or(u16::MAX), u8::try_from(month).unwrap_or(1))
}

/// The year that puts a month closest to an instant: a line of December may arrive in January.
pub(crate) fn nearest_year(month: u8, at: UnixMillis) -> u16 {
    let (year, now) = year_and_month(at);
    match i16::from(month) - i16::from(now) {
        7.. => year.saturating_sub(1),
        ..=-7 => year + 1,
        _ => year,
    }
}

/// The number of an English month's three letters.
#[inline]
pub(crate) fn month_number(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

/// Two digits at `at`.
#[inline]
pub(crate) fn two_digits(bytes: &[u8], at: usize) -> Option<u8> {
    match bytes.get(at..at + 2)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

/// Four digits at `at`.
#[inline]
pub(crate) fn four_digits(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from(two_digits(bytes, at)?) * 100 + u16::from(two_digits(bytes, at + 2)?))
}

/// Reads `Nov 21 20:54:59` (RFC 3164), taken as UTC in the year nearest to `received_at`.
pub(crate) fn parse_bsd(text: &[u8], received_at: UnixMillis) -> Option<UnixMillis> {
    let month = month_number(text.get(..3)?)?;
    let day = match text.get(4..6)? {
        [b' ', ones @ b'1'..=b'9'] => ones - b'0',
        _ => two_digits(text, 4)?,
    };
    let (hour, minute, second) = time_of_day(text, 7)?;
    Civil { year: nearest_year(month, received_at), month, day, hour, minute, second, ms: 0 }.at_utc()
}

/// Reads RFC 3339 with any offset; what is finer than a millisecond is cut off.
pub(crate) fn parse_rfc3339(text: &[u8]) -> Option<UnixMillis> {
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't', rest @ ..] = text else {
        return None;
    };
    let (hour, minute, second) = time_of_day(rest, 0)?;
    let (ms, offset) = fraction_ms(rest.get(8..)?)?;
    let (year, month, day) = (four_digits(text, 0)?, two_digits(text, 5)?, two_digits(text, 8)?);
    let local = Civil { year, month, day, hour, minute, second, ms }.at_utc()?;
    let at = local.plus_ms(-offset_ms(offset)?);
    (UnixMillis::MIN..=UnixMillis::MAX).contains(&at).then_some(at)
}

/// `20:54:59` at `at`.
#[inline]
pub(crate) fn time_of_day(text: &[u8], at: usize) -> Option<(u8, u8, u8)> {
    if text.get(at + 2) != Some(&b':') || text.get(at + 5) != Some(&b':') {
        return None;
    }
    Some((two_digits(text, at)?, two_digits(text, at + 3)?, two_digits(text, at + 6)?))
}

/// `.199024` or nothing, and what follows.
fn fraction_ms(text: &[u8]) -> Option<(u16, &[u8])> {
    let Some(digits_on) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let digits = digits_on.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ms = (0..3).fold(0, |ms, at| ms * 10 + if at < digits { u16::from(digits_on[at] - b'0') } else { 0 });
    if digits == 0 { None } else { Some((ms, &digits_on[digits..])) }
}

fn offset_ms(text: &[u8]) -> Option<i64> {
    let sign = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (two_digits(text, 1)?, two_digits(text, 4)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some(sign * (i64::from(hours) * 60 + i64::from(minutes)) * 60_000)
}

fn days_in_month(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    })
}

/// Howard Hinnant's days_from_civil, for years from 1 on.
fn days_since_epoch(year: u16, month: u8, day: u8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn bsd_dates_take_the_nearest_year() {
        let cases = [
            ("Nov 21 20:54:59", "2026-11-21T20:55:00Z", Some("2026-11-21T20:54:59Z")),
            ("Nov  1 20:54:59", "2026-11-21T20:55:00Z", Some("2026-11-01T20:54:59Z")),
            ("Dec 31 23:59:59", "2027-01-01T00:00:01Z", Some("2026-12-31T23:59:59Z")),
            ("Jan  1 00:00:01", "2026-12-31T23:59:59Z", Some("2027-01-01T00:00:01Z")),
            ("Feb 29 00:00:01", "2026-03-01T00:00:00Z", None),
            ("Feb 29 00:00:01", "2028-03-01T00:00:00Z", Some("2028-02-29T00:00:01Z")),
            ("Nov 31 20:54:59", "2026-11-21T20:55:00Z", None),
            ("Nov 21 24:00:00", "2026-11-21T20:55:00Z", None),
            ("Foo 21 20:54:59", "2026-11-21T20:55:00Z", None),
            ("Nov 21 20:54", "2026-11-21T20:55:00Z", None),
            ("", "2026-11-21T20:55:00Z", None),
        ];
        for (text, received, expected) in cases {
            assert_eq!(parse_bsd(text.as_bytes(), at(received)), expected.map(at), "{text}");
        }
    }

    #[test]
    fn rfc3339_dates() {
        let cases = [
            ("2026-11-21T22:01:17.199024+00:00", Some("2026-11-21T22:01:17.199Z")),
            ("2026-11-21T22:01:17.1-07:30", Some("2026-11-22T05:31:17.1Z")),
            ("2026-11-21T22:01:17Z", Some("2026-11-21T22:01:17Z")),
            ("2026-02-29T22:01:17Z", None),
            ("1969-12-31T23:59:59Z", None),
            ("1970-01-01T00:00:00+00:01", None),
            ("2026-11-21T22:01:17.Z", None),
            ("2026-11-21T22:01:17", None),
            ("2026-11-21 22:01:17Z", None),
            ("2026-11-21T22:01:17.199024+24:00", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_rfc3339(text.as_bytes()), expected.map(at), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_reads_back_and_has_its_year_and_month(ms in UnixMillis::MIN.0..=UnixMillis::MAX.0) {
            let text = UnixMillis(ms).rfc3339();
            prop_assert_eq!(parse_rfc3339(text.as_bytes()), Some(UnixMillis(ms)));
            let (year, month) = year_and_month(UnixMillis(ms));
            prop_assert_eq!(format!("{year:04}-{month:02}"), UnixMillis(ms).month().to_string());
        }
    }
}
