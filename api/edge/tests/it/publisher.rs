//! A publisher for tests: signs what it is told to and streams it as frames, by HTTP made by hand, so that a test decides
//! what goes wrong. It can be ended and begun again on the same port, with what it has published.

mod serving;

use crate::gateway::{free_addresses, until};
use serving::Serving;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use suiftly_schema::fleet::{EdgeReport, ReportAnswer, Wanted};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{Frame, GrantSet, Head, Hello, KeyOfCanary, PublicKeys, SignedHead, SigningKeys};

/// What an edge must say.
pub(crate) const TOKEN: &str = "sed_for_tests";
/// The edge that is expected.
pub(crate) const SERVER: i16 = 17;
const ERA: UnixMillis = UnixMillis(1_795_000_000_000);

/// Makes other lines of those of a version.
pub(crate) type Tamper = Box<dyn FnMut(Vec<String>) -> Sent + Send>;

/// Says which lines are wanted of an edge that reports so.
pub(crate) type Wants = Box<dyn FnMut(&EdgeReport) -> Vec<Wanted> + Send>;

/// What is sent instead.
pub(crate) struct Sent {
    pub(crate) lines: Vec<String>,
    /// Whether the body ends there, as if all had been said.
    pub(crate) ends: bool,
}

impl Sent {
    pub(crate) const fn lines(lines: Vec<String>) -> Self {
        Self { lines, ends: false }
    }
}

pub(crate) struct Publisher {
    shared: Arc<Shared>,
    address: SocketAddr,
    serving: Option<Serving>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    signer: SigningKeys,
    versions: Vec<Version>,
    era: UnixMillis,
    canaries: Vec<KeyOfCanary>,
    tamper: Option<Tamper>,
    /// What edges asked with, newest last.
    asked: Vec<String>,
    /// Of those, the first so many hear nothing more.
    unheard: usize,
    /// The last report.
    report: EdgeReport,
    wants: Option<Wants>,
}

#[derive(Clone)]
struct Version {
    head: Head,
    signed: SignedHead,
    set: GrantSet,
}

impl Publisher {
    /// One that has published this as version 1.
    pub(crate) fn start(set: &GrantSet) -> Self {
        let signer = SigningKeys::parse(&format!("1 {}", "07".repeat(32))).unwrap();
        let state = State {
            signer,
            versions: Vec::new(),
            era: ERA,
            canaries: Vec::new(),
            tamper: None,
            asked: Vec::new(),
            unheard: 0,
            report: EdgeReport::default(),
            wants: None,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        // Not of the ports that the system gives to others while nobody has them: after a kill it is bound again.
        let [address] = free_addresses::<1>();
        let listener = TcpListener::bind(address).unwrap();
        let mut publisher = Self { shared, address, serving: None };
        publisher.publish(set);
        publisher.serving = Some(Serving::start(listener, Arc::clone(&publisher.shared)));
        publisher
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn trusted(&self) -> PublicKeys {
        self.state().signer.public()
    }

    /// The next version.
    pub(crate) fn publish(&self, set: &GrantSet) -> u64 {
        self.publish_as(set, |_| ())
    }

    /// The next version, with something else in its head.
    pub(crate) fn publish_as(&self, set: &GrantSet, change: impl FnOnce(&mut Head)) -> u64 {
        let mut state = self.state();
        let mut set = set.clone();
        let version = state.versions.last().map_or(1, |last| last.head.version + 1);
        let mut head = Head {
            format: 1,
            era: state.era,
            version,
            refill: state.versions.last().map_or(0, |last| last.head.refill),
            root: set.root(),
            keys: set.key_count() as u64,
            access: set.access_count() as u64,
            epoch: version,
            as_of: ERA,
            issued_at: ERA,
            regions: BTreeMap::from([(1, 1)]),
        };
        change(&mut head);
        let signed = state.signer.sign(&head);
        state.versions.push(Version { head, signed, set });
        drop(state);
        self.shared.changed.notify_all();
        version
    }

    /// From now on what is sent of versions is this instead.
    pub(crate) fn tamper(&self, tamper: impl FnMut(Vec<String>) -> Sent + Send + 'static) {
        self.state().tamper = Some(Box::new(tamper));
    }

    /// From now on all is sent as it is.
    pub(crate) fn be_honest(&self) {
        self.state().tamper = None;
    }

    /// The head of the last version.
    pub(crate) fn head(&self) -> Head {
        self.state().versions.last().unwrap().head.clone()
    }

    /// That set on disk as an edge keeps it.
    pub(crate) fn write_to(&self, dir: &Path) {
        let state = self.state();
        let last = state.versions.last().unwrap();
        suiftly_edge::directory::write(dir, &last.signed, &last.set).unwrap();
    }

    /// The lines of a version that was published, whole.
    pub(crate) fn whole(&self, version: u64) -> Vec<String> {
        let state = self.state();
        state.versions.iter().find(|one| one.head.version == version).unwrap().whole()
    }

    pub(crate) fn set_canaries(&self, keys: Vec<KeyOfCanary>) {
        self.state().canaries = keys;
    }

    /// Says nothing more to those who listen now, and keeps their connections.
    pub(crate) fn fall_silent(&self) {
        let mut state = self.state();
        state.unheard = state.asked.len();
    }

    /// Ends at once: the port is closed, and every connection.
    pub(crate) fn kill(&mut self) {
        self.serving = None;
    }

    /// Begins again on the same port, as a new process would: in a new era, with what it had published last.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let set = {
            let mut state = self.state();
            state.era = state.era.plus_ms(1_000);
            let last = state.versions.pop().unwrap();
            state.versions = vec![last.clone()];
            last.set
        };
        self.publish(&set);
        let listener = TcpListener::bind(self.address).unwrap();
        self.serving = Some(Serving::start(listener, Arc::clone(&self.shared)));
    }

