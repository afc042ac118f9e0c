//! `[api]`: where customers are served; and, for both HTTP servers, whom to believe, whom to allow in, how often.

use super::{Problems, local};
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use suiftly_api::{ApiLimits, HttpRules, IpNet, Rate};

/// Proxies that are trusted at most, and origins that are allowed in.
const ENTRIES_MAX: usize = 100;

/// `[api]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// Where the API and the dashboard are served, in plain text.
    pub(crate) listen: SocketAddr,
    /// Whether that may be an address that other machines reach, in production: a proxy or a private network then keeps
    /// strangers from reading along.
    pub(crate) plain_text: bool,
    /// The dashboard's built files.
    pub(crate) web_dir: PathBuf,
    /// Live streams at once; more are refused.
    pub(crate) max_streams: usize,
    /// The domain that wallets show when they are asked to sign in: that of the dashboard's address.
    pub(crate) domain: String,
    /// Any signature is taken at sign-in (MOCK_AUTH); in development and tests alone.
    pub(crate) mock_auth: bool,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or prefixes.
    pub(crate) trusted_proxies: Vec<String>,
    /// Other origins whose pages may ask, by Bearer.
    pub(crate) cors_origins: Vec<String>,
    /// Requests a second of one address (of IPv6: one /64); 0: as many as they like.
    pub(crate) rate_limit_address: u32,
    /// The same at once, after a rest.
    pub(crate) rate_limit_address_burst: u32,
    /// Requests a second of one customer; 0: as many as they like.
    pub(crate) rate_limit_customer: u32,
    /// The same at once, after a rest.
    pub(crate) rate_limit_customer_burst: u32,
    /// What the deployment is called.
    pub(crate) name: Option<String>,
    /// Whom customers write to.
    pub(crate) support_email: Option<String>,
    /// Where customers find help.
    pub(crate) support_url: Option<String>,
    /// Where a transaction is looked at, with `{digest}` in it.
    pub(crate) explorer_tx_url: Option<String>,
    /// Where services are reached, by service and network (`seal_mainnet`).
    pub(crate) endpoints: BTreeMap<String, String>,
}

impl Default for Api {
    fn default() -> Self {
        let limits = ApiLimits::default();
        Self {
            listen: local(3000),
            plain_text: false,
            web_dir: "console/web/dist".into(),
            max_streams: 1_000,
            domain: "localhost:3000".to_owned(),
            mock_auth: false,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            rate_limit_address: limits.address.per_second,
            rate_limit_address_burst: limits.address.burst,
            rate_limit_customer: limits.customer.per_second,
            rate_limit_customer_burst: limits.customer.burst,
            name: None,
            support_email: None,
            support_url: None,
            explorer_tx_url: None,
            endpoints: BTreeMap::new(),
        }
    }
}

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

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.unless(self.max_streams > 0, "api.max_streams must be at least 1");
        for (key, burst) in [
            ("rate_limit_address_burst", self.rate_limit_address_burst),
            ("rate_limit_customer_burst", self.rate_limit_customer_burst),
        ] {
            problems.unless(burst > 0, format_args!("api.{key} must be at least 1"));
        }
        for (key, entries) in [("trusted_proxies", &self.trusted_proxies), ("cors_origins", &self.cors_origins)] {
            problems.unless(entries.len() <= ENTRIES_MAX, format_args!("api.{key} has at most {ENTRIES_MAX} entries"));
        }
        for proxy in &self.trusted_proxies {
            problems.note(network(proxy));
        }
        for known in &self.cors_origins {
            problems.note(origin(known));
        }
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
