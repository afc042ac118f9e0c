//! What is charged, when, and what becomes of it, over PostgreSQL and the embedded escrow.

use crate::desk::{Desk, month};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_settlement::ChargeReport;
use suiftly_settlement::escrow::{Fault, FaultPlan};

const NOW: &str = "2026-11-22T10:00:00Z";
const CLOSE: &str = "2026-12-02T00:00:00Z";

/// A customer with funds, and usage of so many micro-dollars (in hundreds: requests of Seal).
async fn customer(desk: &Desk, id: i64, funds_cents: i64, limit_cents: i64, used: i64) -> CustomerId {
    let customer = desk.customer(id, 0, limit_cents).await;
    if funds_cents > 0 {
        desk.settlement.deposit(customer, funds_cents).await.unwrap();
    }
    used_more(desk, customer, used).await;
    customer
}

async fn used_more(desk: &Desk, customer: CustomerId, used: i64) {
    if used > 0 {
        desk.use_some(customer, NOW, Service::Seal, used / 100, 0).await;
    }
}

async fn charge(desk: &Desk) -> ChargeReport {
    let report = desk.settlement.charge_due().await.unwrap();
    assert_sound(desk).await;
    report
}

async fn assert_sound(desk: &Desk) {
    let check = desk.settlement.ledger_check().await.unwrap();
    assert_eq!(check.count, 0, "{check:?}");
    let found = desk.settlement.reconcile().await.unwrap();
    assert_eq!(found.count, 0, "{found:?}");
}

async fn column(desk: &Desk, customer: CustomerId, column: &str) -> String {
    desk.text(&format!("SELECT {column} FROM customers WHERE id = {}", customer.get())).await
}

