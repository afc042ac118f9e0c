//! Configuration: one TOML file, every key also an environment variable (`SUIFTLY_SECTION__KEY`). Read once, checked
//! once. An unknown key is an error that names it. `packaging/suiftly.toml` documents each.

mod deployment;
mod edge;
mod http;
mod notify;
mod vault;

pub(crate) use edge::Edge;
pub(crate) use notify::Notify;
pub(crate) use vault::{GatewayEntry, Vault, expected as expected_edges};

use crate::sources::{FormatEntry, SourceEntry};
use anyhow::Context;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use suiftly_api::{AdminTls, ApiLimits, TlsFiles};
use suiftly_ingest::journal::{self, ArchiveConfig, JournalConfig, MAX_COMPRESS_LEVEL, MAX_SPARE_SEGMENTS};
use suiftly_ingest::listener;

/// Everything that can be set. The defaults are those of a first look on one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) ingest: Ingest,
    pub(crate) journal: Journal,
    pub(crate) dataflow: Dataflow,
    pub(crate) database: Database,
    pub(crate) firehose: Firehose,
    pub(crate) api: Api,
    pub(crate) admin: Admin,
    pub(crate) billing: Billing,
    pub(crate) notify: Notify,
    pub(crate) edge: Edge,
    pub(crate) vault: Vault,
    pub(crate) secrets: SecretFiles,
    /// `[[gateway]]`, in the file alone.
    pub(crate) gateway: Vec<GatewayEntry>,
    /// `[[source]]`, in the file alone.
    pub(crate) source: Vec<SourceEntry>,
    /// `[[format]]`, in the file alone.
    pub(crate) format: Vec<FormatEntry>,
}

/// `[ingest]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ingest {
    /// Where syslog comes in, by UDP and by TCP.
    pub(crate) listen: SocketAddr,
    /// UDP sockets on this address, each with a thread.
    pub(crate) udp_shards: usize,
    /// Where syslog comes in by TLS, if there is a certificate.
    pub(crate) tls_listen: SocketAddr,
    /// The certificate and those that lead to its CA, as PEM. Without it there is no TLS.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its private key, as PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// The CAs that client certificates are checked by, as PEM. Without them none is asked for.
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is refused.
    pub(crate) tls_client_required: bool,
    /// Where a Unix datagram socket for syslog is made.
    pub(crate) unix: Option<PathBuf>,
    /// TCP and TLS connections at once; more are refused.
    pub(crate) max_connections: usize,
    /// What lines are: auto, sf1, httplog, httpslog, tcplog, or the name of a `[[format]]`.
    pub(crate) format: String,
    /// Of those, connections of one sender.
    pub(crate) max_connections_per_peer: usize,
}

/// `[journal]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    /// A block is cut, and so an epoch made, at the latest after so many milliseconds.
    pub(crate) cut_ms: u64,
    /// A segment is closed when it is larger than this.
    pub(crate) segment_bytes: u64,
    /// Segments that the database has are deleted or archived, oldest first, beyond this.
    pub(crate) keep_bytes: u64,
    /// The same for those older than so many days; 0: not for their age.
    pub(crate) keep_days: u32,
    /// The zstd level of closed segments; 0: they stay raw.
    pub(crate) compress_level: i32,
    /// Files kept at hand to become hot segments.
    pub(crate) spare_segments: usize,
    /// Where segments go instead of being deleted.
    pub(crate) archive_dir: Option<PathBuf>,
    /// The archive's oldest segments are deleted beyond this; 0: none.
    pub(crate) archive_keep_bytes: u64,
    /// The same for those older than so many days; 0: not for their age.
    pub(crate) archive_keep_days: u32,
}

/// `[dataflow]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dataflow {
    /// Worker threads.
    pub(crate) workers: usize,
}

/// `[database]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// A PostgreSQL URL; without one a private cluster is started in the data directory.
    pub(crate) url: Option<String>,
    /// The same database as the role that owns its tables; the role of `url` then needs no DDL.
    pub(crate) migrate_url: Option<String>,
}

/// `[secrets]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SecretFiles {
    /// Where they are, a file each; without it, in the data directory.
    pub(crate) dir: Option<PathBuf>,
}

