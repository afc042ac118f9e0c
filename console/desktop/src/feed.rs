//! What waits between the server's stream and the window: a bounded buffer that the window empties at its own pace.
//!
//! Nothing is dropped. When the buffer is full the link stops reading the socket, the server notices, and by its own
//! rule answers a slow reader with a reset and a snapshot. A *session* is one life of the stream as the window knows
//! it: a reloaded page or another server starts a new one, and what belongs to an old one is refused.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

use crate::pace::Pace;
use crate::sink::{Message, Sink, Superseded};
use crate::sse::{Event, MAX_EVENT_BYTES};
use crate::status::{Status, StatusView};

/// Most events held for the window. The server sends about eleven a second.
pub const MAX_EVENTS: usize = 2_048;
/// Most bytes of event data held; one event always fits.
pub const MAX_BYTES: usize = MAX_EVENT_BYTES;

/// One life of the stream, numbered from 1. 0 is before the first.
pub type Session = u32;

/// What the window gets for one pull.
#[derive(Debug, Serialize)]
pub struct Batch {
    /// The session the batch belongs to. One that is not the window's own tells it to open anew.
    pub session: Session,
    /// How the connection stands.
    pub status: StatusView,
    /// What the server said since the last pull, in order.
    pub events: Vec<Message>,
}

#[derive(Debug)]
struct State {
    session: Session,
    status: Status,
    events: Vec<Message>,
    bytes: usize,
}

impl State {
    fn has_room(&self, message: &Message) -> bool {
        self.events.len() < MAX_EVENTS && self.bytes + message.data.len() <= MAX_BYTES
    }

    fn check(&self, session: Session) -> Result<(), Superseded> {
        if session == self.session { Ok(()) } else { Err(Superseded) }
    }
}

/// The buffer, shared by one link and one window.
#[derive(Debug)]
pub struct Feed {
    state: Mutex<State>,
    pace: Pace,
    room: Notify,
}

impl Default for Feed {
    fn default() -> Self {
        let state = State { session: 0, status: Status::Idle, events: Vec::new(), bytes: 0 };
        Self { state: Mutex::new(state), pace: Pace::default(), room: Notify::new() }
    }
}

impl Feed {
    /// Ends the session and begins the next one, which starts with `status` and no events.
    pub fn begin(&self, status: Status) -> Session {
        let mut state = self.state.lock();
        state.session += 1;
        state.status = status;
        state.events.clear();
        state.bytes = 0;
        self.pace.ring();
        self.room.notify_waiters();
        state.session
    }

    /// Says how the connection stands.
    ///
    /// # Errors
    /// If the session is over.
    pub fn set_status(&self, session: Session, status: Status) -> Result<(), Superseded> {
        let mut state = self.state.lock();
        state.check(session)?;
        if state.status != status {
            state.status = status;
            self.pace.ring();
        }
        Ok(())
    }

    /// Hands an event over, waiting for room if the window is slow.
    ///
    /// # Errors
    /// If the session is over.
    pub async fn offer(&self, session: Session, event: Event) -> Result<(), Superseded> {
        let message = Message::from(event);
        loop {
            // Registered before the look, so that room made in between is not missed.
            let room = self.room.notified();
            {
                let mut state = self.state.lock();
                state.check(session)?;
                if state.has_room(&message) {
                    state.bytes += message.data.len();
                    state.events.push(message);
                    self.pace.ring();
                    return Ok(());
                }
            }
            room.await;
        }
    }

    /// Takes all the news, as soon as there is some and it is time ([`crate::pace`]). A pull for a session that is
    /// over takes nothing.
    pub async fn pull(&self, session: Session) -> Batch {
        self.pace.wait().await;
        self.take(session)
    }

    fn take(&self, session: Session) -> Batch {
        let mut state = self.state.lock();
        let is_current = state.check(session).is_ok();
        let mut events = Vec::new();
        if is_current {
            events = std::mem::take(&mut state.events);
            state.bytes = 0;
            self.room.notify_waiters();
        }
        self.pace.answered(is_current);
        Batch { session: state.session, status: state.status.view(Instant::now()), events }
    }
}

/// One session's end of the feed.
#[derive(Debug, Clone)]
pub struct FeedSink {
    /// The feed.
    pub feed: Arc<Feed>,
    /// The session.
    pub session: Session,
}

