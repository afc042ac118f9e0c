//! One server after the other, when each of them fails.

use super::super::here::is_gathering;
use super::super::host::{Host, Progress, Standing};
use super::super::package::Package;
use super::super::part::Part;
use super::super::plan::Request;
use super::super::rolling::{Wish, dry_run, roll};
use super::super::status::{Outcome, Status};
use anyhow::bail;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What goes wrong with a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fault {
    #[default]
    Nothing,
    Unreachable,
    Busy,
    NotInstalled,
    UploadFails,
    /// The command fails, and nothing was begun.
    BeginFails,
    /// The connection drops, and it was begun.
    BeginDrops,
    /// It cannot be reached for so many questions after it was begun.
    Away(u32),
    /// It is begun and says nothing.
    NeverTold,
    Ends(Outcome),
    Interrupted,
    /// It ends so before all have it.
    EndsEarly(Outcome),
}

/// A server in memory; what is done to it is told in order.
struct Server {
    name: &'static str,
    fault: Fault,
    acts: Rc<RefCell<Vec<String>>>,
    request: Option<Request>,
    questions: u32,
    parts: Vec<Part>,
    /// Whether the others have it, once that was said.
    gathered: Option<bool>,
}

impl Server {
    fn new(name: &'static str, fault: Fault, acts: &Rc<RefCell<Vec<String>>>) -> Self {
        let acts = Rc::clone(acts);
        Self { name, fault, acts, request: None, questions: 0, parts: Vec::new(), gathered: None }
    }

    fn given(&mut self, request: &Request) {
        (self.request, self.questions, self.gathered) = (Some(request.clone()), 0, None);
    }

    fn status(&self, request: &Request) -> Option<Status> {
        let mut status = Status::new(&request.id, &request.version);
        status.from = "1.0.0-1".to_owned();
        status.step("begun");
        if self.questions > 2 {
            status.step("installing");
            if request.gathers && !matches!(self.fault, Fault::EndsEarly(_)) {
                status.step("installed; the others are waited for");
                match self.gathered {
                    None => return Some(status),
                    Some(true) => status.step("restarting"),
                    Some(false) => {
                        (status.outcome, status.reason) = (Some(Outcome::RolledBack), Some("alone".to_owned()));
                        return Some(status);
                    }
                }
            }
            status.outcome = match self.fault {
                Fault::Ends(outcome) | Fault::EndsEarly(outcome) => Some(outcome),
                Fault::Interrupted => None,
                _ => Some(Outcome::Done),
            };
            status.reason = status.outcome.filter(|outcome| *outcome != Outcome::Done).map(|_| "it was ill".to_owned());
        }
        Some(status)
    }
}

impl Host for Server {
    fn name(&self) -> &str {
        self.name
    }

    fn standing(&mut self) -> anyhow::Result<Standing> {
        assert!(self.request.is_none(), "what is being replaced is not asked");
        let parts = self.parts.clone();
        if self.fault == Fault::Unreachable {
            bail!("cannot be reached");
        }
        let installed = (self.fault != Fault::NotInstalled).then(|| "1.0.0-1".to_owned());
        Ok(Standing { installed, schema: Some(17), is_at_work: self.fault == Fault::Busy, parts })
    }

    fn progress(&mut self) -> anyhow::Result<Progress> {
        if let Fault::Away(left @ 1..) = self.fault {
            self.fault = Fault::Away(left - 1);
            bail!("cannot be reached");
        }
        let begun = self.request.clone().filter(|_| !matches!(self.fault, Fault::BeginFails | Fault::NeverTold));
        let Some(request) = begun else {
            return Ok(Progress::default());
        };
        self.questions += 1;
        let last = self.status(&request);
        let is_over =
            self.questions > 2 && last.as_ref().is_none_or(|last| last.outcome.is_some() || !is_gathering(last));
        Ok(Progress { is_at_work: !is_over, last })
    }

    fn upload(&mut self, package: &Package, request: &Request) -> anyhow::Result<()> {
        self.acts.borrow_mut().push(format!("upload {} {}", package.version, self.name));
        if self.fault == Fault::UploadFails {
            bail!("the disk there is full");
        }
        self.given(request);
        Ok(())
    }

    fn ask(&mut self, request: &Request) -> anyhow::Result<()> {
        assert!(request.is_kept && request.no_way_back);
        self.acts.borrow_mut().push(format!("keep {} {}", request.version, self.name));
        self.given(request);
        Ok(())
    }

    fn gather(&mut self, request: &Request, have_it: bool) -> anyhow::Result<()> {
        assert_eq!(self.request.as_ref(), Some(request));
        self.acts.borrow_mut().push(format!("{} {}", if have_it { "go" } else { "stop" }, self.name));
        self.gathered = Some(have_it);
        Ok(())
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        self.acts.borrow_mut().push(format!("begin {}", self.name));
        match self.fault {
            Fault::BeginFails => bail!("sudo says no"),
            Fault::BeginDrops => bail!("the connection dropped"),
            _ => Ok(()),
        }
    }
}