    /// From now on reports are answered with the lines that this says.
    pub(crate) fn want(&self, wants: impl FnMut(&EdgeReport) -> Vec<Wanted> + Send + 'static) {
        self.state().wants = Some(Box::new(wants));
    }

    /// The last report.
    pub(crate) fn report(&self) -> EdgeReport {
        self.state().report.clone()
    }

    /// The paths of streams that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state().asked.clone()
    }

    /// Waits until the edge reports that every gateway has this version.
    pub(crate) fn await_version(&self, version: u64) {
        self.await_report(&format!("version {version} is everywhere"), |report| report.version == version);
    }

    /// Waits for a report.
    pub(crate) fn await_report(&self, what: &str, mut holds: impl FnMut(&EdgeReport) -> bool) {
        let is_so = std::cell::RefCell::new(EdgeReport::default());
        let _told = Told(&is_so);
        until(what, || {
            let report = self.report();
            let holds = !report.gateways.is_empty() && holds(&report);
            *is_so.borrow_mut() = report;
            holds
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

/// Says what the last report was when a test fails.
struct Told<'a>(&'a std::cell::RefCell<EdgeReport>);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the last report: {:#?}", self.0.borrow());
        }
    }
}

impl Version {
    fn whole(&self) -> Vec<String> {
        let whole = Frame::Whole { head: self.signed.clone() };
        std::iter::once(whole).chain(Frame::rows_of(&self.set)).map(|frame| frame.line()).collect()
    }

    fn changes_from(&self, from: &Self) -> String {
        let changes = from.set.changes_to(&self.set);
        Frame::Changes { from: from.head.root, head: self.signed.clone(), changes }.line()
    }
}

impl State {
    /// What a report is answered with.
    fn reported(&mut self, report: EdgeReport) -> ReportAnswer {
        let wanted = self.wants.as_mut().map_or_else(Vec::new, |wants| wants(&report));
        self.report = report;
        ReportAnswer { wanted }
    }

    fn hello(&self) -> String {
        let canaries = self.canaries.clone();
        Frame::Hello(Hello { name: "test".to_owned(), servers: vec![SERVER], canaries }).line()
    }
}
