//! The live tail that the page looks at: one at most.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::Console;
use crate::api_path::ApiPath;
use crate::link::Link;
use crate::tail::{Number, Ring, TailBatch};

/// The tail there is, if there is one.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// How many there have been.
    count: Number,
    open: Option<(Arc<Ring>, JoinHandle<()>)>,
}

impl Tail {
    pub(super) fn close(&mut self) {
        if let Some((ring, link)) = self.open.take() {
            ring.close();
            link.abort();
        }
    }

    fn ring(&self) -> Option<&Arc<Ring>> {
        self.open.as_ref().map(|(ring, _)| ring)
    }
}

impl Console {
    /// Opens the tail of what this query asks for, in the place of the one before. Answers its number.
    ///
    /// # Errors
    /// If no server is followed, or the query is no query.
    pub async fn open_tail(&self, query: &str) -> Result<Number, String> {
        let path = ApiPath::tail(query).map_err(|error| error.to_string())?;
        let (target, _) = self.target()?;
        let mut tail = self.tail.lock();
        tail.close();
        tail.count = tail.count.wrapping_add(1).max(1);
        let ring = Arc::new(Ring::new(tail.count));
        let url = target.address.api(&path);
        let link = Link::new(self.clients.streams.clone(), target, url, Arc::clone(&ring));
        tail.open = Some((ring, tokio::spawn(link.run())));
        Ok(tail.count)
    }

    /// Answers with what is new in the tail, after a while also with nothing.
    pub async fn pull_tail(&self, number: Number) -> TailBatch {
        let ring = self.tail.lock().ring().cloned();
        match ring {
            Some(ring) if ring.number() == number => ring.pull().await,
            other => TailBatch::of_another(other.map_or(0, |ring| ring.number())),
        }
    }

    /// Closes the tail of this number; another one stays.
    pub fn close_tail(&self, number: Number) {
        let mut tail = self.tail.lock();
        if tail.ring().is_some_and(|ring| ring.number() == number) {
            tail.close();
        }
    }
}
