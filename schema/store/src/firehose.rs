//! The firehose: every stored raw record goes on to QuestDB, where an operator has one. Off unless an address is set.
//!
//! Where it stands: behind the store, beside the pipeline. The writer notes in each commit's own transaction where its
//! records stand ([`spans`]); the firehose sends them by ILP over HTTP ([`target`]), out of memory ([`recent`]) or read back,
//! and strikes the note out. It goes by the notes alone, whether QuestDB keeps up, was away for a day, or this process was.
//!
//! It promises: what is stored is sent, as it is stored, at least once, and is in QuestDB's table once (deduplicated by
//! `timestamp`, `journal`, `journal_offset`, which is a record's place in its journal). Nothing waits for it: it holds no
//! lock and no transaction while it sends. What QuestDB refuses for good is counted and passed over; what retention
//! removes before it could be sent is counted.

mod line;
mod progress;
mod recent;
mod row;
mod settings;
pub(crate) mod spans;
mod target;

pub use recent::Recent;
pub use settings::{Credentials, FirehoseConfig, TABLE};

use crate::StoreError;
use crate::config::StoreConfig;
use parking_lot::Mutex;
use progress::{Progress, Session, Whose};
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::ids::Epoch;
use target::{Delivered, QuestDb};

/// Records that are read and sent together; some 4 MB of lines.
pub const PAGE_RECORDS: usize = 10_000;
/// How often it looks for what is new, when it has sent all.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// What the firehose says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirehoseState {
    /// Every record up to this epoch has been answered for. The store's watermark less this is the lag.
    pub epoch: Epoch,
    /// Records that QuestDB took, since this journal's first.
    pub sent: u64,
    /// Records that it refused for good.
    pub refused: u64,
    /// Records that retention removed before they could be sent.
    pub gone: u64,
    /// Attempts that failed and were made again, since the start.
    pub retries: u64,
    /// Why the last attempt failed; none when it succeeded.
    pub error: Option<String>,
}

/// Looks at a running firehose.
#[derive(Clone, Debug, Default)]
pub struct FirehoseMonitor {
    state: Arc<Mutex<FirehoseState>>,
}

impl FirehoseMonitor {
    /// How it stands.
    pub fn state(&self) -> FirehoseState {
        self.state.lock().clone()
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to send.
    Idle,
    /// A page was answered for; there may be more.
    Sent,
}

/// Sends one database's raw records. Holds a connection to it, and opens it again when it breaks.
pub struct Firehose {
    store: StoreConfig,
    whose: Whose,
    questdb: QuestDb,
    session: Option<Session>,
    page_records: usize,
    recent: Option<Recent>,
    monitor: FirehoseMonitor,
}

impl Firehose {
    /// Prepares to send; connects to nothing yet. The journal is the one that the state is told of; notes that another
    /// left are sent as well.
    ///
    /// [`StoreError::FirehoseSettings`] if the settings cannot be used.
    pub fn new(store: &StoreConfig, journal_id: &str, config: &FirehoseConfig) -> Result<Self, StoreError> {
        Ok(Self {
            store: store.clone(),
            whose: Whose { journal_id: journal_id.to_owned(), process: 0, processes: 1 },
            questdb: QuestDb::new(config)?,
            session: None,
            page_records: config.page_records,
            recent: None,
            monitor: FirehoseMonitor::default(),
        })
    }

    /// In a cluster each process sends what it committed itself, and the notes of processes that there are no more are
    /// shared out. The journal is the order then; lines go under their own.
    ///
    /// # Panics
    /// If there is no such process.
    pub fn of_process(mut self, process: u16, processes: u16) -> Self {
        assert!(process < processes, "process {process} of {processes}");
        (self.whose.process, self.whose.processes) = (process.cast_signed(), processes.cast_signed());
        self
    }

    /// Sends what its journal's writer has just committed from memory, as long as it is kept there.
    pub fn with_recent(mut self, recent: Recent) -> Self {
        self.recent = Some(recent);
        self
    }

    /// For looking at it while it runs.
    pub fn monitor(&self) -> FirehoseMonitor {
        self.monitor.clone()
    }

    /// Sends for ever, and tries again for as long as QuestDB or the database is away. May be cancelled at any await:
    /// what was not answered is sent again.
    pub async fn run(mut self) {
        let mut pause = FIRST_RETRY;
        let mut told = None;
        loop {
            match self.step().await {
                Ok(step) => {
                    (pause, told) = (FIRST_RETRY, None);
                    if step == Step::Idle {
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                }
                Err(error) => {
                    let reason = error.to_string();
                    // Once for each reason: QuestDB may be away for days.
                    if told.as_ref() != Some(&reason) {
                        tracing::warn!(%error, "the firehose cannot send; what is to be sent stays in the database");
                        told = Some(reason);
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LAST_RETRY);
                }
            }
        }
    }

    /// Sends one page, if there is one.
    ///
    /// After an error the watermark is where it was, and the next step tries the same again.
    pub async fn step(&mut self) -> Result<Step, StoreError> {
        let stepped = self.try_step().await;
        let mut state = self.monitor.state.lock();
        state.error = stepped.as_ref().err().map(ToString::to_string);
        if stepped.is_err() {
            state.retries += 1;
            self.session = None;
        }
        stepped
    }

    async fn try_step(&mut self) -> Result<Step, StoreError> {
        let session = match &mut self.session {
            Some(session) => session,
            none => none.insert(Session::open(&self.store).await?),
        };
        let Whose { journal_id: ours, process, .. } = &self.whose;
        let page = session.page(&self.whose, self.page_records).await?;
        let Some((journal_id, line_journal)) = page.journals() else {
            if let Some(progress) = session.progress(ours).await? {
                self.monitor.tell(&progress);
            }
            // Nothing is to be sent, so all up to the store's watermark is.
            self.monitor.state.lock().epoch = page.watermark;
            return Ok(Step::Idle);
        };
        // Epochs are a journal's.
        let recent = self.recent.as_ref().filter(|_| journal_id == ours).map(|recent| (recent, *process));
        let (rows, gone) = session.rows(&page, recent).await?;
        let delivered =
            if rows.is_empty() { Delivered::default() } else { self.questdb.send(line_journal, rows).await? };
        let progress = session.finish(&page, &delivered, gone).await?;
        if journal_id == ours {
            self.monitor.tell(&progress);
            self.recent.iter().for_each(|recent| recent.forget(progress.epoch));
        }
        Ok(Step::Sent)
    }
}

impl FirehoseMonitor {
    fn tell(&self, progress: &Progress) {
        let mut state = self.state.lock();
        let Progress { epoch, sent, refused, gone } = *progress;
        (state.epoch, state.sent, state.refused, state.gone) = (epoch, sent, refused, gone);
    }
}
