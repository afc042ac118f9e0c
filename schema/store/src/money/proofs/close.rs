//! Whether the parts of a month are its bill: what a close binds by the invoice's hash.

use super::{frontier_of, month_proof};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use crate::money::closing::MonthCase;
use deadpool_postgres::Transaction;
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::bill::BillInputs;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::proof::{MonthProof, covers};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

const HOURS: &str = "SELECT customer_id, hour, sum(requests)::bigint, sum(bytes)::bigint FROM proof_parts \
    WHERE customer_id = ANY($1) AND month = $2 GROUP BY 1, 2";
const MONTHS: &str = "SELECT customer_id, parts, peaks FROM proof_months WHERE customer_id = ANY($1) AND month = $2";
const JOURNALS: &str = "SELECT journal_id, whole_from FROM proof_journals";

/// Requests and bytes by hour.
type Hours = BTreeMap<UnixMillis, (i64, i64)>;

/// What is known of a month's parts beside its bill.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Parts {
    /// Nobody makes any here, or the month has nothing that could be in one.
    #[default]
    None,
    /// They come to the hours of the bill, to the last byte: its inputs name their tree.
    Whole,
    /// They do not come to the hours, yet: lines may have come since they were sealed.
    Behind,
    /// They cannot come to them: why not.
    Lacking(String),
}

/// A month's parts, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct MonthParts {
    hours: Hours,
    tree: Option<MonthProof>,
}

/// Holds months against their parts, and names their trees where both are the same.
pub(in crate::money) async fn attach(
    transaction: &Transaction<'_>,
    month: BillingMonth,
    cases: &mut [MonthCase],
) -> Result<(), StoreError> {
    let ids: Vec<i64> = cases.iter().map(|case| case.inputs.customer_id.get()).collect();
    let mut parts: BTreeMap<CustomerId, MonthParts> = BTreeMap::new();
    for row in query(transaction, HOURS, &[&ids, &MonthDate(month)]).await? {
        let of = parts.entry(known_customer(row.get(0))?).or_default();
        of.hours.insert(row.get::<_, Timestamptz>(1).0, (row.get(2), row.get(3)));
    }
    for row in query(transaction, MONTHS, &[&ids, &MonthDate(month)]).await? {
        let tree = month_proof(&frontier_of(row.get(1), row.get(2))?);
        parts.entry(known_customer(row.get(0))?).or_default().tree = Some(tree);
    }
    let journals = query(transaction, JOURNALS, &[]).await?;
    let covering = |row: &&Row| covers(row.get::<_, Option<Timestamptz>>(1).map(|at| at.0), month);
    let covering: BTreeSet<String> = journals.iter().filter(covering).map(|row| row.get(0)).collect();
    for case in cases {
        let of = parts.remove(&case.inputs.customer_id).unwrap_or_default();
        (case.parts, case.inputs.proof) = of.beside(&case.inputs, &covering);
    }
    Ok(())
}

impl MonthParts {
    fn beside(&self, inputs: &BillInputs, covering: &BTreeSet<String>) -> (Parts, Option<MonthProof>) {
        if hours_of(inputs) == self.hours {
            return match self.tree {
                Some(tree) => (Parts::Whole, Some(tree)),
                None => (Parts::None, None),
            };
        }
        let unseen = inputs.journals.iter().find(|point| !covering.contains(&point.journal_id));
        let why = match unseen {
            Some(point) => format!("journal {} was not looked at from before the month on", point.journal_id),
            None if inputs.journals.is_empty() => "no journal has anything of the month".to_owned(),
            None => return (Parts::Behind, None),
        };
        (Parts::Lacking(why), None)
    }
}

/// The hours of a bill, whatever the service and the network.
fn hours_of(inputs: &BillInputs) -> Hours {
    let mut hours = Hours::new();
    for usage in &inputs.hours {
        let (requests, bytes) = hours.entry(usage.hour).or_default();
        *requests = requests.saturating_add(usage.requests);
        *bytes = bytes.saturating_add(usage.bytes);
    }
    hours
}

async fn query(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, StoreError> {
    let attempted = "read the parts of months to close";
    let prepared = transaction.prepare_cached(sql).await.map_err(StoreError::database(attempted))?;
    transaction.query(&prepared, parameters).await.map_err(StoreError::database(attempted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::bill::{HourUsage, JournalPoint};
    use suiftly_schema::ids::{Network, Service};
    use suiftly_schema::money::MicroUsd;
    use suiftly_schema::proof::Hash;

    fn inputs(hours: &[(i64, Service, i64)]) -> BillInputs {
        let month = BillingMonth::parse("2026-11").unwrap();
        let usage = |&(hour, service, requests): &(i64, Service, i64)| HourUsage {
            hour: month.start().plus_ms(hour * 3_600_000),
            service: Some(service),
            network: Some(Network::Mainnet),
            requests,
            bytes: requests * 10,
        };
        BillInputs {
            customer_id: CustomerId::new(1).unwrap(),
            month,
            journals: vec![JournalPoint { journal_id: "a".to_owned(), epoch: 7 }],
            books: Vec::new(),
            hours: hours.iter().map(usage).collect(),
            items: Vec::new(),
            cap: None,
            carried_in: MicroUsd(0),
            proof: None,
        }
    }

    fn parts(hours: &[(i64, i64)]) -> MonthParts {
        let start = BillingMonth::parse("2026-11").unwrap().start();
        let sum = |&(hour, requests): &(i64, i64)| (start.plus_ms(hour * 3_600_000), (requests, requests * 10));
        let tree = MonthProof { parts: hours.len() as u64, root: Hash::of(b"root") };
        MonthParts { hours: hours.iter().map(sum).collect(), tree: Some(tree).filter(|_| !hours.is_empty()) }
    }

    #[test]
    fn parts_are_the_bill_or_not() {
        let covering = BTreeSet::from(["a".to_owned()]);
        let billed = inputs(&[(0, Service::Seal, 3), (0, Service::Grpc, 4), (9, Service::Seal, 1)]);
        let same = parts(&[(0, 7), (9, 1)]);
        assert_eq!(same.beside(&billed, &covering), (Parts::Whole, same.tree));
        assert_eq!(same.beside(&billed, &BTreeSet::new()), (Parts::Whole, same.tree), "what is there is all");
        for other in [parts(&[(0, 7)]), parts(&[(0, 7), (9, 2)]), parts(&[(0, 7), (8, 1)]), parts(&[])] {
            assert_eq!(other.beside(&billed, &covering), (Parts::Behind, None), "{other:?}");
            let (lacking, proof) = other.beside(&billed, &BTreeSet::new());
            assert!(matches!(&lacking, Parts::Lacking(why) if why.contains("journal a ")) && proof.is_none());
        }
        let alone = BillInputs { journals: Vec::new(), ..billed };
        assert!(matches!(parts(&[]).beside(&alone, &covering), (Parts::Lacking(_), None)));
        assert_eq!(parts(&[]).beside(&inputs(&[]), &BTreeSet::new()), (Parts::None, None), "nothing to be shown");
    }
}
