//! What production refuses of the settings themselves.

use super::Verdict;
use crate::backup::CLUSTER;
use crate::config::{Config, EscrowBackend, Problems, Sui, SuiNetwork};
use std::net::{IpAddr, SocketAddr};
use suiftly_edge::repair::goes_in_plain_text;

pub(super) fn look(config: &Config, verdict: &mut Verdict) {
    let Verdict { refused, noted } = verdict;
    mocks(config, refused);
    listeners(config, refused);
    people(config, refused);
    remarks(config, noted);
}

/// What makes things up.
fn mocks(config: &Config, refused: &mut Problems) {
    let Config { api, billing, notify, .. } = config;
    refused.unless(!api.mock_auth, "api.mock_auth takes any signature at sign-in: it is for development and tests");
    let is_true = billing.mock_escrow.is_none();
    refused.unless(is_true, "billing.mock_escrow makes the escrow fail: it is for development and tests");
    let is_public = !notify.allow_local_webhooks;
    refused.unless(
        is_public,
        "notify.allow_local_webhooks lets customers ask on this machine: it is for development and tests",
    );
}

/// What other machines reach in plain text wants an explicit yes.
fn listeners(config: &Config, refused: &mut Problems) {
    let Config { api, admin, .. } = config;
    lines(config, refused);
    plain_text("api", "listen", (api.listen, api.plain_text), "customers' sessions go", refused);
    // Without a yes of its own the configuration is not even read; the guard holds by itself.
    let is_tls = admin.tls_certificate.is_some();
    plain_text("admin", "listen", (admin.listen, admin.plain_text || is_tls), "operators' tokens go", refused);
    edge(config, refused);
}

/// Where lines come in.
pub(super) fn lines(config: &Config, refused: &mut Problems) {
    let ingest = &config.ingest;
    plain_text("ingest", "listen", (ingest.listen, ingest.plain_text), "log lines come", refused);
}

/// The same for what an edge serves, and sends.
pub(super) fn edge(config: &Config, refused: &mut Problems) {
    let edge = &config.edge;
    if let Some(metrics) = edge.metrics {
        plain_text("edge", "metrics", (metrics, edge.plain_text), "health and metrics go", refused);
    }
    for home in &edge.repair_to {
        let problem = format_args!(
            "edge.repair_to has {home}: log lines go over the wire in plain text; name it tls://host:port, or say \
             edge.plain_text = true where a private network keeps strangers away"
        );
        refused.unless(edge.plain_text || !goes_in_plain_text(home), problem);
    }
}

fn plain_text(section: &str, key: &str, listens: (SocketAddr, bool), what: &str, refused: &mut Problems) {
    let (listen, is_wanted) = listens;
    let problem = format_args!(
        "{section}.{key} is {listen}: other machines reach it, and {what} over the wire in plain text; listen on 127.0.0.1, \
         or say {section}.plain_text = true where a private network keeps strangers away"
    );
    refused.unless(is_wanted || listen.ip().is_loopback(), problem);
}

/// Who may speak, who holds the money, whom wallets name.
fn people(config: &Config, refused: &mut Problems) {
    bound(config, refused);
    match config.billing.escrow {
        EscrowBackend::Embedded => {
            let no_chain = "billing.escrow is embedded: no chain vouches for deposits; say billing.embedded_in_production = \
                true if operators do";
            refused.unless(config.billing.embedded_in_production, no_chain);
        }
        EscrowBackend::Sui => nodes(&config.billing.sui, refused),
    }
    let domain = &config.api.domain;
    let host = domain.rsplit_once(':').map_or(domain.as_str(), |(host, _)| host);
    let is_ours = !["", "localhost", "127.0.0.1", "[::1]"].contains(&host);
    refused.unless(is_ours, format_args!("api.domain is {domain:?}: name the dashboard's own, which wallets show"));
}

/// Who may speak for which server.
pub(super) fn bound(config: &Config, refused: &mut Problems) {
    let is_bound = !config.source.is_empty();
    let unbound = "there is no [[source]]: anybody who reaches the listener could bill any customer; name each gateway's \
        address or certificate with its servers";
    refused.unless(is_bound, unbound);
}

/// Two nodes, which somebody else than one host has to lie about.
fn nodes(sui: &Sui, refused: &mut Problems) {
    let is_private = sui.nodes.iter().all(|url| url.starts_with("https://"));
    refused.unless(
        is_private,
        "billing.sui.nodes: a node is asked in plain text; whoever is on the way answers: use https://",
    );
    let hosts = sui.hosts();
    let is_one = hosts.windows(2).any(|two| two[0].eq_ignore_ascii_case(two[1]));
    refused.unless(
        !is_one,
        "billing.sui.nodes are of one host, which could lie about both: name nodes of different hosts",
    );
    let is_worth_something = matches!(sui.network, SuiNetwork::Mainnet | SuiNetwork::Localnet);
    let worthless = "billing.sui.network names a network whose funds are made of nothing: production is on mainnet; try the \
        others on a server of type test";
    refused.unless(is_worth_something, worthless);
    let is_local = sui.network == SuiNetwork::Localnet || hosts.iter().any(|host| is_here(host));
    let local = "billing.sui names a local chain (`suiftly chain`, MOCK_SUI_RPC), whose funds are made of nothing: it is for \
        development and tests";
    refused.unless(!is_local, local);
}

fn is_here(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// What may be so, and seldom should.
fn remarks(config: &Config, noted: &mut Problems) {
    let Config { api, gateway, .. } = config;
    noted.unless(!gateway.is_empty(), "there is no [[gateway]]: no edge is expected, and none is served");
    backups(config, noted);
    let is_told = !api.listen.ip().is_loopback() || !api.trusted_proxies.is_empty();
    let one_limit = "api.trusted_proxies is empty: behind a proxy all customers share one limit; name it (127.0.0.1 for \
        nginx on this machine)";
    noted.unless(is_told, one_limit);
    let is_limited = api.rate_limit_address > 0 && api.rate_limit_customer > 0;
    noted.unless(is_limited, "api.rate_limit_address or api.rate_limit_customer is 0: nobody is slowed down");
}

/// Whether copies are made without somebody who remembers to.
fn backups(config: &Config, noted: &mut Problems) {
    if config.cluster.id.is_some() {
        return noted.add(format_args!("cluster.id is set, and no backup of a cluster is made of itself. {CLUSTER}"));
    }
    let is_kept = config.backup.every().is_some();
    noted.unless(is_kept, "backup.recipients is empty, or backup.every_hours is 0: no backup is made of itself");
}
