//! Synthetic requests: a request through each door of a gateway every few seconds, with a key of its own, as a customer's
//! would be. What became of it is told; that it was metered is for the API to see.

use super::board::Board;
use super::{Door, now};
use crate::http::{Answer, HttpError};
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::vault::KeyOfCanary;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// From connecting to the answer's last byte.
const CANARY_TIMEOUT: Duration = Duration::from_secs(2);
/// Of an answer at most, in bytes; what follows is not read.
const CANARY_BYTES_MAX: usize = 64 << 10;
/// What a key is sent in.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// One door's requests, for ever.
pub(super) struct Canary {
    /// The gateway's place on the board.
    pub(super) at: usize,
    pub(super) server_id: i16,
    pub(super) door: Door,
    pub(super) every: Duration,
    /// Before the first, so that doors take turns.
    pub(super) after: Duration,
    pub(super) path: String,
    pub(super) keys: watch::Receiver<Vec<KeyOfCanary>>,
    pub(super) board: Arc<Board>,
}

impl Canary {
    pub(super) async fn ask_for_ever(self) {
        let mut turns = tokio::time::interval_at(tokio::time::Instant::now() + self.after, self.every);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let Some(key) = self.key() else { continue };
            let (sent_at, began) = (now(), Instant::now());
            let status = tokio::time::timeout(CANARY_TIMEOUT, self.ask(key)).await.ok().and_then(Result::ok);
            self.board.asked(self.at, sent_at, status, began.elapsed());
        }
    }

    /// The key that opens this door; without it, or before the gateway can know it, nothing is asked.
    fn key(&self) -> Option<HeaderValue> {
        if !self.board.was_brought(self.at) {
            return None;
        }
        let fits = |key: &&KeyOfCanary| {
            (key.server_id, key.service, key.network) == (self.server_id, self.door.service, self.door.network)
        };
        let mut value = HeaderValue::from_str(&self.keys.borrow().iter().find(fits)?.key).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    async fn ask(&self, key: HeaderValue) -> Result<u16, HttpError> {
        let fields = [(API_KEY, key), (CONNECTION, HeaderValue::from_static("close"))];
        let sent = self.door.http.send(Method::GET, &self.path, &fields, Bytes::new(), CANARY_TIMEOUT).await;
        let mut answer = sent?;
        drain(&mut answer).await?;
        Ok(answer.status.as_u16())
    }
}

/// An answer that is not read to its end would be logged as a client that left.
async fn drain(answer: &mut Answer) -> Result<(), HttpError> {
    let mut read = 0;
    while let Some(chunk) = answer.chunk().await? {
        read += chunk.len();
        if read > CANARY_BYTES_MAX {
            break;
        }
    }
    Ok(())
}
