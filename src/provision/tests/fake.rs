//! A machine that is not there: its files are in a temporary directory, its commands answer as those of a Debian do, and
//! remember what was done.

use super::super::ProvisionArgs;
use super::super::machine::{Answer, Call, Machine, Server};
use super::super::step::{self, Counts, Mode};
use crate::place::Deployment;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use suiftly_store::probe::known_schema_version;

/// What the machine has, but for its files.
#[derive(Debug, Default)]
pub(super) struct Has {
    /// Name → login shell, groups.
    pub(super) users: BTreeMap<String, (String, BTreeSet<String>)>,
    /// Name → version.
    pub(super) packages: BTreeMap<String, String>,
    /// What the archives offer.
    pub(super) offered: BTreeMap<String, String>,
    /// Hosts of repositories that answer.
    pub(super) reachable: BTreeSet<&'static str>,
    /// The fingerprint of the key that each of them serves.
    pub(super) serves_key: &'static str,
    /// Version, and whether it runs.
    pub(super) cluster: Option<(u32, bool)>,
    pub(super) preloaded: String,
    pub(super) roles: BTreeMap<String, String>,
    /// Name → owner.
    pub(super) databases: BTreeMap<String, String>,
    /// Version, and whether it is with TimescaleDB.
    pub(super) schema: Option<(i32, bool)>,
    pub(super) has_customers: bool,
    pub(super) has_extension: bool,
    /// What `suiftly config check` has against the configuration.
    pub(super) complaint: Option<&'static str>,
    /// Units that are enabled and active.
    pub(super) units: BTreeSet<String>,
}

pub(super) struct Fake {
    root: tempfile::TempDir,
    pub(super) has: RefCell<Has>,
    pub(super) is_root: Cell<bool>,
    changes: RefCell<Vec<String>>,
}

const BARE: [(&str, &str); 6] = [
    ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"),
    ("etc/postgresql/15/main/pg_hba.conf", "# of Debian\nlocal all all peer\n"),
    ("etc/postgresql/15/main/pg_ident.conf", "# of Debian\n"),
    ("etc/postgresql/17/main/pg_hba.conf", "# of Debian\nlocal all all peer\n"),
    ("etc/postgresql/17/main/pg_ident.conf", "# of Debian\n"),
    ("proc/sys/net/core/rmem_max", "212992\n"),
];
const DIRECTORIES: [&str; 6] = [
    "tmp",
    "etc/sudoers.d",
    "etc/nginx/sites-available",
    "etc/postgresql/17/main/conf.d",
    "etc/apt/sources.list.d",
    "var/lib",
];
const OFFERED: [(&str, &str); 9] = [
    ("haproxy", "2.6.12-1+deb12u2"),
    ("nginx", "1.22.1-9"),
    ("sudo", "1.9.13p3-1"),
    ("ca-certificates", "20230311"),
    ("certbot", "2.1.0-4"),
    ("python3-certbot-nginx", "2.1.0-2"),
    ("gpg", "2.2.40-1.1"),
    ("postgresql", "15+248"),
    ("postgresql-client", "15+248"),
];

