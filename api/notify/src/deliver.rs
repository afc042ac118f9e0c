//! The delivery worker: takes what is due, makes it, writes down what became of it.
//!
//! At least once: a claim is a lease ([`LEASE_MS`]); who dies under way leaves what was claimed to be made again, with the
//! same number in `Suiftly-Delivery`. At most [`IN_FLIGHT_MAX`] at once, and [`IN_FLIGHT_OF_ONE`] or so of one customer, so
//! that nobody's dead hosts hold the others up. In no particular order.

use crate::mail::MailError;
use crate::post::PostError;
use crate::schedule::retry_after_ms;
use crate::sign::{SIGNATURE_HEADER, signature};
use crate::{Notifier, NotifyError};
use hyper::header::{CONTENT_TYPE, HeaderName, USER_AGENT};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use suiftly_schema::ids::CustomerId;
use suiftly_store::StoreError;
use suiftly_store::accounts::{ClaimedDelivery, DeliveryWay, Outcome, webhook_place};
use tokio::task::JoinSet;

/// Deliveries under way at once at most.
pub const IN_FLIGHT_MAX: usize = 64;
/// Of one customer, when the next are claimed.
pub const IN_FLIGHT_OF_ONE: usize = 4;
/// Deliveries that one run begins at most.
pub const DELIVERIES_A_RUN: usize = 2_000;
/// A claim holds this long: longer than any attempt takes.
pub const LEASE_MS: i64 = 60_000;
/// The header that numbers a delivery: the same at each attempt.
pub const DELIVERY_HEADER: &str = "suiftly-delivery";
/// The header that says what it tells of.
pub const EVENT_HEADER: &str = "suiftly-event";

/// E-mails are given up after so long, where nobody sends any.
const UNSENT_EMAIL_MS: i64 = DAY_MS;
/// Deliveries are kept so long; those that were given up, longer.
const DELIVERED_KEPT_MS: i64 = 30 * DAY_MS;
const DEAD_KEPT_MS: i64 = 90 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// Rounds of removing old ones in one run.
const PURGES_MAX: usize = 100;

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Deliveries that were taken.
    pub delivered: u64,
    /// Those that are tried again.
    pub retried: u64,
    /// Those that were given up.
    pub dead: u64,
}

/// What runs.
#[derive(Default)]
struct Round {
    tasks: JoinSet<(CustomerId, Result<Outcome, StoreError>)>,
    under_way: BTreeMap<CustomerId, usize>,
    begun: usize,
    report: DeliveryReport,
    failed: Option<StoreError>,
}

impl Notifier {
    /// Makes what is due. An error is the store's; what was claimed then is made again when its lease is over.
    pub async fn deliver_due(self: &Arc<Self>) -> Result<DeliveryReport, NotifyError> {
        let mut round = Round::default();
        loop {
            let free = (IN_FLIGHT_MAX - round.tasks.len()).min(DELIVERIES_A_RUN - round.begun);
            if free > 0 && round.failed.is_none() {
                self.begin(&mut round, free).await?;
            }
            let Some(joined) = round.tasks.join_next().await else { break };
            round.take(joined);
            while let Some(joined) = round.tasks.try_join_next() {
                round.take(joined);
            }
        }
        round.failed.map_or(Ok(round.report), |error| Err(error.into()))
    }

    async fn begin(self: &Arc<Self>, round: &mut Round, free: usize) -> Result<(), StoreError> {
        let (now, with_email) = (self.now(), self.mailer.is_some());
        let busy = round.under_way.iter().filter(|(_, count)| **count >= IN_FLIGHT_OF_ONE);
        let busy: Vec<CustomerId> = busy.map(|(customer, _)| *customer).collect();
        let lease = (now, now.plus_ms(LEASE_MS));
        let claimed = self.store.claim_deliveries(lease, (free, IN_FLIGHT_OF_ONE), &busy, with_email).await?;
        round.begun += claimed.len();
        for delivery in claimed {
            *round.under_way.entry(delivery.customer).or_default() += 1;
            let notifier = Arc::clone(self);
            round.tasks.spawn(async move { (delivery.customer, notifier.deliver(&delivery).await) });
        }
        Ok(())
    }

    /// Makes one and records it.
    async fn deliver(&self, delivery: &ClaimedDelivery) -> Result<Outcome, StoreError> {
        let outcome = match &delivery.way {
            DeliveryWay::Webhook { is_enabled: false, .. } => {
                Outcome::Dead { status: None, error: "the webhook was disabled".to_owned(), is_told: false }
            }
            DeliveryWay::Webhook { id, url, sealed, .. } => self.post(delivery, (*id, url), sealed).await,
            DeliveryWay::Email { to } => self.mail(delivery, to.as_deref()).await,
        };
        self.store.record_delivery(delivery, &outcome, self.now()).await?;
        Ok(outcome)
    }

