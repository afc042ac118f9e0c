//! What `[edge]` says: which grant set a gateway's machine follows, and which HAProxy processes are kept on it.

use super::{Config, Problems, local};
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_edge::edge::{Door, EdgeConfig, GatewayConfig};
use suiftly_edge::http::Http;
use suiftly_edge::repair::{Home, TlsFiles, is_home};
use suiftly_schema::fleet::GATEWAYS_MAX;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::vault::PublicKeys;

/// The server whose gateway the shipped configuration is of.
const DEFAULT_SERVER_ID: i16 = 17;
/// Where the shipped configuration listens.
const DEFAULT_DOORS: [(&str, u16); 6] = [
    ("seal/mainnet", 18_080),
    ("grpc/mainnet", 18_081),
    ("seal/testnet", 18_082),
    ("graphql/mainnet", 18_083),
    ("grpc/testnet", 18_084),
    ("graphql/testnet", 18_085),
];
/// Homes of lines at most.
const HOMES_MAX: usize = 4;
/// Synthetic requests no more often than this, and no less.
const CANARY_MS: std::ops::RangeInclusive<u64> = 100..=60_000;

/// `[edge]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Edge {
    /// The publisher's operators' port; without it that of `[admin]` on this machine.
    pub(crate) api: Option<String>,
    /// The CA of the publisher's certificate, as PEM, where the system does not trust it.
    pub(crate) ca: Option<PathBuf>,
    /// The file that holds this edge's token, which only its owner may be able to read; without it, that of the data
    /// directory.
    pub(crate) token_file: Option<PathBuf>,
    /// The file of the public keys that grant sets are signed by; without it, that of the data directory.
    pub(crate) vault_keys: Option<PathBuf>,
    /// Where the last good grant set is kept; without it, `edge` in the data directory.
    pub(crate) dir: Option<PathBuf>,
    /// Where HAProxy's map files are written; without it, `haproxy/maps` in the data directory.
    pub(crate) maps: Option<PathBuf>,
    /// A synthetic request through each door every so many milliseconds: 100 to 60000; 0: none.
    pub(crate) canary_ms: u64,
    /// What the synthetic requests ask for: a path that the origins answer with 2xx.
    pub(crate) canary_path: String,
    /// Where health and metrics are served, in plain text; without it, nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// Whether that may be an address that other machines reach, and lines may go to other machines by `tcp://`, in production.
    pub(crate) plain_text: bool,
    /// The CA of the certificates of `repair_to`, as PEM, where the system does not trust it.
    pub(crate) repair_ca: Option<PathBuf>,
    /// The certificate that is shown to `repair_to`, as PEM: that of the gateway, where its lines are known by one.
    pub(crate) repair_certificate: Option<PathBuf>,
    /// Its private key, as PEM.
    pub(crate) repair_key: Option<PathBuf>,
    /// Where lost lines are sent again, `tcp://host:port` or `tls://host:port`: the listeners that HAProxy's lines go to. At most
    /// 4, one of which is enough; without any, they stay lost.
    pub(crate) repair_to: Vec<String>,
    /// Whether the bytes of streams that are open are told each 5 s to one of `repair_to`, so that they are billed before their
    /// lines come.
    pub(crate) streams: bool,
    /// `[[edge.haproxy]]`; without any, that of the data directory.
    pub(crate) haproxy: Vec<Haproxy>,
}

/// `[[edge.haproxy]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Haproxy {
    /// The server id of its lines.
    pub(crate) server_id: i16,
    /// Its runtime socket.
    pub(crate) socket: PathBuf,
    /// `service/network` → where it is asked.
    #[serde(default)]
    pub(crate) doors: BTreeMap<String, String>,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            api: None,
            ca: None,
            token_file: None,
            vault_keys: None,
            dir: None,
            maps: None,
            canary_ms: 2_000,
            canary_path: "/".to_owned(),
            metrics: None,
            plain_text: false,
            repair_ca: None,
            repair_certificate: None,
            repair_key: None,
            repair_to: Vec::new(),
            streams: false,
            haproxy: Vec::new(),
        }
    }
}