async fn notices(desk: &Desk) -> String {
    desk.text("SELECT coalesce(string_agg(kind, ' ' ORDER BY id), '') FROM notifications").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_charged_by_what_is_used_held_and_allowed() {
    // Funds and limit in cents, usage in micro-dollars → charged in cents, and in how many charges.
    let cases: [(i64, i64, i64, (i64, u64)); 8] = [
        (10_000, 25_000, 0, (0, 0)),
        (10_000, 25_000, 4_999_900, (0, 0)),
        (10_000, 25_000, 5_000_000, (500, 1)),
        (10_000, 25_000, 7_009_900, (700, 1)),
        (300, 25_000, 7_000_000, (300, 1)),
        (0, 25_000, 7_000_000, (0, 0)),
        (10_000, 1_000, 70_000_000, (1_000, 1)),
        (10_000, 0, 70_000_000, (7_000, 1)),
    ];
    let desk = Desk::at(NOW).await;
    for (id, (funds, limit, used, (cents, count))) in (1..).zip(cases) {
        let customer = customer(&desk, id, funds, limit, used).await;
        let report = charge(&desk).await;
        assert_eq!((report.charged_usd_cents, report.charged), (cents, count), "{funds} {limit} {used}");
        assert_eq!(column(&desk, customer, "current_balance_usd_cents").await, (funds - cents).to_string());
        assert_eq!(column(&desk, customer, "charged_in_all_micro_usd").await, (cents * 10_000).to_string());
        assert_eq!(column(&desk, customer, "current_month_charged_usd_cents").await, cents.to_string());
        let again = charge(&desk).await;
        assert_eq!((again.charged, again.in_doubt), (0, 0), "again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tier_is_charged_directly_and_what_is_used_with_it() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 10_000, 25_000, 1_000_000).await;
    desk.charge_tier(customer, "2026-11", (9, 30), 40_000_000).await;
    assert_eq!(charge(&desk).await.charged_usd_cents, 1_300);
    assert_eq!(desk.text("SELECT reason FROM charges").await, "subscription");
    used_more(&desk, customer, 4_000_000).await;
    assert_eq!(charge(&desk).await.charged, 0, "the tier is covered");
}

#[tokio::test(flavor = "multi_thread")]
async fn credits_go_first_and_are_granted_once() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 10_000, 25_000, 7_000_000).await;
    let grant = async |cents: i64| {
        desk.settlement.grant_credit(customer, MicroUsd(cents * 10_000), "sorry", Some("for the outage")).await
    };
    assert!(grant(200).await.unwrap());
    assert!(!grant(200).await.unwrap(), "again");
    assert!(grant(201).await.unwrap_err().to_string().contains("another amount"));
    let report = charge(&desk).await;
    assert_eq!((report.charged_usd_cents, report.credited), (500, 1));
    assert_eq!(column(&desk, customer, "credits_micro_usd").await, "0");
    // Credits alone, and less than a cent of them stays.
    assert!(desk.settlement.grant_credit(customer, MicroUsd(9_005_000), "more", None).await.unwrap());
    used_more(&desk, customer, 5_000_000).await;
    let report = charge(&desk).await;
    assert_eq!((report.charged, report.credited), (0, 1));
    assert_eq!(column(&desk, customer, "credits_micro_usd").await, "4005000");
    assert_eq!(column(&desk, customer, "credited_in_all_micro_usd").await, "11005000");
    for (amount, reference, expected) in
        [(0, "x", "is no amount"), (1, "", "its reference"), (1, "a\nb", "its reference")]
    {
        let refused =
            desk.settlement.grant_credit(customer, MicroUsd(amount), reference, None).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_month_is_charged_for_all_of_it_and_its_invoice_is_paid() {
    let desk = Desk::at(NOW).await;
    let rich = customer(&desk, 1, 10_000, 25_000, 1_239_900).await;
    let poor = customer(&desk, 2, 100, 25_000, 1_239_900).await;
    desk.use_some(rich, "2026-12-01T10:00:00Z", Service::Seal, 60_000, 0).await;
    desk.go_to(CLOSE);
    desk.received_until(CLOSE).await;
    desk.settlement.renew_due().await.unwrap();
    desk.settlement.close_due().await.unwrap();
    let report = charge(&desk).await;
    assert_eq!(
        (report.charged_usd_cents, report.charged),
        (123 + 600 + 100, 3),
        "two months of one, a part of the other's"
    );
    let statuses = "SELECT string_agg(status, ' ' ORDER BY customer_id) FROM invoices";
    assert_eq!(desk.text(statuses).await, "paid open");
    assert_eq!(column(&desk, rich, "last_month_charged_usd_cents").await, "123");
    assert_eq!(column(&desk, rich, "current_month_charged_usd_cents").await, "600");
    desk.settlement.deposit(poor, 100).await.unwrap();
    assert_eq!(charge(&desk).await.charged_usd_cents, 23);
    assert_eq!(desk.text(statuses).await, "paid paid");
    assert_eq!(charge(&desk).await, ChargeReport::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn months_long_over_are_drawn_within_the_running_months_limit_and_hold_up_no_other() {
    let desk = Desk::at("2026-07-15T00:00:00Z").await;
    let customer = customer(&desk, 1, 0, 1_000, 0).await;
    let close = async |of: &str| {
        let closes = month(of).end().plus_ms(86_400_000);
        desk.set(closes);
        desk.received_until(&closes.rfc3339()).await;
        desk.settlement.renew_due().await.unwrap();
        desk.settlement.close_due().await.unwrap();
    };
    // $10 in each of three months, and nothing to pay it with.
    for of in ["2026-07", "2026-08", "2026-09"] {
        desk.use_some(customer, &month(of).start().rfc3339(), Service::Seal, 100_000, 0).await;
        close(of).await;
    }
    close("2026-10").await;
    desk.settlement.deposit(customer, 10_000).await.unwrap();
    desk.use_some(customer, "2026-11-02T00:00:00Z", Service::Seal, 50_000, 0).await;
    let drawn =
        "SELECT string_agg(to_char(month, 'YYYY-MM') || ' ' || amount_usd_cents, ', ' ORDER BY id) FROM charges";
    let report = charge(&desk).await;
    assert_eq!((report.refused, report.charged_usd_cents), (0, 1_500), "the oldest, and the month that runs");
    assert_eq!(desk.text(drawn).await, "2026-07 1000, 2026-11 500");
    assert_eq!(charge(&desk).await.charged, 0, "there is no more room in November");
    close("2026-11").await;
    assert_eq!(charge(&desk).await.charged_usd_cents, 1_000);
    assert_eq!(desk.text(drawn).await, "2026-07 1000, 2026-11 500, 2026-08 1000");
    // A limit that is raised makes room, and a withdrawal does not wait for what there is no room for.
    desk.settlement.set_limit(customer, 1_400).await.unwrap();
    assert_eq!(charge(&desk).await.charged_usd_cents, 400);
    desk.settlement.request_withdrawal(customer, 7_100).await.unwrap();
    assert_eq!(desk.settlement.pay_withdrawals().await.unwrap().paid_usd_cents, 7_100);
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_keeps_the_root_of_its_bill_until_it_is_decided() {
    let desk = Desk::at(NOW).await;
    customer(&desk, 1, 10_000, 25_000, 5_000_000).await;
    desk.escrow.push(Some(Fault::Fail));
    assert_eq!(desk.settlement.charge_due().await.unwrap().in_doubt, 1);
    desk.run("UPDATE charges SET root = decode(repeat('5a', 32), 'hex')").await;
    assert_eq!(desk.store.undecided(0).await.unwrap()[0].order.root, [0x5a; 32]);
    assert_eq!(desk.settlement.recover().await.unwrap().charged, 1);
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_charge_is_in_doubt_is_kept_until_it_is_decided() {
    let desk = Desk::at(NOW).await;
    let [one, other] = [customer(&desk, 1, 10_000, 25_000, 5_000_000).await, desk.customer(2, 0, 0).await];
    let in_doubt = async |of: Option<CustomerId>| -> Vec<(CustomerId, i64, Option<String>)> {
        let draws = desk.store.draws_in_doubt(of, desk.now()).await.unwrap();
        draws.into_iter().map(|(customer, draw)| (customer, draw.amount_usd_cents, draw.doubt)).collect()
    };
    assert!(in_doubt(None).await.is_empty());
    desk.escrow.push(Some(Fault::Fail));
    assert_eq!(desk.settlement.charge_due().await.unwrap().in_doubt, 1);
    let why = "the escrow gave no answer, asked to charge: a fault that was asked for";
    let expected = [(one, 500, Some(why.to_owned()))];
    assert_eq!(in_doubt(None).await, expected);
    assert_eq!(in_doubt(Some(one)).await, expected);
    assert!(in_doubt(Some(other)).await.is_empty());
    // What cannot be looked up says why, too.
    desk.escrow.replan(FaultPlan::parse("lose=1").unwrap());
    assert_eq!(desk.settlement.recover().await.unwrap().in_doubt, 1);
    let why = "the escrow gave no answer, asked to look a nonce up: a fault that was asked for";
    assert_eq!(in_doubt(None).await, [(one, 500, Some(why.to_owned()))]);
    desk.escrow.replan(FaultPlan::default());
    assert_eq!(desk.settlement.recover().await.unwrap().charged, 1);
    assert!(in_doubt(None).await.is_empty());
    assert_eq!(desk.text("SELECT count(doubt) FROM charges").await, "0", "it is decided");
    assert_sound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_waits_twice_as_long_each_time_and_a_deposit_ends_it() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 10_000, 25_000, 1_240_000).await;
    desk.go_to(CLOSE);
    desk.received_until(CLOSE).await;
    desk.settlement.renew_due().await.unwrap();
    desk.settlement.close_due().await.unwrap();
    for (failures, wait_ms) in [(1, 60_000), (2, 120_000), (3, 240_000)] {
        desk.escrow.push(Some(Fault::Refuse));
        assert_eq!(charge(&desk).await.refused, 1);
        assert_eq!(column(&desk, customer, "charge_failures").await, failures.to_string());
        assert_eq!(desk.text("SELECT status FROM invoices").await, "failed");
        desk.set(desk.now().plus_ms(wait_ms - 1));
        assert_eq!(charge(&desk).await.customers, 0, "too soon");
        desk.set(desk.now().plus_ms(1));
    }
    assert_eq!(notices(&desk).await, "deposit charge_refused charge_refused charge_refused");
    desk.escrow.push(Some(Fault::Refuse));
    assert_eq!(charge(&desk).await.refused, 1);
    desk.settlement.deposit(customer, 1).await.unwrap();
    assert_eq!(charge(&desk).await.charged, 1, "at once");
    assert_eq!(column(&desk, customer, "charge_failures").await, "0");
    assert_eq!(desk.text("SELECT status FROM invoices").await, "paid");
    let reversed = "SELECT count(*) FROM ledger AS r JOIN ledger AS i ON i.id = r.reverses \
        WHERE r.kind = 'charge_refused' AND i.kind = 'charge_intent' AND i.amount_micro_usd = r.amount_micro_usd";
    assert_eq!(desk.text(reversed).await, "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_limit_leaves_owed_what_was_used_and_months_that_are_over_as_they_were() {
    let desk = Desk::at("2026-10-30T00:00:00Z").await;
    let customer = customer(&desk, 1, 100_000, 25_000, 0).await;
    desk.use_some(customer, "2026-10-29T00:00:00Z", Service::Seal, 400_000, 0).await;
    desk.go_to(NOW);
    used_more(&desk, customer, 80_000_000).await;
    desk.settlement.set_limit(customer, 1_500).await.unwrap();
    let limits = "SELECT string_agg(coalesce(limit_usd_cents::text, '-') || ' ' || limit_floor_micro_usd, ', ' ORDER BY month) FROM billing_months";
    assert_eq!(desk.text(limits).await, "25000 0, - 80000000");
    used_more(&desk, customer, 9_000_000).await;
    let report = charge(&desk).await;
    assert_eq!(report.charged_usd_cents, 4_000 + 8_000, "October whole, November up to what was used then");
    // Raised and lowered again: what was owed in between stays.
    desk.settlement.set_limit(customer, 8_500).await.unwrap();
    assert_eq!(charge(&desk).await.charged_usd_cents, 500);
    desk.settlement.set_limit(customer, 1_000).await.unwrap();
    assert_eq!(desk.text(limits).await, "25000 0, - 85000000");
    desk.settlement.set_limit(customer, 0).await.unwrap();
    used_more(&desk, customer, 1_000_000).await;
    assert_eq!(charge(&desk).await.charged_usd_cents, 500);
    for limit in [1, 999, -5] {
        let refused = desk.settlement.set_limit(customer, limit).await.unwrap_err().to_string();
        assert!(refused.contains("a limit is 0, for none, or at least 1000 cents"), "{refused}");
        let refused = desk.store.set_limit(customer, limit, desk.now()).await.unwrap_err().to_string();
        assert!(refused.contains("at least 1000 cents"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_covered_is_told_once_since_the_last_deposit() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 100, 25_000, 1_000_000).await;
    assert_eq!((charge(&desk).await.uncovered, charge(&desk).await.uncovered), (1, 0));
    desk.settlement.deposit(customer, 100).await.unwrap();
    assert_eq!(charge(&desk).await.uncovered, 0);
    used_more(&desk, customer, 2_000_000).await;
    assert_eq!((charge(&desk).await.uncovered, charge(&desk).await.uncovered), (1, 0));
    assert_eq!(notices(&desk).await, "deposit insufficient_balance deposit insufficient_balance");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_shows_what_was_in_the_accounts_after_each_row() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 1_000, 25_000, 5_000_000).await;
    desk.set(desk.now().plus_ms(1_000));
    let (from, to) = (desk.now(), desk.now().plus_ms(1));
    charge(&desk).await;
    let statement = desk.settlement.statement(customer, from, to).await.unwrap();
    assert_eq!((statement.opening.escrow.0, statement.opening.receivable.0), (10_000_000, 0));
    let lines: Vec<_> = statement
        .lines
        .iter()
        .map(|line| (line.row.transfer.kind.word(), line.balances.escrow.0, line.balances.receivable.0))
        .collect();
    let expected = [
        ("usage", 10_000_000, 5_000_000),
        ("charge_intent", 10_000_000, 0),
        ("charge", 5_000_000, 0),
        ("drawn", 5_000_000, 0),
    ];
    assert_eq!(lines, expected);
    assert_eq!(statement.closing, statement.lines[3].balances);
    let nothing = desk.settlement.statement(customer, to, to).await.unwrap();
    assert_eq!((nothing.opening, nothing.lines.len()), (statement.closing, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_right_is_found() {
    let desk = Desk::at(NOW).await;
    let customer = customer(&desk, 1, 10_000, 25_000, 7_000_000).await;
    charge(&desk).await;
    // What is broken, what the ledger's check says, what a reconciliation says; and how it is mended.
    let cases = [
        (
            "UPDATE customers SET current_balance_usd_cents = current_balance_usd_cents + 1",
            "escrow",
            "balance",
            "UPDATE customers SET current_balance_usd_cents = current_balance_usd_cents - 1",
        ),
        (
            "UPDATE customers SET max_monthly_usd_cents = 30000",
            "",
            "limit",
            "UPDATE customers SET max_monthly_usd_cents = 25000",
        ),
        ("UPDATE customers SET credits_micro_usd = 5", "credits", "", "UPDATE customers SET credits_micro_usd = 0"),
        (
            "UPDATE billing_months SET charged_micro_usd = 0",
            "receivable",
            "",
            "UPDATE billing_months SET charged_micro_usd = 7000000",
        ),
        (
            "UPDATE billing_months SET limit_usd_cents = 0, accrued_micro_usd = 8000000",
            "receivable revenue",
            "",
            "UPDATE billing_months SET limit_usd_cents = NULL, accrued_micro_usd = 7000000",
        ),
        (
            "UPDATE billing_months SET limit_usd_cents = 1000, charged_micro_usd = 11000000, fixed_micro_usd = 4000000",
            "fixed_in_all revenue cap",
            "",
            "UPDATE billing_months SET limit_usd_cents = NULL, charged_micro_usd = 7000000, fixed_micro_usd = 0",
        ),
        ("UPDATE charges SET amount_usd_cents = 701", "", "charge sum", "UPDATE charges SET amount_usd_cents = 700"),
        (
            "UPDATE charges SET state = 'intended', digest = NULL, decided_at = NULL",
            "suspense",
            "charge undecided sum",
            "UPDATE charges SET state = 'charged', decided_at = now(), digest = (SELECT digest FROM escrow_transactions WHERE type = 'charge')",
        ),
        (
            "ALTER TABLE embedded_escrow_events DISABLE TRIGGER ALL; UPDATE embedded_escrow_events SET amount_usd_cents = 9999 WHERE type = 'deposit'",
            "",
            "event",
            "UPDATE embedded_escrow_events SET amount_usd_cents = 10000 WHERE type = 'deposit'",
        ),
        ("UPDATE embedded_escrow_events SET digest = 'other' WHERE type = 'deposit'", "", "event event", ""),
    ];
    for (broken, ledger, reconciled, mended) in cases {
        desk.run(broken).await;
        let check = desk.settlement.ledger_check().await.unwrap();
        let names: Vec<&str> = check.differences.iter().map(|difference| difference.check.as_str()).collect();
        assert_eq!(names.join(" "), ledger, "{broken}");
        assert!(check.differences.iter().all(|difference| difference.customer_id == customer));
        assert!(check.differences.iter().all(|difference| difference.month.is_none_or(|of| of == month("2026-11"))));
        let found = desk.settlement.reconcile().await.unwrap();
        let names: Vec<&str> = found.findings.iter().map(|finding| finding.check).collect();
        assert_eq!((names.join(" "), found.count), (reconciled.to_owned(), names.len() as u64), "{broken}");
        desk.run(mended).await;
    }
}
