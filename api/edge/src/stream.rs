//! Following the publisher's stream: one connection at a time, made anew for ever.
//!
//! ```text
//! connect, as `root=` of what is held ─▶ lines ─▶ Session ─┬▶ believed: to whoever applies it
//!     ▲                                                     └▶ refused: told, and the whole is asked for
//!     └──────────────── backoff ◀── ended, silent, refused ──┘
//! ```
//!
//! What is held stays held whatever happens here.

mod backoff;
mod lines;
mod session;

pub use backoff::{BACKOFF_MAX, BACKOFF_MIN, Backoff};
pub use lines::{LineTooLong, Lines};
pub use session::{Believed, Session, Step};

use crate::http::{Answer, Http, HttpError};
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::Hello;
use suiftly_schema::vault::frame::ALIVE_EVERY_MS;
use tokio::time::Instant;

/// The stream's place behind the API's address.
pub const GRANTS_PATH: &str = "/api/v1/edge/grants";
/// A stream on which no line ends for so long is dead: one is sent each second.
pub const SILENCE_MAX: Duration = Duration::from_millis(5 * ALIVE_EVERY_MS);

/// Who hears of what the stream brings. Nothing here may wait.
pub trait Listener: Send {
    /// The clock.
    fn now(&self) -> UnixMillis;
    /// What we are to the publisher.
    fn hello(&mut self, hello: Hello);
    /// A grant set that is to be applied.
    fn believed(&mut self, believed: Believed);
    /// A grant set that is not taken.
    fn refused(&mut self, version: Option<u64>, reason: String);
    /// The stream runs, or why it does not.
    fn connected(&mut self, outcome: Result<(), &StreamError>);
}

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The publisher was not reached, or does not let us.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Nothing came for [`SILENCE_MAX`].
    #[error("the publisher has been silent for {} s", SILENCE_MAX.as_secs())]
    Silent,
    /// The publisher ended it.
    #[error("the publisher ended the stream")]
    Ended,
    /// What came was refused.
    #[error("what came was refused")]
    Refused,
}

/// Follows the stream until the task is dropped.
pub async fn follow(http: &Http, mut session: Session, listener: &mut impl Listener) {
    let mut backoff = Backoff::default();
    loop {
        let began = Instant::now();
        let error = once(http, &mut session, &mut backoff, listener).await;
        session.ended();
        listener.connected(Err(&error));
        if began.elapsed() > BACKOFF_MAX {
            // It worked for a while: whatever ended it is a new trouble.
            backoff.reset();
        }
        tokio::time::sleep(backoff.delay(jitter())).await;
    }
}

/// One stream, to its end.
async fn once(http: &Http, session: &mut Session, backoff: &mut Backoff, listener: &mut impl Listener) -> StreamError {
    let path = match session.root_to_ask() {
        Some(root) => format!("{GRANTS_PATH}?root={root}"),
        None => GRANTS_PATH.to_owned(),
    };
    let mut answer = match http.get(&path).await {
        Ok(answer) => answer,
        Err(error) => return error.into(),
    };
    listener.connected(Ok(()));
    read(&mut answer, session, backoff, listener).await
}

async fn read(
    answer: &mut Answer,
    session: &mut Session,
    backoff: &mut Backoff,
    listener: &mut impl Listener,
) -> StreamError {
    let (mut lines, mut dead_at) = (Lines::default(), Instant::now() + SILENCE_MAX);
    loop {
        let chunk = match tokio::time::timeout_at(dead_at, answer.chunk()).await {
            Err(_) => return StreamError::Silent,
            Ok(Err(error)) => return error.into(),
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => {
                return match session.cut_off(lines.is_empty()) {
                    None => StreamError::Ended,
                    Some((version, reason)) => refuse(listener, version, reason),
                };
            }
        };
        lines.push(&chunk);
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => {
                    let version = session.refuse();
                    return refuse(listener, version, error.to_string());
                }
            };
            dead_at = Instant::now() + SILENCE_MAX;
            match session.line(&line, listener.now()) {
                Step::Quiet => {}
                Step::Hello(hello) => listener.hello(hello),
                Step::Believed(believed) => {
                    backoff.reset();
                    listener.believed(*believed);
                }
                Step::Refused { version, reason } => return refuse(listener, version, reason),
            }
        }
    }
}

fn refuse(listener: &mut impl Listener, version: Option<u64>, reason: String) -> StreamError {
    listener.refused(version, reason);
    StreamError::Refused
}

/// 0 to 1, so that edges that lost one publisher do not all come back at once. Without chance: in the middle.
fn jitter() -> f64 {
    let mut byte = [0; 1];
    getrandom::fill(&mut byte).map_or(0.5, |()| f64::from(byte[0]) / 255.0)
}