impl Edge {
    /// The file of its token.
    pub(crate) fn token_file(&self, data_dir: &Path) -> PathBuf {
        self.token_file.clone().unwrap_or_else(|| data_dir.join("edge-token"))
    }

    /// The file of the public keys.
    pub(crate) fn vault_keys(&self, data_dir: &Path) -> PathBuf {
        self.vault_keys.clone().unwrap_or_else(|| data_dir.join("vault-public-keys"))
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        let Self { canary_ms, canary_path, haproxy, .. } = self;
        let (least, most) = (CANARY_MS.start(), CANARY_MS.end());
        let is_often = *canary_ms == 0 || CANARY_MS.contains(canary_ms);
        problems.unless(is_often, format_args!("edge.canary_ms must be {least} to {most}, or 0 for none"));
        let is_path = canary_path.starts_with('/') && canary_path.bytes().all(|byte| byte.is_ascii_graphic());
        problems.unless(is_path, "edge.canary_path must begin with / and hold no spaces");
        let are_few = haproxy.len() <= GATEWAYS_MAX;
        problems.unless(are_few, format_args!("edge.haproxy has at most {GATEWAYS_MAX} entries"));
        if let Some(api) = &self.api {
            problems.note(is_address(api).with_context(|| format!("edge.api: {api:?}")));
        }
        let ids: BTreeSet<i16> = haproxy.iter().map(|one| one.server_id).collect();
        problems.unless(ids.len() == haproxy.len(), "edge.haproxy: each needs a server_id of its own");
        let are_ids = ids.iter().all(|id| *id >= 0);
        problems.unless(are_ids, format_args!("edge.haproxy: server_id must be 0 to {}", i16::MAX));
        let regions: BTreeSet<i16> = ids.iter().map(|id| id >> 4).collect();
        problems.unless(regions.len() <= 1, "edge.haproxy: servers of one edge are of one region (server_id >> 4)");
        let sockets: BTreeSet<&Path> = haproxy.iter().map(|one| one.socket.as_path()).collect();
        problems.unless(sockets.len() == haproxy.len(), "edge.haproxy: each needs a socket of its own");
        for one in haproxy {
            one.check(problems);
        }
        self.check_repair(problems);
    }

    fn check_repair(&self, problems: &mut Problems) {
        let Self { repair_to, repair_certificate, repair_key, .. } = self;
        problems.unless(repair_to.len() <= HOMES_MAX, format_args!("edge.repair_to has at most {HOMES_MAX} entries"));
        for url in repair_to {
            let no_home = format_args!("edge.repair_to: {url:?} is neither tcp://host:port nor tls://host:port");
            problems.unless(is_home(url), no_home);
        }
        let are_both = repair_certificate.is_some() == repair_key.is_some();
        problems.unless(are_both, "edge.repair_certificate and edge.repair_key go together");
        let have_somewhere = !self.streams || !repair_to.is_empty();
        problems.unless(have_somewhere, "edge.streams needs edge.repair_to: where streams are told of");
    }

    /// Where lost lines go.
    fn homes(&self) -> anyhow::Result<Vec<Home>> {
        let pair = self.repair_certificate.as_deref().zip(self.repair_key.as_deref());
        let files = TlsFiles { ca: self.repair_ca.as_deref(), pair };
        let homes = self.repair_to.iter().map(|url| Home::new(url, files));
        homes.collect::<Result<Vec<_>, _>>().context("edge.repair_to")
    }
}

impl Haproxy {
    fn check(&self, problems: &mut Problems) {
        for (door, url) in &self.doors {
            let is_door = door_of(door).is_some();
            let no_door =
                format_args!("edge.haproxy.doors: {door:?} is no door: service/network, such as seal/mainnet");
            problems.unless(is_door, no_door);
            problems.note(is_address(url).with_context(|| format!("edge.haproxy.doors: {door:?}")));
        }
    }

