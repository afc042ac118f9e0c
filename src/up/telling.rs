//! The task that brings reference changes out of the database's outbox into the journal, in their order.
//!
//! A change is told until it is certain that it is journaled; ingest passes over what comes again. It leaves the outbox
//! with the epoch that took it in. While the database is away nothing changes, so nothing is missed.
//!
//! Who gives quarantined lines again waits until all is told that was committed before: a format that was published a
//! moment ago reads them.

use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::hand_in::{HandInError, MAX_CHANGES};
use suiftly_ingest::live::IngestMonitor;
use suiftly_store::outbox::Outbox;
use tokio::sync::{Notify, watch};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// How long is waited for all to be told.
const TOLD_TIMEOUT: Duration = Duration::from_secs(10);

/// What is told, for those who must not be ahead of it.
#[derive(Debug)]
pub(super) struct Told {
    /// How often was asked.
    asked: watch::Sender<u64>,
    /// The last of those questions after which the outbox was read and held nothing more.
    answered: watch::Sender<u64>,
    look: Notify,
}

impl Default for Told {
    fn default() -> Self {
        Self { asked: watch::Sender::new(0), answered: watch::Sender::new(0), look: Notify::new() }
    }
}

impl Told {
    /// Waits until everything is journaled that was committed before the call; `false` if that takes too long.
    pub(super) async fn all(&self) -> bool {
        let mut question = 0;
        self.asked.send_modify(|asked| {
            *asked += 1;
            question = *asked;
        });
        let mut answered = self.answered.subscribe();
        self.look.notify_one();
        let waited = tokio::time::timeout(TOLD_TIMEOUT, answered.wait_for(|answered| *answered >= question)).await;
        matches!(waited, Ok(Ok(_)))
    }

    /// The last question, to be answered once the outbox is read after it and holds nothing more.
    pub(super) fn asked(&self) -> u64 {
        *self.asked.borrow()
    }

    /// All is told that was committed before this question.
    pub(super) fn answer(&self, asked: u64) {
        self.answered.send_replace(asked);
    }

    /// Waits for a question.
    pub(super) async fn is_asked(&self) {
        self.look.notified().await;
    }
}

/// Tells changes after number `seq` for as long as ingest takes them.
pub(super) async fn tell(mut outbox: Outbox, mut seq: u64, ingest: IngestMonitor, told: Arc<Told>) {
    let mut pause = FIRST_RETRY;
    loop {
        match step(&mut outbox, &mut seq, &ingest, &told).await {
            Ok(()) => {
                pause = FIRST_RETRY;
                continue;
            }
            Err(Obstacle::Stopped) => return,
            Err(Obstacle::Recovering) => {}
            Err(Obstacle::Passing(error)) => tracing::warn!(error, "reference changes wait in the outbox"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}

enum Obstacle {
    Recovering,
    Stopped,
    Passing(String),
}

/// Tells what is there, or waits until there may be something.
async fn step(outbox: &mut Outbox, seq: &mut u64, ingest: &IngestMonitor, told: &Told) -> Result<(), Obstacle> {
    let limit = u32::try_from(MAX_CHANGES).unwrap_or(u32::MAX);
    // Before the outbox is read: what was committed when it was asked is in it.
    let asked = told.asked();
    let changes = outbox.after(*seq, limit).await.map_err(|error| Obstacle::Passing(error.to_string()))?;
    let Some(last) = changes.last().map(|change| change.seq) else {
        told.answer(asked);
        tokio::select! {
            () = outbox.changed() => {}
            () = told.is_asked() => {}
        }
        return Ok(());
    };
    match ingest.tell(&changes).await {
        Ok(epoch) => {
            tracing::debug!(changes = changes.len(), last, epoch, "reference changes are journaled");
            *seq = last;
            Ok(())
        }
        Err(HandInError::Recovering) => Err(Obstacle::Recovering),
        Err(HandInError::Stopped) => Err(Obstacle::Stopped),
        Err(error @ (HandInError::Busy | HandInError::Undetermined)) => Err(Obstacle::Passing(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_waits_for_the_answer_to_their_own_question() {
        let told = Arc::new(Told::default());
        let asks = || {
            let told = Arc::clone(&told);
            tokio::spawn(async move { told.all().await })
        };
        let first = asks();
        told.look.notified().await;
        // The outbox was read before the second asked.
        let asked = *told.asked.borrow();
        let second = asks();
        told.look.notified().await;
        told.answered.send_replace(asked);
        assert!(first.await.unwrap());
        assert!(!second.is_finished());
        told.answered.send_replace(*told.asked.borrow());
        assert!(second.await.unwrap());
    }
}
