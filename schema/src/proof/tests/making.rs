//! What is put together is verified, and what does not fit together is not put together.

use crate::proof::subtrees::{Subtrees, path};
use crate::proof::{
    AnchorKind, CHARGES_MAX, ChargeRoot, Found, Hash, Hex, InputsTree, MakeError, MonthProof, Part, RecordLeaf,
    SealedPart, Tree, make, tree, verify,
};
use crate::time::{BillingMonth, UnixMillis};
use proptest::prelude::*;

fn hour(of: usize) -> UnixMillis {
    BillingMonth::parse("2026-11").unwrap().start().plus_ms(i64::try_from(of).unwrap() * 3_600_000)
}

fn record(hour: UnixMillis, number: usize) -> RecordLeaf {
    RecordLeaf {
        timestamp: hour.plus_ms(i64::try_from(number).unwrap()),
        server_id: Some(17),
        line: None,
        service: None,
        network: None,
        traffic_type: 1,
        event_type: 0,
        status_code: 200,
        bytes_sent: 100,
        repeat: 1,
        api_key_fp: 7,
        path_prefix: None,
        request_id: None,
    }
}

/// A month of parts with so many records each.
struct Month {
    records: Vec<Vec<RecordLeaf>>,
    parts: Vec<SealedPart>,
}

impl Month {
    fn of(counts: &[usize]) -> Self {
        let hours = counts.iter().enumerate().map(|(at, count)| (hour(at / 2), *count));
        let records: Vec<Vec<_>> = hours.map(|(hour, count)| (0..count).map(|i| record(hour, i)).collect()).collect();
        let parts = records.iter().enumerate().map(|(at, records)| sealed(at, records)).collect();
        Self { records, parts }
    }

    fn leaves(&self) -> Vec<Hash> {
        self.parts.iter().map(SealedPart::leaf).collect()
    }

    fn root(&self, parts: usize) -> Hash {
        tree::root(&self.leaves()[..parts])
    }

    fn found(&self, part: usize, index: usize) -> Found {
        let leaves: Vec<_> = self.records[part].iter().map(RecordLeaf::hash).collect();
        let mut kept = Subtrees::default();
        leaves.iter().for_each(|leaf| kept.push(*leaf));
        let path = path(index as u64, &leaves, &kept.roots()).unwrap();
        Found { record: self.records[part][index], index: index as u64, path, part }
    }

    /// As of an invoice over the first parts.
    fn inputs(&self, parts: usize) -> InputsTree {
        let proof = MonthProof { parts: parts as u64, root: self.root(parts) };
        InputsTree { rest: Hash::of(b"the rest"), month: BillingMonth::parse("2026-11").unwrap(), proof }
    }
}

fn sealed(at: usize, records: &[RecordLeaf]) -> SealedPart {
    let (first_epoch, count) = (at as u64 * 10 + 1, records.len() as u64);
    let leaves: Vec<_> = records.iter().map(RecordLeaf::hash).collect();
    let part = Part {
        account: Part::account_of("0xa1").unwrap(),
        journal: Hex([7; 16]),
        hour: records[0].timestamp.hour(),
        first_epoch,
        last_epoch: first_epoch + 9,
        requests: count,
        bytes: count * 100,
    };
    SealedPart { part, records: Tree { count, root: tree::root(&leaves) } }
}

fn charge(digest: &str, root: Hash) -> ChargeRoot {
    ChargeRoot { digest: digest.to_owned(), root }
}

#[test]
fn a_month_that_runs_is_proven_by_its_charges() {
    let month = Month::of(&[3, 1, 5, 2]);
    let empty = Hash::of_no_leaves();
    let charges = [
        charge("none", empty),
        charge("two", month.root(2)),
        charge("all", month.root(4)),
        charge("other", Hash::of(b"x")),
    ];
    let file = make(month.found(2, 4), &month.parts, None, &charges).unwrap();
    let found = verify(file.to_json().as_bytes()).unwrap();
    assert_eq!((found.record, found.part, found.records), (month.records[2][4], month.parts[2].part, 5));
    assert_eq!(found.tree, Tree { count: 4, root: month.root(4) });
    let anchors: Vec<_> = found.anchors.iter().map(|anchor| (anchor.name.as_str(), anchor.covers)).collect();
    assert_eq!(
        anchors,
        [("none", false), ("two", false), ("all", true)],
        "a root that the month never had is left out"
    );
}

