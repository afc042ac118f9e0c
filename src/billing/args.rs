//! `suiftly billing …`, as it is said.

use crate::cli::Place;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::subscription::{Subscription, Tier};
use suiftly_schema::time::{BillingMonth, UnixMillis};

#[derive(Debug, Args)]
pub(crate) struct BillingArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// JSON instead of tables.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: BillingCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BillingCommand {
    /// Everybody's money, or one customer's: balance, what is accrued, months that are not settled, draws in doubt and why.
    Balance {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: Option<CustomerId>,
    },
    /// A customer's ledger, with what it leaves in their accounts.
    Statement {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
    },
    /// Put funds into a customer's escrow, as its owner (embedded escrow).
    Deposit {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        #[arg(value_name = "USD", value_parser = usd_cents)]
        usd_cents: i64,
    },
    /// Ask for funds back, as their owner: paid once what is accrued is charged (embedded escrow).
    Withdraw {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        #[arg(value_name = "USD", value_parser = usd_cents)]
        usd_cents: i64,
    },
    /// What a month may be charged: at least $10, or `unlimited` (embedded escrow).
    Limit {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        #[arg(value_name = "USD", value_parser = limit_cents)]
        usd_cents: i64,
    },
    /// Grant a credit; it is used before funds are drawn.
    Credit {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        #[arg(value_name = "USD", value_parser = usd_cents)]
        usd_cents: i64,
        /// Why: it is shown on the statement.
        #[arg(long)]
        reason: String,
        /// Names it: given again, it is not granted twice.
        #[arg(long, value_name = "TEXT")]
        reference: String,
    },
    /// What ordering a service, changing, disabling or resuming it would cost.
    Quote(OrderArgs),
    /// Order it. Refused if the balance or the month's limit does not allow it.
    Order(OrderArgs),
    /// The bill of a month that is open, as it stands.
    Draft {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        /// Such as 2026-11; without it the running month.
        #[arg(long, value_parser = month)]
        month: Option<BillingMonth>,
    },
    /// Closed bills and notes, the newest first.
    Invoices {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: Option<CustomerId>,
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
    /// One of them: lines, payments; as PDF, CSV, or JSON with all it was computed from.
    Invoice {
        #[arg(value_name = "NUMBER")]
        number: String,
        #[arg(long, value_enum, default_value_t = DocumentFormat::Text)]
        format: DocumentFormat,
        /// Into this file instead of standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// The hours that an invoice's usage comes from, and the records of an hour while they are kept.
    Hours {
        #[arg(value_name = "NUMBER")]
        number: String,
        /// The records of this hour (RFC 3339), instead of the hours.
        #[arg(long, value_name = "TIME", value_parser = rfc3339, requires = "service")]
        hour: Option<UnixMillis>,
        /// Of this service only.
        #[arg(long, value_parser = service)]
        service: Option<Service>,
    },
    /// Run all jobs that are due, once.
    Run,
    /// The manager's jobs and their last runs.
    Jobs,
    /// The manager's clock; development and test may move it forward.
    Clock {
        /// To this time (RFC 3339).
        #[arg(long, value_name = "TIME", value_parser = rfc3339)]
        to: Option<UnixMillis>,
    },
    /// Hold escrow, mirror, charges and ledger against each other. Fails if anything differs.
    Reconcile,
    /// What people were told, the newest first.
    Notifications {
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: Option<CustomerId>,
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
    /// The published price books; `--publish` adds one, before the hour it takes effect.
    Books {
        #[arg(long, value_name = "FILE")]
        publish: Option<PathBuf>,
    },
    /// What a price book would have made of a month: winners and losers.
    WhatIf {
        /// The book, as JSON.
        #[arg(value_name = "FILE")]
        book: PathBuf,
        /// Such as 2026-11; without it the running month.
        #[arg(long, value_parser = month)]
        month: Option<BillingMonth>,
        /// Every customer, as comma-separated values.
        #[arg(long)]
        csv: bool,
    },
    /// Rate random customers again by SQL over raw records, and compare.
    Shadow,
}

/// What is ordered.
#[derive(Debug, Clone, Args)]
pub(crate) struct OrderArgs {
    #[arg(value_name = "CUSTOMER", value_parser = customer)]
    pub(crate) customer: CustomerId,
    /// seal, grpc or graphql.
    #[arg(value_name = "SERVICE", value_parser = service)]
    pub(crate) service: Service,
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: What,
    /// starter, pro or enterprise.
    #[arg(long, value_parser = tier)]
    pub(crate) tier: Option<Tier>,
    /// With the burst add-on.
    #[arg(long)]
    pub(crate) burst: bool,
    /// API keys beyond two.
    #[arg(long, default_value_t = 0)]
    pub(crate) api_keys: u32,
    /// Seal keys beyond one.
    #[arg(long, default_value_t = 0)]
    pub(crate) seal_keys: u32,
    /// Packages beyond three a seal key.
    #[arg(long, default_value_t = 0)]
    pub(crate) packages: u32,
    /// Refuse unless it costs this much now, to the micro-dollar, as quoted.
    #[arg(long, value_name = "MICRO_USD")]
    pub(crate) expect_micro_usd: Option<i64>,
}

impl OrderArgs {
    /// What it would be enabled with.
    pub(crate) fn subscription(&self) -> anyhow::Result<Subscription> {
        let tier = self.tier.ok_or_else(|| anyhow::anyhow!("name the tier: --tier starter, pro or enterprise"))?;
        Ok(Subscription {
            tier,
            burst: self.burst,
            extra_api_keys: self.api_keys,
            extra_seal_keys: self.seal_keys,
            extra_packages: self.packages,
        })
    }
}

/// What to do with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    Enable,
    Change,
    Disable,
    /// Take back what is scheduled for the month's end.
    Resume,
}

/// How a document is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    Text,
    Json,
    Csv,
    Pdf,
}

