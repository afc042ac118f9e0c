//! A local chain beside a running stack, where the escrow is a contract on Sui: `suiftly chain`, in a data directory that has
//! one; and what owners do with their funds, who sign for themselves there.

use crate::customer::Customer;
use crate::process::{Supervised, run_quietly};
use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use suiftly_schema::time::UnixMillis;

const READY_TIME_MAX: Duration = Duration::from_secs(60);
const STOP_TIME_MAX: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Wherever it is free: whoever asks is told where.
const ANYWHERE: &str = "127.0.0.1:0";

/// From now on the escrow of this data directory is on a chain of its own.
pub(crate) fn choose(data_dir: &Path) -> anyhow::Result<()> {
    let is_embedded = data_dir.join("postgres").exists() && !dir_of(data_dir).exists();
    let shown = data_dir.display();
    ensure!(!is_embedded, "{shown} began with the embedded escrow: name another --data-dir for --escrow sui");
    fs::create_dir_all(dir_of(data_dir)).with_context(|| format!("cannot make a directory in {shown}"))
}

/// Starts the chain of a data directory and waits until it answers; none where there is none.
pub(crate) fn start(suiftly: &Path, data_dir: &Path, interrupt: &Interrupt) -> anyhow::Result<Option<Supervised>> {
    if !dir_of(data_dir).exists() {
        return Ok(None);
    }
    // What another run has left says where that one was.
    match fs::remove_file(settings_of(data_dir)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    println!("starting a local chain, in {}", dir_of(data_dir).display());
    let mut command = Command::new(suiftly);
    command.args(["chain", "run", "--listen", ANYWHERE, "--listen", ANYWHERE, "--data-dir"]).arg(data_dir);
    let farewell = [(Signal::SIGTERM, STOP_TIME_MAX)];
    let mut chain = Supervised::spawn("chain", &mut command, &data_dir.join("logs/chain.log"), &farewell)?;
    let deadline = Instant::now() + READY_TIME_MAX;
    // It is there a moment before anything stands in it.
    while settings(data_dir).is_empty() {
        chain.check()?;
        ensure!(Instant::now() < deadline, "the chain is not ready after {} s", READY_TIME_MAX.as_secs());
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
    }
    Ok(Some(chain))
}

/// What `suiftly` has to know of the chain of a data directory: nothing, where there is none.
pub(crate) fn settings(data_dir: &Path) -> Vec<(String, String)> {
    fs::read_to_string(settings_of(data_dir)).map(|text| parse(&text)).unwrap_or_default()
}

fn parse(text: &str) -> Vec<(String, String)> {
    let setting = |line: &str| {
        let (name, value) = line.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('\'').to_owned()))
    };
    text.lines().filter_map(setting).collect()
}

/// Where the chain of a data directory is told things, and asked what it has.
pub(crate) fn control_of(data_dir: &Path) -> PathBuf {
    dir_of(data_dir).join("control")
}

fn dir_of(data_dir: &Path) -> PathBuf {
    data_dir.join("chain")
}

fn settings_of(data_dir: &Path) -> PathBuf {
    dir_of(data_dir).join("billing.env")
}

/// What owners do with their funds: by the API where we hold them, by their wallets where a chain does.
pub(crate) struct Till {
    suiftly: PathBuf,
    data_dir: PathBuf,
    api: SocketAddr,
}

impl Till {
    pub(crate) fn new(suiftly: &Path, data_dir: &Path, api: SocketAddr) -> Self {
        Self { suiftly: suiftly.to_owned(), data_dir: data_dir.to_owned(), api }
    }

    pub(crate) fn deposit(&self, wallet: &str, usd_cents: i64) -> anyhow::Result<()> {
        if self.is_on_chain() {
            return self.own(wallet, "deposit", usd_cents);
        }
        Customer::sign_in(self.api, wallet)?.deposit(usd_cents)
    }

    pub(crate) fn withdraw(&self, wallet: &str, usd_cents: i64) -> anyhow::Result<()> {
        if self.is_on_chain() {
            return self.own(wallet, "withdraw", usd_cents);
        }
        Customer::sign_in(self.api, wallet)?.withdraw(usd_cents)
    }

    pub(crate) fn set_limit(&self, wallet: &str, usd_cents: i64) -> anyhow::Result<()> {
        if self.is_on_chain() {
            return self.own(wallet, "limit", usd_cents);
        }
        Customer::sign_in(self.api, wallet)?.set_limit(usd_cents)
    }

    /// The chain's clock goes there, if there is a chain: months end for it, too.
    pub(crate) fn set_clock(&self, at: UnixMillis) -> anyhow::Result<()> {
        if self.is_on_chain() { self.chain(&["tell", "clock", &at.0.to_string()]) } else { Ok(()) }
    }

    fn is_on_chain(&self) -> bool {
        dir_of(&self.data_dir).exists()
    }

    fn own(&self, wallet: &str, act: &str, usd_cents: i64) -> anyhow::Result<()> {
        self.chain(&["own", wallet, act, &usd(usd_cents)])
    }

    /// `suiftly chain …`: options stand before a word that has words of its own.
    fn chain(&self, words: &[&str]) -> anyhow::Result<()> {
        let (first, rest) = words.split_first().context("`suiftly chain` is asked for something")?;
        let mut command = Command::new(&self.suiftly);
        run_quietly(command.args(["chain", first, "--data-dir"]).arg(&self.data_dir).args(rest))
    }
}

fn usd(usd_cents: i64) -> String {
    format!("{}.{:02}", usd_cents / 100, usd_cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_a_shell_would() {
        let text = "SUIFTLY_BILLING__ESCROW='sui'\nSUIFTLY_BILLING__SUI__NODES='[\"http://a\",\"http://b\"]'\n";
        let found = parse(text);
        assert_eq!(found[0], ("SUIFTLY_BILLING__ESCROW".to_owned(), "sui".to_owned()));
        assert_eq!(found[1].1, "[\"http://a\",\"http://b\"]");
        assert_eq!(found.len(), 2);
        assert_eq!(usd(1_205), "12.05");
    }

    #[test]
    fn a_data_directory_stays_with_its_escrow() {
        let dir = tempfile::tempdir().unwrap();
        let [embedded, fresh] = ["embedded", "fresh"].map(|name| dir.path().join(name));
        fs::create_dir_all(embedded.join("postgres")).unwrap();
        assert!(choose(&embedded).unwrap_err().to_string().contains("another --data-dir"));
        for _ in 0..2 {
            choose(&fresh).unwrap();
            fs::create_dir_all(fresh.join("postgres")).unwrap();
        }
        assert!(settings(&fresh).is_empty());
    }
}
