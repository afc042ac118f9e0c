//! Money, quantities, months and days in words, in one place. Dollars have separators, and cents or, where the amount is
//! finer, all six decimals.

use suiftly_schema::bill::CENT;
use suiftly_schema::ids::Service;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{Model, Price};
use suiftly_schema::time::{BillingMonth, UnixMillis};

const GIB: i64 = 1 << 30;

/// `$1,234.56`; `$0.000123` where cents would not be exact; `-$5.00`.
pub fn dollars(amount: MicroUsd) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let abs = amount.0.unsigned_abs();
    let whole = grouped(abs / 1_000_000);
    let micro = abs % 1_000_000;
    if amount.0 % CENT.0 == 0 {
        format!("{sign}${whole}.{:02}", micro / 10_000)
    } else {
        format!("{sign}${whole}.{micro:06}")
    }
}

/// `1234.560000`: for machines.
pub fn decimal(amount: MicroUsd) -> String {
    let sign = if amount.0 < 0 { "-" } else { "" };
    let abs = amount.0.unsigned_abs();
    format!("{sign}{}.{:06}", abs / 1_000_000, abs % 1_000_000)
}

/// `1,234,567`.
pub fn count(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// `12.346`: GiB, cut off after three digits.
pub fn gib(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    let thousandths = u128::from(bytes.unsigned_abs()) * 1000 / u128::from(GIB.unsigned_abs());
    let whole = u64::try_from(thousandths / 1000).unwrap_or(u64::MAX);
    format!("{sign}{}.{:03}", grouped(whole), thousandths % 1000)
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `November 2026`.
pub fn month(month: BillingMonth) -> String {
    let shown = month.to_string();
    let (year, number) = shown.split_once('-').unwrap_or_default();
    format!("{} {year}", month_name(number))
}

/// `1 December 2026`, in UTC.
pub fn day(at: UnixMillis) -> String {
    let shown = at.rfc3339();
    let mut parts = shown.get(..10).unwrap_or_default().split('-');
    let (year, number, day) = (parts.next(), parts.next(), parts.next());
    format!(
        "{} {} {}",
        day.unwrap_or_default().trim_start_matches('0'),
        month_name(number.unwrap_or_default()),
        year.unwrap_or_default()
    )
}

fn month_name(number: &str) -> &'static str {
    let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    at.and_then(|at| MONTHS.get(at)).copied().unwrap_or_default()
}

/// A service's name for people.
pub const fn service(service: Option<Service>) -> &'static str {
    match service {
        Some(Service::Seal) => "Seal",
        Some(Service::Grpc) => "gRPC",
        Some(Service::Graphql) => "GraphQL",
        Some(Service::Platform) => "Platform",
        Some(Service::Ssfn) => "Full node",
        Some(Service::Sealo) => "Seal (open)",
        None => "Other",
    }
}

/// What a price is, for units of this name: `$1.00 per 10,000`, `$0.06 per GiB`.
pub fn price(price: &Price, is_bytes: bool) -> String {
    let unit = match price.per_units {
        1 => "each".to_owned(),
        GIB if is_bytes => "per GiB".to_owned(),
        units => format!("per {}", count(units)),
    };
    let model = match &price.model {
        Model::PerUnit { price } => format!("{} {unit}", dollars(*price)),
        Model::Flat { price } => format!("{} flat", dollars(*price)),
        Model::Package { price } => format!("{} {unit} begun", dollars(*price)),
        Model::Graduated { .. } => "graduated".to_owned(),
        Model::Volume { .. } => "by volume".to_owned(),
    };
    let free = match price.free_units {
        0 => String::new(),
        units if is_bytes => format!(", {} GiB free", gib(units)),
        units => format!(", {} free", count(units)),
    };
    format!("{model}{free}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_in_words() {
        let cases = [
            (0, "$0.00", "0.000000"),
            (1_234_560_000, "$1,234.56", "1234.560000"),
            (1_234_567_891, "$1,234.567891", "1234.567891"),
            (-5_000_000, "-$5.00", "-5.000000"),
            (-1, "-$0.000001", "-0.000001"),
            (999_000_000, "$999.00", "999.000000"),
            (1_000_000_000_000, "$1,000,000.00", "1000000.000000"),
            (i64::MIN, "-$9,223,372,036,854.775808", "-9223372036854.775808"),
        ];
        for (micro, words, plain) in cases {
            assert_eq!((dollars(MicroUsd(micro)).as_str(), decimal(MicroUsd(micro)).as_str()), (words, plain));
        }
    }

    #[test]
    fn quantities_months_and_days() {
        assert_eq!([count(0), count(-1_234), count(1_000_000)], ["0", "-1,234", "1,000,000"]);
        assert_eq!(
            [gib(0), gib(GIB * 3 / 2), gib(-GIB), gib(i64::MAX)],
            ["0.000", "1.500", "-1.000", "8,589,934,591.999"]
        );
        let at = UnixMillis::parse_rfc3339("2026-12-01T23:59:00Z").unwrap();
        assert_eq!((day(at).as_str(), month(at.month()).as_str()), ("1 December 2026", "December 2026"));
    }

    #[test]
    fn prices_in_words() {
        let book = suiftly_schema::price::PriceBook::v1();
        assert_eq!(price(&book.requests, false), "$1.00 per 10,000");
        assert_eq!(price(&book.bytes, true), "$0.06 per GiB");
        let free = Price { free_units: 5_000, ..book.requests };
        assert_eq!(price(&free, false), "$1.00 per 10,000, 5,000 free");
        assert_eq!(
            price(&Price { model: Model::Flat { price: MicroUsd(2_000_000) }, ..free }, false),
            "$2.00 flat, 5,000 free"
        );
    }
}