/// `[firehose]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Firehose {
    /// Where QuestDB is (`http://host:port`); without it there is no firehose.
    pub(crate) url: Option<String>,
    /// As whom, by HTTP basic authentication.
    pub(crate) user: Option<String>,
    /// The file that holds the user's password.
    pub(crate) password_file: Option<PathBuf>,
    /// The file that holds a bearer token, instead of both.
    pub(crate) token_file: Option<PathBuf>,
    /// QuestDB drops records older than so many days; 0: that is not set.
    pub(crate) keep_days: u32,
}

/// `[api]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// Where the API and the dashboard are served.
    pub(crate) listen: SocketAddr,
    /// The dashboard's built files.
    pub(crate) web_dir: PathBuf,
    /// Live streams at once; more are refused.
    pub(crate) max_streams: usize,
    /// The domain that wallets show when they are asked to sign in.
    pub(crate) domain: String,
    /// Any signature is taken at sign-in; in development and tests alone.
    pub(crate) mock_auth: bool,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or prefixes.
    pub(crate) trusted_proxies: Vec<String>,
    /// Other origins whose pages may ask, by Bearer.
    pub(crate) cors_origins: Vec<String>,
    /// Requests a second of one address; 0: as many as they like.
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

/// `[admin]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Admin {
    /// Where the operators' API is served.
    pub(crate) listen: SocketAddr,
    /// Its TLS certificate, with its chain: PEM.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key: PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// Plain text may be served to other machines.
    pub(crate) plain_text: bool,
}

/// `[billing]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Billing {
    /// Whether this process may be the manager.
    pub(crate) manager: bool,
    /// Who holds customers' funds.
    pub(crate) escrow: EscrowBackend,
    /// Faults that the escrow is to have; in development and tests alone.
    pub(crate) mock_escrow: Option<String>,
}

/// `billing.escrow`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EscrowBackend {
    /// A ledger of our own, in the database.
    Embedded,
}

