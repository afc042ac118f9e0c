//! Every combination of the shipped files is accepted by HAProxy, without a warning.

use crate::gateway::{Texts, config_dir, haproxy};

#[test]
fn every_combination_is_valid() {
    let dir = tempfile::tempdir().unwrap();
    Texts::default().write(dir.path());
    for logs in ["logs-ring.cfg", "logs-homes.cfg", "logs-udp.cfg"] {
        for (backends, keep) in [("backends.cfg", None), ("origin.cfg", None), ("origin.cfg", Some("67108864"))] {
            let mut command = haproxy();
            command.current_dir(config_dir()).env("SUIFTLY_MAPS", dir.path());
            command.envs(keep.map(|bytes| ("SUIFTLY_KEEP_BYTES", bytes)));
            let output = command.args(["-c", "-f", logs, "-f", "haproxy.cfg", "-f", backends]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{logs} {backends} {keep:?}: {said}");
            let is_quiet = !said.contains("[WARNING]") && !said.contains("[ALERT]");
            assert!(is_quiet, "{logs} {backends} {keep:?}: {said}");
        }
    }
}
