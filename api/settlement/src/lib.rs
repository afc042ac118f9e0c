//! Suiftly's money: what is rated becomes charges, invoices and notes; subscriptions are ordered and renewed; the escrow
//! stands behind a trait; the manager runs all of it on durable schedules. The only money movement.
//!
//! Where it stands: rated usage comes out of the store, as of its watermark; what is decided goes back into it, and by the
//! outbox into the journal and the `spend` view. Amounts are computed by `suiftly_schema`'s pure functions, the same live,
//! at the close and in an audit. A step that may have been done before a crash is never repeated blindly: its reference in
//! the ledger, its nonce or its event's digest tells.

mod accounts;
mod charging;
mod clock;
mod closing;
mod closure;
pub mod document;
mod drafting;
mod error;
pub mod escrow;
pub mod manager;
pub mod owners;
mod paying;
mod proving;
mod reconciling;
mod shadow;
mod subscribing;
mod what_if;

pub use accounts::{EVENTS_A_PAGE, PollReport};
pub use charging::{CALL_TIMEOUT, CUSTOMERS_A_CHUNK, ChargeReport, RecoverReport};
pub use clock::{Clock, ManagerClock};
pub use closing::{CloseReport, GRACE_MS, NOTES_AFTER_MS, PARTS_AWAITED_MS};
pub use closure::{CLOSURE_GRACE_MS, ClosureReport};
pub use drafting::{Draft, Standing};
pub use error::SettlementError;
pub use paying::PayoutReport;
pub use proving::{SealReport, Sealer};
pub use reconciling::{FINDINGS_MAX, Finding, Reconciliation};
pub use shadow::{SHADOW_DETAIL_MAX, ShadowCheck};
pub use subscribing::{RENEWED_A_TRANSACTION, Renewals};
pub use what_if::WhatIfAnswer;

use escrow::Escrow;
use parking_lot::Mutex;
use std::sync::Arc;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{MoneyStore, ShadowSummary};

/// Everything that moves money, over one database and one escrow.
#[derive(Clone)]
pub struct Settlement {
    store: MoneyStore,
    escrow: Arc<dyn Escrow>,
    clock: Arc<dyn Clock>,
    /// Who makes what bills are proven by, if anybody does.
    sealer: Option<Arc<dyn Sealer>>,
    /// What the last shadow check of this process found.
    shadow: Arc<Mutex<Option<ShadowSummary>>>,
    /// Held by who calls for charges. Of two calls at once for a nonce one could be refused, and the other done after it.
    charging: Arc<tokio::sync::Mutex<()>>,
}

impl Settlement {
    /// Joins them.
    pub fn new(store: MoneyStore, escrow: Arc<dyn Escrow>, clock: Arc<dyn Clock>) -> Self {
        Self { store, escrow, clock, sealer: None, shadow: Arc::default(), charging: Arc::default() }
    }

    /// The same, whose bills can be proven: months are closed when their parts come to them.
    #[must_use]
    pub fn with_sealer(self, sealer: Arc<dyn Sealer>) -> Self {
        Self { sealer: Some(sealer), ..self }
    }

    /// The same, acting for a customer: to read, quote and order. What goes to the escrow and back needs the whole.
    #[must_use]
    pub fn for_customer(&self, customer: CustomerId) -> Self {
        Self { store: self.store.for_customer(customer), ..self.clone() }
    }

    /// What it is kept in.
    pub const fn store(&self) -> &MoneyStore {
        &self.store
    }

    /// Whether owners' acts (deposits, withdrawals, limits) are done through us. Where a chain holds the funds, owners sign
    /// them.
    pub fn acts_for_owners(&self) -> bool {
        self.escrow.acts_for_owners()
    }

    /// By the manager's clock.
    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }
}
