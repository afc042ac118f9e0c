//! Follows one of a server's live streams: opens it, reads it into its sink, and opens it again where it broke.
//!
//! It promises that a resumed stream has no gap and no repeat: it sends the id of the last event that reached the
//! sink, and after a `reset` none, since the epochs before it mean nothing any more. A refused token is not tried
//! again. Silence counts as a broken line: the server says something at least every second.

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};

use crate::client::{self, STREAM_SILENCE};
use crate::problem;
use crate::sink::{Sink, Superseded};
use crate::sse::{Event, Parser};
use crate::status::{Status, UNKNOWN_TOKEN};
use crate::target::Target;

/// The wait before the second attempt; each further one doubles it …
pub const FIRST_WAIT: Duration = Duration::from_millis(250);
/// … up to this.
pub const LONGEST_WAIT: Duration = Duration::from_secs(8);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const EVENT_STREAM: &str = "text/event-stream";

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

/// One hold on one stream.
pub struct Link<S> {
    client: Client,
    target: Target,
    url: Url,
    sink: S,
    /// The id to resume after.
    last_id: Option<HeaderValue>,
    failures: u32,
    /// When the server was last heard, or first tried.
    heard: Instant,
}

impl<S: Sink> Link<S> {
    /// A link to the stream at `url`, which is of the target's server.
    #[must_use]
    pub fn new(client: Client, target: Target, url: Url, sink: S) -> Self {
        Self { client, target, url, sink, last_id: None, failures: 0, heard: Instant::now() }
    }

    /// Follows the stream until nobody listens or the token is refused.
    pub async fn run(mut self) {
        loop {
            let status = match self.follow().await {
                End::Superseded => return,
                End::Refused(reason) => Status::Refused { reason },
                End::Lost(reason) => Status::Unreachable { reason, since: self.heard },
            };
            self.log(&status);
            let refused = matches!(status, Status::Refused { .. });
            if self.sink.set_status(status).is_err() || refused {
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
            Err(Some(end)) => end,
            // Asked again the same way it would say the same: the words of a tail's query are wrong.
            Err(None) => End::Refused(problem::sentence(response).await),
        }
    }

    fn request(&self) -> reqwest::RequestBuilder {
        let request = self
            .client
            .get(self.url.clone())
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
        self.sink.set_status(Status::Open)?;
        self.sink.offer(event).await?;
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
        client::explain(error, &self.target.address, STREAM_SILENCE)
    }
}

/// Whether this is a stream. `None`: the answer says itself why it will never be one.
fn check(response: &Response) -> Result<(), Option<End>> {
    let lost = |reason: &str| Err(Some(End::Lost(reason.into())));
    let refused = |reason: &str| Err(Some(End::Refused(reason.into())));
    match response.status() {
        StatusCode::OK => {}
        StatusCode::BAD_REQUEST => return Err(None),
        StatusCode::UNAUTHORIZED => return refused(UNKNOWN_TOKEN),
        StatusCode::FORBIDDEN => return refused("this token may not read the live stream"),
        StatusCode::SERVICE_UNAVAILABLE => return lost("the server is starting, recovering or full"),
        StatusCode::TOO_MANY_REQUESTS => return lost("the server takes no more requests from here for a while"),
        status => return lost(&format!("the server answers {}", status.as_u16())),
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENT_STREAM)) {
        Ok(())
    } else {
        lost("what answers there is not Suiftly: no event stream")
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