impl Sink for FeedSink {
    fn set_status(&self, status: Status) -> Result<(), Superseded> {
        self.feed.set_status(self.session, status)
    }

    async fn offer(&self, event: Event) -> Result<(), Superseded> {
        self.feed.offer(self.session, event).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::pace::{MAX_PULL_WAIT, MIN_PULL_INTERVAL};

    fn event(data: &str) -> Event {
        Event { name: "delta".into(), id: None, data: data.into() }
    }

    fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn events_come_out_once_and_in_order() {
        let feed = Feed::default();
        let session = feed.begin(Status::Connecting);
        for data in ["1", "2", "3"] {
            feed.offer(session, event(data)).await.expect("current");
        }
        let data: Vec<_> = feed.pull(session).await.events.into_iter().map(|message| message.data).collect();
        assert_eq!(data, ["1", "2", "3"]);
        assert!(feed.take(session).events.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_feed_holds_the_link_until_the_window_pulls() {
        let feed = Feed::default();
        let session = feed.begin(Status::Open);
        for _ in 0..MAX_EVENTS {
            feed.offer(session, event("x")).await.expect("current");
        }
        let mut held = pin!(feed.offer(session, event("last")));
        assert!(poll(held.as_mut()).is_pending());
        assert_eq!(feed.pull(session).await.events.len(), MAX_EVENTS);
        assert_eq!(poll(held.as_mut()), Poll::Ready(Ok(())));
        assert_eq!(feed.pull(session).await.events[0].data, "last");
    }

    #[tokio::test]
    async fn bytes_are_bounded_as_well() {
        let feed = Feed::default();
        let session = feed.begin(Status::Open);
        feed.offer(session, event(&"x".repeat(MAX_EVENT_BYTES))).await.expect("one event always fits");
        let mut held = pin!(feed.offer(session, event("y")));
        assert!(poll(held.as_mut()).is_pending());
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_session_ends_what_the_old_one_waits_for() {
        let feed = Feed::default();
        let old = feed.begin(Status::Open);
        for _ in 0..MAX_EVENTS {
            feed.offer(old, event("x")).await.expect("current");
        }
        let mut held = pin!(feed.offer(old, event("late")));
        assert!(poll(held.as_mut()).is_pending());
        let new = feed.begin(Status::Connecting);
        assert_eq!(poll(held.as_mut()), Poll::Ready(Err(Superseded)));
        assert_eq!(feed.set_status(old, Status::Open), Err(Superseded));
        feed.offer(new, event("first")).await.expect("current");

        let stale = feed.pull(old).await;
        assert_eq!((stale.session, stale.events.len()), (new, 0), "an old page takes nothing");
        assert_eq!(feed.pull(new).await.events[0].data, "first");
    }

    #[tokio::test(start_paused = true)]
    async fn a_status_wakes_a_waiting_window() {
        let feed = Feed::default();
        let session = feed.begin(Status::Connecting);
        feed.pull(session).await;
        let status = Status::Unreachable { reason: "gone".into(), since: Instant::now() };
        let began = tokio::time::Instant::now();
        let (batch, told) = tokio::join!(feed.pull(session), async { feed.set_status(session, status) });
        told.expect("current");
        assert!(matches!(batch.status, StatusView::Unreachable { reason, .. } if reason == "gone"));
        assert!(began.elapsed() < MAX_PULL_WAIT, "by the news, not by the deadline");
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_server_is_gathered_to_four_answers_a_second() {
        let feed = Feed::default();
        let session = feed.begin(Status::Open);
        let began = tokio::time::Instant::now();
        for _ in 0..5 {
            feed.offer(session, event("x")).await.expect("current");
            assert_eq!(feed.pull(session).await.events.len(), 1);
        }
        assert_eq!(began.elapsed(), 4 * MIN_PULL_INTERVAL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_server_still_answers_the_window() {
        let feed = Feed::default();
        let session = feed.begin(Status::Open);
        feed.pull(session).await;
        let began = tokio::time::Instant::now();
        let batch = feed.pull(session).await;
        assert_eq!(began.elapsed(), MAX_PULL_WAIT);
        assert_eq!(batch.status, StatusView::Open);
        assert!(batch.events.is_empty());
    }
}
