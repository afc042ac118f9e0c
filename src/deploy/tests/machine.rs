//! What a server does with a plan, when each of its steps fails.

use super::super::here::{Look, Machine, carry_out};
use super::super::package::{is_version, program_version};
use super::super::plan::Plan;
use super::super::status::Outcome;
use anyhow::bail;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fault {
    unhealthy_before: bool,
    install_fails: bool,
    restart_fails: bool,
    /// The new version never answers.
    never_ready: bool,
    /// It answers as another version.
    answers_as_other: bool,
    /// It ends so long after it was ready, and is started anew.
    crashes_after: Option<u64>,
    /// From so long after it was ready on it does not answer, for so many looks.
    misses: Option<(u64, u32)>,
    /// Going back fails too.
    back_fails: bool,
    /// The package restarts the service by itself.
    package_restarts: bool,
}

/// A server in memory.
struct Server {
    fault: Fault,
    installed: String,
    runs: String,
    run: u32,
    now: Duration,
    ready_at: Option<Duration>,
    installs: Vec<String>,
    restarts: u32,
    steps: Vec<String>,
}

impl Server {
    fn new(fault: Fault) -> Self {
        let (installed, runs) = ("1.0.0-1".to_owned(), "1.0.0-1".to_owned());
        let (installs, steps) = (Vec::new(), Vec::new());
        Self { fault, installed, runs, run: 1, now: Duration::ZERO, ready_at: None, installs, restarts: 0, steps }
    }

    fn is_new(&self) -> bool {
        self.runs == "2.0.0-1"
    }

    fn start(&mut self) {
        (self.run, self.runs, self.ready_at) = (self.run + 1, self.installed.clone(), None);
    }
}

impl Machine for Server {
    fn install(&mut self, package: &Path) -> anyhow::Result<()> {
        let version = package.to_string_lossy().into_owned();
        self.installs.push(version.clone());
        let is_new = version == "2.0.0-1";
        if (is_new && self.fault.install_fails) || (!is_new && self.fault.back_fails) {
            bail!("dpkg is unhappy");
        }
        self.installed = version;
        if self.fault.package_restarts {
            self.start();
        }
        Ok(())
    }

    fn run_id(&mut self) -> anyhow::Result<String> {
        if let (true, Some(ready), Some(after)) = (self.is_new(), self.ready_at, self.fault.crashes_after)
            && self.now - ready >= Duration::from_secs(after)
        {
            self.fault.crashes_after = None;
            self.start();
        }
        Ok(self.run.to_string())
    }

    fn restart(&mut self) -> anyhow::Result<()> {
        self.restarts += 1;
        if self.installed == "2.0.0-1" && self.fault.restart_fails {
            bail!("systemd is unhappy");
        }
        self.start();
        Ok(())
    }

    fn look(&mut self) -> Look {
        let trouble = |why: &str| Look { trouble: Some(why.to_owned()), ..Look::default() };
        if self.fault.unhealthy_before && self.installs.is_empty() {
            return trouble("it was ill before");
        }
        if self.is_new() && self.fault.never_ready {
            return trouble("it does not answer");
        }
        if let (true, Some(ready), Some((from, left @ 1..))) = (self.is_new(), self.ready_at, self.fault.misses)
            && self.now - ready >= Duration::from_secs(from)
        {
            self.fault.misses = Some((from, left - 1));
            return trouble("no answer");
        }
        let version = if self.is_new() && self.fault.answers_as_other { "1.5.0" } else { program_version(&self.runs) };
        self.ready_at.get_or_insert(self.now);
        Look { version: Some(version.to_owned()), trouble: None, lost: Some(7) }
    }

    fn pause(&mut self, time: Duration) {
        self.now += time;
    }

    fn elapsed(&mut self) -> Duration {
        self.now
    }

    fn told(&mut self, what: &str) {
        self.steps.push(what.to_owned());
    }
}

fn plan() -> Plan {
    Plan {
        from: "1.0.0-1".to_owned(),
        to: "2.0.0-1".to_owned(),
        package: PathBuf::from("2.0.0-1"),
        last: Some(PathBuf::from("1.0.0-1")),
        ready_within: Duration::from_secs(60),
        watch_for: Duration::from_secs(30),
        even_if_unhealthy: false,
    }
}

