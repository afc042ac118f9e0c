//! A real HAProxy whose rings deliver lines that it did not make: it takes them as a forwarder of logs does, at any rate that a
//! gateway of ours has, and puts them into the rings of the shipped configuration, as they came.

use crate::places::{Places, program};
use crate::ports::Ports;
use crate::process::{Supervised, run_quietly};
use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const START_TIME_MAX: Duration = Duration::from_secs(20);
const STOP_TIME_MAX: Duration = Duration::from_secs(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The running HAProxy; stopped when dropped.
pub(super) struct Relay {
    here: SocketAddr,
    process: Supervised,
}

impl Relay {
    /// One that delivers to these homes; `None` where there is no HAProxy.
    pub(super) fn start(
        places: &Places,
        data_dir: &Path,
        homes: &[SocketAddr],
        interrupt: &Interrupt,
    ) -> anyhow::Result<Option<Self>> {
        let Some(haproxy) = program("haproxy") else { return Ok(None) };
        let (here, file) = (Ports::free()?.syslog, data_dir.join("relay.cfg"));
        let (shipped, variables) = shipped(homes)?;
        fs::write(&file, forwarder(here, homes.len())).with_context(|| format!("cannot write {}", file.display()))?;
        let command = |mode: &[&str]| {
            let mut command = Command::new(&haproxy);
            command.args(mode).arg("-f").arg(places.haproxy_config().join(shipped)).arg("-f").arg(&file);
            command.envs(variables.iter().cloned()).env_remove("SUIFTLY_KEEP_BYTES");
            command
        };
        run_quietly(&mut command(&["-c", "-q"])).context("HAProxy does not accept its configuration")?;
        let log = data_dir.join("logs/relay.log");
        let farewell = [(Signal::SIGTERM, STOP_TIME_MAX)];
        let process = Supervised::spawn("HAProxy", &mut command(&["-db"]), &log, &farewell)?;
        let mut relay = Self { here, process };
        relay.await_listening(interrupt)?;
        Ok(Some(relay))
    }

    /// Where lines go.
    pub(super) const fn here(&self) -> SocketAddr {
        self.here
    }

    /// An error if it is gone.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        self.process.check()
    }

    fn await_listening(&mut self, interrupt: &Interrupt) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_TIME_MAX;
        while TcpStream::connect(self.here).is_err() {
            self.check()?;
            ensure!(Instant::now() < deadline, "HAProxy does not listen");
            if interrupt.wait(LOOK_EVERY) {
                bail!("interrupted");
            }
        }
        Ok(())
    }
}

/// The shipped file with as many rings as there are homes, and its variables.
fn shipped(homes: &[SocketAddr]) -> anyhow::Result<(&'static str, Vec<(&'static str, String)>)> {
    match homes {
        [only] => Ok(("logs-ring.cfg", vec![("SUIFTLY_LOG_ADDR", only.to_string())])),
        [first, second] => {
            let variables = vec![("SUIFTLY_LOG_ADDR", first.to_string()), ("SUIFTLY_LOG_ADDR_B", second.to_string())];
            Ok(("logs-homes.cfg", variables))
        }
        _ => bail!("HAProxy's files are for one home or two, not for {}", homes.len()),
    }
}

/// What takes the lines in: into each ring, at the length that the rings have.
fn forwarder(here: SocketAddr, homes: usize) -> String {
    let rings: &[&str] = if homes == 1 { &["suiftly"] } else { &["suiftly-a", "suiftly-b"] };
    let logs: String =
        rings.iter().map(|ring| format!("    log ring@{ring} len 2048 format rfc5424 local0\n")).collect();
    format!("log-forward gateways\n    bind {here}\n{logs}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_home_has_its_ring() {
        let homes: Vec<SocketAddr> =
            ["198.18.77.11:5514", "198.18.77.12:5514"].map(|home| home.parse().unwrap()).into();
        let text = forwarder("127.0.0.1:9".parse().unwrap(), 2);
        assert!(text.contains("bind 127.0.0.1:9\n") && text.matches("log ring@suiftly-").count() == 2, "{text}");
        assert!(forwarder("127.0.0.1:9".parse().unwrap(), 1).contains("log ring@suiftly len 2048"));
        assert_eq!(shipped(&homes[..1]).unwrap().0, "logs-ring.cfg");
        assert_eq!(shipped(&homes).unwrap().1[1], ("SUIFTLY_LOG_ADDR_B", "198.18.77.12:5514".to_owned()));
        assert!(shipped(&[]).is_err());
    }
}
