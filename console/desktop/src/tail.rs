//! The live tail: a ring between the server's stream of records and the window.
//!
//! A tail is for looking at, so it never waits: where the window is slow the oldest events go, and how many lines went
//! with them is said at the next pull. The ring is bounded by events and by bytes, whatever the rate and however long.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::pace::Pace;
use crate::sink::{Message, Sink, Superseded};
use crate::sse::{Event, MAX_EVENT_BYTES};
use crate::status::{Status, StatusView};

/// Most events held for the window: the server sends ten a second, the window takes four times a second.
pub const MAX_EVENTS: usize = 64;
/// Most bytes of event data held; one event always fits.
pub const MAX_BYTES: usize = MAX_EVENT_BYTES;

/// A tail's number, from 1. 0 is none.
pub type Number = u32;

/// What the window gets for one pull.
#[derive(Debug, Serialize)]
pub struct TailBatch {
    /// The tail the batch belongs to. One that is not the window's own has taken its place.
    pub tail: Number,
    /// How the connection stands.
    pub status: StatusView,
    /// What the server said since the last pull, in order.
    pub events: Vec<Message>,
    /// How many lines went by since then because the window was slow.
    pub dropped: u64,
}

impl TailBatch {
    /// What a pull gets that names another tail than the one there is.
    #[must_use]
    pub const fn of_another(tail: Number) -> Self {
        Self { tail, status: StatusView::Idle, events: Vec::new(), dropped: 0 }
    }
}

#[derive(Debug)]
struct State {
    status: Status,
    events: VecDeque<Message>,
    bytes: usize,
    dropped: u64,
    is_closed: bool,
}

/// The ring, shared by one link and one window.
#[derive(Debug)]
pub struct Ring {
    number: Number,
    state: Mutex<State>,
    pace: Pace,
}

impl Ring {
    /// An empty ring for the tail of this number.
    #[must_use]
    pub fn new(number: Number) -> Self {
        let (status, events) = (Status::Connecting, VecDeque::new());
        let state = State { status, events, bytes: 0, dropped: 0, is_closed: false };
        Self { number, state: Mutex::new(state), pace: Pace::default() }
    }

    /// The tail's number.
    #[must_use]
    pub const fn number(&self) -> Number {
        self.number
    }

    /// Takes an event, in the place of the oldest where there is no room.
    ///
    /// # Errors
    /// If the tail is closed.
    pub fn push(&self, event: Event) -> Result<(), Superseded> {
        let message = Message::from(event);
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(Superseded);
        }
        while state.events.len() >= MAX_EVENTS || state.bytes + message.data.len() > MAX_BYTES {
            let Some(oldest) = state.events.pop_front() else { break };
            state.bytes -= oldest.data.len();
            state.dropped = state.dropped.saturating_add(lines_of(&oldest.data));
        }
        state.bytes += message.data.len();
        state.events.push_back(message);
        self.pace.ring();
        Ok(())
    }

    /// Takes all the news, as soon as there is some and it is time ([`crate::pace`]).
    pub async fn pull(&self) -> TailBatch {
        self.pace.wait().await;
        self.take()
    }

    fn take(&self) -> TailBatch {
        let mut state = self.state.lock();
        let events = std::mem::take(&mut state.events).into();
        let dropped = std::mem::take(&mut state.dropped);
        state.bytes = 0;
        self.pace.answered(true);
        TailBatch { tail: self.number, status: state.status.view(Instant::now()), events, dropped }
    }

    /// Nothing more is taken, and a waiting window is answered.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        state.status = Status::Idle;
        state.events.clear();
        state.bytes = 0;
        self.pace.ring();
    }
}

impl Sink for Arc<Ring> {
    fn set_status(&self, status: Status) -> Result<(), Superseded> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(Superseded);
        }
        if state.status != status {
            state.status = status;
            self.pace.ring();
        }
        Ok(())
    }

    async fn offer(&self, event: Event) -> Result<(), Superseded> {
        self.push(event)
    }
}

