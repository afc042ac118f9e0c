//! Why a request is billed, or is not, in plain words.

use suiftly_schema::ids::CustomerId;
use suiftly_schema::price::{PriceBook, StatusRange};
use suiftly_schema::record::Record;
use suiftly_schema::stream::billed_as;

/// Whether it is billed by this book, and why. `customer` is who would pay for it.
pub(super) fn of(record: &Record, customer: Option<CustomerId>, book: &PriceBook) -> (bool, String) {
    let (rule, version) = (&book.billable, book.version);
    let traffic = traffic(record.traffic_type);
    let statuses = statuses(&rule.statuses);
    match customer {
        None if record.customer_id.is_some() => (false, "A gateway's own request: it is nobody's bill.".to_owned()),
        None => (false, "No customer's key came with it: it is nobody's bill.".to_owned()),
        Some(_) if !rule.traffic_types.contains(&billed_as(record.traffic_type)) => {
            (false, format!("It {traffic}: price book {version} leaves such requests free."))
        }
        Some(_) if rule.is_billable(record.traffic_type, record.status_code) => {
            let status = record.status_code;
            (
                true,
                format!("It {traffic} and was answered with status {status}: price book {version} bills {statuses}."),
            )
        }
        Some(_) if record.status_code < 0 => {
            (false, format!("The client left before there was an answer: price book {version} bills {statuses}."))
        }
        Some(_) => {
            let status = record.status_code;
            (false, format!("Status {status} is free: price book {version} bills {statuses}."))
        }
    }
}

fn traffic(traffic_type: u8) -> &'static str {
    match traffic_type {
        0 => "came without a traffic type",
        1 => "was within the guaranteed rate",
        2 => "was within the burst rate",
        3 => "was denied by the gateway",
        4 => "was dropped by the gateway",
        5 => "was dropped by the gateway for its address",
        6 => "was refused: the service was not available",
        7 => "is a part of a stream",
        8 => "is the end of a stream",
        _ => "is of an unknown traffic type",
    }
}

/// `statuses 100 to 399 and 404`.
fn statuses(ranges: &[StatusRange]) -> String {
    let range = |range: &StatusRange| match range.from == range.to {
        true => range.from.to_string(),
        false => format!("{} to {}", range.from, range.to),
    };
    format!("statuses {}", ranges.iter().map(range).collect::<Vec<_>>().join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tail::testing::record;
    use suiftly_schema::vault;

    #[test]
    fn words() {
        let book = PriceBook::v1();
        let said = |traffic_type, status_code, customer| {
            let customer_id = CustomerId::new(customer);
            let record = Record { traffic_type, status_code, customer_id, ..record(1) };
            of(&record, vault::billed(customer_id), &book)
        };
        let cases = [
            (
                1,
                200,
                7,
                true,
                "guaranteed rate and was answered with status 200: price book 1 bills statuses 100 to 399.",
            ),
            (2, 304, 7, true, "burst rate and was answered with status 304: "),
            (1, 503, 7, false, "Status 503 is free: price book 1 bills statuses 100 to 399."),
            (1, -1, 7, false, "The client left before there was an answer"),
            (3, 200, 7, false, "It was denied by the gateway: price book 1 leaves such requests free."),
            (0, 200, 7, false, "It came without a traffic type"),
            (7, 200, 7, true, "It is a part of a stream and was answered with status 200: "),
            (8, 200, 7, false, "It is the end of a stream: price book 1 leaves such requests free."),
            (1, 200, 0, false, "No customer's key"),
            (1, 200, vault::CANARY_BASE, false, "A gateway's own request"),
        ];
        for (traffic, status, customer, is_billed, words) in cases {
            let (found, reason) = said(traffic, status, customer);
            assert_eq!(found, is_billed, "{reason}");
            assert!(reason.contains(words), "{reason}");
        }
        let ranges = [StatusRange { from: 200, to: 299 }, StatusRange { from: 404, to: 404 }];
        assert_eq!(statuses(&ranges), "statuses 200 to 299 and 404");
    }
}