    async fn post(&self, delivery: &ClaimedDelivery, (id, url): (i64, &str), sealed: &[Vec<u8>]) -> Outcome {
        let place = webhook_place(delivery.customer, id);
        let opened = sealed.iter().map(|sealed| self.at_rest.open(sealed, &place)).collect::<Result<Vec<_>, _>>();
        let secrets = match opened {
            Ok(secrets) => secrets,
            Err(error) => {
                tracing::error!(webhook = id, %error, "a webhook's secret cannot be opened");
                return self.failed(delivery, None, "it could not be signed".to_owned());
            }
        };
        let body = payload(delivery).to_string().into_bytes();
        let signature = signature(&secrets, self.now().0.div_euclid(1_000), &body);
        let fields = [
            (CONTENT_TYPE, "application/json".to_owned()),
            (USER_AGENT, "Suiftly-Webhooks/1".to_owned()),
            (HeaderName::from_static(DELIVERY_HEADER), delivery.id.to_string()),
            (HeaderName::from_static(EVENT_HEADER), delivery.event_type.clone()),
            (HeaderName::from_static(SIGNATURE_HEADER), signature),
        ];
        match self.poster.post(url, &fields, body).await {
            Ok(status @ 200..=299) => Outcome::Delivered { status: Some(status) },
            Ok(status @ 300..=399) => {
                self.failed(delivery, Some(status), format!("answered {status}: redirects are not followed"))
            }
            Ok(status) => self.failed(delivery, Some(status), format!("answered {status}")),
            Err(error) => self.failed(delivery, None, described(&error)),
        }
    }

    async fn mail(&self, delivery: &ClaimedDelivery, to: Option<&str>) -> Outcome {
        let Some(mailer) = &self.mailer else {
            return self.failed(delivery, None, "no mail server is configured".to_owned());
        };
        match mailer.send(delivery, to).await {
            Ok(()) => Outcome::Delivered { status: None },
            Err(error @ MailError::NoAddress) => {
                Outcome::Dead { status: None, error: error.to_string(), is_told: false }
            }
            Err(error) => {
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(delivery = delivery.id, %error, cause, "an e-mail was not taken");
                self.failed(delivery, None, error.to_string())
            }
        }
    }

    fn failed(&self, delivery: &ClaimedDelivery, status: Option<u16>, error: String) -> Outcome {
        match retry_after_ms(delivery.attempt) {
            Some(wait_ms) => Outcome::Retry { status, error, at: self.now().plus_ms(wait_ms) },
            None => Outcome::Dead { status, error, is_told: true },
        }
    }

    /// Removes deliveries that are old enough, and gives e-mails up that nobody sends. Answers how many.
    pub async fn purge(&self) -> Result<u64, NotifyError> {
        let now = self.now();
        let mut changed = 0;
        if self.mailer.is_none() {
            let why = "no mail server is configured";
            changed += self.store.end_unsent_emails(now.plus_ms(-UNSENT_EMAIL_MS), why).await?;
        }
        for _ in 0..PURGES_MAX {
            let kept = (now.plus_ms(-DELIVERED_KEPT_MS), now.plus_ms(-DEAD_KEPT_MS));
            let removed = self.store.purge_deliveries(kept.0, kept.1).await?;
            changed += removed;
            if removed == 0 {
                break;
            }
        }
        Ok(changed)
    }
}

impl Round {
    fn take(&mut self, joined: Result<(CustomerId, Result<Outcome, StoreError>), tokio::task::JoinError>) {
        let (customer, outcome) = match joined {
            Ok(ended) => ended,
            Err(error) => {
                // Only when the runtime ends: tasks are not aborted, and do not panic.
                tracing::error!(%error, "a delivery ended by itself");
                return;
            }
        };
        if let Some(count) = self.under_way.get_mut(&customer) {
            *count -= 1;
        }
        self.under_way.retain(|_, count| *count > 0);
        match outcome {
            Ok(Outcome::Delivered { .. }) => self.report.delivered += 1,
            Ok(Outcome::Retry { .. }) => self.report.retried += 1,
            Ok(Outcome::Dead { .. }) => self.report.dead += 1,
            Err(error) => self.failed = Some(error),
        }
    }
}

/// What is posted: the same bytes at each attempt.
fn payload(delivery: &ClaimedDelivery) -> Value {
    json!({
        "id": delivery.id,
        "type": delivery.event_type,
        "created_at": delivery.created_at.rfc3339(),
        "data": delivery.body,
    })
}

/// An error and what it came from.
fn described(error: &PostError) -> String {
    let mut text = error.to_string();
    if let PostError::Http(error) = error
        && let Some(cause) = error.source()
    {
        text = format!("{text}: {cause}");
    }
    text
}
