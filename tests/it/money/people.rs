//! What customers do with their money and services in the simulation.

use super::below;
use std::collections::BTreeMap;
use suiftly_ingest::simulate::Random;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::escrow::Escrow;
use suiftly_settlement::{Settlement, SettlementError};
use suiftly_store::money::OrderRefused;
use suiftly_store::testing::Client;

/// Cents of the limits they choose among; 0 is none.
const LIMITS: [i64; 5] = [1_000, 2_500, 10_000, 25_000, 0];

/// The customers, and what they have authorised.
pub(super) struct People {
    pub(super) ids: Vec<i64>,
    /// The limit in force, in cents.
    limits: BTreeMap<i64, i64>,
    /// The highest that was in force in a month; `None` is none.
    authorised: BTreeMap<(i64, BillingMonth), Option<i64>>,
    credits: u64,
    /// How often each thing was done, and how often refused for want of money.
    pub(super) done: BTreeMap<&'static str, u64>,
}

impl People {
    pub(super) async fn come(
        client: &Client,
        escrow: &dyn Escrow,
        count: i64,
        random: &mut Random,
        at: UnixMillis,
    ) -> Self {
        let insert = format!(
            "INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id, current_month_start) \
             SELECT n, 'customer ' || n, w, w, '{}-01' \
             FROM (SELECT n, '0x' || lpad(to_hex(n), 64, '0') AS w FROM generate_series(1, {count}) AS n) AS s",
            at.month()
        );
        client.batch_execute(&insert).await.unwrap();
        let ids: Vec<i64> = (1..=count).collect();
        for &id in &ids {
            escrow.open(&account(id), 25_000).await.unwrap();
            if below(random, 5) > 0 {
                escrow.deposit(&account(id), 100 * i64::try_from(20 + below(random, 400)).unwrap(), at).await.unwrap();
            }
        }
        let limits = ids.iter().map(|id| (*id, 25_000)).collect();
        Self { ids, limits, authorised: BTreeMap::new(), credits: 0, done: BTreeMap::new() }
    }

    /// A month begins, or somebody changed a limit: what is in force counts for the month.
    pub(super) fn authorise(&mut self, month: BillingMonth) {
        for (&id, &limit) in &self.limits {
            let limit = (limit != 0).then_some(limit);
            let highest = self.authorised.entry((id, month)).or_insert(limit);
            *highest = highest.zip(limit).map(|(highest, limit)| highest.max(limit));
        }
    }

    /// What may have been charged for a month at most.
    pub(super) fn authorised(&self, id: i64, month: BillingMonth) -> Option<i64> {
        self.authorised.get(&(id, month)).copied().flatten()
    }

    /// Somebody does something.
    pub(super) async fn act(
        &mut self,
        settlement: &Settlement,
        escrow: &dyn Escrow,
        random: &mut Random,
        at: UnixMillis,
    ) {
        let id = self.ids[below(random, self.ids.len())];
        let what = match below(random, 12) {
            0..=2 => {
                let cents = 100 * i64::try_from(1 + below(random, 300)).unwrap();
                // An answer may be lost: the event comes all the same.
                drop(escrow.deposit(&account(id), cents, at).await);
                "deposits"
            }
            3 => {
                let cents = 100 * i64::try_from(1 + below(random, 100)).unwrap();
                drop(escrow.request_withdrawal(&account(id), cents, at).await);
                "withdrawals"
            }
            4 => self.change_limit(escrow, random, id, at).await,
            5 => {
                self.credits += 1;
                let amount = MicroUsd(10_000 * i64::try_from(1 + below(random, 900)).unwrap());
                let reference = format!("sim-{}", self.credits);
                settlement.grant_credit(customer(id), amount, &reference, Some("goodwill")).await.unwrap();
                "credits"
            }
            _ => order(settlement, random, id).await,
        };
        *self.done.entry(what).or_default() += 1;
    }

    async fn change_limit(
        &mut self,
        escrow: &dyn Escrow,
        random: &mut Random,
        id: i64,
        at: UnixMillis,
    ) -> &'static str {
        let limit = LIMITS[below(random, LIMITS.len())];
        drop(escrow.set_limit(&account(id), limit, at).await);
        // What the escrow has now, whatever it answered.
        let found = loop {
            if let Ok(found) = escrow.accounts(&[account(id)]).await {
                break found[0].limit_usd_cents;
            }
        };
        self.limits.insert(id, found);
        self.authorise(at.month());
        "limits"
    }
}

/// Quotes, and orders what was quoted.
async fn order(settlement: &Settlement, random: &mut Random, id: i64) -> &'static str {
    let service = [Service::Seal, Service::Grpc][below(random, 2)];
    let mut subscription = Subscription::of(Tier::ALL[below(random, 3)]);
    subscription.burst = subscription.tier.may_burst() && below(random, 3) == 0;
    subscription.extra_api_keys = u32::try_from(below(random, 3)).unwrap();
    let order = match below(random, 8) {
        0..=3 => Order::Enable(subscription),
        4..=5 => Order::Change(subscription),
        6 => Order::Disable,
        _ => Order::Resume,
    };
    let quoted = match settlement.quote(customer(id), service, order).await {
        Ok(quoted) => quoted,
        Err(SettlementError::Order(OrderRefused::Order(_))) => return "orders of what cannot be",
        Err(error) => panic!("{error}"),
    };
    let ordered = settlement.order(customer(id), service, order, Some(quoted.quote.total_now)).await;
    match (quoted.refusal, ordered) {
        (None, Ok(ordered)) => {
            assert_eq!(ordered.quote.total_now, quoted.quote.total_now, "what is quoted is what is charged");
            "orders"
        }
        (Some(refusal), Err(SettlementError::Order(OrderRefused::Refusal(refused)))) => {
            assert_eq!(refused, refusal);
            "orders beyond their means"
        }
        (refusal, ordered) => panic!("{refusal:?} was quoted, {ordered:?} came of it"),
    }
}

pub(super) fn customer(id: i64) -> CustomerId {
    CustomerId::new(id).unwrap()
}

fn account(id: i64) -> String {
    format!("0x{id:064x}")
}
