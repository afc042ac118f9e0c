//! The machine's clock: whether something keeps it. Months, charges and limits go by it. How far gateways' clocks are
//! off is told by their lines ([`super::lines`]), and the database's by its own check.

use super::finding::Finding;
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// What timesyncd leaves behind once it has synchronised.
const TIMESYNC_MARK: &str = "/run/systemd/timesync/synchronized";
/// Services that keep clocks, by what they leave in /run while they run.
const SERVICES: [(&str, &str); 4] = [
    ("chrony", "/run/chrony/chronyd.pid"),
    ("chrony", "/run/chronyd.pid"),
    ("ntpsec", "/run/ntpd.pid"),
    ("openntpd", "/run/openntpd.pid"),
];

/// What is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Facts {
    /// What the kernel says by way of timedatectl: whether it is synchronised.
    is_synchronised: Option<bool>,
    /// A service that runs.
    service: Option<&'static str>,
}

pub(super) async fn check() -> Vec<Finding> {
    vec![judge(&Facts { is_synchronised: timedatectl().await, service: keeper() })]
}

/// A service that keeps it, by what it leaves behind.
pub(crate) fn keeper() -> Option<&'static str> {
    let by_mark = || SERVICES.into_iter().find(|(_, mark)| Path::new(mark).exists()).map(|(name, _)| name);
    if Path::new(TIMESYNC_MARK).exists() { Some("systemd-timesyncd") } else { by_mark() }
}

/// It asks the kernel, whoever keeps the clock; `None` without systemd.
async fn timedatectl() -> Option<bool> {
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn judge(facts: &Facts) -> Finding {
    const CHECK: &str = "clock";
    let todo = "apt-get install systemd-timesyncd, then timedatectl set-ntp true; lines dated more than 10 minutes ahead are refused";
    match (facts.is_synchronised, facts.service) {
        (Some(true), service) => Finding::fine(
            CHECK,
            format!("it is synchronised{}", service.map_or_else(String::new, |name| format!(" by {name}"))),
        ),
        (None, Some(service)) => Finding::fine(CHECK, format!("{service} keeps it")),
        (Some(false), Some(service)) => Finding::look(
            CHECK,
            format!("{service} runs, and the clock is not synchronised"),
            "see whether it reaches its servers: timedatectl timesync-status, chronyc sources",
        ),
        (Some(false), None) => Finding::look(CHECK, "nothing keeps it", todo),
        (None, None) => {
            Finding::look(CHECK, "it cannot be told whether anything keeps it (in a container, its host does)", todo)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    #[test]
    fn whether_anything_keeps_it() {
        for (is_synchronised, service, mark) in [
            (Some(true), None, Mark::Fine),
            (Some(true), Some("chrony"), Mark::Fine),
            (None, Some("chrony"), Mark::Fine),
            (Some(false), Some("chrony"), Mark::Look),
            (Some(false), None, Mark::Look),
            (None, None, Mark::Look),
        ] {
            assert_mark(&judge(&Facts { is_synchronised, service }), mark);
        }
    }
}
