//! Reconciliation: what we have written down of the escrow, held against what it says itself.

use crate::accounts::EVENTS_A_PAGE;
use crate::escrow::EscrowEvent;
use crate::{Settlement, SettlementError};
use std::collections::{BTreeMap, HashMap};
use suiftly_schema::ids::CustomerId;
use suiftly_store::money::{HeldAccount, LedgerCheck, MirroredEvent};

/// Findings that are listed at most; all are counted.
pub const FINDINGS_MAX: usize = 100;
/// Accounts that are compared at once.
const ACCOUNTS_A_PAGE: u32 = 500;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What was compared: `balance`, `limit`, `event`, `charge`, `undecided`, `sum`.
    pub check: &'static str,
    /// Of what: a customer's number, an event's digest, a charge's number.
    pub of: String,
    /// In words.
    pub difference: String,
}

/// What a reconciliation has found: nothing, if all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reconciliation {
    /// Accounts compared.
    pub accounts: u64,
    /// Events compared.
    pub events: u64,
    /// How many findings there are.
    pub count: u64,
    /// The first few.
    pub findings: Vec<Finding>,
}

impl Reconciliation {
    fn find(&mut self, check: &'static str, of: &str, difference: String) {
        self.count += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { check, of: of.to_owned(), difference });
        }
    }
}

impl Settlement {
    /// Holds the ledger against everything that is kept beside it.
    pub async fn ledger_check(&self) -> Result<LedgerCheck, SettlementError> {
        Ok(self.store.ledger_check().await?)
    }

    /// Holds every balance and limit against the escrow's accounts, every event against what is mirrored, and what was
    /// drawn by the ledger against charges and events. Events are mirrored first.
    pub async fn reconcile(&self) -> Result<Reconciliation, SettlementError> {
        let mut found = Reconciliation::default();
        self.poll_events().await?;
        let owners = self.reconcile_accounts(&mut found).await?;
        self.reconcile_events(&owners, &mut found).await?;
        for intent in self.store.undecided(0).await? {
            let cents = intent.order.amount_usd_cents;
            found.find(
                "undecided",
                &intent.charge_id.to_string(),
                format!("nobody knows whether {cents} cents were drawn"),
            );
        }
        let [ledger, charges, events] = self.store.charged_sums().await?;
        if ledger != charges || charges != events {
            let difference =
                format!("drawn, in cents: {ledger} by the ledger, {charges} by charges, {events} by events");
            found.find("sum", "charged", difference);
        }
        Ok(found)
    }

    /// Answers whose each account is.
    async fn reconcile_accounts(
        &self,
        found: &mut Reconciliation,
    ) -> Result<HashMap<String, CustomerId>, SettlementError> {
        let (mut owners, mut after, mut odd) = (HashMap::new(), None, Vec::new());
        loop {
            let page = self.store.held_accounts(after, false, ACCOUNTS_A_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.customer_id);
            found.accounts += page.len() as u64;
            odd.extend(self.compare(&page).await?.into_iter().map(|(customer, ..)| customer));
            owners.extend(page.into_iter().filter_map(|held| Some((held.account?, held.customer_id))));
        }
        if odd.is_empty() {
            return Ok(owners);
        }
        // What was under way is mirrored by now.
        self.poll_events().await?;
        for customer in odd {
            let held = self.store.held_accounts(CustomerId::new(customer.get() - 1), false, 1).await?;
            for (customer, check, difference) in self.compare(&held).await? {
                found.find(check, &customer.get().to_string(), difference);
            }
        }
        Ok(owners)
    }

    async fn compare(&self, held: &[HeldAccount]) -> Result<Vec<(CustomerId, &'static str, String)>, SettlementError> {
        let ids: Vec<String> = held.iter().filter_map(|held| held.account.clone()).collect();
        let accounts = self.escrow.accounts(&ids).await?;
        let accounts: BTreeMap<&str, _> = accounts.iter().map(|account| (account.id.as_str(), account)).collect();
        let mut odd = Vec::new();
        for held in held {
            let account = held.account.as_deref().and_then(|id| accounts.get(id).copied());
            let (balance, limit) = account.map_or((0, None), |it| (it.balance_usd_cents, Some(it.limit_usd_cents)));
            // Named before its owner has opened it, it is nowhere yet.
            if held.account.is_some() && account.is_none() && held.is_mirrored {
                odd.push((held.customer_id, "account", "the escrow does not know the account".to_owned()));
            }
            if balance != held.balance_usd_cents {
                let difference =
                    format!("the escrow holds {balance} cents, and {} are written down", held.balance_usd_cents);
                odd.push((held.customer_id, "balance", difference));
            }
            if let Some(limit) = limit.filter(|limit| *limit != held.limit_usd_cents) {
                let difference =
                    format!("the escrow's limit is {limit} cents, and {} are written down", held.limit_usd_cents);
                odd.push((held.customer_id, "limit", difference));
            }
        }
        Ok(odd)
    }

    async fn reconcile_events(
        &self,
        owners: &HashMap<String, CustomerId>,
        found: &mut Reconciliation,
    ) -> Result<(), SettlementError> {
        // In this order: whatever is counted, or before the cursor, is among the events that are walked through.
        let mirrored_count = self.store.mirrored_count().await?;
        let cursor = self.store.escrow_cursor(self.escrow.name()).await?;
        let (mut after, mut matched) = (0, 0);
        loop {
            let page = self.escrow.events(after, EVENTS_A_PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            found.events += page.len() as u64;
            let digests: Vec<&str> = page.iter().map(|event| event.digest.as_str()).collect();
            let mirrored = self.store.mirrored(&digests).await?;
            let mirrored: HashMap<&str, _> = mirrored.iter().map(|event| (event.digest.as_str(), event)).collect();
            for event in &page {
                let owner = owners.get(&event.account).copied();
                match mirrored.get(event.digest.as_str()) {
                    Some(other) => {
                        matched += 1;
                        compare_event(owner, event, other, found);
                    }
                    None if owner.is_some() && event.seq <= cursor => {
                        found.find("event", &event.digest, "the escrow has it, and it is not mirrored".to_owned());
                    }
                    None => {}
                }
            }
        }
        if matched < mirrored_count {
            let difference = format!("{} events are mirrored that the escrow does not have", mirrored_count - matched);
            found.find("event", "mirrored", difference);
        }
        Ok(())
    }
}

fn compare_event(owner: Option<CustomerId>, event: &EscrowEvent, mirrored: &MirroredEvent, found: &mut Reconciliation) {
    let is_same = (owner, event.kind, event.amount_usd_cents)
        == (Some(mirrored.customer_id), mirrored.kind, mirrored.amount_usd_cents);
    if !is_same {
        found.find("event", &event.digest, "what is mirrored is not what the escrow did".to_owned());
    }
    if mirrored.is_charge_recorded == Some(false) {
        found.find("charge", &event.digest, "it was drawn, and no charge has it".to_owned());
    }
}
