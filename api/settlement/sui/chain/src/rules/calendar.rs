//! Billing months out of the chain's clock: UTC calendar months, written as `YYYYMM`.

const DAY_MS: u64 = 86_400_000;
/// Days from 1 March of the year 0 to 1 January 1970.
const DAYS_BEFORE_1970: u64 = 719_468;
/// Days of 400 years, of 100, of 4 (less one), of one.
const DAYS_400_YEARS: u64 = 146_097;
const DAYS_100_YEARS: u64 = 36_524;
const DAYS_4_YEARS: u64 = 1_460;
const DAYS_YEAR: u64 = 365;

/// The month of an instant, in milliseconds since 1970. Years are counted from March, as the contract does it.
pub(crate) fn month_of(timestamp_ms: u64) -> u32 {
    let days = timestamp_ms / DAY_MS + DAYS_BEFORE_1970;
    let (era, day) = (days / DAYS_400_YEARS, days % DAYS_400_YEARS);
    let year = (day - day / DAYS_4_YEARS + day / DAYS_100_YEARS - day / (DAYS_400_YEARS - 1)) / DAYS_YEAR;
    let day_of_year = day - (DAYS_YEAR * year + year / 4 - year / 100);
    // 0 is March, 9 December, 10 January.
    let from_march = (5 * day_of_year + 2) / 153;
    let (month, years_on) = if from_march < 10 { (from_march + 3, 0) } else { (from_march - 9, 1) };
    // What does not fit is some hundred thousand years away.
    u32::try_from((era * 400 + year + years_on) * 100 + month).unwrap_or(u32::MAX)
}

/// The month before a month.
pub(crate) const fn previous(month: u32) -> u32 {
    if month % 100 == 1 { month - 89 } else { month - 1 }
}

/// Whether it is one: `YYYYMM` with a month from 1 to 12.
pub(crate) fn is_month(month: u32) -> bool {
    (1..=12).contains(&(month % 100))
}