#[test]
fn of_many_charges_the_latest_are_named() {
    let month = Month::of(&[3, 1]);
    let mut charges = vec![charge("first", month.root(1)), charge("second", month.root(1))];
    charges.extend((0..CHARGES_MAX - 1).map(|n| charge(&format!("later{n}"), month.root(2))));
    let file = make(month.found(1, 0), &month.parts, None, &charges).unwrap();
    let found = verify(file.to_json().as_bytes()).unwrap();
    let names = (found.anchors[0].name.as_str(), found.anchors[CHARGES_MAX - 1].name.as_str());
    assert_eq!((found.anchors.len(), names.0, names.1), (CHARGES_MAX, "second", "later1022"));
}

#[test]
fn an_invoice_bounds_the_month() {
    let month = Month::of(&[3, 1, 5, 2]);
    let inputs = month.inputs(3);
    let invoice = Some(("INV-2026-000017", inputs));
    let charges = [charge("close", inputs.hash()), charge("all", month.root(4))];
    let file = make(month.found(2, 0), &month.parts, invoice, &charges).unwrap();
    let found = verify(file.to_json().as_bytes()).unwrap();
    assert_eq!(found.tree, Tree { count: 3, root: month.root(3) });
    let anchors: Vec<_> = found.anchors.iter().map(|anchor| (anchor.kind, anchor.root, anchor.covers)).collect();
    assert_eq!(
        anchors,
        [(AnchorKind::Invoice, inputs.hash(), true), (AnchorKind::Charge, inputs.hash(), true)],
        "what the invoice does not cover is not shown with it"
    );
    // What came later is not on the invoice.
    let late = make(month.found(3, 1), &month.parts, invoice, &charges).unwrap();
    assert_eq!((late.invoice, late.in_month.count, late.charges.len()), (None, 4, 1));
}

#[test]
fn what_does_not_fit_is_not_put_together() {
    let month = Month::of(&[3, 1, 5, 2]);
    let wrong = MonthProof { parts: 2, root: month.root(3) };
    let other = InputsTree { proof: wrong, ..month.inputs(3) };
    assert_eq!(make(month.found(0, 0), &month.parts, Some(("a", other)), &[]), Err(MakeError::Invoice));
    let more = InputsTree { proof: MonthProof { parts: 5, root: month.root(4) }, ..month.inputs(3) };
    assert_eq!(make(month.found(0, 0), &month.parts, Some(("a", more)), &[]), Err(MakeError::Invoice));
    let nowhere = make(month.found(3, 0), &month.parts[..3], None, &[]);
    assert_eq!(nowhere, Err(MakeError::Part { part: 3, parts: 3 }));
}

proptest! {
    #[test]
    fn any_record_of_any_month(
        counts in prop::collection::vec(1usize..9, 1..20),
        part in any::<prop::sample::Index>(), index in any::<prop::sample::Index>(),
        billed in any::<prop::sample::Index>(), charged in any::<prop::sample::Index>(),
    ) {
        let month = Month::of(&counts);
        let part = part.index(counts.len());
        let (index, billed) = (index.index(counts[part]), billed.index(counts.len() + 1));
        let charged = charged.index(counts.len() + 1);
        let inputs = month.inputs(billed);
        let charges = [charge("running", month.root(charged)), charge("closed", inputs.hash())];
        let file = make(month.found(part, index), &month.parts, Some(("INV-1", inputs)), &charges).unwrap();
        let found = verify(file.to_json().as_bytes()).unwrap();
        let is_billed = part < billed;
        let count = if is_billed { billed } else { counts.len() };
        prop_assert_eq!(found.tree, Tree { count: count as u64, root: month.root(count) });
        prop_assert_eq!(found.record, month.records[part][index]);
        prop_assert_eq!(found.is_bound_by(&inputs.hash()), is_billed);
        prop_assert_eq!(found.is_bound_by(&month.root(charged)), part < charged && charged <= count);
    }
}
