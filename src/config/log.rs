//! `[log]`: what the program says of itself, and how it is written.

use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// How lines are written.
    pub(crate) format: LogOutput,
    /// From which level on, and what other for single parts: `info,suiftly_ingest=debug`.
    pub(crate) level: String,
}

/// `log.format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogOutput {
    /// Journald's own protocol where systemd reads standard error, else text.
    Auto,
    /// A line for people, on standard error.
    Text,
    /// A JSON object a line, on standard error.
    Json,
    /// Journald's own protocol: fields and priorities are kept.
    Journald,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogOutput::Auto, level: "info".to_owned() }
    }
}

impl Log {
    /// What is let through. PostgreSQL's notices ("exists, skipping") are no news unless they are asked for.
    pub(crate) fn filter(&self) -> anyhow::Result<EnvFilter> {
        filter(&self.level).with_context(|| format!("log.level is {:?}", self.level))
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.filter().map(|_| ())
    }
}

/// Levels as they are written in `log.level` and in SUIFTLY_LOG.
pub(crate) fn filter(levels: &str) -> anyhow::Result<EnvFilter> {
    let cannot = "it must be off, error, warn, info, debug or trace, or such as info,suiftly_ingest=debug";
    anyhow::ensure!(!levels.trim().is_empty(), cannot);
    EnvFilter::try_new(format!("tokio_postgres=warn,{levels}")).ok().context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_or_refused_in_plain_words() {
        for good in ["off", "info", "warn,suiftly_ingest=trace", "debug,tokio_postgres=debug"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        assert_eq!(filter("info").unwrap().to_string(), "tokio_postgres=warn,info");
        for bad in ["", " ", "loud=shout", "a=b=c"] {
            let error = format!("{:#}", Log { level: bad.to_owned(), ..Log::default() }.check().unwrap_err());
            assert!(error.contains("log.level is") && error.contains("suiftly_ingest=debug"), "{bad}: {error}");
        }
    }
}