fn wish() -> Wish {
    let package =
        Package { file: "s.deb".into(), version: "2.0.0-1".to_owned(), schema: Some(17), sha256: "0".repeat(64) };
    Wish { package, watch_s: 30, ready_within_s: 60, even_if_unhealthy: false, no_way_back: false, migrates: false }
}

/// What became of three servers, the second of which has a fault: the error, what was said, what was done.
fn rolled(fault: Fault) -> (Option<String>, String, Vec<String>) {
    let acts = Rc::new(RefCell::new(Vec::new()));
    let server = |name, fault| Box::new(Server::new(name, fault, &acts)) as Box<dyn Host>;
    let mut hosts = vec![server("a", Fault::Nothing), server("b", fault), server("c", Fault::Nothing)];
    let mut said = String::new();
    let mut say = |text: &str| {
        said.push_str(text);
        Ok(())
    };
    let outcome = roll(&wish(), &mut hosts, &mut say, &mut |_: Duration| {});
    drop(hosts);
    let acts = Rc::into_inner(acts).unwrap().into_inner();
    (outcome.err().map(|error| format!("{error:#}")), said, acts)
}

#[test]
fn all_of_them_one_after_the_other() {
    for fault in [Fault::Nothing, Fault::BeginDrops, Fault::Away(20)] {
        let (error, said, acts) = rolled(fault);
        assert_eq!(error, None, "{fault:?}: {said}");
        let expected: Vec<String> = ["a", "b", "c"]
            .iter()
            .flat_map(|name| [format!("upload 2.0.0-1 {name}"), format!("begin {name}")])
            .collect();
        assert_eq!(acts, expected, "{fault:?}");
        assert!(said.ends_with("3 of 3 servers run 2.0.0-1\n") && said.matches("installing").count() == 3, "{said}");
    }
}

#[test]
fn nothing_is_touched_where_one_of_them_could_not_be_done() {
    for (fault, says) in [
        (Fault::Unreachable, "cannot be reached"),
        (Fault::Busy, "at work"),
        (Fault::NotInstalled, "suiftly provision"),
    ] {
        let (error, _, acts) = rolled(fault);
        let error = error.unwrap();
        assert!(error.contains("nothing was changed anywhere; b") && error.contains(says), "{fault:?}: {error}");
        assert_eq!(acts, Vec::<String>::new());
    }
}

#[test]
fn the_rest_stay_as_they_are_when_one_fails() {
    for (fault, says) in [
        (Fault::UploadFails, "nothing was changed there: the disk there is full"),
        (Fault::BeginFails, "nothing was changed there: sudo says no"),
        (Fault::NeverTold, "not begun there within"),
        (Fault::Away(1_000), "goes on by itself"),
        (Fault::Interrupted, "interrupted"),
        (Fault::Ends(Outcome::Refused), "refused, nothing was changed there: it was ill"),
        (Fault::Ends(Outcome::RolledBack), "rolled back, 1.0.0-1 runs there again: it was ill"),
        (Fault::Ends(Outcome::Stuck), "somebody must look at it: it was ill"),
    ] {
        let (error, said, acts) = rolled(fault);
        let error = error.unwrap_or_else(|| panic!("{fault:?}: {said}"));
        assert!(error.starts_with("stopped at b: ") && error.contains(says), "{fault:?}: {error}");
        assert!(said.ends_with("on 2.0.0-1: a; not touched: c\n"), "{fault:?}: {said}");
        assert!(!acts.iter().any(|act| act.ends_with(" c")), "{fault:?}: {acts:?}");
    }
}

#[test]
fn a_dry_run_asks_and_changes_nothing() {
    let acts = Rc::new(RefCell::new(Vec::new()));
    for (fault, is_fit) in [(Fault::Nothing, true), (Fault::Unreachable, false), (Fault::NotInstalled, false)] {
        let server = Server::new("a", fault, &acts);
        let mut said = String::new();
        let mut say = |text: &str| {
            said.push_str(text);
            Ok(())
        };
        let outcome = dry_run(&wish(), &mut [Box::new(server) as Box<dyn Host>], &mut say);
        assert_eq!(outcome.is_ok(), is_fit, "{fault:?}: {said}");
        assert!(said.contains("a: ") && said.contains(if is_fit { "1.0.0-1 is to be" } else { "could not" }), "{said}");
    }
    assert!(acts.borrow().is_empty());
}

#[test]
fn a_dry_run_says_what_becomes_of_the_database() {
    for (schema, migrates, is_fit, says) in [
        (Some(17), false, true, "followed by 2.0.0-1\n"),
        (Some(17), true, true, "followed by 2.0.0-1\n"),
        (Some(18), false, false, "from schema 17 to 18"),
        (Some(18), true, true, "may migrate the database from schema 17"),
        (None, false, false, "does not say which schema"),
        (Some(16), true, false, "up to schema 16, and it has 17"),
    ] {
        let acts = Rc::new(RefCell::new(Vec::new()));
        let server = Server::new("a", Fault::Nothing, &acts);
        let mut wish = Wish { migrates, ..wish() };
        wish.package.schema = schema;
        let mut said = String::new();
        let mut say = |text: &str| {
            said.push_str(text);
            Ok(())
        };
        let outcome = dry_run(&wish, &mut [Box::new(server) as Box<dyn Host>], &mut say);
        assert_eq!(outcome.is_ok(), is_fit, "{schema:?}: {said}");
        assert!(said.contains(says), "{schema:?}: {said}");
        assert!(acts.borrow().is_empty());
    }
}

