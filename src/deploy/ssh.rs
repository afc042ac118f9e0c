//! A server by ssh: four short commands, each of which may fail and be said again.

use super::host::{Host, Progress, Standing};
use super::package::Package;
use super::plan::Request;
use super::status::{LOCK_FILE, STATUS_FILE};
use super::{ACCOUNT, AS_ROOT, STATE_DIR};
use anyhow::{Context, bail, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What is uploaded, in the account's home.
pub(super) const INCOMING: &str = "incoming.deb";
pub(super) const REQUEST: &str = "request.json";
/// Whether all that wait for each other have it, and which deployment.
pub(super) const GATHERED: &str = "gathered";
const STATUS: &str = "/usr/bin/suiftly deploy --status";
/// How flock ends where somebody else has the lock.
const IS_LOCKED: &str = "1";
/// Nobody is asked for a password, and nobody waits for ever.
const OPTIONS: [&str; 6] = [
    "-oBatchMode=yes",
    "-oConnectTimeout=10",
    "-oServerAliveInterval=5",
    "-oServerAliveCountMax=3",
    "-oClearAllForwardings=yes",
    "-q",
];

/// A server.
pub(super) struct Ssh {
    name: String,
    config: Option<PathBuf>,
}

impl Ssh {
    pub(super) fn new(host: &str, config: Option<&Path>) -> anyhow::Result<Self> {
        ensure!(is_host(host), "{host:?} is no [user@]host; a port or another name stands in a file for --ssh-config");
        let name = if host.contains('@') { host.to_owned() } else { format!("{ACCOUNT}@{host}") };
        Ok(Self { name, config: config.map(Path::to_owned) })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if let Some(config) = &self.config {
            command.arg("-F").arg(config);
        }
        command.args(OPTIONS);
        command
    }

    /// Runs a command there, with something to read.
    fn run(&self, there: &str, input: &[u8]) -> anyhow::Result<String> {
        let mut ssh = self.command("ssh");
        ssh.arg(&self.name).arg("--").arg(there);
        let piped = ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut running = piped.context("cannot run ssh: it comes with openssh-client")?;
        if let Some(mut stdin) = running.stdin.take() {
            // Whoever does not read says why below.
            let _ = stdin.write_all(input);
        }
        self.succeeded(there, &running.wait_with_output().context("ssh was lost")?)
    }

    fn succeeded(&self, what: &str, done: &Output) -> anyhow::Result<String> {
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        match done.status.code() {
            Some(0) => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
            Some(255) => bail!("{} cannot be reached by ssh{}", self.name, after_colon(&said)),
            _ => bail!("{}: `{what}` failed ({}){}", self.name, done.status, after_colon(&said)),
        }
    }
}

/// What [`GATHERED`] says.
pub(super) fn gathered_text(id: &str, have_it: bool) -> String {
    format!("{id} {}\n", if have_it { "go" } else { "stop" })
}

fn progress_of(told: &str) -> anyhow::Result<Progress> {
    let (locked, status) = told.split_once('\n').context("it says nothing")?;
    let last = if status.trim().is_empty() { None } else { Some(serde_json::from_str(status)?) };
    Ok(Progress { is_at_work: locked == IS_LOCKED, last })
}

/// Whether it can be a server's name, and nothing else.
pub(crate) fn is_host(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-_@".contains(c);
    !text.is_empty() && !text.starts_with(['-', '@']) && text.chars().all(fits)
}

fn after_colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

impl Host for Ssh {
    fn name(&self) -> &str {
        &self.name
    }

    fn standing(&mut self) -> anyhow::Result<Standing> {
        let told = self.run(STATUS, b"")?;
        serde_json::from_str(&told)
            .with_context(|| format!("{} does not say how it stands: is its suiftly too old?", self.name))
    }

    fn progress(&mut self) -> anyhow::Result<Progress> {
        // The lock first: what is read while nobody works is the last word.
        let asked = format!(
            "flock --shared --nonblock {STATE_DIR}/{LOCK_FILE} true; echo $?; cat {STATE_DIR}/{STATUS_FILE} 2>/dev/null || true"
        );
        progress_of(&self.run(&asked, b"")?)
            .with_context(|| format!("{} does not say how far it is: {STATE_DIR}/{STATUS_FILE}", self.name))
    }

    fn upload(&mut self, package: &Package, request: &Request) -> anyhow::Result<()> {
        let mut scp = self.command("scp");
        scp.arg(&package.file).arg(format!("{}:{INCOMING}", self.name)).stdin(Stdio::null());
        let done = scp.output().context("cannot run scp: it comes with openssh-client")?;
        self.succeeded("scp", &done)?;
        self.ask(request)
    }

    fn ask(&mut self, request: &Request) -> anyhow::Result<()> {
        let request = serde_json::to_vec(request).context("cannot write the request")?;
        self.run(&format!("cat > {REQUEST}"), &request).map(drop)
    }

    fn gather(&mut self, request: &Request, have_it: bool) -> anyhow::Result<()> {
        // Whole or not at all: it is looked at while it is written.
        let told = gathered_text(&request.id, have_it);
        self.run(&format!("cat > {GATHERED}.new && mv {GATHERED}.new {GATHERED}"), told.as_bytes()).map(drop)
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        self.run(&format!("sudo -n {AS_ROOT}"), b"").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::super::status::Status;
    use super::*;

    #[test]
    fn progress_is_a_lock_and_a_file() {
        let status = Status::new("7", "1.0-1");
        let file = serde_json::to_string_pretty(&status).unwrap();
        for (told, is_at_work, last) in [
            (format!("1\n{file}"), true, Some(&status)),
            (format!("0\n{file}\n"), false, Some(&status)),
            ("1\n".to_owned(), true, None),
            // There is no lock yet.
            ("66\n".to_owned(), false, None),
        ] {
            assert_eq!(progress_of(&told).unwrap(), Progress { is_at_work, last: last.cloned() }, "{told}");
        }
        for told in ["", "1", "0\n{\"id\":"] {
            assert!(progress_of(told).is_err(), "{told}");
        }
    }

    #[test]
    fn a_hosts_name_is_no_option_and_no_command() {
        for (host, name) in
            [("a.example", "suiftly-deploy@a.example"), ("me@b", "me@b"), ("10.0.0.1", "suiftly-deploy@10.0.0.1")]
        {
            assert_eq!(Ssh::new(host, None).unwrap().name(), name);
        }
        for host in ["", "-oProxyCommand=x", "a b", "a;b", "@a", "a:22", "$(x)", "[::1]"] {
            assert!(Ssh::new(host, None).is_err(), "{host}");
        }
    }
}
