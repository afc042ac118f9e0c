//! Two homes: a gateway may send every line twice, by two rings, so that either of its receivers may die. Which of them
//! brought which number is kept beside the worker's window. So the other home's copy of a line, which is expected
//! ([`Seen::SecondHome`]), is told from a line that one home brought twice, which is not ([`Seen::Duplicate`]).
//! Neither is billed: what is new is decided by the worker's own numbers, whoever brought them.
//!
//! **A home** is the way that a line came and who sent it, by address or certificate, without the port, which is
//! another with each connection. These bytes stand in the journal with the line, so a replay tells apart what live
//! traffic did. One process listens once by each transport: two rings to it are two homes by TCP and TLS, or from two
//! addresses. In a cluster each journal is a home of its own. Files, and what an operator gives again, come by no home.
//!
//! **Cost.** While one home alone speaks for a worker, nothing is kept but its name, and a line costs a comparison.
//! When another begins to speak, the first gets a copy of the worker's numbers, and from then on each has its own.
//!
//! **A restart** finds them stored with the worker's window, and goes on as if there had been none (`stored.rs`). Of a
//! worker that was stored without them, as by a version before, the journal's last lines say again who brought what
//! ([`Homes::rewarm`]), as with bodies. Of older numbers nobody is known then, and what comes again of them is a
//! duplicate; but a home that was alone in those last lines counts as the one that brought all before them.

mod stored;

use super::Seen;
use super::numbers::{Numbers, Span};
use crate::source::Source;
use std::fmt;
use suiftly_schema::{
    loss::{HomeLines, WorkerId},
    time::UnixMillis,
};

/// Homes of a worker that are told apart: two, and two more for addresses that change. Each takes 8 KiB while the
/// worker's window is open.
pub const HOMES_MAX: usize = 4;

/// Of [`HOMES_MAX`] homes, one that was silent for longer gives its place to another that speaks; until then what that
/// one brings is nobody's. By the epochs' clock.
pub const HOME_KEPT_MS: i64 = 60_000;

/// The way that lines come, and from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home {
    /// As in the journal.
    kind: u8,
    known_by: [u8; 16],
    /// Which journal, by its number in the cluster; 0 is the process's own.
    journal_no: u16,
}

impl Home {
    /// By which home the lines of a source come; `None` by none.
    pub fn of(source: &Source) -> Option<Self> {
        Self::by(source, 0)
    }

    /// The same for lines that stand in this journal of several: a gateway has the same address to both of its
    /// receivers.
    pub fn by(source: &Source, journal_no: u16) -> Option<Self> {
        match source {
            Source::Udp(_) | Source::Tcp(_) | Source::Tls(_) | Source::TlsClient(_) | Source::Unix(_) => {
                let (kind, known_by, _port) = source.to_journal();
                Some(Self { kind, known_by, journal_no })
            }
            Source::File | Source::Quarantine { .. } | Source::Outbox | Source::Cut { .. } => None,
        }
    }
}

impl fmt::Display for Home {
    /// `tcp 192.0.2.7`, `unix 5e884898…`: its source without the port; of a cluster with the journal, `tcp 192.0.2.7 (2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = Source::from_journal(self.kind, self.known_by, 0).ok_or(fmt::Error)?;
        match source.address() {
            Some(peer) => write!(f, "{} {}", source.transport().word(), peer.ip())?,
            None => write!(f, "{source}")?,
        }
        if self.journal_no == 0 { Ok(()) } else { write!(f, " ({})", self.journal_no) }
    }
}

/// A number that came, and what it is to those before it by whomever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came {
    pub(super) seen: Seen,
    pub(super) number: u64,
    /// The epoch's clock.
    pub(super) at: UnixMillis,
}

#[derive(Debug)]
struct Of {
    home: Home,
    heard_at: UnixMillis,
    numbers: Numbers,
}

/// The homes of one worker.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// Who counts as having brought all that the worker has, and when it was last heard of; then `each` is empty.
    sole: Option<(Home, UnixMillis)>,
    /// Each with its own numbers.
    each: Vec<Of>,
    /// Some numbers were brought by no home.
    has_strays: bool,
    /// All of it was stored: the journal's last lines say nothing new.
    is_restored: bool,
}

