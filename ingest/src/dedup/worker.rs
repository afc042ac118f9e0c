//! One worker's numbers.

use super::grace::Grace;
use super::homes::{Came, Home, Homes};
use super::numbers::{Numbers, Span};
use super::ranges::Ranges;
use super::window::Window;
use super::{DedupError, FIRST_SEQ_GRACE, Seen, state};
use suiftly_schema::{
    ids::Epoch,
    loss::{HomeLines, WorkerId, WorkerWindow},
    time::UnixMillis,
};

/// One turn of the 32-bit counter.
const TURN: u64 = 1 << 32;
/// No epoch.
const NEVER: Epoch = Epoch::MAX;

#[derive(Debug)]
pub(super) struct Worker {
    pub(super) id: WorkerId,
    /// The epoch in which it was last heard of, if that was since the start.
    pub(super) heard_in: Epoch,
    /// That epoch's clock.
    pub(super) heard_at: UnixMillis,
    received: u64,
    /// What came again with the same body, by whomever: a second home's copies are among them.
    duplicates: u64,
    conflicts: u64,
    repaired: u64,
    /// Lowest and highest number received; meaningless before the first line.
    first: u64,
    highest: u64,
    /// What was received below the window, or all of it while there is no window.
    cold: Ranges,
    window: Option<Window>,
    /// Which missing numbers are final.
    grace: Grace,
    /// Who brought what.
    homes: Homes,
}

/// What a line is, and what it cost to say so.
pub(super) struct Observed {
    pub(super) seen: Seen,
    /// It came before, and its body could not be compared.
    pub(super) is_unproven: bool,
    /// Numbers that the bound on ranges closed.
    pub(super) closed_gap_seqs: u64,
}

impl Worker {
    pub(super) fn new(id: WorkerId, epoch: Epoch, now: UnixMillis) -> Self {
        Self {
            id,
            heard_in: epoch,
            heard_at: now,
            received: 0,
            duplicates: 0,
            conflicts: 0,
            repaired: 0,
            first: 0,
            highest: 0,
            cold: Ranges::default(),
            window: None,
            grace: Grace::default(),
            homes: Homes::default(),
        }
    }

    /// What decides who falls out: the lowest goes first.
    pub(super) const fn recency(&self) -> (UnixMillis, WorkerId) {
        (self.heard_at, self.id)
    }

    pub(super) const fn highest(&self) -> u64 {
        self.highest
    }

    /// Its first line in an epoch comes.
    #[cold]
    pub(super) fn begin_epoch(&mut self, epoch: Epoch, now: UnixMillis) {
        let now = now.max(self.heard_at);
        self.grace.move_on(self.heard_at, now, self.highest, self.missing());
        (self.heard_in, self.heard_at) = (epoch, now);
    }

    pub(super) const fn is_open(&self) -> bool {
        self.window.is_some()
    }

    pub(super) fn open(&mut self) {
        self.window = Some(Window::open(&mut self.cold, self.highest));
    }

    /// Gives the window up. Closes no gaps: which workers are open is not stored, and a restart in between must not make
    /// a difference to what is new.
    pub(super) fn fold(&mut self) {
        if let Some(window) = self.window.take() {
            window.fold_into(&mut self.cold);
        }
        self.homes.fold();
    }

    /// Takes note of a line that came by this home.
    #[inline]
    pub(super) fn observe(&mut self, seq: u32, hash: u32, home: Option<Home>, most_ranges: usize) -> Observed {
        let number = if self.received == 0 { u64::from(seq) } else { self.unwrap_seq(seq) };
        let came = self.look_up(number, hash);
        // Another body is nobody's copy.
        let seen = if came == Seen::Conflict { came } else { self.told_apart(came, number, home, most_ranges) };
        let mut closed_gap_seqs = 0;
        match seen {
            Seen::New => closed_gap_seqs = self.insert(number, hash, most_ranges),
            Seen::Conflict => self.conflicts += 1,
            // One count for all; what each home brought says which were copies.
            Seen::SecondHome | Seen::Duplicate | Seen::DuplicateUnproven => self.duplicates += 1,
        }
        Observed { seen, is_unproven: came == Seen::DuplicateUnproven, closed_gap_seqs }
    }

    /// What only another home has brought is no duplicate.
    #[inline]
    fn told_apart(&mut self, seen: Seen, number: u64, home: Option<Home>, most_ranges: usize) -> Seen {
        if self.homes.is_sole(home, self.heard_at) {
            return seen;
        }
        let (came, span) = (Came { seen, number, at: self.heard_at }, self.span());
        let Self { homes, cold, window, .. } = self;
        let before = || Numbers { span, cold: cold.clone(), bits: window.as_ref().map(|window| window.bits().clone()) };
        homes.note(home, came, most_ranges, before)
    }

    /// Notes the body's hash of a number received before, and who brought it.
    pub(super) fn rewarm(&mut self, seq: u32, hash: u32, home: Option<Home>, most_ranges: usize) {
        let back = u64::from(self.low_half().wrapping_sub(seq));
        let Some(number) = self.highest.checked_sub(back) else {
            return;
        };
        if self.rewarm_body(number, hash) {
            self.homes.rewarm(home, number, self.heard_at, most_ranges);
        }
    }

    /// Whether the number was received, with this body as far as is known.
    fn rewarm_body(&mut self, number: u64, hash: u32) -> bool {
        let Some(window) = self.window.as_mut().filter(|window| number >= window.base()) else {
            return self.cold.contains(number);
        };
        if !window.contains(number) {
            return false;
        }
        window.had_hash(number, hash).unwrap_or_else(|| {
            window.set_hash(number, self.highest, hash);
            true
        })
    }

