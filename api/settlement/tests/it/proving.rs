//! Months that are closed with the tree of their parts, over PostgreSQL. What is in a part is told by a sealer that has it
//! from the test; what is made of a journal is tested where journals are.

use crate::desk::{Desk, Dice, instant, month};
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use suiftly_schema::bill::BillInputs;
use suiftly_schema::ids::{CustomerId, Epoch, Service};
use suiftly_schema::proof::{Frontier, Hash, Hex, Journal, MonthProof, Part, SealedPart, Tree, inputs_hash};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::{PARTS_AWAITED_MS, SealReport, Sealer, Settlement};
use suiftly_store::money::{MoneyStore, NewPart, SealStep};

const NOVEMBER: &str = "2026-11";
const CLOSE: &str = "2026-12-02T00:00:00Z";
const LATE: &str = "2026-12-09T00:00:00Z";
const JOURNAL: Journal = Hex([0xab; 16]);
const EPOCHS_A_STEP: u64 = 10;

/// Parts that are to be sealed: a step each time, as long as there are any.
struct Planned {
    store: MoneyStore,
    steps: Mutex<Vec<Vec<NewPart>>>,
    after: Mutex<Epoch>,
    whole_from: Option<UnixMillis>,
    fails: bool,
}

impl Planned {
    fn new(desk: &Desk) -> Self {
        let (steps, after) = (Mutex::default(), Mutex::default());
        Self { store: desk.store.clone(), steps, after, whole_from: None, fails: false }
    }

    fn plan(&self, parts: Vec<NewPart>) {
        self.steps.lock().unwrap().insert(0, parts);
    }

    fn step(&self, parts: Vec<NewPart>) -> SealStep {
        let mut after = self.after.lock().unwrap();
        let step = SealStep {
            journal: JOURNAL,
            after: *after,
            first_epoch: *after + 1,
            last_epoch: *after + EPOCHS_A_STEP,
            cut_at: instant("2026-12-01T00:00:00Z"),
            whole_from: self.whole_from,
            parts,
        };
        *after = step.last_epoch;
        step
    }
}

impl Sealer for Planned {
    fn seal(&self) -> BoxFuture<'_, Result<SealReport, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async {
            if self.fails {
                return Err("the journal is not there".into());
            }
            let mut report = SealReport::default();
            loop {
                let Some(parts) = self.steps.lock().unwrap().pop() else { return Ok(report) };
                let step = self.step(parts);
                assert!(self.store.seal(&step).await.unwrap());
                assert!(!self.store.seal(&step).await.unwrap(), "twice is once");
                report.parts += step.parts.len() as u64;
            }
        })
    }
}

/// A journal whose name a part can have, with everything received.
async fn desk_at(now: &str) -> Desk {
    let desk = Desk::at(now).await;
    received(&desk, now).await;
    desk
}

async fn received(desk: &Desk, until: &str) {
    desk.run(&format!(
        "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, \
            rejected, records) VALUES ('{JOURNAL}', 1000, '{until}', 0, 0, 0, 0, 0, '{{}}', 0) \
         ON CONFLICT (journal_id) DO UPDATE SET cut_at = excluded.cut_at, updated_at = clock_timestamp()"
    ))
    .await;
}

fn proving(desk: &Desk, planned: &Arc<Planned>) -> Settlement {
    desk.settlement.clone().with_sealer(Arc::clone(planned) as _)
}

fn part(customer: CustomerId, hour: &str, requests: u64, bytes: u64) -> NewPart {
    let root = Hash::of(format!("{requests} {bytes}").as_bytes());
    let records = Tree { count: requests, root };
    NewPart { customer_id: customer, hour: instant(hour), requests, bytes, records, subtrees: vec![root] }
}

/// The tree of the parts of a customer who has no account yet, each with the step that it came in, from 0.
fn tree_of(parts: &[(u64, NewPart)]) -> MonthProof {
    tree_of_account("", parts)
}

fn tree_of_account(account: &str, parts: &[(u64, NewPart)]) -> MonthProof {
    let mut frontier = Frontier::default();
    for (step, new) in parts {
        let part = Part {
            account: Part::account_of(account).unwrap(),
            journal: JOURNAL,
            hour: new.hour,
            first_epoch: step * EPOCHS_A_STEP + 1,
            last_epoch: (step + 1) * EPOCHS_A_STEP,
            requests: new.requests,
            bytes: new.bytes,
        };
        frontier.push(SealedPart { part, records: new.records }.leaf());
    }
    MonthProof { parts: frontier.count(), root: frontier.root() }
}

/// What the inputs of a document say, after its hash was found to be theirs.
async fn proof_of(desk: &Desk, number: &str) -> Option<MonthProof> {
    let exported = desk.store.invoice(number).await.unwrap().unwrap().exported;
    assert_eq!(inputs_hash(&exported.inputs).to_string(), exported.input_hash);
    serde_json::from_str::<BillInputs>(&exported.inputs).unwrap().proof
}

