//! The edge of a stack: `suiftly edge`, which keeps HAProxy's maps as the vault has them.

use crate::api::Api;
use crate::gateway::{maps_dir, socket_path};
use crate::plan::{DemoKey, Door};
use crate::process::Supervised;
use crate::signals::Interrupt;
use crate::stack::Shape;
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::json;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The server id of the gateway: what `suiftly up` expects where nothing is configured.
pub(crate) const SERVER_ID: i16 = 17;
/// The maps that HAProxy does not start without.
const MAPS: [&str; 3] = ["keys.map", "grants.map", "allow.map"];
const START_TIME_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// Starts it; the running `suiftly up` has made its token and the keys that it checks signatures by.
pub(crate) fn spawn(shape: &Shape) -> anyhow::Result<Supervised> {
    spawn_with(shape, &[])
}

/// The same with more in its environment.
pub(crate) fn spawn_with(shape: &Shape, environment: &[(&str, String)]) -> anyhow::Result<Supervised> {
    let dir = &shape.data_dir;
    let config = dir.join("edge.toml");
    fs::write(&config, configuration(shape)?).with_context(|| format!("cannot write {}", config.display()))?;
    let mut command = Command::new(&shape.suiftly);
    command.args(["edge", "--data-dir"]).arg(dir).arg("--config").arg(config);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    Supervised::spawn("the edge", &mut command, &dir.join("logs/edge.log"), &[(Signal::SIGTERM, STOP_TIME_MAX)])
}

/// As TOML: a JSON string is one of TOML's. What it does not name lies in the data directory.
fn configuration(shape: &Shape) -> anyhow::Result<String> {
    let ports = &shape.ports;
    let socket = json!(socket_path(&shape.data_dir)?.to_string_lossy());
    let mut config = format!(
        "[edge]\napi = \"http://{}\"\n\n[[edge.haproxy]]\nserver_id = {SERVER_ID}\nsocket = {socket}\n\n[edge.haproxy.doors]\n",
        ports.admin
    );
    for door in Door::ALL {
        let (service, network) = door.opens();
        // Writing to a String cannot fail.
        let _ = writeln!(config, "\"{}/{}\" = \"http://{}\"", service.word(), network.word(), ports.of_door(door));
    }
    Ok(config)
}

/// Until the files are there that HAProxy starts from, with these keys in them.
pub(crate) fn await_maps(
    edge: &mut Supervised,
    data_dir: &Path,
    keys: &[DemoKey],
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let dir = maps_dir(data_dir);
    until("the edge does not write HAProxy's maps", edge, interrupt, || {
        let known = fs::read_to_string(dir.join(MAPS[0])).unwrap_or_default();
        let is_known = |key: &DemoKey| key.sha256_hex().is_some_and(|hash| known.contains(&hash));
        MAPS.iter().all(|map| dir.join(map).is_file()) && keys.iter().all(is_known)
    })
}

/// Until every expected edge says that its gateways have the version in force.
pub(crate) fn await_in_sync(edge: &mut Supervised, api: &mut Api, interrupt: &Interrupt) -> anyhow::Result<()> {
    until("the edge does not come to be in sync", edge, interrupt, || api.fleet().is_ok_and(|fleet| fleet.is_in_sync()))
}

fn until(
    what: &str,
    edge: &mut Supervised,
    interrupt: &Interrupt,
    mut is_it: impl FnMut() -> bool,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + START_TIME_MAX;
    while !is_it() {
        edge.check()?;
        ensure!(Instant::now() < deadline, "{what} within {} s", START_TIME_MAX.as_secs());
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Ports;

    #[test]
    fn every_door_is_named() {
        let data_dir = tempfile::tempdir().unwrap();
        let ports = Ports::well_known();
        let data_dir = data_dir.path().to_owned();
        let shape =
            Shape { suiftly: std::path::PathBuf::new(), data_dir, ports, udp: false, past: false, settings: &[] };
        let config = configuration(&shape).unwrap();
        for (door, port) in [("seal/mainnet", 18_080), ("grpc/testnet", 18_084), ("graphql/testnet", 18_085)] {
            assert!(config.contains(&format!("\"{door}\" = \"http://127.0.0.1:{port}\"")), "{config}");
        }
        assert!(config.contains("api = \"http://127.0.0.1:3001\""), "{config}");
    }
}
