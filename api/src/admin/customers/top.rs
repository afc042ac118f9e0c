//! Rankings: who uses most, and whose use moved most.

use super::params::TopParams;
use super::wire::{TopBy, TopCustomer, TopCustomers};
use crate::books::LiveBooks;
use crate::money::{RatedGroups, UnknownPriceBook};
use crate::read::{ReadError, Reader};
use crate::rows::Answer;
use crate::tail::Tail;
use crate::wire::Stand;
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::usage::UsageSums;
use suiftly_schema::vault;
use suiftly_store::reader::{PartQuery, Rows};

/// What a customer used in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CustomerUse {
    pub(super) sums: UsageSums,
    pub(super) rated: MicroUsd,
}

impl CustomerUse {
    /// What they are ranked by.
    pub(super) const fn value(&self, by: TopBy) -> i64 {
        let sums = &self.sums;
        match by {
            TopBy::Requests => sums.requests(),
            TopBy::Errors => sums.rejected + sums.client_error + sums.server_error,
            TopBy::Bytes => sums.bytes_sent,
            TopBy::Money => self.rated.0,
        }
    }
}

/// In this range and in the one before.
pub(super) type Pair = (CustomerUse, CustomerUse);

impl Reader {
    pub(super) async fn top_customers(&self, params: &TopParams) -> Result<TopCustomers, ReadError> {
        let query = |span| PartQuery { filter: params.filter, span, books: self.books.current() };
        let (now, before) = (query(params.range), query(params.range_before()));
        let read = || -> Answer<'_, _> {
            Box::pin(async { Ok((self.rows.parts(&now).await?, Some(self.rows.parts(&before).await?))) })
        };
        let ((now, before), tail) = self.seam(read).await?;
        let mut customers = BTreeMap::<CustomerId, Pair>::new();
        for (customer_id, used) in used(now, &tail, &self.books)? {
            customers.entry(customer_id).or_default().0 = used;
        }
        for (customer_id, used) in before.map_or(Ok(BTreeMap::new()), |rows| used(rows, &tail, &self.books))? {
            customers.entry(customer_id).or_default().1 = used;
        }
        Ok(TopCustomers {
            stand: Stand::of(&tail),
            from: params.range.from.rfc3339(),
            to: params.range.to.rfc3339(),
            before_from: params.range_before().from.rfc3339(),
            by: params.by,
            top: ranked(&customers, params, |now, _| now),
            movers: ranked(&customers, params, |now, before| now.saturating_sub(before).saturating_abs()),
        })
    }
}

/// By customer. The unattributed are none, nor are gateways that ask themselves.
fn used(
    rows: Rows<PartQuery>,
    tail: &Tail,
    books: &Arc<LiveBooks>,
) -> Result<BTreeMap<CustomerId, CustomerUse>, UnknownPriceBook> {
    let parts = tail.join(rows);
    let mut customers = BTreeMap::<CustomerId, CustomerUse>::new();
    for (key, sums) in &parts {
        if let Some(customer_id) = vault::billed(key.customer_id) {
            customers.entry(customer_id).or_default().sums += sums;
        }
    }
    for (key, rated) in RatedGroups::new(books.clone(), parts)?.each_rated() {
        customers.entry(key.customer_id).or_default().rated += rated;
    }
    Ok(customers)
}

/// The first of a ranking: by rank descending, then by customer. Who ranks zero is left out.
fn ranked(customers: &BTreeMap<CustomerId, Pair>, params: &TopParams, rank: fn(i64, i64) -> i64) -> Vec<TopCustomer> {
    let rank_of = |(now, before): &Pair| rank(now.value(params.by), before.value(params.by));
    let mut all: Vec<_> = customers.iter().map(|(id, pair)| (rank_of(pair), *id, pair)).collect();
    all.retain(|(rank, ..)| *rank > 0);
    all.sort_by_key(|(rank, id, _)| (std::cmp::Reverse(*rank), *id));
    all.truncate(params.n);
    all.into_iter().map(|(_, id, pair)| TopCustomer::new(id, pair, params.by)).collect()
}
