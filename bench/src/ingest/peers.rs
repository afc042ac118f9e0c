//! rsyslog and syslog-ng: where they are, and a configuration that lets each do least. Installed ones are taken first;
//! else those that `cargo xtask bench ingest` unpacks below the target directory (Debian does not install both at once).

use super::subject::{Start, path};
use anyhow::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As Suiftly asks for.
const UDP_RECEIVE_BUFFER_BYTES: usize = suiftly_ingest::listener::DEFAULT_UDP_RECEIVE_BUFFER_BYTES;
/// What lets rsyslog write to PostgreSQL.
const PGSQL_MODULE: &str = "ompgsql.so";
/// An SF1 body's tokens.
const FIELDS: usize = 30;

/// A program that is there.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) program: PathBuf,
    pub(super) version: String,
    pub(super) ld_library_path: Option<String>,
    /// Where it was unpacked; `None` if installed.
    unpacked: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub(super) struct Rsyslog(pub(super) Peer);

/// rsyslog's two inputs for TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TcpInput {
    /// The usual one, which can do TLS.
    Imtcp,
    /// The plain one, which costs less.
    Imptcp,
}

impl TcpInput {
    /// The module's name.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Imtcp => "imtcp",
            Self::Imptcp => "imptcp",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct SyslogNg(pub(super) Peer);

impl Peer {
    /// `version_line` finds the version in what the program says to `flag`.
    fn find(name: &str, flag: &str) -> anyhow::Result<Option<Self>> {
        let unpacked = std::path::absolute(crate::report::dir()?.join("peers/root"))?;
        let installed = Path::new("/usr/sbin").join(name);
        let (program, unpacked) = if installed.is_file() {
            (installed, None)
        } else {
            (unpacked.join("usr/sbin").join(name), Some(unpacked))
        };
        if !program.is_file() {
            return Ok(None);
        }
        let ld_library_path = unpacked.as_deref().map(ld_library_path).transpose()?;
        let mut command = Command::new(&program);
        command.arg(flag);
        if let Some(path) = &ld_library_path {
            command.env("LD_LIBRARY_PATH", path);
        }
        let said = command.output().with_context(|| format!("cannot run {}", program.display()))?;
        let version = version_in(&String::from_utf8_lossy(&said.stdout))
            .with_context(|| format!("{} {flag} names no version", program.display()))?;
        Ok(Some(Self { program, version, ld_library_path, unpacked }))
    }

