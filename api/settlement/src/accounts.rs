//! Accounts with the escrow: opened, what their owners do with them, and its events mirrored in the order it has them.

use crate::escrow::EscrowEvent;
use crate::{Settlement, SettlementError};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::money::{HeldAccount, Mirrored, Statement};

/// Events that are mirrored by one transaction.
pub const EVENTS_A_PAGE: u32 = 500;
/// Accounts that are read at once.
const ACCOUNTS_A_PAGE: u32 = 500;
/// Times that a page is asked for again because somebody else has mirrored it.
const RACES_MAX: u32 = 100;

/// What was mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct PollReport {
    /// Events that were new.
    pub mirrored: u64,
    /// Events that a call's answer had brought before.
    pub known: u64,
    /// Events of accounts that are no customer's: passed over.
    pub strangers: u64,
    /// Charges that the events have settled.
    pub charged: u64,
    /// Funds drawn that nobody has asked for, given as credits.
    pub unexpected: u64,
}

impl Settlement {
    /// Mirrors the escrow's events after the last that was.
    pub async fn poll_events(&self) -> Result<PollReport, SettlementError> {
        let (mut report, mut races, backend) = (PollReport::default(), 0, self.escrow.name());
        loop {
            let cursor = self.store.escrow_cursor(backend).await?;
            let events = self.escrow.events(cursor, EVENTS_A_PAGE).await?;
            match self.store.mirror_events(backend, cursor, &events, self.clock.now()).await? {
                Mirrored::Moved if races < RACES_MAX => races += 1,
                Mirrored::Moved => return Ok(report),
                Mirrored::Done(applied) => {
                    report.mirrored += u64::from(applied.mirrored);
                    report.known += u64::from(applied.known);
                    report.strangers += u64::from(applied.strangers);
                    report.charged += u64::from(applied.charged);
                    report.unexpected += u64::from(applied.unexpected);
                    if events.len() < EVENTS_A_PAGE as usize {
                        return Ok(report);
                    }
                }
            }
        }
    }

    /// Opens accounts for customers who have none; answers how many.
    pub async fn open_accounts(&self) -> Result<u64, SettlementError> {
        let (mut opened, mut after) = (0, None);
        loop {
            let page = self.store.held_accounts(after, true, ACCOUNTS_A_PAGE).await?;
            let Some(last) = page.last() else { return Ok(opened) };
            after = Some(last.customer_id);
            for customer in &page {
                self.open(customer).await?;
                opened += 1;
            }
        }
    }

    /// Has a customer's account named, unless it is: what its owner does on a chain is theirs from its first event on, and
    /// is not passed over until all accounts are looked through.
    pub async fn name_account(&self, customer: CustomerId) -> Result<(), SettlementError> {
        self.account_of(customer).await.map(|_| ())
    }

    async fn open(&self, customer: &HeldAccount) -> Result<String, SettlementError> {
        let backend = self.escrow.name();
        let account = self.escrow.open(&customer.wallet_address, customer.limit_usd_cents).await?.id;
        for _ in 0..RACES_MAX {
            // In this order: what it did is in its history, or comes after the cursor.
            let cursor = self.store.escrow_cursor(backend).await?;
            let history = self.escrow.history(&account).await?;
            let named = (customer.customer_id, account.as_str());
            match self.store.name_account(named, (backend, cursor), &history, self.clock.now()).await? {
                Mirrored::Done(_) => return Ok(account),
                Mirrored::Moved => {}
            }
        }
        let cause = "events are mirrored faster than one account's are read".to_owned();
        Err(StoreError::Unavailable { attempted: "write an account's name down", cause }.into())
    }

    /// Puts funds into a customer's account, as its owner would; it is opened if there is none.
    pub async fn deposit(&self, customer: CustomerId, amount_usd_cents: i64) -> Result<EscrowEvent, SettlementError> {
        let account = self.account_of(customer).await?;
        let event = self.escrow.deposit(&account, amount_usd_cents, self.clock.now()).await?;
        self.poll_events().await?;
        Ok(event)
    }

    /// Asks for funds back, as the owner would. They are paid when all that is accrued is charged.
    pub async fn request_withdrawal(
        &self,
        customer: CustomerId,
        amount_usd_cents: i64,
    ) -> Result<EscrowEvent, SettlementError> {
        let account = self.account_of(customer).await?;
        let event = self.escrow.request_withdrawal(&account, amount_usd_cents, self.clock.now()).await?;
        self.poll_events().await?;
        Ok(event)
    }

    /// Ends a customer's account with the escrow, which pays what is in it to the owner.
    pub(crate) async fn close_with_escrow(&self, customer: CustomerId) -> Result<(), SettlementError> {
        let account = self.account_of(customer).await?;
        self.escrow.close(&account, self.clock.now()).await?;
        self.poll_events().await.map(|_| ())
    }

    /// Changes what a customer's month may be charged, as the owner would: in cents; 0 is no limit, else at least 1,000.
    pub async fn set_limit(&self, customer: CustomerId, limit_usd_cents: i64) -> Result<EscrowEvent, SettlementError> {
        let account = self.account_of(customer).await?;
        let event = self.escrow.set_limit(&account, limit_usd_cents, self.clock.now()).await?;
        self.poll_events().await?;
        Ok(event)
    }

    /// Grants a credit, once per reference; answers whether it was new.
    pub async fn grant_credit(
        &self,
        customer: CustomerId,
        amount: MicroUsd,
        reference: &str,
        memo: Option<&str>,
    ) -> Result<bool, SettlementError> {
        Ok(self.store.grant_credit(customer, amount, reference, memo, self.clock.now()).await?)
    }

    /// What was moved in a customer's accounts from an instant to before another.
    pub async fn statement(
        &self,
        customer: CustomerId,
        from: UnixMillis,
        to: UnixMillis,
    ) -> Result<Statement, SettlementError> {
        Ok(self.store.statement(customer, from, to).await?)
    }

    async fn account_of(&self, customer: CustomerId) -> Result<String, SettlementError> {
        let before = CustomerId::new(customer.get() - 1);
        let held = self.store.held_accounts(before, false, 1).await?.pop().filter(|held| held.customer_id == customer);
        let none = || StoreError::Unfit {
            attempted: "use an account",
            cause: format!("there is no customer {}", customer.get()),
        };
        let held = held.ok_or_else(none)?;
        match held.account.clone() {
            Some(account) => Ok(account),
            None => self.open(&held).await,
        }
    }
}
