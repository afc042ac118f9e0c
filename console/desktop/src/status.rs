//! How a connection stands, as the link knows it and as the window reads it.

use std::time::Instant;

use serde::Serialize;

/// Why a token is refused that the server does not know.
pub const UNKNOWN_TOKEN: &str = "the server does not know this token";

/// How the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// No server has been named: the window asks for one.
    Idle,
    /// The first attempt is under way.
    Connecting,
    /// The stream is open.
    Open,
    /// The server does not let this token in. Nothing is tried again.
    Refused {
        /// Why, in plain words.
        reason: String,
    },
    /// The server cannot be reached, or broke off. It is being tried again.
    Unreachable {
        /// Why, in plain words.
        reason: String,
        /// When it was last heard, or first tried.
        since: Instant,
    },
}

/// [`Status`] as the window reads it: spans instead of instants.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum StatusView {
    /// See [`Status::Idle`].
    Idle,
    /// See [`Status::Connecting`].
    Connecting,
    /// See [`Status::Open`].
    Open,
    /// See [`Status::Refused`].
    Refused {
        /// Why, in plain words.
        reason: String,
    },
    /// See [`Status::Unreachable`].
    Unreachable {
        /// Why, in plain words.
        reason: String,
        /// How long ago it was last heard, or first tried, in ms.
        for_ms: u64,
    },
}

impl Status {
    /// As the window reads it, at this time.
    #[must_use]
    pub fn view(&self, now: Instant) -> StatusView {
        match self {
            Self::Idle => StatusView::Idle,
            Self::Connecting => StatusView::Connecting,
            Self::Open => StatusView::Open,
            Self::Refused { reason } => StatusView::Refused { reason: reason.clone() },
            Self::Unreachable { reason, since } => {
                let for_ms = now.saturating_duration_since(*since).as_millis();
                StatusView::Unreachable { reason: reason.clone(), for_ms: u64::try_from(for_ms).unwrap_or(u64::MAX) }
            }
        }
    }
}
