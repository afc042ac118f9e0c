//! `[ingest]`: where log lines come in, and what they are.

use super::Problems;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use suiftly_ingest::listener;

/// `[ingest]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ingest {
    /// Where syslog comes in, by UDP and by TCP. Both are plain text.
    pub(crate) listen: SocketAddr,
    /// Whether that may be an address that other machines reach, in production: a private network then keeps strangers
    /// from reading lines and from sending them.
    pub(crate) plain_text: bool,
    /// UDP sockets on this address, each with a thread: 1 to 16.
    pub(crate) udp_shards: usize,
    /// Where syslog comes in by TLS, if there is a certificate.
    pub(crate) tls_listen: SocketAddr,
    /// The certificate and those that lead to its CA, as PEM. Without it there is no TLS.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// The CAs that client certificates are checked by, as PEM. Without them none is asked for.
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused.
    pub(crate) tls_client_required: bool,
    /// Where a Unix datagram socket for syslog is made. Without it there is none.
    pub(crate) unix: Option<PathBuf>,
    /// TCP and TLS connections at once; more are refused.
    pub(crate) max_connections: usize,
    /// What lines are: auto, sf1, httplog, httpslog, tcplog, or the name of a `[[format]]`.
    pub(crate) format: String,
    /// Of those connections, how many one sender may have: an IPv4 address, or the /64 of an IPv6 address.
    pub(crate) max_connections_per_peer: usize,
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            listen: listener::DEFAULT_LISTEN,
            plain_text: false,
            udp_shards: listener::DEFAULT_UDP_SHARDS,
            tls_listen: listener::DEFAULT_TLS_LISTEN,
            tls_certificate: None,
            tls_key: None,
            tls_client_ca: None,
            tls_client_required: false,
            unix: None,
            max_connections: listener::DEFAULT_MAX_CONNECTIONS,
            max_connections_per_peer: listener::DEFAULT_MAX_CONNECTIONS_PER_PEER,
            format: "auto".to_owned(),
        }
    }
}

impl Ingest {
    pub(super) fn check(&self, problems: &mut Problems) {
        let max_shards = listener::MAX_UDP_SHARDS;
        let are_few = (1..=max_shards).contains(&self.udp_shards);
        problems.unless(are_few, format_args!("ingest.udp_shards must be 1 to {max_shards}"));
        problems.unless(self.max_connections > 0, "ingest.max_connections must be at least 1");
        problems.unless(self.max_connections_per_peer > 0, "ingest.max_connections_per_peer must be at least 1");
        let has_both = self.tls_certificate.is_some() == self.tls_key.is_some();
        problems.unless(has_both, "ingest.tls_certificate and ingest.tls_key must both be set, or neither");
        let knows_clients = self.tls_client_ca.is_some() || !self.tls_client_required;
        problems.unless(knows_clients, "ingest.tls_client_required needs ingest.tls_client_ca");
        let has_tls = self.tls_certificate.is_some() || self.tls_client_ca.is_none();
        problems.unless(has_tls, "ingest.tls_client_ca needs ingest.tls_certificate");
    }
}
