//! systemd's units: switched on where systemd runs. The package brings them.

use super::front::HAPROXY_UNIT;
use super::machine::{Call, Server};
use super::step::{State, Step};
use super::written::listed;

const SERVICE: &str = "suiftly.service";
/// Sockets first: they hold what comes while the service starts.
const UNITS: [&str; 3] = ["suiftly.socket", "suiftly-udp.socket", SERVICE];
const EDGE: &str = "suiftly-edge.service";

/// The units.
pub(crate) struct Units;

impl Units {
    /// The edge's too, where HAProxy runs the gateway.
    fn wanted(server: &Server<'_>) -> Vec<&'static str> {
        let edge = server.path(HAPROXY_UNIT).exists().then_some(EDGE);
        UNITS.into_iter().chain(edge).collect()
    }
}

impl Step for Units {
    fn name(&self) -> &'static str {
        "units"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["rules", "schema", "secrets", "directories"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        if !server.has_systemd() {
            return Ok(State::Fine("systemd does not run in here; `suiftly serve` starts the server".to_owned()));
        }
        if !server.succeeds("systemctl", &["cat", SERVICE])? {
            let fix = "install the package of suiftly, which brings it".to_owned();
            return Ok(State::Stuck(format!("there is no {SERVICE}"), fix));
        }
        let mut amiss = Vec::new();
        for unit in Self::wanted(server) {
            if !server.succeeds("systemctl", &["is-enabled", "--quiet", unit])? {
                amiss.push(format!("{unit} is not enabled"));
            } else if !server.succeeds("systemctl", &["is-active", "--quiet", unit])? {
                amiss.push(format!("{unit} is not active"));
            }
        }
        let fine = || State::Fine(format!("{} enabled, and active", Self::wanted(server).join(", ")));
        Ok(listed(amiss).map_or_else(fine, State::Lacking))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        server.ask("systemctl", &["daemon-reload"])?;
        let wanted = Self::wanted(server);
        server.ask("systemctl", &[&["enable", "--quiet"], wanted.as_slice()].concat())?;
        // The service is started when it serves: the journal's tail is read before.
        let started = server.said_by(&Call::new("systemctl", &[&["start"], wanted.as_slice()].concat()).long());
        started.map(drop).map_err(|error| error.context(format!("look: journalctl -u {SERVICE} -n 50")))
    }
}
