//! Where a link puts what it reads: the feed of the window, or the ring of the live tail.

use std::future::Future;

use serde::Serialize;

use crate::sse::Event;
use crate::status::Status;

/// Nobody listens any more: another session began, or the tail was closed.
#[derive(Debug, PartialEq, Eq)]
pub struct Superseded;

/// An event on its way to the window.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// `snapshot`, `delta`, `reset`, `pipeline`, `lines`, or what a later server says.
    pub name: String,
    /// The event's JSON, as text.
    pub data: String,
}

impl From<Event> for Message {
    fn from(event: Event) -> Self {
        Self { name: event.name, data: event.data }
    }
}

/// Takes events and says whether anybody still wants them.
pub trait Sink: Send + Sync + 'static {
    /// Says how the connection stands.
    ///
    /// # Errors
    /// If nobody listens any more.
    fn set_status(&self, status: Status) -> Result<(), Superseded>;

    /// Hands an event over. A sink that loses nothing waits here for room.
    ///
    /// # Errors
    /// If nobody listens any more.
    fn offer(&self, event: Event) -> impl Future<Output = Result<(), Superseded>> + Send;
}