    /// All of before the restart was told.
    pub(super) fn settle(&mut self) {
        self.homes.settle();
    }

    /// What each home has brought.
    pub(super) fn homes(&self) -> Vec<HomeLines> {
        self.homes.lines(self.id, self.span())
    }

    pub(super) fn store(&self) -> WorkerWindow {
        let mut encoder = state::Encoder::new(&self.grace, self.heard_at, self.first, self.highest);
        self.cold.iter().for_each(|(start, end)| encoder.range(start, end));
        if let Some(window) = &self.window {
            window.ranges(|start, end| encoder.range(start, end));
        }
        WorkerWindow { seen: encoder.finish(), homes: self.homes.store(self.id, self.span()), ..self.counts() }
    }

    /// What is told of it when it falls out: without its numbers, none of which can come any more.
    pub(super) fn last_words(&self) -> WorkerWindow {
        WorkerWindow { missing_final: self.missing(), ..self.counts() }
    }

    fn counts(&self) -> WorkerWindow {
        WorkerWindow {
            worker: self.id,
            received: self.received,
            duplicates: self.duplicates,
            conflicts: self.conflicts,
            missing: self.missing(),
            missing_final: self.grace.missing_final(),
            repaired: self.repaired,
            first_seq: self.first,
            highest_seq: self.highest,
            heard_at: self.heard_at,
            seen: Vec::new(),
            homes: Vec::new(),
        }
    }

    pub(super) fn restore(window: &WorkerWindow) -> Result<Self, DedupError> {
        let state::Stored { grace, ranges } = state::decode(window)?;
        let homes = Homes::restore(window)?;
        Ok(Self {
            id: window.worker,
            heard_in: NEVER,
            heard_at: window.heard_at,
            received: window.received,
            duplicates: window.duplicates,
            conflicts: window.conflicts,
            repaired: window.repaired,
            first: window.first_seq,
            highest: window.highest_seq,
            cold: ranges,
            window: None,
            grace,
            homes,
        })
    }

    const fn span(&self) -> Span {
        Span { received: self.received, first: self.first, highest: self.highest }
    }

    fn missing(&self) -> u64 {
        if self.received == 0 {
            return 0;
        }
        self.highest - counted_from(self.first) + 1 - self.received
    }

    #[inline]
    fn look_up(&self, number: u64, hash: u32) -> Seen {
        let Some(window) = &self.window else {
            unreachable!("lines are observed with the window open");
        };
        if number < window.base() {
            return if self.cold.contains(number) { Seen::DuplicateUnproven } else { Seen::New };
        }
        if self.received == 0 || number > self.highest || !window.contains(number) {
            return Seen::New;
        }
        match window.had_hash(number, hash) {
            Some(true) => Seen::Duplicate,
            Some(false) => Seen::Conflict,
            None => Seen::DuplicateUnproven,
        }
    }

    #[inline]
    fn insert(&mut self, number: u64, hash: u32, most_ranges: usize) -> u64 {
        if self.received == 0 {
            (self.first, self.highest, self.received) = (number, number, 1);
        } else if number > self.highest {
            (self.highest, self.received) = (number, self.received + 1);
        } else {
            self.count_behind(number);
        }
        match &mut self.window {
            Some(window) if number >= window.base() => {
                window.reach(number, &mut self.cold);
                window.set(number);
                window.set_hash(number, self.highest, hash);
            }
            _ => self.cold.insert(number, number),
        }
        self.cold.close_lowest_gaps(most_ranges)
    }

    /// Counts a number that is not the highest. What had come in earlier slots is not changed by most of them.
    fn count_behind(&mut self, number: u64) {
        if number >= self.grace.reaches_to() {
            (self.first, self.received) = (self.first.min(number), self.received + 1);
            return;
        }
        let (counted_from, missing) = (counted_from(self.first), self.missing());
        self.received += 1;
        self.first = self.first.min(number);
        let change = self.missing().cast_signed() - missing.cast_signed();
        let was_final = self.grace.change_above(number, change);
        self.repaired += u64::from(was_final && number >= counted_from);
    }

    /// RFC 1982: up to 2³¹−1 ahead of the highest, else behind it.
    #[inline]
    fn unwrap_seq(&mut self, seq: u32) -> u64 {
        let ahead = seq.wrapping_sub(self.low_half());
        if ahead < 1 << 31 {
            return self.highest + u64::from(ahead);
        }
        let behind = TURN - u64::from(ahead);
        if behind > self.highest {
            // The first line seen came just after a turn, and now one of before it: they all are of a later turn.
            self.shift_by_a_turn();
        }
        self.highest - behind
    }

    fn low_half(&self) -> u32 {
        u32::try_from(self.highest % TURN).unwrap_or_default()
    }

    fn shift_by_a_turn(&mut self) {
        let missing = self.missing();
        self.first += TURN;
        self.highest += TURN;
        let change = self.missing().cast_signed() - missing.cast_signed();
        self.grace.shift(TURN, change);
        self.cold.shift(TURN);
        if let Some(window) = &mut self.window {
            window.shift(TURN, self.highest);
        }
        self.homes.shift(TURN);
    }
}

/// From which number on those that did not come are missing, if the lowest that came is `first`.
pub(super) const fn counted_from(first: u64) -> u64 {
    if first == 0 || first > FIRST_SEQ_GRACE { first } else { 1 }
}
