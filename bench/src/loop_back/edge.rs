//! The edge of the bench: the real `suiftly edge`, configured by a file.

use super::gateway::{Doors, maps_dir, socket};
use crate::child::Measured;
use crate::server::{PATIENCE, Server};
use anyhow::{Context, ensure};
use serde_json::json;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The server id of the gateway: what `suiftly up` expects where nothing is configured.
const SERVER_ID: i16 = 17;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running edge; killed when dropped.
pub(super) struct Edge {
    process: Measured,
    maps: PathBuf,
}

impl Edge {
    pub(super) fn start(server: &Server, doors: &Doors) -> anyhow::Result<Self> {
        let dir = server.dir();
        let config = dir.join("edge.toml");
        std::fs::write(&config, configuration(server, doors)).context("cannot write the edge's configuration")?;
        let configure = |command: &mut std::process::Command| {
            command.args(["edge", "--data-dir"]).arg(dir).arg("--config").arg(&config);
            command.stdin(Stdio::null()).stdout(Stdio::null());
        };
        let process = Measured::spawn(server.program(), configure, &dir.join("edge.log"))?;
        Ok(Self { process, maps: maps_dir(dir) })
    }

    /// Until the file that HAProxy starts from has so many keys.
    pub(super) fn await_maps(&self, keys: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        while lines(&self.maps.join("keys.map")) < keys || !self.maps.join("allow.map").is_file() {
            ensure!(began.elapsed() < PATIENCE, "the edge does not write HAProxy's maps");
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    pub(super) fn peak_megabytes(&self) -> anyhow::Result<f64> {
        self.process.peak_megabytes()
    }
}

/// None if there is no file.
fn lines(path: &Path) -> u64 {
    std::fs::read(path).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count() as u64)
}

/// As TOML: a JSON string is one of TOML's.
fn configuration(server: &Server, doors: &Doors) -> String {
    let text = |path: PathBuf| json!(path.to_string_lossy()).to_string();
    let mut config = format!(
        "[edge]\napi = \"http://{}\"\nmaps = {}\n\n[[edge.haproxy]]\nserver_id = {SERVER_ID}\nsocket = {}\n\n\
         [edge.haproxy.doors]\n",
        server.operators(),
        text(maps_dir(server.dir())),
        text(socket(server.dir()))
    );
    for (what, address) in doors.each() {
        // Writing to a String cannot fail.
        let _ = writeln!(config, "\"{what}\" = \"http://{address}\"");
    }
    config
}
