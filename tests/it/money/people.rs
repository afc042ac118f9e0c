//! What customers do with their money and services in the simulation.

use super::bank::{Bank, Own};
use super::below;
use std::collections::BTreeMap;
use suiftly_ingest::simulate::Random;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_schema::time::{BillingMonth, UnixMillis};
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
    pub(super) async fn come(client: &Client, bank: &Bank, count: i64, random: &mut Random, at: UnixMillis) -> Self {
        let ids: Vec<i64> = (1..=count).collect();
        let row = |id: &i64| {
            let (wallet, account) = bank.wallet_and_account(*id);
            format!("({id}, 'customer {id}', '{wallet}', '{account}', '{}-01')", at.month())
        };
        let insert = format!(
            "INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id, current_month_start) VALUES {}",
            ids.iter().map(row).collect::<Vec<_>>().join(", ")
        );
        client.batch_execute(&insert).await.unwrap();
        for &id in &ids {
            let has_funds = below(random, 5) > 0;
            let deposit = if has_funds { 100 * i64::try_from(20 + below(random, 400)).unwrap() } else { 0 };
            bank.come(id, 25_000, deposit, at).await;
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
    pub(super) async fn act(&mut self, settlement: &Settlement, bank: &Bank, random: &mut Random, at: UnixMillis) {
        let id = self.ids[below(random, self.ids.len())];
        let what = match below(random, 12) {
            0..=2 => {
                let cents = 100 * i64::try_from(1 + below(random, 300)).unwrap();
                bank.own(id, Own::Deposit(cents), at).await;
                "deposits"
            }
            3 => {
                let cents = 100 * i64::try_from(1 + below(random, 100)).unwrap();
                bank.own(id, Own::Withdraw(cents), at).await;
                "withdrawals"
            }
            4 => self.change_limit(bank, random, id, at).await,
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

    async fn change_limit(&mut self, bank: &Bank, random: &mut Random, id: i64, at: UnixMillis) -> &'static str {
        let limit = LIMITS[below(random, LIMITS.len())];
        bank.own(id, Own::Limit(limit), at).await;
        // What the escrow has now, whatever it answered.
        self.limits.insert(id, bank.limit(id).await);
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
