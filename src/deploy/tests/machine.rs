//! What a server does with a plan, when each of its steps fails.

use super::super::here::{Look, Machine, carry_out};
use super::super::package::{is_version, program_version};
use super::super::part::Part;
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
    /// The database cannot be asked its schema.
    mute_database: bool,
    /// It cannot once the new version was started.
    mute_after: bool,
    /// The new version ends before it migrates.
    migrates_not: bool,
    backup_fails: bool,
    no_backups: bool,
    /// The others did not get it.
    alone: bool,
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
    /// The database's schema, and the one that the new version brings.
    schema: i32,
    new_schema: i32,
    backups: u32,
}

impl Server {
    fn new(fault: Fault) -> Self {
        let (installed, runs) = ("1.0.0-1".to_owned(), "1.0.0-1".to_owned());
        let (installs, steps) = (Vec::new(), Vec::new());
        Self {
            fault,
            installed,
            runs,
            run: 1,
            now: Duration::ZERO,
            ready_at: None,
            installs,
            restarts: 0,
            steps,
            schema: 17,
            new_schema: 17,
            backups: 0,
        }
    }

    fn is_new(&self) -> bool {
        self.runs == "2.0.0-1"
    }

    fn start(&mut self) {
        (self.run, self.runs, self.ready_at) = (self.run + 1, self.installed.clone(), None);
        if self.is_new() && !self.fault.migrates_not {
            self.schema = self.new_schema;
        }
    }
}

impl Machine for Server {
    fn schema(&mut self) -> anyhow::Result<i32> {
        if self.fault.mute_database || (self.fault.mute_after && self.run > 1) {
            bail!("the database is down");
        }
        Ok(self.schema)
    }

    fn back_up(&mut self) -> anyhow::Result<Option<String>> {
        if self.fault.backup_fails {
            bail!("the disk is full");
        }
        self.backups += u32::from(!self.fault.no_backups);
        Ok((!self.fault.no_backups).then(|| "a-backup.age".to_owned()))
    }

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

    fn gathered(&mut self) -> anyhow::Result<()> {
        assert_eq!((self.restarts, self.run), (0, 1), "nothing is restarted before all have it");
        if self.fault.alone {
            bail!("another server did not get it");
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
        schema: Some(17),
        known_schema: 17,
        may_migrate: false,
        last: Some(PathBuf::from("1.0.0-1")),
        ready_within: Duration::from_secs(60),
        watch_for: Duration::from_secs(30),
        even_if_unhealthy: false,
        part: Part::Whole,
        gathers: false,
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
fn who_waits_for_the_others_restarts_when_they_have_it_and_goes_back_when_not() {
    let none = Fault::default();
    for (fault, outcome, runs) in
        [(none, Outcome::Done, "2.0.0-1"), (Fault { alone: true, ..none }, Outcome::RolledBack, "1.0.0-1")]
    {
        let mut server = Server::new(fault);
        let (ended, reason) = carry_out(&mut server, &Plan { gathers: true, part: Part::Dataflow, ..plan() });
        assert_eq!((ended, server.runs.as_str()), (outcome, runs), "{reason:?} {:#?}", server.steps);
        let waited = server.steps.iter().filter(|step| step.contains("the others are waited for")).count();
        assert_eq!(waited, 1, "{:#?}", server.steps);
    }
}

#[test]
fn an_ingester_has_no_database_to_ask() {
    let mut server = Server { new_schema: 18, ..Server::new(Fault { mute_database: true, ..Fault::default() }) };
    let (outcome, _) = carry_out(&mut server, &Plan { schema: Some(18), part: Part::Ingest, ..plan() });
    assert_eq!((outcome, server.backups), (Outcome::Done, 0));
    assert!(!server.steps.iter().any(|step| step.contains("database")), "{:#?}", server.steps);
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

/// What a database of schema 17 is asked for, and what became of it.
struct Case {
    fault: Fault,
    /// The new package's.
    schema: Option<i32>,
    may_migrate: bool,
    outcome: Outcome,
    backups: u32,
    says: &'static str,
}

impl Case {
    fn try_out(&self) {
        let Self { fault, schema, may_migrate, outcome, backups, says } = *self;
        let mut server = Server { new_schema: schema.unwrap_or(18), ..Server::new(fault) };
        let (ended, reason) = carry_out(&mut server, &Plan { schema, may_migrate, ..plan() });
        let told = format!("{fault:?} {schema:?} {may_migrate}: {reason:?} {:#?}", server.steps);
        assert_eq!((ended, server.backups), (outcome, backups), "{told}");
        assert_eq!(server.installs.is_empty(), outcome == Outcome::Refused, "{told}");
        assert_eq!(server.runs == "2.0.0-1", matches!(outcome, Outcome::Done | Outcome::Stuck), "{told}");
        let said = format!("{} {}", server.steps.join("\n"), reason.unwrap_or_default());
        assert!(said.contains(says), "{told}");
    }
}

#[test]
fn a_migration_is_begun_only_if_it_is_wanted_and_after_a_backup() {
    let none = Fault::default();
    let case = |fault, schema, may_migrate, outcome, backups, says| {
        Case { fault, schema, may_migrate, outcome, backups, says }.try_out();
    };
    case(none, Some(17), false, Outcome::Done, 0, "");
    // What is wanted and not needed needs no backup.
    case(none, Some(17), true, Outcome::Done, 0, "");
    case(none, Some(18), false, Outcome::Refused, 0, "from schema 17 to 18");
    case(none, Some(18), false, Outcome::Refused, 0, "--migrates");
    case(none, None, false, Outcome::Refused, 0, "does not say which schema");
    case(none, Some(18), true, Outcome::Done, 1, "backup: a-backup.age");
    case(none, None, true, Outcome::Done, 1, "backup: a-backup.age");
    for may_migrate in [false, true] {
        case(none, Some(16), may_migrate, Outcome::Refused, 0, "suiftly restore");
    }
    let no_backups = Fault { no_backups: true, ..none };
    case(no_backups, Some(18), true, Outcome::Done, 0, "backup.recipients are not configured");
    let backup_fails = Fault { backup_fails: true, ..none };
    case(backup_fails, Some(18), true, Outcome::Refused, 0, "the disk is full");
    case(backup_fails, Some(17), true, Outcome::Done, 0, "");
    // A database that is down is judged by the version that runs on it.
    let mute = Fault { mute_database: true, ..none };
    case(mute, Some(17), false, Outcome::Done, 0, "the database is down");
    case(mute, Some(18), false, Outcome::Refused, 0, "--migrates");
}

#[test]
fn nothing_leads_back_over_a_migration_that_was_made() {
    let ill = Fault { never_ready: true, ..Fault::default() };
    let case = |fault, schema, outcome, says| {
        Case { fault, schema, may_migrate: true, outcome, backups: u32::from(schema != Some(17)), says }.try_out();
    };
    case(ill, Some(17), Outcome::RolledBack, "runs again");
    case(ill, Some(18), Outcome::Stuck, "has schema 18 now, and 1.0.0-1 knows 17");
    case(ill, None, Outcome::Stuck, "`suiftly restore` the backup");
    // It ended before it did, or was not even installed.
    case(Fault { migrates_not: true, ..ill }, Some(18), Outcome::RolledBack, "runs again");
    case(Fault { install_fails: true, ..ill }, Some(18), Outcome::RolledBack, "runs again");
    case(Fault { mute_after: true, ..ill }, Some(18), Outcome::Stuck, "cannot be asked: the database is down");
    case(Fault { mute_after: true, ..ill }, Some(17), Outcome::RolledBack, "runs again");
}
