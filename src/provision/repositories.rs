//! Repositories beside the distribution's own: used where they can be reached. The key that signs one is fetched and taken only
//! by its fingerprint, which stands here; what the repository signs is believed for that repository alone.

use super::files::{self, Owned};
use super::machine::{Call, Server};
use super::packages;
use super::system::Os;
use anyhow::Context;
use std::time::Duration;

/// How long a repository may take to answer whether it is there.
const PROBE_LIMIT: Duration = Duration::from_secs(20);
const PROBE_OPTIONS: [&str; 6] =
    ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=8", "-o", "Acquire::https::Timeout=8"];
const KEYRINGS: &str = "/etc/apt/keyrings";
const SOURCES: &str = "/etc/apt/sources.list.d";

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// What its files are called here.
    name: &'static str,
    uri: String,
    suite: String,
    key_url: &'static str,
    /// The whole fingerprint of the key.
    fingerprint: &'static str,
}

/// PostgreSQL's own, with every supported version.
pub(crate) fn postgresql(os: &Os) -> Repository {
    Repository {
        name: "suiftly-postgresql",
        uri: "https://apt.postgresql.org/pub/repos/apt".to_owned(),
        suite: format!("{}-pgdg", os.codename),
        key_url: "https://www.postgresql.org/media/keys/ACCC4CF8.asc",
        fingerprint: "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8",
    }
}

/// TimescaleDB's own: what distributions have of it is without compression.
pub(crate) fn timescale(os: &Os) -> Repository {
    Repository {
        name: "suiftly-timescaledb",
        uri: format!("https://packagecloud.io/timescale/timescaledb/{}", os.id),
        suite: os.codename.clone(),
        key_url: "https://packagecloud.io/timescale/timescaledb/gpgkey",
        fingerprint: "1005FB68604CE9B8F6879CF759F18EDF47F24417",
    }
}

/// HAProxy's, of the one who packages it for Debian and Ubuntu; only where the distribution's is too old.
pub(crate) fn haproxy(os: &Os) -> Option<Repository> {
    (os.id == "ubuntu").then(|| Repository {
        name: "suiftly-haproxy",
        uri: "https://ppa.launchpadcontent.net/vbernat/haproxy-2.8/ubuntu".to_owned(),
        suite: os.codename.clone(),
        key_url: "https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0xCFFB779AADC995E4F350A060505D97A41C61B9CD",
        fingerprint: "CFFB779AADC995E4F350A060505D97A41C61B9CD",
    })
}

impl Repository {
    /// Where it is.
    pub(crate) fn host(&self) -> &str {
        self.uri.split('/').nth(2).unwrap_or(&self.uri)
    }

    /// Whether it answers, and has this release.
    pub(crate) fn is_reachable(&self, server: &Server<'_>) -> anyhow::Result<bool> {
        let held = Scratch::make(server)?;
        if packages::installed(server, "ca-certificates")?.is_none() {
            packages::install(server, &["ca-certificates"])?;
        }
        let url = format!("{}/dists/{}/Release", self.uri.trim_end_matches('/'), self.suite);
        let target = held.file("Release");
        Ok(server.answer(&fetch(&url, &target))?.is_success())
    }

    /// Makes it known to apt.
    pub(crate) fn add(&self, server: &Server<'_>) -> anyhow::Result<()> {
        if packages::installed(server, "gpg")?.is_none() {
            packages::install(server, &["gpg"])?;
        }
        let keyring = format!("{KEYRINGS}/{}.gpg", self.name);
        self.take_key(server, &keyring)?;
        let sources = Owned::file(format!("{SOURCES}/{}.sources", self.name), "root", "root", 0o644);
        let text = format!(
            "# Made by `suiftly provision`.\nTypes: deb\nURIs: {}\nSuites: {}\nComponents: main\nSigned-By: {keyring}\n",
            self.uri, self.suite
        );
        files::write(server, &sources, &text)?;
        packages::update(server)
    }

    /// Of the keys that are served, the one that is known here, and no other.
    fn take_key(&self, server: &Server<'_>, keyring: &str) -> anyhow::Result<()> {
        files::put(server, &Owned::dir(KEYRINGS, "root", "root", 0o755))?;
        let held = Scratch::make(server)?;
        let (served, taken) = (held.file("key"), held.file("keyring"));
        let home = held.path();
        server
            .said_by(&fetch(self.key_url, &served))
            .with_context(|| format!("cannot fetch the key of {}", self.host()))?;
        server.ask("gpg", &["--homedir", home, "--batch", "--quiet", "--import", &served])?;
        server
            .ask("gpg", &["--homedir", home, "--batch", "--yes", "--output", &taken, "--export", self.fingerprint])
            .and_then(|_| held.bytes("keyring"))
            .with_context(|| format!("{} serves another key than {}", self.host(), self.fingerprint))
            .and_then(|key| files::write_bytes(server, &Owned::file(keyring, "root", "root", 0o644), &key))
    }
}

/// apt's own way to fetch: it goes by the proxies that apt is set up with.
fn fetch(url: &str, target: &str) -> Call {
    let args = [&PROBE_OPTIONS[..], &["download-file", url, target]].concat();
    Call { limit: PROBE_LIMIT, ..Call::new("/usr/lib/apt/apt-helper", &args) }
}

/// A directory for what is thrown away.
struct Scratch {
    dir: tempfile::TempDir,
    path: String,
}

impl Scratch {
    fn make(server: &Server<'_>) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("suiftly-provision").tempdir_in(server.path("/tmp"));
        let dir = dir.context("cannot make a directory in /tmp")?;
        let path = dir.path().to_str().context("the path of /tmp is no text")?.to_owned();
        Ok(Self { dir, path })
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    fn bytes(&self, name: &str) -> anyhow::Result<Vec<u8>> {
        Ok(std::fs::read(self.dir.path().join(name))?)
    }
}
