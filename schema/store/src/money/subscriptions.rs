//! Subscriptions: what is ordered, what it is charged, and their renewal on the 1st.
//!
//! An order is one transaction under the customer's lock: what it costs and whether it can be paid is decided by
//! `suiftly_schema::subscription` from what stands in the database then, and a quote is the same without the writing. So
//! what was quoted is what is charged, unless somebody changed something in between: then it is refused. Gateways learn of
//! it by the outbox.

mod booking;
mod rolling;
mod rows;

pub use rolling::Renewed;
pub(super) use rolling::freeze_limits;

use super::{CustomerMoney, MoneyStore, closure, lock, months};
use crate::codec::MonthDate;
use crate::{StoreError, price};
use booking::Booked;
use deadpool_postgres::Transaction;
use rows::ServiceRow;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::subscription::{Means, Order, OrderError, Quote, Refusal, ServiceState, afford, quote};
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// What an order would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// What it would charge and change.
    pub quote: Quote,
    /// Why the customer cannot pay for it, if so.
    pub refusal: Option<Refusal>,
}

/// What an order did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// What it charged and changed.
    pub quote: Quote,
    /// The numbers of the items that it charged, as invoices have them: in the quote's order.
    pub items: Vec<i64>,
}

/// Why nothing was ordered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderRefused {
    /// There is no such customer.
    #[error("there is no customer {}", customer.get())]
    NoCustomer {
        /// Who was asked for.
        customer: CustomerId,
    },
    /// The account is closed, or is being closed; or it is suspended, and may order nothing but an end.
    #[error("the account is {}", if *status == AccountStatus::Closed { "closed" } else { "suspended" })]
    NotActive {
        /// What it is.
        status: AccountStatus,
    },
    /// The service is not in a state to be ordered so.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The customer cannot pay for it.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// What was accepted is not what would be charged now.
    #[error("it would be charged {total} now, and {expected} was accepted: ask for a quote again")]
    QuoteChanged {
        /// What was accepted.
        expected: MicroUsd,
        /// What would be charged.
        total: MicroUsd,
    },
}

/// A service of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSubscription {
    /// Which.
    pub service: Service,
    /// What is in force and what is scheduled.
    pub state: ServiceState,
    /// The last month whose items are charged.
    pub paid_through: Option<BillingMonth>,
}

impl MoneyStore {
    /// What an order would do now, and whether the customer can pay for it.
    pub async fn quote(
        &self,
        customer: CustomerId,
        service: Service,
        order: &Order,
        at: UnixMillis,
    ) -> Result<Result<Quoted, OrderRefused>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin a quote"))?;
        quote_within(&transaction, customer, service, order, at).await
    }

    /// Orders, and charges what it costs to the running month. With `expected`, only if it costs just that.
    ///
    /// A month that has begun is begun for the customer first; an instant before the month that the customer is in
    /// counts as its beginning.
    pub async fn order(
        &self,
        customer: CustomerId,
        service: Service,
        order: &Order,
        expected: Option<MicroUsd>,
        at: UnixMillis,
    ) -> Result<Result<Ordered, OrderRefused>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin an order"))?;
        let ordered = order_within(&transaction, customer, service, order, expected, at).await?;
        if ordered.is_ok() {
            transaction.commit().await.map_err(StoreError::database("commit an order"))?;
        }
        Ok(ordered)
    }

    /// The services that a customer has or had, ascending.
    pub async fn subscriptions(&self, customer: CustomerId) -> Result<Vec<ServiceSubscription>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to read subscriptions"))?;
        subscriptions_within(&transaction, customer).await
    }
}

/// The same within a transaction.
pub(crate) async fn subscriptions_within(
    transaction: &Transaction<'_>,
    customer: CustomerId,
) -> Result<Vec<ServiceSubscription>, StoreError> {
    let rows = rows::read(transaction, &[customer]).await?;
    let subscription = |row: ServiceRow| {
        let ServiceRow { service, state, paid_through, .. } = row;
        ServiceSubscription { service, state, paid_through }
    };
    Ok(rows.into_iter().map(subscription).collect())
}

/// A quote within a transaction, which is never to be committed: a month that begins with it is shown begun.
pub(crate) async fn quote_within(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    service: Service,
    order: &Order,
    at: UnixMillis,
) -> Result<Result<Quoted, OrderRefused>, StoreError> {
    let decided = decide(transaction, customer, service, order, at).await?;
    Ok(decided.map(|decided| Quoted { quote: decided.quote, refusal: decided.refusal }))
}

