//! The way of quarantined lines that are given again: over the link to process 0, which hands them to the ingester that has
//! their journal. One request at a time.

use crate::up::quarantine::give_again_error;
use anyhow::Context;
use parking_lot::Mutex;
use std::time::Duration;
use suiftly_api::GiveAgainError;
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::ship::{give_to, read_given};
use suiftly_link::Frame;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use tokio::sync::{mpsc, oneshot};

/// Longer than process 0 and the ingester take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(40);

type Outcome = Result<Epoch, HandInError>;

/// The way, while there is one.
#[derive(Debug, Default)]
pub(super) struct Giving(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Where frames go to the link.
    to: Option<mpsc::Sender<Frame>>,
    /// Who waits for the answer. It stays until that came, whether or not they still do: the next would take it for theirs.
    waits: Option<oneshot::Sender<Outcome>>,
}

impl Giving {
    /// A link begins. What is to go over it comes out of what is answered.
    pub(super) fn begin(&self) -> mpsc::Receiver<Frame> {
        let (to, frames) = mpsc::channel(1);
        *self.0.lock() = State { to: Some(to), waits: None };
        frames
    }

    /// The link has ended: nobody will answer.
    pub(super) fn end(&self) {
        *self.0.lock() = State::default();
    }

    /// An answer came.
    pub(super) fn answered(&self, frame: &Frame) -> anyhow::Result<()> {
        let outcome = read_given(frame)?;
        let waits = self.0.lock().waits.take().context("it answers what was not asked")?;
        // Who asked may have stopped waiting.
        let _ = waits.send(outcome);
        Ok(())
    }

    /// Gives lines of a journal again, and waits until they are in it: the epoch of it that holds the last of them.
    pub(super) async fn give(&self, journal: JournalId, lines: &[GivenLine]) -> Result<Epoch, GiveAgainError> {
        let answer = self.ask(give_to(journal, lines))?;
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
        // They may have gone out, and it is not known how far they came.
        let outcome = answered.ok().and_then(Result::ok).unwrap_or(Err(HandInError::Undetermined));
        outcome.map_err(|error| match error {
            HandInError::Stopped => GiveAgainError::NotLinked,
            error => give_again_error(error),
        })
    }

    fn ask(&self, frame: Frame) -> Result<oneshot::Receiver<Outcome>, GiveAgainError> {
        let mut state = self.0.lock();
        if state.waits.is_some() {
            return Err(GiveAgainError::Busy);
        }
        let is_taken = state.to.as_ref().is_some_and(|to| to.try_send(frame).is_ok());
        if !is_taken {
            return Err(GiveAgainError::NotLinked);
        }
        let (waits, answer) = oneshot::channel();
        state.waits = Some(waits);
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use suiftly_ingest::ship::{given, read_give_to};

    const JOURNAL: JournalId = JournalId([7; 16]);

    fn lines() -> Vec<GivenLine> {
        vec![GivenLine { journal_offset: 10, line: b"<134>x".to_vec() }]
    }

    fn gives(giving: &Arc<Giving>) -> tokio::task::JoinHandle<Result<Epoch, GiveAgainError>> {
        let giving = Arc::clone(giving);
        tokio::spawn(async move { giving.give(JOURNAL, &lines()).await })
    }

    #[tokio::test]
    async fn lines_go_one_time_after_the_other_and_each_answer_is_theirs() {
        let giving = Arc::new(Giving::default());
        assert_eq!(giving.give(JOURNAL, &lines()).await, Err(GiveAgainError::NotLinked));
        let mut frames = giving.begin();
        for (outcome, told) in [
            (Ok(9), Ok(9)),
            (Err(HandInError::Recovering), Err(GiveAgainError::Recovering)),
            (Err(HandInError::Stopped), Err(GiveAgainError::NotLinked)),
            (Err(HandInError::Busy), Err(GiveAgainError::Busy)),
            (Err(HandInError::Undetermined), Err(GiveAgainError::Undetermined)),
        ] {
            let giver = gives(&giving);
            let frame = frames.recv().await.unwrap();
            assert_eq!(read_give_to(&frame).unwrap(), (JOURNAL, lines()));
            assert_eq!(giving.give(JOURNAL, &lines()).await, Err(GiveAgainError::Busy));
            giving.answered(&given(outcome)).unwrap();
            assert_eq!(giver.await.unwrap(), told);
        }
        assert!(giving.answered(&given(Ok(9))).is_err(), "nobody asked");
    }

    #[tokio::test]
    async fn an_answer_that_comes_too_late_is_nobody_elses() {
        let giving = Arc::new(Giving::default());
        let mut frames = giving.begin();
        let giver = gives(&giving);
        frames.recv().await.unwrap();
        // Who asked does not wait any longer.
        giver.abort();
        assert!(giver.await.is_err());
        assert_eq!(giving.give(JOURNAL, &lines()).await, Err(GiveAgainError::Busy), "it may still come");
        giving.answered(&given(Ok(9))).unwrap();
        let giver = gives(&giving);
        frames.recv().await.unwrap();
        // The link ends: whether they came through will show.
        giving.end();
        assert_eq!(giver.await.unwrap(), Err(GiveAgainError::Undetermined));
        assert_eq!(giving.give(JOURNAL, &lines()).await, Err(GiveAgainError::NotLinked));
    }
}