/// How many lines an event stands for: those in it and those that the server left out of it.
fn lines_of(data: &str) -> u64 {
    #[derive(Deserialize)]
    struct Lines {
        #[serde(default)]
        lines: Vec<IgnoredAny>,
        #[serde(default)]
        sampled: u64,
    }
    serde_json::from_str::<Lines>(data).map_or(0, |event| event.sampled.saturating_add(event.lines.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize, sampled: u64) -> Event {
        let data =
            serde_json::json!({ "lines": vec![serde_json::json!({ "customer_id": 7 }); count], "sampled": sampled });
        Event { name: "lines".into(), id: None, data: data.to_string() }
    }

    fn held(ring: &Ring) -> (usize, usize) {
        let state = ring.state.lock();
        let bytes: usize = state.events.iter().map(|event| event.data.len()).sum();
        assert_eq!(state.bytes, bytes);
        (state.events.len(), state.events.capacity())
    }

    #[test]
    fn lines_are_counted_with_those_the_server_left_out() {
        assert_eq!(lines_of(&lines(3, 997).data), 1_000);
        assert_eq!(lines_of("{}"), 0);
        assert_eq!(lines_of("no JSON"), 0);
    }

    /// Eight hours at 10,000 lines a second, ten events a second, with a window that never looks.
    #[test]
    fn a_working_day_nobody_looks_at_takes_no_more_room_than_its_bound() {
        let ring = Ring::new(1);
        let (events, event) = (8 * 3_600 * 10, lines(20, 980));
        for _ in 0..events {
            ring.push(event.clone()).expect("open");
        }
        let (len, capacity) = held(&ring);
        assert_eq!(len, MAX_EVENTS);
        assert!(capacity <= 2 * MAX_EVENTS, "{capacity}");
        let batch = ring.take();
        assert_eq!(batch.events.len(), MAX_EVENTS);
        assert_eq!(batch.dropped, (events - MAX_EVENTS as u64) * 1_000);
        assert_eq!(held(&ring), (0, 0));
    }

    /// The same with a window that looks four times a second: nothing is lost, nothing stays.
    #[test]
    fn a_window_that_keeps_up_loses_nothing() {
        let ring = Ring::new(1);
        let (mut seen, mut dropped) = (0, 0);
        let event = lines(20, 980);
        for _ in 0..8 * 3_600 * 4 {
            for _ in 0..3 {
                ring.push(event.clone()).expect("open");
            }
            let batch = ring.take();
            seen += batch.events.len();
            dropped += batch.dropped;
            assert_eq!(held(&ring), (0, 0));
        }
        assert_eq!((seen, dropped), (8 * 3_600 * 4 * 3, 0));
    }

    #[test]
    fn the_oldest_goes_first_and_bytes_count_too() {
        let ring = Ring::new(1);
        let large = |mark: char| Event {
            name: "lines".into(),
            id: None,
            data: format!(r#"{{"lines":[{{"mark":"{mark}{}"}}],"sampled":0}}"#, "x".repeat(MAX_BYTES / 3)),
        };
        for mark in ['a', 'b', 'c', 'd'] {
            ring.push(large(mark)).expect("open");
        }
        let batch = ring.take();
        assert_eq!((batch.events.len(), batch.dropped), (2, 2));
        assert!(batch.events[0].data.contains("\"c"), "the newest are there");
        ring.push(Event { name: "lines".into(), id: None, data: "x".repeat(MAX_EVENT_BYTES) }).expect("open");
        assert_eq!(ring.take().events.len(), 1, "one event always fits");
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_tail_takes_nothing_and_answers_at_once() {
        let ring = Arc::new(Ring::new(3));
        ring.push(lines(1, 0)).expect("open");
        ring.close();
        assert_eq!(ring.push(lines(1, 0)), Err(Superseded));
        assert_eq!(ring.set_status(Status::Open), Err(Superseded));
        let batch = ring.pull().await;
        assert_eq!((batch.tail, batch.events.len()), (3, 0));
    }
}
