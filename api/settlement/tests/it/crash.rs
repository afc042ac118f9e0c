//! Whoever charges dies, at any point, with any fault of the escrow's: money moves once, and nothing is left over. Here over
//! the embedded escrow; each case is run on a chain as well, in `sui::crash` and `sui::matrix`.

mod world;

pub(crate) use world::{Points, World, lose_in_the_call};

use crate::desk::{Desk, instant};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::time::BillingMonth;
use suiftly_settlement::Settlement;
use suiftly_settlement::escrow::{Escrow, Fault, SUI};
use world::polls_of;

const NOW: &str = "2026-11-22T10:00:00Z";
/// Seal costs 100 micro-dollars a request: $5.
const FIVE_DOLLARS: i64 = 50_000;

/// Lets a future go on so many times, and drops it then: whoever it is dies at that point.
struct DiesAfter<F> {
    future: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for DiesAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.future.as_mut().poll(context).map(Some)
    }
}

pub(crate) async fn dies_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    DiesAfter { future: Box::pin(future), polls }.await
}

/// Goes on until the escrow does not answer.
pub(crate) async fn dies_in_the_call<E: Escrow>(desk: &Desk<E>, future: impl Future) {
    tokio::select! {
        _ = future => panic!("the escrow has answered"),
        () = desk.escrow.stalled() => {}
    }
}

/// Another process starts, does what every start does, and charges; three times, for what was late.
async fn restart<E: Escrow>(desk: &Desk<E>) -> Settlement {
    let settlement = desk.another();
    for _ in 0..3 {
        settlement.recover().await.unwrap();
        settlement.poll_events().await.unwrap();
        settlement.charge_due().await.unwrap();
    }
    settlement
}

/// What was drawn, in cents, by whoever says so; and nothing is odd.
async fn assert_drawn<E: Escrow>(desk: &Desk<E>, settlement: &Settlement, cents: i64, when: &str) {
    let escrow = match desk.escrow.name() {
        SUI => "SELECT coalesce(sum(amount_usd_cents), 0) FROM sui_events WHERE kind = 'charge'",
        _ => "SELECT coalesce(sum(amount_usd_cents), 0) FROM embedded_escrow_events WHERE type = 'charge'",
    };
    for (source, sql) in [
        ("escrow", escrow),
        ("charges", "SELECT coalesce(sum(amount_usd_cents), 0) FROM charges WHERE state = 'charged'"),
        ("mirrored", "SELECT coalesce(sum(amount_usd_cents), 0) FROM escrow_transactions WHERE type = 'charge'"),
        ("months", "SELECT (sum(charged_micro_usd + credits_micro_usd) / 10000)::bigint FROM billing_months"),
    ] {
        assert_eq!(desk.text(sql).await, cents.to_string(), "{source}: {when}");
    }
    let check = settlement.ledger_check().await.unwrap();
    assert_eq!(check.count, 0, "{when}: {check:?}");
    let found = settlement.reconcile().await.unwrap();
    assert_eq!(found.count, 0, "{when}: {found:?}");
}

/// The same, all of it in the month that runs.
async fn assert_drawn_this_month<E: Escrow>(desk: &Desk<E>, settlement: &Settlement, cents: i64, when: &str) {
    assert_drawn(desk, settlement, cents, when).await;
    let sql = "SELECT (sum(current_month_charged_usd_cents) + (SELECT sum(credits_micro_usd) / 10000 FROM billing_months))::bigint \
        FROM customers";
    assert_eq!(desk.text(sql).await, cents.to_string(), "this month: {when}");
}