impl Homes {
    /// Whether this home counts as having brought everything, so that there is nothing to note but when.
    #[inline]
    pub(super) fn is_sole(&mut self, home: Option<Home>, at: UnixMillis) -> bool {
        match &mut self.sole {
            Some((sole, heard_at)) if home == Some(*sole) => {
                *heard_at = at;
                true
            }
            _ => false,
        }
    }

    /// Notes who brought a number, and answers what it is for that; `before` makes the worker's numbers without it.
    pub(super) fn note(
        &mut self,
        home: Option<Home>,
        came: Came,
        most_ranges: usize,
        before: impl FnOnce() -> Numbers,
    ) -> Seen {
        let Some(home) = home else {
            if came.seen == Seen::New {
                self.tell_apart(before);
                self.has_strays = true;
            }
            return came.seen;
        };
        if self.is_nobodys() {
            self.sole = Some((home, came.at));
            return came.seen;
        }
        self.tell_apart(before);
        let Some(place) = self.place(home, came.at) else { return came.seen };
        let of = &mut self.each[place];
        of.heard_at = came.at;
        let is_its_first = of.numbers.insert(came.number, most_ranges);
        if came.seen != Seen::New && is_its_first && self.is_of_another(place, came.number) {
            Seen::SecondHome
        } else {
            came.seen
        }
    }

    /// Takes a line of before the restart, of a number that the worker has.
    pub(super) fn rewarm(&mut self, home: Option<Home>, number: u64, at: UnixMillis, most_ranges: usize) {
        if self.is_restored {
            return;
        }
        let Some(home) = home else {
            self.has_strays = true;
            return;
        };
        if self.sole.is_none()
            && let Some(place) = self.place(home, at)
        {
            self.each[place].numbers.insert(number, most_ranges);
        }
    }

    /// Everything of before the restart was told.
    pub(super) fn settle(&mut self) {
        if !self.is_restored
            && !self.has_strays
            && let [only] = self.each.as_slice()
        {
            self.sole = Some((only.home, only.heard_at));
            self.each = Vec::new();
        }
    }

    pub(super) fn fold(&mut self) {
        self.each.iter_mut().for_each(|of| of.numbers.fold());
    }

    pub(super) fn shift(&mut self, by: u64) {
        self.each.iter_mut().for_each(|of| of.numbers.shift(by));
    }

    /// What each has brought; `all` is of what the worker has received.
    pub(super) fn lines(&self, worker: WorkerId, all: Span) -> Vec<HomeLines> {
        let lines = |home: Home, heard_at, span: Span| HomeLines {
            worker,
            home: home.to_string(),
            received: span.received,
            missing: span.missing(),
            first_seq: span.first,
            highest_seq: span.highest,
            heard_at,
            seen: Vec::new(),
        };
        let sole = self.sole.iter().map(|(home, heard_at)| lines(*home, *heard_at, all));
        sole.chain(self.each.iter().map(|of| lines(of.home, of.heard_at, of.numbers.span))).collect()
    }

    const fn is_nobodys(&self) -> bool {
        self.sole.is_none() && self.each.is_empty() && !self.has_strays
    }

    /// From now on the sole home has numbers of its own.
    fn tell_apart(&mut self, before: impl FnOnce() -> Numbers) {
        if let Some((home, heard_at)) = self.sole.take() {
            self.each.push(Of { home, heard_at, numbers: before() });
        }
    }

    fn is_of_another(&self, place: usize, number: u64) -> bool {
        self.each.iter().enumerate().any(|(at, of)| at != place && of.numbers.contains(number))
    }

    #[inline]
    fn place(&mut self, home: Home, now: UnixMillis) -> Option<usize> {
        self.each.iter().position(|of| of.home == home).or_else(|| self.make_place(home, now))
    }

    #[cold]
    fn make_place(&mut self, home: Home, now: UnixMillis) -> Option<usize> {
        let new = Of { home, heard_at: now, numbers: Numbers::default() };
        if self.each.len() < HOMES_MAX {
            self.each.push(new);
            return Some(self.each.len() - 1);
        }
        let silent = |of: &Of| now.0.saturating_sub(of.heard_at.0) > HOME_KEPT_MS;
        let places = self.each.iter().enumerate().filter(|(_, of)| silent(of));
        let (place, _) = places.min_by_key(|(_, of)| (of.heard_at, of.home))?;
        self.each[place] = new;
        Some(place)
    }
}
