//! What `[api]` says of both HTTP servers: whom to believe, whom to allow in, how often.

use super::Api;
use anyhow::Context;
use std::net::IpAddr;
use suiftly_api::{ApiLimits, HttpRules, IpNet, Rate};

/// Proxies that are trusted at most, and origins that are allowed in.
const ENTRIES_MAX: usize = 100;

impl Api {
    /// How much both servers take on.
    pub(crate) fn limits(&self) -> ApiLimits {
        ApiLimits {
            streams: self.max_streams,
            address: Rate { per_second: self.rate_limit_address, burst: self.rate_limit_address_burst },
            customer: Rate { per_second: self.rate_limit_customer, burst: self.rate_limit_customer_burst },
            ..ApiLimits::default()
        }
    }

    /// Whom they believe.
    pub(crate) fn rules(&self, is_tls_only: bool) -> anyhow::Result<HttpRules> {
        let proxies = self.trusted_proxies.iter().map(|text| network(text)).collect::<anyhow::Result<_>>()?;
        let origins = self.cors_origins.iter().map(|text| origin(text)).collect::<anyhow::Result<_>>()?;
        Ok(HttpRules { trusted_proxies: proxies, cors_origins: origins, is_tls_only })
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.max_streams > 0, "api.max_streams must be at least 1");
        for (key, burst) in [
            ("rate_limit_address_burst", self.rate_limit_address_burst),
            ("rate_limit_customer_burst", self.rate_limit_customer_burst),
        ] {
            anyhow::ensure!(burst > 0, "api.{key} must be at least 1");
        }
        for (key, entries) in [("trusted_proxies", &self.trusted_proxies), ("cors_origins", &self.cors_origins)] {
            anyhow::ensure!(entries.len() <= ENTRIES_MAX, "api.{key} has at most {ENTRIES_MAX} entries");
        }
        self.rules(false).map(|_| ())
    }
}

/// `192.0.2.1` or `192.0.2.0/24`.
fn network(text: &str) -> anyhow::Result<IpNet> {
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.with_context(|| format!("api.trusted_proxies: {text:?} is no address and no prefix (192.0.2.0/24)"))
}

/// `https://app.example.org`, as browsers write it.
fn origin(text: &str) -> anyhow::Result<suiftly_api::HeaderValue> {
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |authority: &str| {
        !authority.is_empty()
            && authority
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']'))
    };
    anyhow::ensure!(
        authority.is_some_and(is_host),
        "api.cors_origins: {text:?} is no origin: write it as https://app.example.org, in lower case, without a path"
    );
    Ok(text.parse()?)
}