/// A cluster of two ingesters, three processes of the dataflow and an API, of which `ill` has a fault in its part: the
/// error, what was said, what was done.
fn rolled_cluster(ill: &str, fault: Fault) -> (Option<String>, String, Vec<String>) {
    let acts = Rc::new(RefCell::new(Vec::new()));
    let server = |name: &'static str, part| {
        let fault = if name == ill { fault } else { Fault::Nothing };
        Box::new(Server { parts: vec![part], ..Server::new(name, fault, &acts) }) as Box<dyn Host>
    };
    let mut hosts = vec![
        server("api", Part::Api),
        server("d0", Part::Dataflow),
        server("in-a", Part::Ingest),
        server("d1", Part::Dataflow),
        server("in-b", Part::Ingest),
    ];
    let mut said = String::new();
    let mut say = |text: &str| {
        said.push_str(text);
        Ok(())
    };
    let outcome = roll(&wish(), &mut hosts, &mut say, &mut |_: Duration| {});
    drop(hosts);
    let acts = Rc::into_inner(acts).unwrap().into_inner();
    (outcome.err().map(|error| format!("{error:#}")), said, acts)
}

/// As they are done, but for the way back.
const FORTH: [&str; 12] = [
    "upload 2.0.0-1 in-a",
    "begin in-a",
    "upload 2.0.0-1 in-b",
    "begin in-b",
    "upload 2.0.0-1 d0",
    "upload 2.0.0-1 d1",
    "begin d0",
    "begin d1",
    "go d0",
    "go d1",
    "upload 2.0.0-1 api",
    "begin api",
];

#[test]
fn a_cluster_goes_part_by_part_and_the_dataflow_together() {
    let (error, said, acts) = rolled_cluster("", Fault::Nothing);
    assert_eq!((error, acts.as_slice()), (None, FORTH.map(str::to_owned).as_slice()), "{said}");
    assert!(said.contains("dataflow of d0, d1: 2.0.0-1 (3 of 4)"), "{said}");
    assert!(said.ends_with("5 of 5 servers run 2.0.0-1\n"), "{said}");
}

#[test]
fn a_cluster_goes_back_in_the_reverse_order() {
    let (error, said, acts) = rolled_cluster("api", Fault::Ends(Outcome::RolledBack));
    assert!(error.unwrap().starts_with("stopped at api of api: rolled back"), "{said}");
    let back = [
        "keep 1.0.0-1 d0",
        "keep 1.0.0-1 d1",
        "begin d0",
        "begin d1",
        "go d0",
        "go d1",
        "keep 1.0.0-1 in-b",
        "begin in-b",
        "keep 1.0.0-1 in-a",
        "begin in-a",
    ];
    assert_eq!(acts, FORTH.into_iter().chain(back).collect::<Vec<_>>());
    assert!(said.ends_with("on 2.0.0-1: none; not touched: none\n"), "{said}");
}

#[test]
fn no_process_of_the_dataflow_starts_where_one_did_not_get_the_version() {
    let (error, said, acts) = rolled_cluster("d0", Fault::EndsEarly(Outcome::RolledBack));
    let error = error.unwrap();
    assert!(error.contains("d0: rolled back") && error.contains("d1: rolled back"), "{error}");
    assert!(acts.contains(&"stop d1".to_owned()) && !acts.iter().any(|act| act.starts_with("go ")), "{acts:?}");
    assert!(acts.ends_with(&["keep 1.0.0-1 in-a".to_owned(), "begin in-a".to_owned()]), "{acts:?}");
    assert!(said.ends_with("not touched: api of api\n"), "{said}");
    // Where not even all packages arrived, nothing is begun.
    let (error, _, acts) = rolled_cluster("d1", Fault::UploadFails);
    assert!(error.unwrap().contains("nothing was changed; d1: the disk there is full"));
    assert!(!acts.contains(&"begin d0".to_owned()), "{acts:?}");
}

#[test]
fn a_dry_run_says_in_which_order_a_cluster_goes() {
    let acts = Rc::new(RefCell::new(Vec::new()));
    let server = |name, part| Box::new(Server { parts: vec![part], ..Server::new(name, Fault::Nothing, &acts) });
    let mut hosts: Vec<Box<dyn Host>> =
        vec![server("d0", Part::Dataflow), server("in-a", Part::Ingest), server("d1", Part::Dataflow)];
    let mut said = String::new();
    let mut say = |text: &str| {
        said.push_str(text);
        Ok(())
    };
    dry_run(&wish(), &mut hosts, &mut say).unwrap();
    assert!(said.contains("  1. ingest of in-a\n  2. dataflow of d0, d1\n"), "{said}");
    assert!(acts.borrow().is_empty());
}