impl Default for Billing {
    fn default() -> Self {
        Self { manager: true, escrow: EscrowBackend::Embedded, mock_escrow: None }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            listen: listener::DEFAULT_LISTEN,
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

impl Default for Journal {
    fn default() -> Self {
        Self {
            cut_ms: 10,
            segment_bytes: journal::DEFAULT_SEGMENT_BYTES,
            keep_bytes: journal::DEFAULT_KEEP_BYTES,
            keep_days: 0,
            compress_level: journal::DEFAULT_COMPRESS_LEVEL,
            spare_segments: journal::DEFAULT_SPARE_SEGMENTS,
            archive_dir: None,
            archive_keep_bytes: 0,
            archive_keep_days: journal::DEFAULT_ARCHIVE_KEEP_DAYS,
        }
    }
}

impl Journal {
    /// How the journal is to be kept.
    pub(crate) fn kept(&self) -> JournalConfig {
        let archive = self.archive_dir.as_ref().map(|dir| ArchiveConfig {
            dir: dir.clone(),
            keep_bytes: self.archive_keep_bytes,
            keep_days: self.archive_keep_days,
        });
        JournalConfig {
            segment_bytes: self.segment_bytes,
            keep_bytes: self.keep_bytes,
            keep_days: self.keep_days,
            compress_level: self.compress_level,
            spare_segments: self.spare_segments,
            archive,
            ..JournalConfig::default()
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let (levels, spares) = (0..=MAX_COMPRESS_LEVEL, 0..=MAX_SPARE_SEGMENTS);
        anyhow::ensure!((1..=1_000).contains(&self.cut_ms), "journal.cut_ms must be 1 to 1000");
        anyhow::ensure!(self.segment_bytes >= 1 << 20, "journal.segment_bytes must be at least 1 MiB");
        anyhow::ensure!(self.segment_bytes <= 16 << 30, "journal.segment_bytes must be at most 16 GiB");
        anyhow::ensure!(levels.contains(&self.compress_level), "journal.compress_level must be 0 to 19");
        anyhow::ensure!(spares.contains(&self.spare_segments), "journal.spare_segments must be 0 to 8");
        Ok(())
    }
}

impl Default for Dataflow {
    fn default() -> Self {
        Self { workers: 1 }
    }
}

impl Default for Api {
    fn default() -> Self {
        let limits = ApiLimits::default();
        Self {
            listen: local(3000),
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

impl Default for Admin {
    fn default() -> Self {
        Self { listen: local(3001), tls_certificate: None, tls_key: None, plain_text: false }
    }
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl Config {
    /// Reads the file, if one is named, and the environment over it.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            anyhow::ensure!(file.is_file(), "cannot read the configuration {}: no such file", file.display());
            figment = figment.merge(Toml::file_exact(file));
        }
        // Only names with a section are settings: SUIFTLY_URL and the like belong to other programs.
        let sectioned = Env::prefixed("SUIFTLY_").filter(|key| key.as_str().contains("__")).split("__");
        let config: Self = figment.merge(sectioned).extract().context("cannot use the configuration")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        self.journal.check()?;
        self.ingest.check()?;
        self.firehose.check()?;
        let has_url = self.database.url.is_some() || self.database.migrate_url.is_none();
        anyhow::ensure!(has_url, "database.migrate_url needs database.url");
        self.api.check()?;
        self.api.deployment(self.billing.escrow)?;
        self.admin.check()?;
        self.notify.check()?;
        self.vault.check()?;
        expected_edges(&self.gateway)?;
        self.edge.check()?;
        Ok(())
    }
}

impl Admin {
    /// How its listener is secured.
    pub(crate) fn tls(&self) -> AdminTls {
        let files = self.tls_certificate.as_ref().zip(self.tls_key.as_ref());
        let files = files.map(|(certificate, key)| TlsFiles { certificate: certificate.clone(), key: key.clone() });
        AdminTls { files, plain_text: self.plain_text }
    }

    fn check(&self) -> anyhow::Result<()> {
        let has_both = self.tls_certificate.is_some() == self.tls_key.is_some();
        anyhow::ensure!(has_both, "admin.tls_certificate and admin.tls_key must both be set, or neither");
        let is_safe = self.tls_certificate.is_some() || self.listen.ip().is_loopback() || self.plain_text;
        anyhow::ensure!(
            is_safe,
            "admin.listen is {}: operators' tokens would go there in plain text; name admin.tls_certificate and \
             admin.tls_key, or say admin.plain_text = true",
            self.listen
        );
        Ok(())
    }
}

impl Firehose {
    fn check(&self) -> anyhow::Result<()> {
        let has_both = self.user.is_some() == self.password_file.is_some();
        anyhow::ensure!(has_both, "firehose.user and firehose.password_file must both be set, or neither");
        let is_one = self.user.is_none() || self.token_file.is_none();
        anyhow::ensure!(is_one, "firehose.token_file and firehose.user exclude each other");
        let is_used = self.url.is_some() || (self.user.is_none() && self.token_file.is_none());
        anyhow::ensure!(is_used, "firehose.user and firehose.token_file need firehose.url");
        Ok(())
    }
}

impl Ingest {
    fn check(&self) -> anyhow::Result<()> {
        let max_shards = listener::MAX_UDP_SHARDS;
        anyhow::ensure!((1..=max_shards).contains(&self.udp_shards), "ingest.udp_shards must be 1 to {max_shards}");
        anyhow::ensure!(self.max_connections > 0, "ingest.max_connections must be at least 1");
        anyhow::ensure!(self.max_connections_per_peer > 0, "ingest.max_connections_per_peer must be at least 1");
        let has_both = self.tls_certificate.is_some() == self.tls_key.is_some();
        anyhow::ensure!(has_both, "ingest.tls_certificate and ingest.tls_key must both be set, or neither");
        let knows_clients = self.tls_client_ca.is_some() || !self.tls_client_required;
        anyhow::ensure!(knows_clients, "ingest.tls_client_required needs ingest.tls_client_ca");
        let has_tls = self.tls_certificate.is_some() || self.tls_client_ca.is_none();
        anyhow::ensure!(has_tls, "ingest.tls_client_ca needs ingest.tls_certificate");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use std::io::Write;

    fn read(toml: &str) -> anyhow::Result<Config> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(toml.as_bytes())?;
        Config::read(Some(file.path()))
    }

    #[test]
    fn a_file_overrides_the_defaults() {
        let config = read("[ingest]\nlisten = \"127.0.0.1:0\"\n[dataflow]\nworkers = 2\n").unwrap();
        assert_eq!((config.ingest.listen.port(), config.dataflow.workers, config.api.listen.port()), (0, 2, 3000));
    }

    #[test]
    fn the_documented_file_names_every_key_with_its_default() {
        let documented = include_str!("../packaging/suiftly.toml");
        assert_eq!(read(documented).unwrap(), Config::default());
        let all = serde_json::to_value(Config::default()).unwrap();
        for (section, keys) in all.as_object().unwrap() {
            assert!(documented.contains(&format!("[{section}]")), "{section}");
            // Lists are shown by example.
            for key in keys.as_object().into_iter().flat_map(|keys| keys.keys()) {
                assert!(documented.contains(&format!("{key} = ")), "{section}.{key}");
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let cases = [
            ("[ingest]\nlisten = \"nowhere\"", "listen"),
            ("[ingest]\nlisen = \"127.0.0.1:1\"", "lisen"),
            ("[ingets]\n", "ingets"),
            ("[journal]\ncut_ms = 0", "cut_ms"),
            ("[journal]\ncompress_level = 20", "compress_level"),
            ("[journal]\nspare_segments = 9", "spare_segments"),
            ("[ingest]\nudp_shards = 0", "udp_shards must be 1 to 16"),
            ("[ingest]\nudp_shards = 17", "udp_shards must be 1 to 16"),
            ("[ingest]\nmax_connections_per_peer = 0", "max_connections_per_peer"),
            ("[ingest]\ntls_key = \"key.pem\"", "must both be set"),
            ("[ingest]\ntls_client_required = true", "tls_client_required needs"),
            ("[ingest]\ntls_client_ca = \"ca.pem\"", "tls_client_ca needs"),
            ("[admin]\ntls_key = \"key.pem\"", "tls_certificate and admin.tls_key"),
            ("[admin]\nlisten = \"0.0.0.0:3001\"", "admin.plain_text = true"),
            ("[database]\nmigrate_url = \"postgres://o@h/d\"", "migrate_url needs"),
            ("[firehose]\nurl = \"http://q:9000\"\nuser = \"me\"", "must both be set"),
            (
                "[firehose]\nurl = \"http://q:9000\"\nuser = \"me\"\npassword_file = \"p\"\ntoken_file = \"t\"",
                "exclude",
            ),
            ("[firehose]\ntoken_file = \"t\"", "need firehose.url"),
            ("[billing]\nescrow = \"bank\"", "bank"),
            ("[notify]\nsmtp_host = \"mail\"", "notify.from must both be set"),
            ("[notify]\nsmtp_user = \"me\"", "smtp_password_file must both be set"),
            ("[notify]\nsmtp_user = \"me\"\nsmtp_password_file = \"p\"", "needs notify.smtp_host"),
            (
                "[notify]\nsmtp_host = \"mail\"\nfrom = \"a@b.c\"\nsmtp_tls = \"none\"\nsmtp_user = \"me\"\nsmtp_password_file = \"p\"",
                "in plain text",
            ),
            ("[notify]\nsmtp_tls = \"maybe\"", "maybe"),
            ("[vault]\ncoalesce_ms = 0", "coalesce_ms"),
            ("[vault]\nwrite_ms = 9", "write_ms"),
            ("[[gateway]]\nname = \"a\"\nservers = [1]\ntoken_sha256 = \"\"", "64 hexadecimal"),
            ("[api]\nmax_streams = 0", "max_streams"),
            ("[api]\ntrusted_proxies = [\"10.0.0.0/33\"]", "10.0.0.0/33"),
            ("[api]\ntrusted_proxies = [\"proxy\"]", "no address and no prefix"),
            ("[api]\ncors_origins = [\"https://app.example.org/\"]", "without a path"),
            ("[api]\ncors_origins = [\"*\"]", "is no origin"),
            ("[api]\nendpoints = { moon_mainnet = \"https://x\" }", "moon_mainnet"),
            ("[api.endpoints]\nseal_devnet = \"https://x\"", "seal_devnet"),
            ("[api.endpoints]\nseal_mainnet = \"https://x/\"", "no slash"),
            ("[api.endpoints]\nseal_mainnet = \"x\"", "endpoints.seal_mainnet"),
            ("[api]\nexplorer_tx_url = \"https://x/tx\"", "must have {digest}"),
            ("[api]\nexplorer_tx_url = \"javascript:{digest}\"", "is no address"),
            ("[api]\nsupport_email = \"me\"", "support_email"),
            ("[api]\nsupport_url = \"mailto:me@x.y\"", "support_url"),
            ("[api]\nname = \"\"", "api.name must have"),
            ("[api]\nrate_limit_address_burst = 0", "rate_limit_address_burst must be at least 1"),
            ("no toml", "TOML"),
        ];
        for (toml, named) in cases {
            let error = format!("{:#}", read(toml).unwrap_err());
            assert!(error.contains(named), "{toml}: {error}");
        }
        let error = Config::read(Some("/nonexistent.toml".as_ref())).unwrap_err().to_string();
        assert_eq!(error, "cannot read the configuration /nonexistent.toml: no such file");
    }
}