    fn opened(&self, ca: Option<&Path>) -> anyhow::Result<GatewayConfig> {
        let door = |(door, url): (&String, &String)| {
            let (service, network) = door_of(door).with_context(|| format!("{door:?} is no door"))?;
            Ok(Door { service, network, http: Http::new(url, None, ca)? })
        };
        let doors = self.doors.iter().map(door).collect::<anyhow::Result<_>>()?;
        Ok(GatewayConfig { server_id: self.server_id, socket: self.socket.clone(), doors })
    }

    /// That of `cargo xtask up`, in a data directory.
    fn of_data_dir(data_dir: &Path) -> Self {
        let doors = DEFAULT_DOORS.map(|(door, port)| (door.to_owned(), format!("http://{}", local(port))));
        let socket = data_dir.join("haproxy/runtime.sock");
        Self { server_id: DEFAULT_SERVER_ID, socket, doors: doors.into() }
    }
}

impl Config {
    /// How the edge of this data directory runs, with its token and the keys that it trusts.
    pub(crate) fn edge(&self, data_dir: &Path, token: &str, trusted: PublicKeys) -> anyhow::Result<EdgeConfig> {
        let edge = &self.edge;
        let api = edge.api.clone().map_or_else(|| self.own_api(), Ok)?;
        let ca = edge.ca.as_deref().or(self.admin.tls_certificate.as_deref().filter(|_| edge.api.is_none()));
        let own = [Haproxy::of_data_dir(data_dir)];
        let haproxy = if edge.haproxy.is_empty() { &own[..] } else { &edge.haproxy };
        Ok(EdgeConfig {
            api: Http::new(&api, Some(token), ca)?,
            trusted,
            dir: edge.dir.clone().unwrap_or_else(|| data_dir.join("edge")),
            maps: edge.maps.clone().unwrap_or_else(|| data_dir.join("haproxy/maps")),
            canary_every: (edge.canary_ms > 0).then(|| Duration::from_millis(edge.canary_ms)),
            canary_path: edge.canary_path.clone(),
            gateways: haproxy.iter().map(|one| one.opened(ca)).collect::<anyhow::Result<_>>()?,
            homes: edge.homes()?,
            streams: edge.streams,
            metrics: edge.metrics,
        })
    }

    /// The operators' port of this machine.
    fn own_api(&self) -> anyhow::Result<String> {
        let listen = self.admin.listen;
        anyhow::ensure!(listen.port() != 0, "admin.listen names no port: name the publisher's in edge.api");
        let reached = match listen {
            SocketAddr::V4(addr) if addr.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, addr.port()).into(),
            SocketAddr::V6(addr) if addr.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, addr.port()).into(),
            addr => addr,
        };
        let scheme = if self.admin.tls_certificate.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{reached}"))
    }
}

/// An `https` address is looked at as `http`, so that no certificates are read.
fn is_address(url: &str) -> anyhow::Result<()> {
    let plain = url.strip_prefix("https://").map(|rest| format!("http://{rest}"));
    Http::new(plain.as_deref().unwrap_or(url), None, None)?;
    Ok(())
}