/// An order within a transaction, which is to be rolled back if it is refused.
pub(crate) async fn order_within(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    service: Service,
    order: &Order,
    expected: Option<MicroUsd>,
    at: UnixMillis,
) -> Result<Result<Ordered, OrderRefused>, StoreError> {
    let decided = match decide(transaction, customer, service, order, at).await? {
        Ok(decided) => decided,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Err(refused) = decided.accept(expected) {
        return Ok(Err(refused));
    }
    let items = decided.write(transaction, customer, service).await?;
    Ok(Ok(Ordered { quote: decided.quote, items }))
}

/// What an order comes to, under the lock.
struct Decided {
    quote: Quote,
    refusal: Option<Refusal>,
    /// When it is ordered.
    at: UnixMillis,
}

async fn decide(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    service: Service,
    order: &Order,
    at: UnixMillis,
) -> Result<Result<Decided, OrderRefused>, StoreError> {
    lock(transaction, &[customer]).await?;
    let books = price::books(&**transaction).await?;
    let Some(month) = begin_month(transaction, customer, &books, at).await? else {
        return Ok(Err(OrderRefused::NoCustomer { customer }));
    };
    if closure::is_asked_for(transaction, customer).await? {
        return Ok(Err(OrderRefused::NotActive { status: AccountStatus::Closed }));
    }
    let at = at.max(month.start());
    let Some(money) = months::read(transaction, &[customer]).await?.pop() else {
        return Ok(Err(OrderRefused::NoCustomer { customer }));
    };
    if !may_order(money.status, order) {
        return Ok(Err(OrderRefused::NotActive { status: money.status }));
    }
    let rows = rows::read(transaction, &[customer]).await?;
    let state = rows.iter().find(|row| row.service == service).map(|row| row.state).unwrap_or_default();
    Ok(match quote(&books, &state, order, at) {
        Err(error) => Err(error.into()),
        Ok(quote) => {
            let refusal = afford(quote.total_now, &means(&money, at.month())).err();
            Ok(Decided { quote, refusal, at })
        }
    })
}

/// Begins every month that has begun since the customer's last. Answers the customer's month.
async fn begin_month(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    books: &PriceBooks,
    at: UnixMillis,
) -> Result<Option<BillingMonth>, StoreError> {
    let sql = "SELECT current_month_start FROM customers WHERE id = $1";
    let row = transaction.query_opt(sql, &[&customer.get()]).await;
    let row = row.map_err(StoreError::database("read a customer's month"))?;
    let Some(mut month) = row.map(|row| row.get::<_, MonthDate>(0).0) else { return Ok(None) };
    while month < at.month() {
        month = month.next();
        rolling::roll(transaction, &[customer], books, month, at).await?;
    }
    Ok(Some(month))
}

/// Whoever is suspended can end what costs, and nothing else.
const fn may_order(status: AccountStatus, order: &Order) -> bool {
    match status {
        AccountStatus::Active => true,
        AccountStatus::Suspended => matches!(order, Order::Disable),
        AccountStatus::Closed => false,
    }
}

fn means(money: &CustomerMoney, month: BillingMonth) -> Means {
    let used = money.months.iter().find(|row| row.month == month).map(|row| row.fixed + row.rated);
    Means {
        balance: money.balance,
        accrued: money.accrued(),
        max_monthly: money.max_monthly.unwrap_or_default(),
        used_this_month: used.unwrap_or_default(),
    }
}

impl Decided {
    fn accept(&self, expected: Option<MicroUsd>) -> Result<(), OrderRefused> {
        let total = self.quote.total_now;
        if let Some(expected) = expected.filter(|expected| *expected != total) {
            return Err(OrderRefused::QuoteChanged { expected, total });
        }
        self.refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    async fn write(
        &self,
        transaction: &Transaction<'_>,
        customer_id: CustomerId,
        service: Service,
    ) -> Result<Vec<i64>, StoreError> {
        let month = self.at.month();
        let row = ServiceRow { customer_id, service, state: self.quote.state, paid_through: Some(month) };
        rows::put(transaction, &[row], self.at).await?;
        let booked = |item| Booked { customer_id, service, month, item, price_book: self.quote.price_book };
        let items: Vec<_> = self.quote.items_now.iter().copied().map(booked).collect();
        booking::book(transaction, &items, false, self.at).await
    }
}
