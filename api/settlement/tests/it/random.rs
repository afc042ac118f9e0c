//! Whatever customers do in whatever order, with whatever faults: the ledger balances, and nobody is charged too much.

use crate::desk::Desk;
use proptest::prelude::*;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_settlement::escrow::{Fault, FaultPlan};

const NOW: &str = "2026-11-22T10:00:00Z";
const CUSTOMERS: i64 = 3;
const FAULTS: [Option<Fault>; 6] =
    [None, None, Some(Fault::Refuse), Some(Fault::Fail), Some(Fault::Lose), Some(Fault::Late { calls: 2 })];

#[derive(Clone, Debug)]
enum Step {
    Deposit(i64),
    Withdraw(i64),
    Use(i64),
    Limit(i64),
    Credit(i64),
    Charge,
    Pay,
    Recover,
    Poll,
    /// Hours.
    Wait(i64),
}

fn step() -> impl Strategy<Value = (i64, Step, usize)> {
    let step = prop_oneof![
        3 => (1..5_000i64).prop_map(Step::Deposit),
        1 => (1..3_000i64).prop_map(Step::Withdraw),
        4 => (1..150_000i64).prop_map(Step::Use),
        2 => prop_oneof![Just(0), 1_000..6_000i64].prop_map(Step::Limit),
        1 => (1..3_000_000i64).prop_map(Step::Credit),
        4 => Just(Step::Charge),
        2 => Just(Step::Pay),
        1 => Just(Step::Recover),
        1 => Just(Step::Poll),
        1 => (1..60i64).prop_map(Step::Wait),
    ];
    (1..=CUSTOMERS, step, 0..FAULTS.len())
}

async fn take(desk: &Desk, (id, step, fault): &(i64, Step, usize), n: usize) {
    let (customer, settlement) = (CustomerId::new(*id).unwrap(), &desk.settlement);
    if matches!(step, Step::Charge | Step::Pay | Step::Recover) {
        desk.escrow.push(FAULTS[*fault]);
    }
    match *step {
        Step::Deposit(cents) => drop(settlement.deposit(customer, cents).await.unwrap()),
        // More than there is is refused.
        Step::Withdraw(cents) => drop(settlement.request_withdrawal(customer, cents).await),
        Step::Use(requests) => desk.use_some(customer, &desk.now().hour().rfc3339(), Service::Seal, requests, 0).await,
        Step::Limit(cents) => drop(settlement.set_limit(customer, cents).await.unwrap()),
        Step::Credit(micro) => {
            settlement.grant_credit(customer, MicroUsd(micro), &format!("step {n}"), None).await.unwrap();
        }
        Step::Charge => drop(settlement.charge_due().await.unwrap()),
        Step::Pay => drop(settlement.pay_withdrawals().await.unwrap()),
        Step::Recover => drop(settlement.recover().await.unwrap()),
        Step::Poll => drop(settlement.poll_events().await.unwrap()),
        Step::Wait(hours) => desk.set(desk.now().plus_ms(hours * 3_600_000)),
    }
}

async fn holds(steps: &[(i64, Step, usize)]) {
    let desk = Desk::at(NOW).await;
    for id in 1..=CUSTOMERS {
        desk.customer(id, 0, 2_500).await;
    }
    for (n, one) in steps.iter().enumerate() {
        take(&desk, one, n).await;
        let check = desk.settlement.ledger_check().await.unwrap();
        assert_eq!(check.count, 0, "after {n} {one:?}: {check:?}");
    }
    // Faults that were not taken are gone; what waits after refusals is a day later; what is late has come.
    desk.escrow.replan(FaultPlan::default());
    for _ in 0..3 {
        desk.set(desk.now().plus_ms(86_400_000));
        desk.settlement.recover().await.unwrap();
        desk.settlement.poll_events().await.unwrap();
        desk.settlement.pay_withdrawals().await.unwrap();
        desk.settlement.charge_due().await.unwrap();
    }
    let found = desk.settlement.reconcile().await.unwrap();
    assert_eq!(found.count, 0, "{found:?}");
    assert_eq!(desk.settlement.ledger_check().await.unwrap().differences, []);
    assert_eq!(desk.text("SELECT count(*) FROM withdrawals WHERE settled_at IS NULL").await, "0");
    let past_the_limit = "SELECT count(*) FROM embedded_escrow_months WHERE authorised_usd_cents > 0 AND charged_usd_cents > authorised_usd_cents";
    assert_eq!(desk.text(past_the_limit).await, "0");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_order_of_steps_balances(steps in proptest::collection::vec(step(), 20..60)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(holds(&steps));
    }
}