async fn paying_customers(desk: &Desk, count: i64) -> Vec<CustomerId> {
    let mut customers = Vec::new();
    for id in 1..=count {
        let customer = desk.customer(id, 0, 0).await;
        desk.settlement.deposit(customer, 100_000).await.unwrap();
        desk.use_some(customer, NOW, Service::Seal, FIVE_DOLLARS, 0).await;
        customers.push(customer);
    }
    customers
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_at_a_step_of_a_charge_leaves_it_done_once() {
    let desk = Desk::at(NOW).await;
    let customers = paying_customers(&desk, 2).await;
    dies_at_each_step(&desk, &customers).await;
}

/// Who dies where, and with which fault of the first call. The customers have used $5 each.
pub(crate) async fn dies_at_each_step<E: Escrow>(desk: &Desk<E>, customers: &[CustomerId]) {
    let faults = [
        None,
        Some(Fault::Lose),
        Some(Fault::Fail),
        Some(Fault::Refuse),
        Some(Fault::Late { calls: 1 }),
        Some(Fault::Late { calls: 3 }),
    ];
    let mut drawn = 0;
    for fault in faults {
        for step in ["before the intent", "after the intent", "after the call", "after the record"] {
            let when = format!("{step} with {fault:?}");
            drawn += 500 * i64::try_from(customers.len()).unwrap();
            let dying = desk.another();
            match step {
                "before the intent" => drop(dying),
                "after the intent" => {
                    desk.escrow.push(Some(Fault::Stall));
                    dies_in_the_call(desk, dying.charge_due()).await;
                }
                "after the call" => {
                    desk.escrow.push(Some(Fault::DoAndStall));
                    dies_in_the_call(desk, dying.charge_due()).await;
                }
                _ => {
                    dying.charge_due().await.unwrap();
                }
            }
            if step != "after the record" {
                desk.escrow.push(fault);
            }
            restart(desk).await;
            // A refusal waits a minute.
            desk.set(desk.now().plus_ms(61_000));
            let settlement = restart(desk).await;
            assert_drawn_this_month(desk, &settlement, drawn, &when).await;
            assert_eq!(desk.text("SELECT count(*) FROM charges WHERE state = 'intended'").await, "0", "{when}");
            for customer in customers {
                desk.use_some(*customer, NOW, Service::Seal, FIVE_DOLLARS, 0).await;
            }
        }
    }
    let refused: i64 = desk.text("SELECT count(*) FROM charges WHERE state = 'refused'").await.parse().unwrap();
    assert!(refused > 0, "the faults have come");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_run_leaves_it_done_once() {
    let desk = Desk::at(NOW).await;
    let customers = paying_customers(&desk, 3).await;
    dies_anywhere(&desk, &customers, Points::Each).await;
}

/// At every point, or at many, at which a run waits for anything, one after the other, in one database. The customers
/// have used $5 each.
pub(crate) async fn dies_anywhere<W: World>(world: &W, customers: &[CustomerId], points: Points) {
    let (desk, due) = (world.desk(), 500 * i64::try_from(customers.len()).unwrap());
    restart(desk).await;
    // Once to its end, which tells how often it waits.
    use_five_dollars(desk, customers).await;
    let (all, charged) = polls_of(desk.another().charge_due()).await;
    charged.unwrap();
    let (mut drawn, mut polls, mut deaths, mut undecided, mut complete) = (2 * due, 0, 0, 0, 0);
    // Until it comes to its end a few times: how often it waits is not the same each time.
    while complete < 3 {
        polls += points.stride(all);
        use_five_dollars(desk, customers).await;
        drawn += due;
        world.disturb(deaths);
        match dies_after(polls, desk.another().charge_due()).await {
            Some(charged) => {
                charged.unwrap();
                complete += 1;
            }
            None => {
                deaths += 1;
                undecided += u32::from(desk.text("SELECT count(*) FROM charges WHERE state = 'intended'").await != "0");
            }
        }
        world.calm();
        let settlement = restart(desk).await;
        if deaths % 8 == 0 || complete == 3 {
            assert_drawn_this_month(desk, &settlement, drawn, &format!("after {polls} polls")).await;
        }
    }
    // Each death is at a point of its own: some are before anything is intended, others after.
    assert!(deaths >= points.deaths_min(), "{deaths} have died in a run that is polled {all} times");
    assert!((1..deaths).contains(&undecided), "{undecided} of {deaths} have left a charge undecided");
}

async fn use_five_dollars<E: Escrow>(desk: &Desk<E>, customers: &[CustomerId]) {
    for customer in customers {
        desk.use_some(*customer, NOW, Service::Seal, FIVE_DOLLARS, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_close_leaves_it_done_once() {
    let desk = Desk::at(CLOSES).await;
    let mut customers = Vec::new();
    for id in 1..=3 {
        let customer = desk.customer(id, 0, 0).await;
        desk.settlement.deposit(customer, 1_000_000).await.unwrap();
        customers.push(customer);
    }
    dies_anywhere_in_a_close(&desk, &customers, 29).await;
}

/// When November can be closed.
pub(crate) const CLOSES: &str = "2026-12-02T00:00:00Z";

/// The same for a close and for its charge: a month after the other, each closed by who dies a little later, then by
/// another; the first and the last in one go. Each month has one invoice, and is paid once. There are three customers with
/// funds for all of it, and it is as late as it has to be.
pub(crate) async fn dies_anywhere_in_a_close<W: World>(world: &W, customers: &[CustomerId], points: u32) {
    let (desk, spread) = (world.desk(), Points::Spread(points));
    let (mut month, mut drawn, mut stride, mut deaths) = (BillingMonth::parse("2026-11").unwrap(), 0, 0, 0);
    let months = points + 2;
    for n in 0..months {
        for customer in customers {
            // $1.2345, so that something is carried on each time.
            desk.use_some(*customer, &month.start().rfc3339(), Service::Seal, 12_345, 0).await;
        }
        let closes = month.end().plus_ms(86_400_000);
        world.set(closes);
        desk.received_until(&closes.rfc3339()).await;
        desk.settlement.renew_due().await.unwrap();
        let dying = desk.another();
        let closing = async {
            dying.close_due().await.unwrap();
            dying.charge_due().await.unwrap();
        };
        world.disturb(n);
        if n == 0 {
            stride = spread.stride(polls_of(closing).await.0);
        } else {
            let polls = if n <= points { n * stride } else { u32::MAX };
            deaths += u32::from(dies_after(polls, closing).await.is_none());
        }
        world.calm();
        desk.another().close_due().await.unwrap();
        let settlement = restart(desk).await;
        drawn = 3 * (12_345 * i64::from(n + 1) / 100);
        if n % 8 == 7 || n > points {
            assert_drawn(desk, &settlement, drawn, &format!("{month}, number {n}")).await;
        }
        month = month.next();
    }
    assert!(deaths >= spread.deaths_min(), "{deaths} of {months} did not come to their end");
    let invoices = format!("{} {}", 3 * months, drawn * 10_000);
    let found = "SELECT count(*) || ' ' || sum(payable_micro_usd) FROM invoices WHERE status = 'paid'";
    assert_eq!(desk.text(found).await, invoices);
    let numbers = "SELECT count(*) FROM (SELECT DISTINCT customer_id, month FROM invoices) AS months, \
        (SELECT sum(last) AS last FROM invoice_series) AS series WHERE last = (SELECT count(*) FROM invoices)";
    assert_eq!(desk.text(numbers).await, (3 * months).to_string(), "one a month, and no number is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_anywhere_in_a_recovery_leaves_it_done_once() {
    let desk = Desk::at(NOW).await;
    let customers = paying_customers(&desk, 1).await;
    dies_anywhere_in_a_recovery(&desk, &customers, Points::Each).await;
}

/// As many kinds of [`World::lose_the_next`] as there are at most, one after the other.
const KINDS_OF_LOSS: u32 = 4;

/// The same for what a start does, with a charge whose answer is lost. There is one customer, who has used $5.
pub(crate) async fn dies_anywhere_in_a_recovery<W: World>(world: &W, customers: &[CustomerId], points: Points) {
    let desk = world.desk();
    restart(desk).await;
    let (mut drawn, mut stride, mut polls, mut deaths, mut complete) = (500, None, 0, 0, 0);
    // Until it comes to its end whatever has happened to the charge.
    for round in 0.. {
        use_five_dollars(desk, customers).await;
        drawn += 500;
        world.lose_the_next(round);
        assert_eq!(desk.another().charge_due().await.unwrap().in_doubt, 1);
        let dying = desk.another();
        let run = async {
            dying.recover().await.unwrap();
            dying.poll_events().await.unwrap();
        };
        if let Some(stride) = stride {
            polls += stride;
            match dies_after(polls, run).await {
                Some(()) => complete += 1,
                None => (deaths, complete) = (deaths + 1, 0),
            }
        } else {
            stride = Some(points.stride(polls_of(run).await.0));
        }
        let settlement = restart(desk).await;
        if round % 8 == 7 || complete == KINDS_OF_LOSS {
            assert_drawn_this_month(desk, &settlement, drawn, &format!("after {polls} polls")).await;
        }
        if complete == KINDS_OF_LOSS {
            break;
        }
    }
    assert!(deaths >= points.deaths_min(), "{deaths} have died");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_charge_at_once_move_money_once() {
    let desk = Desk::at(NOW).await;
    let customers = paying_customers(&desk, 20).await;
    several_charge_at_once(&desk, &customers).await;
}

/// Three processes, five times. The customers have used $5 each.
pub(crate) async fn several_charge_at_once<E: Escrow>(desk: &Desk<E>, customers: &[CustomerId]) {
    let due = 500 * i64::try_from(customers.len()).unwrap();
    for round in 1..=5 {
        let settlements: Vec<_> = (0..3).map(|_| desk.another()).collect();
        let runs = settlements.iter().map(|settlement| async {
            settlement.recover().await.unwrap();
            settlement.charge_due().await.unwrap();
            settlement.poll_events().await.unwrap();
        });
        futures::future::join_all(runs).await;
        let settlement = restart(desk).await;
        assert_drawn_this_month(desk, &settlement, due * round, "at once").await;
        use_five_dollars(desk, customers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_called_for_is_not_recovered_meanwhile() {
    let desk = Desk::at(NOW).await;
    paying_customers(&desk, 1).await;
    recovers_while_another_calls(&desk).await;
}

/// Jobs of one process run beside each other: one of two calls for the same nonce could be refused, and the other done.
/// There is one customer, who has used $5.
pub(crate) async fn recovers_while_another_calls<E: Escrow>(desk: &Desk<E>) {
    desk.escrow.push(Some(Fault::Stall));
    let settlement = desk.settlement.clone();
    let charging = tokio::spawn(async move { settlement.charge_due().await });
    desk.escrow.stalled().await;
    let meanwhile = tokio::time::timeout(std::time::Duration::from_millis(300), desk.settlement.recover()).await;
    assert!(meanwhile.is_err(), "it waits: {meanwhile:?}");
    charging.abort();
    assert!(charging.await.is_err(), "it has not come to its end");
    assert_eq!(desk.settlement.recover().await.unwrap().charged, 1);
    // A chain's events are there once they were asked for.
    desk.settlement.poll_events().await.unwrap();
    assert_drawn_this_month(desk, &desk.settlement, 500, "one after the other").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_drawn_after_a_refusal_becomes_a_credit() {
    let desk = Desk::at(NOW).await;
    let customers = paying_customers(&desk, 1).await;
    draws_after_a_refusal(&desk, &customers).await;
}

/// A charge that was refused, and then done after all: what was drawn is theirs, and is used first. There is one customer,
/// who has used $5.
pub(crate) async fn draws_after_a_refusal<E: Escrow>(desk: &Desk<E>, customers: &[CustomerId]) {
    desk.escrow.push(Some(Fault::Late { calls: 3 }));
    assert_eq!(desk.settlement.charge_due().await.unwrap().in_doubt, 1);
    desk.escrow.push(Some(Fault::Refuse));
    assert_eq!(desk.settlement.recover().await.unwrap().refused, 1, "looked up, not there, called again, refused");
    let polled = desk.settlement.poll_events().await.unwrap();
    assert_eq!(polled.unexpected, 1, "{polled:?}");
    assert_eq!(desk.text("SELECT credits_micro_usd FROM customers").await, "5000000");
    assert_eq!(desk.settlement.charge_due().await.unwrap().credited, 1);
    assert_drawn_this_month(desk, &desk.settlement, 500, "late").await;
    use_five_dollars(desk, customers).await;
    assert_eq!(desk.settlement.charge_due().await.unwrap().charged, 1);
    desk.settlement.poll_events().await.unwrap();
    assert_drawn_this_month(desk, &desk.settlement, 1_000, "and then").await;
    assert_eq!(instant(NOW), desk.now());
}