fn customer(text: &str) -> Result<CustomerId, String> {
    text.parse().ok().and_then(CustomerId::new).ok_or_else(|| "a customer's number is greater than zero".to_owned())
}

fn service(text: &str) -> Result<Service, String> {
    Service::from_word(text).ok_or_else(|| "no service: seal, grpc, graphql, …".to_owned())
}

fn tier(text: &str) -> Result<Tier, String> {
    Tier::from_word(text).ok_or_else(|| "no tier: starter, pro or enterprise".to_owned())
}

fn month(text: &str) -> Result<BillingMonth, String> {
    BillingMonth::parse(text).ok_or_else(|| "not a month like 2026-11".to_owned())
}

fn rfc3339(text: &str) -> Result<UnixMillis, String> {
    UnixMillis::parse_rfc3339(text).ok_or_else(|| "not a time like 2026-12-02T00:00:00Z".to_owned())
}

/// `12`, `12.5`, `12.34`, each with or without a dollar sign.
pub(crate) fn usd_cents(text: &str) -> Result<i64, String> {
    let wrong = || "not an amount of dollars and cents like 12.34".to_owned();
    let text = text.strip_prefix('$').unwrap_or(text);
    let (dollars, cents) = text.split_once('.').unwrap_or((text, "00"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(dollars) || !digits(cents) || cents.len() > 2 || dollars.len() > 12 {
        return Err(wrong());
    }
    let dollars: i64 = dollars.parse().map_err(|_| wrong())?;
    let cents: i64 = format!("{cents:0<2}").parse().map_err(|_| wrong())?;
    Some(dollars * 100 + cents).filter(|amount| *amount > 0).ok_or_else(|| "more than nothing".to_owned())
}

pub(crate) fn limit_cents(text: &str) -> Result<i64, String> {
    if text == "unlimited" { Ok(0) } else { usd_cents(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_to_the_cent() {
        let cases = [
            ("12", Some(1_200)),
            ("$12", Some(1_200)),
            ("12.5", Some(1_250)),
            ("$0.07", Some(7)),
            ("12.34", Some(1_234)),
            ("999999999999.99", Some(99_999_999_999_999)),
            ("0", None),
            ("-1", None),
            ("1.234", None),
            ("1.", None),
            (".5", None),
            ("1,000", None),
            ("9999999999999", None),
            ("", None),
        ];
        for (text, cents) in cases {
            assert_eq!(usd_cents(text).ok(), cents, "{text}");
        }
        assert_eq!(limit_cents("unlimited"), Ok(0));
    }
}