#[test]
fn whatever_fails_after_the_first_change_leads_back() {
    let none = Fault::default();
    let (new, old) = ("2.0.0-1", "1.0.0-1");
    for (fault, outcome, runs, says) in [
        (none, Outcome::Done, new, ""),
        (Fault { package_restarts: true, ..none }, Outcome::Done, new, ""),
        (Fault { misses: Some((5, 2)), ..none }, Outcome::Done, new, ""),
        (Fault { unhealthy_before: true, ..none }, Outcome::Refused, old, "it was ill before"),
        (Fault { install_fails: true, ..none }, Outcome::RolledBack, old, "dpkg is unhappy"),
        (Fault { restart_fails: true, ..none }, Outcome::RolledBack, old, "systemd is unhappy"),
        (Fault { never_ready: true, ..none }, Outcome::RolledBack, old, "not ready within 60 s: it does not answer"),
        (Fault { answers_as_other: true, ..none }, Outcome::RolledBack, old, "1.5.0 answers"),
        (Fault { crashes_after: Some(0), ..none }, Outcome::RolledBack, old, "started anew"),
        (Fault { crashes_after: Some(29), ..none }, Outcome::RolledBack, old, "started anew"),
        (Fault { crashes_after: Some(31), ..none }, Outcome::Done, new, ""),
        (Fault { misses: Some((5, 3)), ..none }, Outcome::RolledBack, old, "not any more: no answer"),
        // Misses that begin at the end are looked after to their end.
        (Fault { misses: Some((30, 3)), ..none }, Outcome::RolledBack, old, "not any more"),
        (Fault { never_ready: true, package_restarts: true, ..none }, Outcome::RolledBack, old, "not ready"),
        (Fault { never_ready: true, back_fails: true, ..none }, Outcome::Stuck, new, "going back failed"),
    ] {
        let mut server = Server::new(fault);
        let (ended, reason) = carry_out(&mut server, &plan());
        assert_eq!((ended, server.runs.as_str()), (outcome, runs), "{fault:?}: {reason:?} {:#?}", server.steps);
        assert!(reason.as_deref().unwrap_or_default().contains(says), "{fault:?}: {reason:?}");
        assert_eq!(reason.is_none(), outcome == Outcome::Done, "{fault:?}");
        let changed = !server.installs.is_empty() || server.restarts > 0;
        assert_eq!(changed, outcome != Outcome::Refused, "{fault:?}");
    }
}

#[test]
fn a_package_that_restarts_the_service_is_not_restarted_again() {
    let mut server = Server::new(Fault { package_restarts: true, ..Fault::default() });
    assert_eq!(carry_out(&mut server, &plan()).0, Outcome::Done);
    assert_eq!((server.restarts, server.run), (0, 2));
}

#[test]
fn without_a_way_back_it_stays_and_says_so() {
    let mut server = Server::new(Fault { never_ready: true, ..Fault::default() });
    let (outcome, reason) = carry_out(&mut server, &Plan { last: None, ..plan() });
    assert_eq!((outcome, server.installs), (Outcome::Stuck, vec!["2.0.0-1".to_owned()]));
    assert!(reason.unwrap().contains("no package of 1.0.0-1"));
}

#[test]
fn a_server_that_is_ill_may_be_repaired() {
    let mut server = Server::new(Fault { unhealthy_before: true, ..Fault::default() });
    let (outcome, _) = carry_out(&mut server, &Plan { even_if_unhealthy: true, ..plan() });
    assert_eq!((outcome, server.runs.as_str()), (Outcome::Done, "2.0.0-1"));
}

#[test]
fn versions_of_packages_and_programs() {
    for (package, program) in [
        ("0.1.0", "0.1.0"),
        ("0.1.0-1", "0.1.0"),
        ("1:0.2.0-1~deb12u1", "0.2.0"),
        ("0.1.0+git3-2", "0.1.0"),
        ("1~rc1-1", "1"),
    ] {
        assert_eq!(program_version(package), program, "{package}");
        assert!(is_version(package), "{package}");
    }
    for text in ["", "../x", "1/2", "a1", "1 2", "1\n", "1;x", &"1".repeat(101)] {
        assert!(!is_version(text), "{text}");
    }
}
