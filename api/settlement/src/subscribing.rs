//! Subscriptions: quoted, ordered, and renewed on the 1st.
//!
//! What is quoted is what is charged: both are the same decision, under the customer's lock, by the manager's clock. The
//! funds are drawn by the charging job, which finds the month short of what its subscriptions came to.

use crate::{Settlement, SettlementError};
use serde::Serialize;
use serde_json::json;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::Order;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_store::StoreError;
use suiftly_store::money::{Notice, Ordered, Quoted, Renewed, ServiceSubscription, Severity};

/// Customers that one transaction takes into a month.
pub const RENEWED_A_TRANSACTION: u32 = 300;

/// What renewal did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Renewals {
    /// Months that began, of all customers together.
    pub months: u64,
    /// Items that were charged.
    pub items: u64,
    /// What they come to.
    pub amount_micro_usd: MicroUsd,
    /// Customers whose month could not begin, and of whom people were told now.
    pub refused: u64,
}

impl Settlement {
    /// What an order would charge and change now, and whether the customer can pay for it.
    pub async fn quote(&self, customer: CustomerId, service: Service, order: Order) -> Result<Quoted, SettlementError> {
        Ok(self.store.quote(customer, service, &order, self.clock.now()).await??)
    }

    /// Orders. With the total of a quote, only if just that is charged.
    pub async fn order(
        &self,
        customer: CustomerId,
        service: Service,
        order: Order,
        expected_total: Option<MicroUsd>,
    ) -> Result<Ordered, SettlementError> {
        Ok(self.store.order(customer, service, &order, expected_total, self.clock.now()).await??)
    }

    /// The services that a customer has or had.
    pub async fn subscriptions(&self, customer: CustomerId) -> Result<Vec<ServiceSubscription>, SettlementError> {
        Ok(self.store.subscriptions(customer).await?)
    }

    /// Takes every customer into the month that runs, one month after the other, and charges what is enabled in each.
    /// Done again, or by two at once, it does the rest. Whom the database refuses is left where they are, and people are
    /// told.
    pub async fn renew_due(&self) -> Result<Renewals, SettlementError> {
        let mut renewals = Renewals::default();
        let now = self.clock.now();
        let Some(mut month) = self.store.months_before(now.month()).await?.first().copied() else {
            return Ok(renewals);
        };
        while month < now.month() {
            // Again, until there is nobody left: others may have been at it too, and it looked as if there were none.
            while self.renew_month(month, now, &mut renewals).await? > 0 {}
            month = month.next();
        }
        Ok(renewals)
    }

    /// Takes customers who are in a month into the next one. Answers how many.
    async fn renew_month(
        &self,
        month: BillingMonth,
        now: UnixMillis,
        renewals: &mut Renewals,
    ) -> Result<u64, SettlementError> {
        let (mut customers, mut after, mut limit) = (0, None, RENEWED_A_TRANSACTION);
        loop {
            match self.store.renew(month, after, limit, now).await {
                Ok(renewed) => {
                    customers += renewed.customers;
                    renewals.add(&renewed);
                    after = renewed.last;
                    limit = RENEWED_A_TRANSACTION;
                }
                Err(error) if error.is_unavailable() => return Err(error.into()),
                // One customer's trouble is nobody else's.
                Err(_) if limit > 1 => {
                    limit /= 2;
                    continue;
                }
                Err(error) => {
                    after = self.store.first_in_month(month, after).await?;
                    if let Some(customer) = after {
                        renewals.refused += self.note_refused(customer, month, &error, now).await?;
                    }
                }
            }
            if after.is_none() {
                return Ok(customers);
            }
        }
    }

    async fn note_refused(
        &self,
        customer: CustomerId,
        month: BillingMonth,
        error: &StoreError,
        now: UnixMillis,
    ) -> Result<u64, SettlementError> {
        let month = month.next();
        tracing::error!(customer = customer.get(), %month, %error, "a customer's month could not begin");
        let notice = Notice {
            key: format!("renewal:{}:{month}", customer.get()),
            customer: Some(customer),
            severity: Severity::Critical,
            kind: "renewal_failed",
            body: json!({"month": month.to_string(), "cause": error.to_string()}),
        };
        Ok(u64::from(self.store.note(&notice, now).await?))
    }
}

impl Renewals {
    fn add(&mut self, renewed: &Renewed) {
        self.months += renewed.customers;
        self.items += renewed.items;
        self.amount_micro_usd += renewed.amount;
    }
}