/// `seal/mainnet`
fn door_of(text: &str) -> Option<(Service, Network)> {
    let (service, network) = text.split_once('/')?;
    Some((Service::from_word(service)?, Network::from_word(network)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::vault::SigningKeys;

    fn edge_of(toml: &str) -> anyhow::Result<EdgeConfig> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), toml)?;
        let trusted = SigningKeys::parse(&format!("1 {}", "07".repeat(32)))?.public();
        Config::read(Some(file.path()))?.edge(Path::new("/data"), "sed_secret", trusted)
    }

    #[test]
    fn without_a_section_it_is_that_of_the_data_directory() {
        let edge = edge_of("").unwrap();
        assert_eq!((edge.api.authority().as_str(), edge.dir.as_path()), ("127.0.0.1:3001", Path::new("/data/edge")));
        assert_eq!((edge.maps.as_path(), edge.gateways.len()), (Path::new("/data/haproxy/maps"), 1));
        assert_eq!((edge.gateways[0].server_id, edge.gateways[0].doors.len()), (17, 6));
        assert_eq!((edge.canary_every, edge.homes.len()), (Some(Duration::from_secs(2)), 0));
        assert!(!edge.streams);
        assert!(!format!("{edge:?}").contains("secret"));
        let edge = edge_of("[admin]\nlisten = \"0.0.0.0:7\"\nplain_text = true\n[edge]\ncanary_ms = 0\n").unwrap();
        assert_eq!((edge.api.authority().as_str(), edge.canary_every), ("127.0.0.1:7", None));
    }

    #[test]
    fn a_section_says_it_all() {
        let edge = edge_of(
            "[edge]\napi = \"http://api:1\"\ndir = \"/d\"\nmaps = \"/m\"\ncanary_path = \"/x\"\n\
             repair_to = [\"tcp://127.0.0.1:5514\", \"tcp://b:5514\"]\nstreams = true\n\
             [[edge.haproxy]]\nserver_id = 33\nsocket = \"/a.sock\"\ndoors = { \"grpc/testnet\" = \"http://127.0.0.1:1\" }\n\
             [[edge.haproxy]]\nserver_id = 34\nsocket = \"/b.sock\"\n",
        )
        .unwrap();
        assert_eq!((edge.api.authority().as_str(), edge.maps.as_path()), ("api:1", Path::new("/m")));
        let [first, second] = &edge.gateways[..] else { panic!("{edge:?}") };
        assert_eq!((first.doors[0].service, first.doors[0].network), (Service::Grpc, Network::Testnet));
        assert_eq!((second.server_id, second.doors.len(), edge.streams), (34, 0, true));
        assert_eq!(
            edge.homes.iter().map(Home::to_string).collect::<Vec<_>>(),
            ["tcp://127.0.0.1:5514", "tcp://b:5514"]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let haproxy = |id: i16, socket: &str| format!("[[edge.haproxy]]\nserver_id = {id}\nsocket = \"{socket}\"\n");
        let cases = [
            ("[edge]\napi = \"api:1\"".to_owned(), "edge.api: \"api:1\""),
            ("[edge]\nap = 1".to_owned(), "ap"),
            ("[edge]\ncanary_ms = 99".to_owned(), "edge.canary_ms must be 100 to 60000, or 0"),
            ("[edge]\ncanary_path = \"x\"".to_owned(), "edge.canary_path"),
            ("[edge]\nrepair_to = [\"127.0.0.1:5514\"]".to_owned(), "edge.repair_to: \"127.0.0.1:5514\""),
            (format!("[edge]\nrepair_to = [{}]", "\"tcp://a:1\",".repeat(5)), "edge.repair_to has at most 4"),
            ("[edge]\nrepair_key = \"/x\"".to_owned(), "edge.repair_certificate and edge.repair_key"),
            ("[edge]\nstreams = true".to_owned(), "edge.streams needs edge.repair_to"),
            (
                "[edge]\nrepair_to = [\"tls://a:1\"]\nrepair_ca = \"/nowhere/ca.pem\"".to_owned(),
                "edge.repair_to: cannot use the certificate authorities in /nowhere/ca.pem",
            ),
            (haproxy(17, "/a") + &haproxy(17, "/b"), "a server_id of its own"),
            (haproxy(17, "/a") + &haproxy(18, "/a"), "a socket of its own"),
            (haproxy(17, "/a") + &haproxy(33, "/b"), "of one region"),
            (haproxy(-1, "/a"), "0 to 32767"),
            (haproxy(17, "/a") + "doors = { seal = \"http://x\" }", "\"seal\" is no door"),
            (haproxy(17, "/a") + "doors = { \"seal/mainnet\" = \"x\" }", "\"seal/mainnet\""),
            ("[admin]\nlisten = \"127.0.0.1:0\"".to_owned(), "edge.api"),
        ];
        for (toml, named) in cases {
            let error = format!("{:#}", edge_of(&toml).unwrap_err());
            assert!(error.contains(named), "{toml}: {error}");
        }
    }
}