const HOUR: &str = "2026-11-20T10:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_carries_the_root_of_its_bill_as_it_stood() {
    let desk = desk_at(HOUR).await;
    let planned = Arc::new(Planned::new(&desk));
    let settlement = proving(&desk, &planned);
    let (one, other) = (desk.customer(7, 0, 25_000).await, desk.customer(8, 0, 25_000).await);
    for customer in [one, other] {
        settlement.deposit(customer, 10_000).await.unwrap();
        desk.use_some(customer, HOUR, Service::Seal, 60_000, 0).await;
    }
    assert_eq!(settlement.charge_due().await.unwrap().charged, 2, "before anything is sealed");
    let parts = [(0, part(one, HOUR, 60_000, 0))];
    planned.plan(vec![parts[0].1.clone()]);
    planned.seal().await.unwrap();
    for customer in [one, other] {
        desk.use_some(customer, HOUR, Service::Seal, 60_000, 0).await;
    }
    assert_eq!(settlement.charge_due().await.unwrap().charged, 2, "of both at once");
    // What has the empty tree's root shows nothing.
    let roots = async |customer| {
        let charges = desk.store.charge_roots(customer, month(NOVEMBER)).await.unwrap();
        charges.iter().map(|charge| charge.root).collect::<Vec<_>>()
    };
    let account = desk.text(&format!("SELECT escrow_contract_id FROM customers WHERE id = {}", one.get())).await;
    assert_eq!(roots(one).await, [tree_of_account(&account, &parts).root]);
    assert!(roots(other).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_closed_with_the_tree_of_its_parts() {
    let desk = desk_at(CLOSE).await;
    let customer = desk.customer(7, 0, 25_000).await;
    desk.use_some(customer, HOUR, Service::Seal, 60, 600).await;
    desk.use_some(customer, HOUR, Service::Grpc, 40, 400).await;
    let planned = Arc::new(Planned::new(&desk));
    let settlement = proving(&desk, &planned);
    assert_eq!(settlement.bill_root(customer, month(NOVEMBER)).await.unwrap(), Hash::of_no_leaves());

    // A line came after what was sealed, and before the month's hours are read.
    let mut parts = vec![(0, part(customer, HOUR, 60, 600))];
    planned.plan(vec![parts[0].1.clone()]);
    let report = settlement.close_due().await.unwrap();
    assert_eq!((report.changed, report.waiting, report.alarms), (0, 1, 0));
    assert_eq!(settlement.bill_root(customer, month(NOVEMBER)).await.unwrap(), tree_of(&parts).root);
    parts.push((1, part(customer, HOUR, 40, 400)));
    planned.plan(vec![parts[1].1.clone()]);
    assert_eq!(settlement.close_due().await.unwrap().changed, 1);
    assert_eq!(proof_of(&desk, "INV-2026-000001").await, Some(tree_of(&parts)));
    let hash = desk.store.invoice("INV-2026-000001").await.unwrap().unwrap().exported.input_hash;
    assert_eq!(settlement.bill_root(customer, month(NOVEMBER)).await.unwrap().to_string(), hash);
    let kept = desk.store.parts_of_month(customer, month(NOVEMBER)).await.unwrap();
    assert_eq!(kept.iter().map(|part| part.records.count).collect::<Vec<_>>(), [60, 40]);

    // What comes later is a note's, whose tree has the invoice's at its beginning.
    desk.use_some(customer, "2026-11-30T23:00:00Z", Service::Seal, 5, 50).await;
    parts.push((2, part(customer, "2026-11-30T23:00:00Z", 5, 50)));
    planned.plan(vec![parts[2].1.clone()]);
    desk.go_to(LATE);
    received(&desk, LATE).await;
    assert_eq!(settlement.notes_due().await.unwrap().changed, 1);
    let documents = desk.store.proof_documents(customer, month(NOVEMBER)).await.unwrap();
    let found: Vec<_> = documents.iter().map(|document| document.inputs.proof).collect();
    assert_eq!(found, [tree_of(&parts[..2]), tree_of(&parts)]);
    desk.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_shown_is_billed_without_a_tree() {
    let cases: [(Option<&str>, bool); 3] =
        [(Some("2026-10-31T22:50:00.001Z"), true), (Some("2026-10-31T22:50:00Z"), false), (None, false)];
    for (whole_from, is_lacking) in cases {
        let desk = desk_at(CLOSE).await;
        let customer = desk.customer(7, 0, 25_000).await;
        desk.use_some(customer, HOUR, Service::Seal, 60, 600).await;
        let planned = Planned { whole_from: whole_from.map(instant), ..Planned::new(&desk) };
        planned.plan(vec![part(customer, HOUR, 59, 590)]);
        let report = proving(&desk, &Arc::new(planned)).close_due().await.unwrap();
        assert_eq!((report.changed, report.waiting), (u64::from(is_lacking), u64::from(!is_lacking)), "{whole_from:?}");
        if is_lacking {
            assert_eq!(proof_of(&desk, "INV-2026-000001").await, None);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_that_the_journal_denies_is_left_to_people() {
    let desk = desk_at(CLOSE).await;
    let customer = desk.customer(7, 0, 25_000).await;
    desk.use_some(customer, HOUR, Service::Seal, 60, 600).await;
    let planned = Arc::new(Planned::new(&desk));
    planned.plan(vec![part(customer, HOUR, 60, 601)]);
    let settlement = proving(&desk, &planned);
    desk.set(instant(CLOSE).plus_ms(PARTS_AWAITED_MS - 1));
    assert_eq!(settlement.close_due().await.unwrap().waiting, 1);
    desk.set(instant(CLOSE).plus_ms(PARTS_AWAITED_MS));
    let report = settlement.close_due().await.unwrap();
    assert_eq!((report.changed, report.alarms), (0, 1));
    let why = desk.text("SELECT body ->> 'why' FROM notifications WHERE kind = 'close_refused'").await;
    assert!(why.contains("the records of the journal do not come to the hours"), "{why}");
    // Who makes no proofs closes it.
    assert_eq!(desk.settlement.close_due().await.unwrap().changed, 1);
    assert_eq!(proof_of(&desk, "INV-2026-000001").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealer_that_fails_holds_up_no_month_that_needs_none() {
    let desk = desk_at(CLOSE).await;
    let (used, subscribed) = (desk.customer(7, 0, 25_000).await, desk.customer(8, 0, 25_000).await);
    desk.charge_tier(subscribed, NOVEMBER, (30, 30), 9_000_000).await;
    let first = Planned::new(&desk);
    first.plan(vec![part(used, HOUR, 1, 10)]);
    first.seal().await.unwrap();
    desk.use_some(used, HOUR, Service::Seal, 60, 600).await;
    let broken = Arc::new(Planned { fails: true, ..first });
    let report = proving(&desk, &broken).close_due().await.unwrap();
    assert_eq!((report.changed, report.waiting), (1, 1));
    assert_eq!(proof_of(&desk, "INV-2026-000001").await, None, "there is nothing to show of a subscription");
}

/// Months of many customers in random parts, some of them sealed between two closes: each is closed once, with the tree of
/// all parts that there are, in their order.
#[tokio::test(flavor = "multi_thread")]
async fn random_months_close_with_the_trees_of_their_parts() {
    for seed in 0..4 {
        let (desk, mut dice) = (desk_at(CLOSE).await, Dice::new(seed));
        let planned = Arc::new(Planned::new(&desk));
        let mut expected: BTreeMap<CustomerId, Vec<(u64, NewPart)>> = BTreeMap::new();
        let mut customers = Vec::new();
        for id in 1..=12 {
            customers.push(desk.customer(id, 0, 25_000).await);
        }
        for step in 0..6 {
            let mut parts = Vec::new();
            for customer in &customers {
                for hour in 0..dice.below(3) {
                    let (day, requests) = (1 + dice.below(28), 1 + dice.below(900));
                    let hour = format!("2026-11-{day:02}T{:02}:00:00Z", hour + 3 * step);
                    let bytes = dice.below(10_000);
                    let [counted, sent] = [requests, bytes].map(u64::cast_signed);
                    desk.use_some(*customer, &hour, Service::Grpc, counted, sent).await;
                    parts.push(part(*customer, &hour, requests, bytes));
                }
            }
            parts.sort_by_key(|part| (part.customer_id, part.hour));
            for part in &parts {
                expected.entry(part.customer_id).or_default().push((step, part.clone()));
            }
            planned.plan(parts);
        }
        // The last step is not known yet when months are closed for the first time.
        let last = planned.steps.lock().unwrap().remove(0);
        let waiting: std::collections::BTreeSet<_> = last.iter().map(|part| part.customer_id).collect();
        let settlement = proving(&desk, &planned);
        let report = settlement.close_due().await.unwrap();
        assert_eq!(report.waiting, waiting.len() as u64, "seed {seed}");
        planned.plan(last);
        settlement.close_due().await.unwrap();
        for (customer, parts) in expected {
            let documents = desk.store.proof_documents(customer, month(NOVEMBER)).await.unwrap();
            let found: Vec<_> = documents.iter().map(|document| document.inputs.proof).collect();
            assert_eq!(found, [tree_of(&parts)], "seed {seed}, customer {}", customer.get());
        }
        desk.assert_balanced().await;
    }
}