    /// A directory of its modules, which stand below the library directories.
    fn modules(&self, below: &str) -> anyhow::Result<Option<String>> {
        let Some(root) = &self.unpacked else { return Ok(None) };
        let found = library_dirs(root).into_iter().map(|dir| dir.join(below)).find(|dir| dir.is_dir());
        let found = found.with_context(|| format!("{} has no modules in {below}", root.display()))?;
        Ok(Some(path(&found)?.to_owned()))
    }
}

/// `rsyslogd  8.2302.0 (aka …)`, `syslog-ng 3 (3.38.1)`: the first word with two dots.
fn version_in(said: &str) -> Option<String> {
    let words = said.split_whitespace().map(|word| word.trim_matches(['(', ')', ',']));
    words
        .into_iter()
        .find(|word| word.matches('.').count() >= 2 && word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

/// `lib` and `usr/lib`, and what machines' names stand below them.
fn library_dirs(root: &Path) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for lib in [root.join("usr/lib"), root.join("lib")] {
        let below = std::fs::read_dir(&lib).into_iter().flatten().flatten().map(|entry| entry.path());
        dirs.extend(below.filter(|path| path.is_dir()));
        dirs.push(lib);
    }
    dirs
}

fn ld_library_path(root: &Path) -> anyhow::Result<String> {
    let dirs = library_dirs(root);
    let dirs: Vec<_> = dirs.iter().map(|dir| path(dir)).collect::<anyhow::Result<_>>()?;
    Ok(dirs.join(":"))
}

impl Rsyslog {
    pub(super) fn find() -> anyhow::Result<Option<Self>> {
        Ok(Peer::find("rsyslogd", "-v")?.map(Self))
    }

    pub(super) fn start(&self, listen: SocketAddr, input: TcpInput, dir: &Path) -> anyhow::Result<Start> {
        self.start_with(&rsyslog_config(listen, input, path(dir)?), dir)
    }

    /// Whether it can write to PostgreSQL.
    pub(super) fn has_pgsql(&self) -> bool {
        let modules = self.0.modules("rsyslog").ok().flatten();
        let dirs = modules.map_or_else(|| library_dirs(Path::new("/")), |modules| vec![Path::new(&modules).join("..")]);
        dirs.iter().any(|dir| dir.join("rsyslog").join(PGSQL_MODULE).is_file())
    }

    /// By TCP to a file, or into this table.
    pub(super) fn start_chain(&self, listen: SocketAddr, dir: &Path, to: Option<&Table>) -> anyhow::Result<Start> {
        self.start_with(&chain_config(listen, path(dir)?, to), dir)
    }

    fn start_with(&self, text: &str, dir: &Path) -> anyhow::Result<Start> {
        let config = dir.join("rsyslog.conf");
        std::fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;
        let pid_file = dir.join("rsyslog.pid");
        let mut arguments = vec!["-n", "-f", path(&config)?, "-i", path(&pid_file)?];
        let modules = self.0.modules("rsyslog")?;
        if let Some(modules) = &modules {
            arguments.extend(["-M", modules.as_str()]);
        }
        Ok(Start::peer(&self.0, arguments.into_iter().map(str::to_owned).collect()))
    }
}

/// With a template that writes what came as it came.
fn rsyslog_config(listen: SocketAddr, input: TcpInput, dir: &str) -> String {
    let (address, port, input) = (listen.ip(), listen.port(), input.word());
    format!(
        r#"global(workDirectory="{dir}" maxMessageSize="16k")
module(load="{input}")
module(load="imudp")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="all") {{ action(type="omfile" file="{dir}/lines.log" template="raw") }}
input(type="{input}" address="{address}" port="{port}" ruleset="all")
input(type="imudp" address="{address}" port="{port}" ruleset="all" rcvbufSize="{UDP_RECEIVE_BUFFER_BYTES}")
"#
    )
}

/// Of PostgreSQL, where rsyslog inserts.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) host: String,
    pub(super) port: String,
    pub(super) user: String,
    pub(super) database: String,
}

/// One input, by TCP. The address is a URI: rsyslog permits no white space in it. Into a table go the three words that usage
/// needs, in transactions as large as rsyslog makes them.
fn chain_config(listen: SocketAddr, dir: &str, to: Option<&Table>) -> String {
    let (address, port) = (listen.ip(), listen.port());
    let action = match to {
        None => format!(r#"action(type="omfile" file="{dir}/lines.log" template="raw")"#),
        Some(Table { host, port, user, database }) => format!(
            r#"action(type="ompgsql" conninfo="postgresql:///{database}?host={host}&port={port}&user={user}" template="insert"
    queue.type="LinkedList" queue.size="500000" queue.dequeueBatchSize="2048" queue.workerThreads="1")"#
        ),
    };
    let pgsql = if to.is_some() { "module(load=\"ompgsql\")\n" } else { "" };
    format!(
        r#"global(workDirectory="{dir}" maxMessageSize="16k")
module(load="imtcp")
{pgsql}template(name="raw" type="string" string="%rawmsg%\n")
template(name="insert" type="string" option.stdsql="on"
    string="INSERT INTO inserted_lines VALUES ('%msg:F,32:13%', %msg:F,32:2%, %msg:F,32:20%)")
ruleset(name="all") {{ {action} }}
input(type="imtcp" address="{address}" port="{port}" ruleset="all")
"#
    )
}

impl SyslogNg {
    pub(super) fn find() -> anyhow::Result<Option<Self>> {
        Ok(Peer::find("syslog-ng", "--version")?.map(Self))
    }

