//! What the stream brings, handed on.

use super::board::{Board, place_of};
use super::latest::{Latest, Target};
use super::now;
use crate::stream::{Believed, Listener, StreamError};
use std::sync::Arc;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{Hello, KeyOfCanary};
use tokio::sync::watch;

pub(super) struct Ear {
    board: Arc<Board>,
    latest: Arc<Latest>,
    keys: watch::Sender<Vec<KeyOfCanary>>,
    servers: Vec<i16>,
    api: String,
    trouble: Option<String>,
    is_connected: bool,
}

impl Ear {
    pub(super) const fn new(
        board: Arc<Board>,
        latest: Arc<Latest>,
        keys: watch::Sender<Vec<KeyOfCanary>>,
        servers: Vec<i16>,
        api: String,
    ) -> Self {
        Self { board, latest, keys, servers, api, trouble: None, is_connected: false }
    }
}

impl Listener for Ear {
    fn now(&self) -> UnixMillis {
        now()
    }

    fn hello(&mut self, hello: Hello) {
        let strangers: Vec<i16> = self.servers.iter().filter(|id| !hello.servers.contains(id)).copied().collect();
        if !strangers.is_empty() {
            tracing::warn!(
                edge = hello.name, expected = ?hello.servers, ?strangers,
                "the publisher does not expect these servers behind this edge"
            );
        }
        let ours = hello.canaries.into_iter().filter(|key| self.servers.contains(&key.server_id));
        // Received by nobody: there are no doors.
        let _ = self.keys.send(ours.collect());
    }

    fn believed(&mut self, believed: Believed) {
        let Believed { received, received_at, verify } = believed;
        self.board.offered(place_of(&received.head), received_at, verify, received.changes.len());
        tracing::debug!(version = received.head.version, changes = received.changes.len(), "a grant set");
        self.latest.set(Target { head: received.head, signed: received.signed, set: received.set });
    }

    fn refused(&mut self, version: Option<u64>, reason: String) {
        if self.board.refused(now(), version, &reason) {
            tracing::error!(version, "refused, gateways keep what they have: {reason}");
        }
    }

    fn connected(&mut self, outcome: Result<(), &StreamError>) {
        self.board.connected(outcome.is_ok());
        match outcome {
            Ok(()) if !self.is_connected => {
                tracing::info!(api = self.api, "following the grant set");
                (self.is_connected, self.trouble) = (true, None);
            }
            Ok(()) | Err(StreamError::Refused) => {}
            Err(error) => {
                let told = error.to_string();
                if self.trouble.as_ref() != Some(&told) {
                    tracing::warn!("no grant sets come, gateways keep what they have: {told}");
                }
                (self.is_connected, self.trouble) = (false, Some(told));
            }
        }
    }
}
