//! What an event means: transfers, what is added to rows, what people are told. Pure.

use super::super::changes::Changes;
use super::super::charges::{ChargeRow, Decided};
use super::super::escrow::{EscrowEvent, EscrowEventKind};
use super::super::months::cents;
use super::super::notices::{Notice, Severity};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::{Account, Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// The first wait after a refused charge, and the longest; each is twice the one before.
const WAIT_FIRST_MS: i64 = 60_000;
const WAIT_MAX_MS: i64 = 6 * 3_600_000;

/// Events of one transaction, as they are applied.
pub(super) struct Posting {
    pub(super) changes: Changes,
    pub(super) decided: Decided,
    /// Charges that no row is of, with whose they are.
    pub(super) unknown: Vec<(CustomerId, EscrowEvent)>,
    pub(super) requested: Vec<(CustomerId, EscrowEvent)>,
    pub(super) paid: Vec<EscrowEvent>,
    pub(super) charged: u32,
    pub(super) charged_usd_cents: i64,
    pub(super) refused: u32,
    pub(super) unexpected: u32,
    /// Credits of customers with refunds, as they go.
    credits: BTreeMap<CustomerId, MicroUsd>,
    /// Charges decided here.
    settled: BTreeSet<i64>,
    now: UnixMillis,
}

impl Posting {
    pub(super) fn new(now: UnixMillis, credits: BTreeMap<CustomerId, MicroUsd>) -> Self {
        Self {
            changes: Changes::default(),
            decided: Decided::default(),
            unknown: Vec::new(),
            requested: Vec::new(),
            paid: Vec::new(),
            charged: 0,
            charged_usd_cents: 0,
            refused: 0,
            unexpected: 0,
            credits,
            settled: BTreeSet::new(),
            now,
        }
    }

    /// An event that is not mirrored yet. `charge` is the one with its nonce.
    pub(super) fn event(&mut self, customer: CustomerId, event: &EscrowEvent, charge: Option<&ChargeRow>) {
        match event.kind {
            EscrowEventKind::Deposit => self.deposit(customer, event),
            EscrowEventKind::WithdrawalRequested => self.requested.push((customer, event.clone())),
            EscrowEventKind::Withdrawal => self.withdrawal(customer, event),
            EscrowEventKind::Charge => self.charge(customer, event, charge),
            EscrowEventKind::Refund => self.refund(customer, event),
            // Applied by itself, when the rest is written.
            EscrowEventKind::Limit => {}
        }
    }

    fn deposit(&mut self, customer: CustomerId, event: &EscrowEvent) {
        self.post(customer, Kind::Deposit, (Account::Custody, Account::Escrow), event, "");
        let change = self.changes.customer(customer);
        change.balance_usd_cents += event.amount_usd_cents;
        change.refused = Some((0, None));
        let body = json!({"amount_usd_cents": event.amount_usd_cents, "digest": event.digest});
        self.tell(customer, Severity::Info, "deposit", &event.digest, body);
    }

    fn withdrawal(&mut self, customer: CustomerId, event: &EscrowEvent) {
        self.post(customer, Kind::Withdrawal, (Account::Escrow, Account::Custody), event, "");
        self.changes.customer(customer).balance_usd_cents -= event.amount_usd_cents;
        self.paid.push(event.clone());
        let body = json!({"amount_usd_cents": event.amount_usd_cents, "digest": event.digest});
        self.tell(customer, Severity::Info, "withdrawal_paid", &event.digest, body);
    }

    fn charge(&mut self, customer: CustomerId, event: &EscrowEvent, charge: Option<&ChargeRow>) {
        match charge.filter(|charge| charge.customer_id == customer) {
            Some(charge) if charge.is_intended && charge.amount_usd_cents == event.amount_usd_cents => {
                self.settle(charge, event);
            }
            charge => self.unexpected(customer, event, charge),
        }
        let change = self.changes.customer(customer);
        change.balance_usd_cents -= event.amount_usd_cents;
        change.charged_in_all += cents(event.amount_usd_cents);
        change.refused = Some((0, None));
        self.charged += 1;
        self.charged_usd_cents += event.amount_usd_cents;
    }

    /// What was intended is done.
    fn settle(&mut self, charge: &ChargeRow, event: &EscrowEvent) {
        self.settled.insert(charge.id);
        self.decided.charge(charge, &event.digest);
        let (whose, amount) = ((charge.customer_id, Some(charge.month)), cents(event.amount_usd_cents));
        self.draw(whose, Account::Suspense, event);
        let month = self.changes.month(charge.customer_id, charge.month);
        month.in_flight += -amount;
        month.charged += amount;
    }

    /// Drawn, and no intent is open for it: refused before, or not ours. It is theirs, and the next to be used.
    fn unexpected(&mut self, customer: CustomerId, event: &EscrowEvent, charge: Option<&ChargeRow>) {
        tracing::error!(
            digest = event.digest,
            "funds were drawn that no open intent asked for: they are given as credits"
        );
        self.unexpected += 1;
        match charge {
            Some(charge) if charge.is_intended => {
                let cause = format!("the escrow drew {} cents instead", event.amount_usd_cents);
                self.take_back(charge, &cause);
                self.settled.insert(charge.id);
                self.decided.refuse(charge, &cause);
            }
            Some(charge) => self.decided.charge(charge, &event.digest),
            None => self.unknown.push((customer, event.clone())),
        }
        self.draw((customer, None), Account::Credits, event);
        self.changes.customer(customer).credits += cents(event.amount_usd_cents);
        let body = json!({"amount_usd_cents": event.amount_usd_cents, "digest": event.digest});
        self.tell(customer, Severity::Critical, "unexpected_charge", &event.digest, body);
    }

    fn draw(&mut self, (customer, month): (CustomerId, Option<BillingMonth>), from: Account, event: &EscrowEvent) {
        let before = self.changes.transfers.len();
        self.post(customer, Kind::Charge, (Account::Escrow, from), event, "");
        self.post(customer, Kind::Drawn, (Account::Treasury, Account::Custody), event, "#drawn");
        for transfer in &mut self.changes.transfers[before..] {
            transfer.month = month;
        }
    }

    /// Out of credits, as far as there are; the rest is ours to bear.
    fn refund(&mut self, customer: CustomerId, event: &EscrowEvent) {
        let amount = cents(event.amount_usd_cents);
        let credits = self.credits.entry(customer).or_default();
        let (from_credits, given) = (amount.min(*credits), amount - amount.min(*credits));
        *credits = *credits - from_credits;
        for (from, part, suffix) in [(Account::Credits, from_credits, ""), (Account::Waivers, given, "#given")] {
            self.post_amount(customer, Kind::Refund, (from, Account::Escrow), part, &event.digest, suffix);
        }
        self.post(customer, Kind::Refund, (Account::Custody, Account::Treasury), event, "#returned");
        let change = self.changes.customer(customer);
        change.balance_usd_cents += event.amount_usd_cents;
        change.charged_in_all += -amount;
        change.credits += -from_credits;
        change.credited_in_all += given;
    }

    /// The escrow will not: the intent is taken back, and the next attempt waits.
    pub(super) fn refusal(&mut self, charge: &ChargeRow, cause: &str) {
        if !charge.is_intended || !self.settled.insert(charge.id) {
            return;
        }
        self.refused += 1;
        self.take_back(charge, cause);
        self.decided.refuse(charge, cause);
        let failures = charge.failures.saturating_add(1);
        let next = self.now.plus_ms(wait_ms(failures));
        self.changes.customer(charge.customer_id).refused = Some((failures, Some(next)));
        let body = json!({"amount_usd_cents": charge.amount_usd_cents, "month": charge.month.to_string(),
            "cause": cause, "failures": failures, "next_at": next.rfc3339()});
        self.tell(charge.customer_id, Severity::Warning, "charge_refused", &charge.id.to_string(), body);
    }

    fn take_back(&mut self, charge: &ChargeRow, cause: &str) {
        let amount = cents(charge.amount_usd_cents);
        self.changes.month(charge.customer_id, charge.month).in_flight += -amount;
        self.changes.transfers.push(Transfer {
            customer_id: charge.customer_id,
            kind: Kind::ChargeRefused,
            debit: Account::Receivable,
            credit: Account::Suspense,
            amount,
            month: Some(charge.month),
            reference: format!("charge:{}#refused", charge.id),
            // Its number is looked up when all are written.
            reverses: None,
            memo: Some(cause.chars().filter(|c| *c != '\0').take(200).collect()),
            posted_at: self.now,
        });
    }

    fn post(&mut self, customer: CustomerId, kind: Kind, sides: (Account, Account), event: &EscrowEvent, suffix: &str) {
        self.post_amount(customer, kind, sides, cents(event.amount_usd_cents), &event.digest, suffix);
    }

    fn post_amount(
        &mut self,
        customer_id: CustomerId,
        kind: Kind,
        sides: (Account, Account),
        amount: MicroUsd,
        digest: &str,
        suffix: &str,
    ) {
        let reference = format!("event:{digest}{suffix}");
        self.changes.transfers.extend(Transfer::signed((customer_id, None), kind, sides, amount, reference, self.now));
    }

    fn tell(&mut self, customer: CustomerId, severity: Severity, kind: &'static str, of: &str, body: Value) {
        let key = format!("{kind}:{of}");
        self.changes.notices.push(Notice { key, customer: Some(customer), severity, kind, body });
    }
}

/// How long the next attempt waits after so many refusals in a row.
fn wait_ms(failures: i32) -> i64 {
    let doublings = failures.clamp(1, 20).unsigned_abs() - 1;
    (WAIT_FIRST_MS << doublings).min(WAIT_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_six_hours() {
        let minutes = |failures| wait_ms(failures) / 60_000;
        let found: Vec<i64> = [1, 2, 3, 8, 9, 10, 1_000, i32::MAX].map(minutes).into();
        assert_eq!(found, [1, 2, 4, 128, 256, 360, 360, 360]);
    }
}