    pub(super) fn start(&self, listen: SocketAddr, split: bool, dir: &Path) -> anyhow::Result<Start> {
        let config = dir.join("syslog-ng.conf");
        let text = syslog_ng_config(&self.0.version, listen, split, path(dir)?);
        std::fs::write(&config, text).with_context(|| format!("cannot write {}", config.display()))?;
        let [persist, pid, control] = ["persist", "pid", "control"].map(|name| dir.join(format!("syslog-ng.{name}")));
        let mut arguments = vec!["-F", "--no-caps", "-f", path(&config)?];
        arguments.extend(["-R", path(&persist)?, "-p", path(&pid)?, "-c", path(&control)?]);
        let modules = match self.0.unpacked {
            Some(_) => self.0.modules(&series(&self.0.version))?,
            None => None,
        };
        if let Some(modules) = &modules {
            arguments.extend(["--module-path", modules.as_str()]);
        }
        Ok(Start::peer(&self.0, arguments.into_iter().map(str::to_owned).collect()))
    }
}

/// `3.38` of `3.38.1`.
fn series(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Raw: nothing is parsed, what came is written. Split: the header is, the body's tokens are, and some are written.
/// Without flow control and the larger bundles it costs three times as much.
fn syslog_ng_config(version: &str, listen: SocketAddr, split: bool, dir: &str) -> String {
    let (address, port, series) = (listen.ip(), listen.port(), series(version));
    let flags = if split { "" } else { "flags(no-parse)" };
    let columns: Vec<_> = (0..FIELDS).map(|n| format!("\"f{n}\"")).collect();
    let parser = if split { "parser(split);" } else { "" };
    let template = if split { "$f12 $f0 $f1 $f3 $f5 $f18 $f19" } else { "$MSG" };
    format!(
        r#"@version: {series}
options {{ stats-freq(0); use-dns(no); dns-cache(no); keep-hostname(yes); }};
source tcp {{ syslog(ip("{address}") port({port}) transport("tcp") {flags} log-iw-size(100000) log-fetch-limit(1000)); }};
source udp {{ network(ip("{address}") port({port}) transport("udp") {flags} so-rcvbuf({UDP_RECEIVE_BUFFER_BYTES})); }};
parser split {{ csv-parser(columns({columns}) delimiters(" ") flags(greedy)); }};
destination lines {{ file("{dir}/lines.log" template("{template}\n")); }};
log {{ source(tcp); source(udp); {parser} destination(lines); flags(flow-control); }};
"#,
        columns = columns.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_they_say_them() {
        let cases = [
            ("rsyslogd  8.2302.0 (aka 2023.02) compiled with:\n\tPLATFORM: x", Some("8.2302.0")),
            ("syslog-ng 3 (3.38.1)\nConfig version: 3.35", Some("3.38.1")),
            ("no such thing", None),
        ];
        for (said, version) in cases {
            assert_eq!(version_in(said).as_deref(), version, "{said}");
        }
        assert_eq!(series("3.38.1"), "3.38");
    }

    #[test]
    fn configurations_hold_what_is_theirs() {
        let listen = ([127, 0, 0, 1], 4514).into();
        let rsyslog = rsyslog_config(listen, TcpInput::Imptcp, "/d");
        assert!(
            rsyslog.contains(r#"type="imptcp" address="127.0.0.1" port="4514""#) && rsyslog.contains("/d/lines.log"),
            "{rsyslog}"
        );
        let table = Table { host: "/s".into(), port: "5432".into(), user: "u".into(), database: "d".into() };
        let (file, insert) = (chain_config(listen, "/d", None), chain_config(listen, "/d", Some(&table)));
        assert!(file.contains("omfile") && !file.contains("ompgsql"), "{file}");
        assert!(insert.contains(r#"conninfo="postgresql:///d?host=/s&port=5432&user=u""#), "{insert}");
        for (split, part) in [(false, "flags(no-parse)"), (true, "parser(split);")] {
            let config = syslog_ng_config("3.38.1", listen, split, "/d");
            assert!(config.contains(part) && config.starts_with("@version: 3.38\n"), "{config}");
        }
    }
}
