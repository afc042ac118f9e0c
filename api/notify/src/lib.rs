//! Alerts, webhooks and mail out: the only outgoing calls to customers.
//!
//! ```text
//! notifications, invoices, keys ──triggers──▶ deliveries ◀── alerts (evaluate_alerts)
//!                                                │ claim: a lease
//!                                                ▼
//!                             webhook: signed, POST      e-mail: SMTP
//!                                                │
//!                       delivered │ again, later │ dead, and its owner is told
//! ```
//!
//! It promises that each delivery is made at least once with one number, that customers can have us connect to public
//! addresses alone ([`address`]), and that what a host does costs its own deliveries. The binary runs [`Notifier`]'s methods
//! as the manager's jobs; the API takes what customers may name from [`target`].

pub mod address;
mod deliver;
mod error;
mod evaluate;
mod mail;
mod post;
mod resolve;
mod schedule;
pub mod sign;
pub mod target;

pub use deliver::{
    DELIVERIES_A_RUN, DELIVERY_HEADER, DeliveryReport, EVENT_HEADER, IN_FLIGHT_MAX, IN_FLIGHT_OF_ONE, LEASE_MS,
};
pub use error::NotifyError;
pub use evaluate::AlertReport;
pub use mail::{MAIL_TIMEOUT, MailError, Mailer, SMTP_TIMEOUT, SmtpConfig, SmtpTls};
pub use post::{HEAD_BYTES_MAX, HEAD_FIELDS_MAX, POST_TIMEOUT, PostError, Poster, system_roots};
pub use resolve::{Resolve, SystemResolver};
pub use schedule::{RETRIES_MAX, RETRY_FIRST_MS, RETRY_MAX_MS, retry_after_ms};
pub use target::{Target, TargetError, TargetPolicy};

use std::sync::Arc;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::AccountStore;

/// What time it is: the manager's clock.
pub type Now = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Tells customers.
pub struct Notifier {
    store: AccountStore,
    at_rest: Keyring,
    poster: Poster,
    mailer: Option<Mailer>,
    now: Now,
}

impl Notifier {
    /// One over a store. Without a mailer e-mails wait, for a day; then they are given up.
    pub fn new(store: AccountStore, at_rest: Keyring, poster: Poster, mailer: Option<Mailer>, now: Now) -> Arc<Self> {
        Arc::new(Self { store, at_rest, poster, mailer, now })
    }

    fn now(&self) -> UnixMillis {
        (self.now)()
    }
}