impl Fake {
    /// A bare Debian 12 that reaches its own archives alone.
    pub(super) fn bare() -> Self {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in BARE {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for directory in DIRECTORIES {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        let offered = OFFERED.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect();
        let has = Has { offered, ..Has::default() };
        Self { root, has: RefCell::new(has), is_root: Cell::new(true), changes: RefCell::default() }
    }

    /// One that was provisioned as this.
    pub(super) fn provisioned(deployment: Deployment) -> Self {
        let fake = Self::bare();
        let (text, counts) = fake.make(&args(deployment));
        assert_eq!(counts.amiss(), 0, "{text}");
        fake
    }

    pub(super) fn path(&self, absolute: &str) -> PathBuf {
        self.root.path().join(absolute.trim_start_matches('/'))
    }

    pub(super) fn text(&self, absolute: &str) -> String {
        fs::read_to_string(self.path(absolute)).unwrap()
    }

    pub(super) fn run_steps(&self, args: &ProvisionArgs, mode: Mode) -> (String, Counts) {
        let mut out = Vec::new();
        let counts = step::run(&super::super::all(), &Server::new(self, args), mode, &mut out).unwrap();
        (String::from_utf8(out).unwrap(), counts)
    }

    pub(super) fn make(&self, args: &ProvisionArgs) -> (String, Counts) {
        self.run_steps(args, Mode::Make)
    }

    pub(super) fn check(&self, args: &ProvisionArgs) -> (String, Counts) {
        self.run_steps(args, Mode::Check)
    }

    /// Commands that changed something, since this was last asked.
    pub(super) fn changes(&self) -> Vec<String> {
        self.changes.take()
    }

    /// Every file and directory: its mode, its content, when it was changed.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>, i64)> {
        let mut found = BTreeMap::new();
        let mut ahead = vec![self.root.path().to_owned()];
        while let Some(path) = ahead.pop() {
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_dir() {
                ahead.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            // A directory that something was made in for a moment is not another.
            let changed = if metadata.is_dir() { 0 } else { metadata.mtime_nsec() };
            found.insert(path.clone(), (metadata.mode(), fs::read(&path).unwrap_or_default(), changed));
        }
        found
    }

    fn getent(&self, table: &str, name: &str) -> Answer {
        let has = self.has.borrow();
        let own = (self.root.path().metadata().unwrap().uid(), self.root.path().metadata().unwrap().gid());
        let of_packages: &[&str] = match has.packages.contains_key("haproxy") {
            true => &["root", "postgres", "haproxy"],
            false => &["root", "postgres"],
        };
        let is_there = of_packages.contains(&name) || has.users.contains_key(name);
        match (is_there, table) {
            (false, _) => failed(2, ""),
            (true, "group") => said(&format!("{name}:x:{}:\n", own.1)),
            (true, _) => {
                let shell = has.users.get(name).map_or("/bin/false", |(shell, _)| shell);
                said(&format!("{name}:x:{}:{}::/:{shell}\n", own.0, own.1))
            }
        }
    }

    fn useradd(&self, args: &[String]) -> Answer {
        let shell = args.iter().skip_while(|arg| *arg != "--shell").nth(1).unwrap();
        let name = args.last().unwrap();
        self.has.borrow_mut().users.insert(name.clone(), (shell.clone(), BTreeSet::from([name.clone()])));
        said("")
    }

    fn usermod(&self, args: &[String]) -> Answer {
        let [_, _, group, name] = args else { panic!("{args:?}") };
        self.has.borrow_mut().users.get_mut(name).unwrap().1.insert(group.clone());
        said("")
    }

    fn groups(&self, name: &str) -> Answer {
        let groups: Vec<_> = self.has.borrow().users[name].1.iter().cloned().collect();
        said(&groups.join(" "))
    }

    fn dpkg(&self, package: &str) -> Answer {
        let has = self.has.borrow();
        has.packages
            .get(package)
            .map_or_else(|| failed(1, "no packages found"), |version| said(&format!("ii  {version}\n")))
    }

    fn policy(&self, package: &str) -> Answer {
        let has = self.has.borrow();
        let offered = has.offered.get(package).map_or("(none)", String::as_str);
        said(&format!("{package}:\n  Installed: (none)\n  Candidate: {offered}\n"))
    }

    fn install(&self, args: &[String]) -> Answer {
        let packages = args.iter().skip_while(|arg| !arg.starts_with("Dpkg::")).skip(1);
        for package in packages {
            let has = &mut *self.has.borrow_mut();
            let Some(version) = has.offered.get(package).cloned() else {
                return failed(100, "Unable to locate package");
            };
            has.packages.insert(package.clone(), version.clone());
            let server: Option<u32> = match package.as_str() {
                "postgresql" => version.split('+').next().and_then(|major| major.parse().ok()),
                other => other.strip_prefix("postgresql-").and_then(|major| major.parse().ok()),
            };
            if let Some(major) = server {
                has.packages.insert(format!("postgresql-{major}"), version);
                has.cluster = Some((major, false));
            }
        }
        said("")
    }

    fn fetch(&self, args: &[String]) -> Answer {
        let [.., url, target] = args else { panic!("{args:?}") };
        let host = url.split('/').nth(2).unwrap();
        if !self.has.borrow().reachable.contains(host) {
            return failed(100, "Could not resolve host");
        }
        fs::write(target, self.has.borrow().serves_key).unwrap();
        said("")
    }

    /// It exports the key that was imported, if it is the one that is asked for.
    fn gpg(&self, args: &[String]) -> Answer {
        let home = Path::new(&args[1]);
        match args.iter().position(|arg| arg == "--export") {
            None => drop(fs::copy(args.last().unwrap(), home.join("held")).unwrap()),
            Some(at) if fs::read_to_string(home.join("held")).unwrap() == args[at + 1] => {
                fs::write(home.join("keyring"), &args[at + 1]).unwrap();
            }
            // As gpg does: a warning, and success.
            Some(_) => {}
        }
        said("")
    }

    fn clusters(&self) -> Answer {
        let has = self.has.borrow();
        said(&has.cluster.map_or_else(String::new, |(version, runs)| {
            let status = if runs { "online" } else { "down" };
            format!("{version}  main    5432 {status} postgres /var/lib/postgresql/{version}/main /var/log/x.log\n")
        }))
    }

    fn ctl(&self, action: &str) -> Answer {
        let mut has = self.has.borrow_mut();
        has.cluster.as_mut().unwrap().1 = true;
        if action == "restart" {
            let text = fs::read_to_string(self.path("/etc/postgresql/17/main/conf.d/60-suiftly.conf")).unwrap();
            let libraries = text.lines().find_map(|line| line.strip_prefix("shared_preload_libraries = ")).unwrap();
            has.preloaded = libraries.trim_matches('\'').to_owned();
        }
        said("")
    }

    fn as_user(&self, args: &[String]) -> Answer {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        match args[..] {
            ["-u", "postgres", "--", "psql", .., "-d", database, "-c", sql] => self.sql(database, sql),
            ["-u", "suiftly", "--", "psql", .., "-c", "SELECT 1"] => {
                let version = self.has.borrow().cluster.unwrap().0;
                let hba = self.text(&format!("/etc/postgresql/{version}/main/pg_hba.conf"));
                if hba.contains("peer map=suiftly") { said("1\n") } else { failed(2, "Peer authentication failed") }
            }
            ["-u", "suiftly", "--", "suiftly", "db", "migrate", ..] => {
                let mut has = self.has.borrow_mut();
                let extension = has.has_extension;
                has.schema = Some((known_schema_version(), extension));
                said("")
            }
            ["-u", "suiftly", "--", "suiftly", "config", "check", ..] => self
                .has
                .borrow()
                .complaint
                .map_or_else(|| said("✓ fine\n"), |complaint| Answer { code: 1, ..said(complaint) }),
            _ => panic!("{args:?}"),
        }
    }

    fn sql(&self, database: &str, sql: &str) -> Answer {
        let has = &mut *self.has.borrow_mut();
        let version = has.cluster.unwrap().0;
        let quoted = sql.split('\'').nth_back(1).unwrap_or_default();
        let words: Vec<_> = sql.split_whitespace().collect();
        match words[..] {
            ["SHOW", "hba_file"] => said(&format!("/etc/postgresql/{version}/main/pg_hba.conf\n")),
            ["SHOW", "ident_file"] => said(&format!("/etc/postgresql/{version}/main/pg_ident.conf\n")),
            ["SHOW", ..] => said(&has.preloaded),
            ["SELECT", "concat_ws('", ..] => said(has.roles.get(quoted).map_or("", String::as_str)),
            ["CREATE" | "ALTER", "ROLE", role, ref rights @ ..] => {
                has.roles.insert(role.to_owned(), rights.join(" "));
                said("")
            }
            ["CREATE", "DATABASE", name, "OWNER", owner, ..] => {
                has.databases.insert(name.to_owned(), owner.to_owned());
                said("")
            }
            ["CREATE", "EXTENSION", ..] => {
                has.has_extension = true;
                said("")
            }
            _ if sql.contains("FROM pg_database") => {
                said(&has.databases.get(quoted).map_or_else(String::new, |owner| format!("{owner} UTF8\n")))
            }
            _ if sql.contains("FROM pg_extension") => said(if has.has_extension { "1" } else { "" }),
            _ if sql.contains("pg_has_role") => said("f\n"),
            _ if sql.contains("pg_reload_conf") => said("t\n"),
            _ => in_database(has, database, sql),
        }
    }

    fn systemctl(&self, args: &[String]) -> Answer {
        let mut has = self.has.borrow_mut();
        match args[0].as_str() {
            "is-enabled" | "is-active" if !has.units.contains(&args[2]) => failed(1, ""),
            "start" => {
                has.units.extend(args[1..].iter().cloned());
                said("")
            }
            _ => said(""),
        }
    }
}

fn in_database(has: &Has, database: &str, sql: &str) -> Answer {
    let (true, Some((version, timescale))) = (has.databases.contains_key(database), has.schema) else {
        return failed(1, "there is no such relation");
    };
    let word = |is: bool| if is { "t\n" } else { "f\n" };
    match sql {
        _ if sql.contains("FROM customers") => said(word(has.has_customers)),
        _ if sql.contains("max(version)") => said(&format!("{version} true\n")),
        _ if sql.contains("SELECT timescale") => said(word(timescale)),
        _ => panic!("{sql}"),
    }
}

impl Machine for Fake {
    fn root(&self) -> &Path {
        self.root.path()
    }

    fn is_root(&self) -> bool {
        self.is_root.get()
    }

    fn own_program(&self) -> &str {
        "suiftly"
    }

    fn run(&self, call: &Call) -> anyhow::Result<Answer> {
        let Call { program, args, .. } = call;
        if is_change(call) {
            self.changes.borrow_mut().push(call.line());
        }
        Ok(match program.as_str() {
            "getent" => self.getent(&args[0], &args[1]),
            "useradd" => self.useradd(args),
            "usermod" => self.usermod(args),
            "id" => self.groups(&args[1]),
            "dpkg-query" => self.dpkg(&args[2]),
            "apt-cache" => self.policy(&args[1]),
            "apt-get" if args[0] == "install" => self.install(args),
            "/usr/lib/apt/apt-helper" => self.fetch(args),
            "gpg" => self.gpg(args),
            "pg_lsclusters" => self.clusters(),
            "pg_ctlcluster" => self.ctl(&args[2]),
            "runuser" => self.as_user(args),
            "systemctl" => self.systemctl(args),
            "apt-get" | "visudo" | "env" => said(""),
            other => panic!("{other} {args:?}"),
        })
    }
}

/// Whether a command changes anything.
fn is_change(call: &Call) -> bool {
    const CHANGE: [&str; 6] = ["useradd", "usermod", "apt-get", "pg_createcluster", "pg_ctlcluster", "gpg"];
    let line = call.line();
    let acts =
        ["CREATE ", "ALTER ", "pg_reload_conf", "db migrate", "systemctl enable", "systemctl start", "daemon-reload"];
    CHANGE.contains(&call.program.as_str()) || acts.iter().any(|act| line.contains(act))
}

fn said(stdout: &str) -> Answer {
    Answer { stdout: stdout.to_owned(), ..Answer::default() }
}

fn failed(code: i32, stderr: &str) -> Answer {
    Answer { code, stderr: stderr.to_owned(), ..Answer::default() }
}

/// What whoever operates would say, once they have a domain.
pub(super) fn args(deployment: Deployment) -> ProvisionArgs {
    ProvisionArgs {
        deployment_type: Some(deployment.word().to_owned()),
        domain: Some("billing.example.org".to_owned()),
        yes: true,
        ..ProvisionArgs::default()
    }
}
