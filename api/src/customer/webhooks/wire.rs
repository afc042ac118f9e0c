//! Webhooks over the wire.

use crate::body::Checks;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use suiftly_notify::{Target, TargetPolicy};
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{WEBHOOK_EVENTS_ALL, WebhookChange, WebhookRow};
use utoipa::ToSchema;

/// What a webhook is told of: the word before the dot of an event's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEventWord {
    /// All of these, and those to come.
    #[serde(rename = "*")]
    All,
    /// Thresholds that are crossed.
    Alert,
    /// Deposits, withdrawals, a balance that does not cover what is used.
    Balance,
    /// Charges that were refused, or that nobody asked for; subscriptions that could not be renewed.
    Charge,
    /// Webhooks that do not answer, told to the others.
    Delivery,
    /// Invoices and notes: issued, paid, failed.
    Invoice,
    /// API keys: made, revoked, enabled again, deleted.
    Key,
    /// The month's limit.
    Limit,
}

impl WebhookEventWord {
    const ALL: [Self; 8] =
        [Self::All, Self::Alert, Self::Balance, Self::Charge, Self::Delivery, Self::Invoice, Self::Key, Self::Limit];

    const fn word(self) -> &'static str {
        match self {
            Self::All => WEBHOOK_EVENTS_ALL,
            Self::Alert => "alert",
            Self::Balance => "balance",
            Self::Charge => "charge",
            Self::Delivery => "delivery",
            Self::Invoice => "invoice",
            Self::Key => "key",
            Self::Limit => "limit",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }
}

/// Every webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookList {
    /// By number.
    pub items: Vec<WebhookView>,
    /// Always `null`: there is no other page.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its number.
    pub id: i64,
    /// Where it is told.
    pub url: String,
    /// Of what.
    pub events: Vec<WebhookEventWord>,
    /// Whether it is told.
    pub is_enabled: bool,
    /// Until when the secret before signs too, if it was rotated.
    #[schema(format = DateTime, required = true)]
    pub old_secret_until: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A webhook, with its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookSecretView {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What its deliveries are signed with, `whsec_` and all. It is not shown again.
    #[schema(format = Password)]
    pub secret: String,
}

impl WebhookView {
    pub(super) fn new(row: &WebhookRow) -> Self {
        let WebhookRow { id, url, events, is_enabled, old_until, created_at } = row;
        Self {
            id: *id,
            url: url.clone(),
            events: events.iter().filter_map(|word| WebhookEventWord::from_word(word)).collect(),
            is_enabled: *is_enabled,
            old_secret_until: old_until.map(UnixMillis::rfc3339),
            created_at: created_at.rfc3339(),
        }
    }
}

/// A webhook to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookRequest {
    /// `https://…` of a host on the public internet.
    #[schema(min_length = 1, max_length = 500)]
    pub url: String,
    /// What it is told of. Default: all.
    #[serde(default = "all")]
    #[schema(min_items = 1, max_items = 8, default = json!(["*"]))]
    pub events: Vec<WebhookEventWord>,
}

fn all() -> Vec<WebhookEventWord> {
    vec![WebhookEventWord::All]
}

impl NewWebhookRequest {
    pub(super) fn checked(self, policy: TargetPolicy) -> Result<(String, Vec<String>), Problem> {
        let mut checks = Checks::default();
        check_url(&mut checks, &self.url, policy);
        let events = checked_events(&mut checks, self.events);
        checks.finish((self.url, events))
    }
}

/// What is to be changed: what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookChangeRequest {
    /// `https://…` of a host on the public internet.
    #[schema(min_length = 1, max_length = 500)]
    pub url: Option<String>,
    /// What it is told of.
    #[schema(min_items = 1, max_items = 8)]
    pub events: Option<Vec<WebhookEventWord>>,
    /// Whether it is told.
    pub is_enabled: Option<bool>,
}

impl WebhookChangeRequest {
    pub(super) fn checked(self, policy: TargetPolicy) -> Result<WebhookChange, Problem> {
        let Self { url, events, is_enabled } = self;
        let mut checks = Checks::default();
        if let Some(url) = &url {
            check_url(&mut checks, url, policy);
        }
        let events = events.map(|events| checked_events(&mut checks, events));
        checks.finish(WebhookChange { url, events, is_enabled })
    }
}

fn check_url(checks: &mut Checks, url: &str, policy: TargetPolicy) {
    if let Err(error) = Target::parse(url, policy) {
        checks.fail("url", error.to_string());
    }
}

/// Each once.
fn checked_events(checks: &mut Checks, mut events: Vec<WebhookEventWord>) -> Vec<String> {
    if !(1..=WebhookEventWord::ALL.len()).contains(&events.len()) {
        checks.fail("events", format!("must be 1 to {}", WebhookEventWord::ALL.len()));
    }
    events.sort_unstable();
    events.dedup();
    events.into_iter().map(|event| event.word().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_store::accounts::WEBHOOK_EVENTS;

    #[test]
    fn the_words_are_the_stores() {
        let words: Vec<&str> = WebhookEventWord::ALL.iter().skip(1).map(|event| event.word()).collect();
        assert_eq!(words, WEBHOOK_EVENTS);
        for event in WebhookEventWord::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.word());
        }
    }
}
