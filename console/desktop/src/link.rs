//! Follows one server's live stream: opens it, reads it into the feed, and opens it again where it broke.
//!
//! It promises that a resumed stream has no gap and no repeat: it sends the id of the last event that reached the
//! feed, and after a `reset` none, since the epochs before it mean nothing any more. A refused token is not tried
//! again. Silence counts as a broken line: the server says something at least every second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, redirect};

use crate::Error;
use crate::feed::{Feed, Session, Status, Superseded};
use crate::sse::{Event, Parser};
use crate::target::Target;

/// Longest wait for the server to take the connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest silence, in the answer's headers and between any two reads.
pub const SILENCE_TIMEOUT: Duration = Duration::from_secs(10);
/// The wait before the second attempt; each further one doubles it …
pub const FIRST_WAIT: Duration = Duration::from_millis(250);
/// … up to this.
pub const LONGEST_WAIT: Duration = Duration::from_secs(8);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const EVENT_STREAM: &str = "text/event-stream";

/// Sets up the client that all attempts share. It follows no redirect and no proxy of the environment: the token goes
/// to the server named and nowhere else.
///
/// # Errors
/// If the system refuses what an HTTP client needs.
pub fn client() -> Result<Client, Error> {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(SILENCE_TIMEOUT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("suiftly-console/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Error::Client)
}

/// The wait before the next attempt, after this many failed ones in a row.
#[must_use]
pub fn wait_after(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT)
}

/// How one attempt ended.
enum End {
    /// Another session began: nobody listens any more.
    Superseded,
    /// The server does not let the token in.
    Refused(String),
    /// Anything that may be better next time.
    Lost(String),
}

impl From<Superseded> for End {
    fn from(_: Superseded) -> Self {
        Self::Superseded
    }
}

/// One session's hold on one server.
pub struct Link {
    client: Client,
    target: Target,
    feed: Arc<Feed>,
    session: Session,
    /// The id to resume after.
    last_id: Option<HeaderValue>,
    failures: u32,
    /// When the server was last heard, or first tried.
    heard: Instant,
}

impl Link {
    /// A link for a session that [`Feed::begin`] just began.
    #[must_use]
    pub fn new(client: Client, target: Target, feed: Arc<Feed>, session: Session) -> Self {
        Self { client, target, feed, session, last_id: None, failures: 0, heard: Instant::now() }
    }

    /// Follows the server until the session is over or the token is refused.
    pub async fn run(mut self) {
        loop {
            let status = match self.follow().await {
                End::Superseded => return,
                End::Refused(reason) => Status::Refused { reason },
                End::Lost(reason) => Status::Unreachable { reason, since: self.heard },
            };
            self.log(&status);
            let refused = matches!(status, Status::Refused { .. });
            if self.feed.set_status(self.session, status).is_err() || refused {
                return;
            }
            self.failures += 1;
            tokio::time::sleep(wait_after(self.failures)).await;
        }
    }

    /// Once an outage: the attempts that follow are no news.
    fn log(&self, status: &Status) {
        let address = &self.target.address;
        match status {
            Status::Refused { reason } => tracing::warn!(%address, "refused: {reason}"),
            Status::Unreachable { reason, .. } if self.failures == 0 => {
                tracing::info!(%address, "trying again: {reason}");
            }
            _ => {}
        }
    }

    async fn follow(&mut self) -> End {
        let response = match self.request().send().await {
            Ok(response) => response,
            Err(error) => return End::Lost(self.explain(&error)),
        };
        match check(&response) {
            Ok(()) => self.read(response).await,
            Err(end) => end,
        }
    }

    fn request(&self) -> reqwest::RequestBuilder {
        let request = self
            .client
            .get(self.target.address.stream())
            .header(AUTHORIZATION, self.target.token.header())
            .header(ACCEPT, EVENT_STREAM)
            .header(CACHE_CONTROL, "no-store");
        match &self.last_id {
            Some(id) => request.header(LAST_EVENT_ID, id),
            None => request,
        }
    }

    async fn read(&mut self, mut response: Response) -> End {
        let mut parser = Parser::default();
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return End::Lost("the server ended the stream".into()),
                Err(error) => return End::Lost(self.explain(&error)),
            };
            let events = match parser.push(&chunk) {
                Ok(events) => events,
                Err(error) => {
                    // What it sent before may be what breaks it: the next attempt starts from a snapshot.
                    self.last_id = None;
                    return End::Lost(error.to_string());
                }
            };
            for event in events {
                if let Err(superseded) = self.accept(event).await {
                    return superseded.into();
                }
            }
        }
    }

    async fn accept(&mut self, event: Event) -> Result<(), Superseded> {
        let id = event.id.clone();
        let reset = event.name == "reset";
        self.feed.set_status(self.session, Status::Open)?;
        self.feed.offer(self.session, event).await?;
        if let Some(id) = id {
            self.last_id = HeaderValue::try_from(id).ok().filter(|id| !id.is_empty());
        } else if reset {
            self.last_id = None;
        }
        self.failures = 0;
        self.heard = Instant::now();
        Ok(())
    }

    fn explain(&self, error: &reqwest::Error) -> String {
        let address = &self.target.address;
        if error.is_connect() {
            format!("nothing answers at {address}")
        } else if error.is_timeout() {
            format!("{address} has been silent for {} s", SILENCE_TIMEOUT.as_secs())
        } else {
            format!("the connection to {address} broke off")
        }
    }
}

fn check(response: &Response) -> Result<(), End> {
    let status = response.status();
    match status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(End::Refused("the server does not know this token".into())),
        StatusCode::FORBIDDEN => return Err(End::Refused("this token may not read the live stream".into())),
        StatusCode::SERVICE_UNAVAILABLE => return Err(End::Lost("the server is starting, recovering or full".into())),
        StatusCode::TOO_MANY_REQUESTS => {
            return Err(End::Lost("the server takes no more requests from here for a while".into()));
        }
        _ => return Err(End::Lost(format!("the server answers {}", status.as_u16()))),
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENT_STREAM)) {
        Ok(())
    } else {
        Err(End::Lost("what answers there is not Suiftly: no event stream".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        let waits: Vec<_> = [1, 2, 3, 6, 7, 1000, u32::MAX].map(|failures| wait_after(failures).as_millis()).to_vec();
        assert_eq!(waits, [250, 500, 1_000, 8_000, 8_000, 8_000, 8_000]);
    }
}
