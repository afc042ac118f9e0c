//! Every combination of the shipped files is accepted by HAProxy, without a warning.

use crate::gateway::{Texts, config_dir, haproxy};

#[test]
fn every_combination_is_valid() {
    let dir = tempfile::tempdir().unwrap();
    Texts::default().write(dir.path());
    for logs in ["logs-ring.cfg", "logs-udp.cfg"] {
        for backends in ["backends.cfg", "origin.cfg"] {
            let mut command = haproxy();
            command.current_dir(config_dir()).env("SUIFTLY_MAPS", dir.path());
            let output = command.args(["-c", "-f", logs, "-f", "haproxy.cfg", "-f", backends]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{logs} {backends}: {said}");
            assert!(!said.contains("[WARNING]") && !said.contains("[ALERT]"), "{logs} {backends}: {said}");
        }
    }
}
