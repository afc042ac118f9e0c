//! A process's end of a link that ships: it dials an ingester, again and again, asks for what comes after the last
//! epoch that it holds, and keeps it in [`Held`].

mod session;

use super::error::ShipError;
use super::held::Held;
use super::wire::may_be_given;
use crate::hand_in::{DURABLE_TIMEOUT, HAND_IN_TIMEOUT, HandInError};
use crate::journal::JournalId;
use crate::stats::IngestStats;
use parking_lot::Mutex;
use session::Session;
use std::sync::Arc;
use std::time::Duration;
use suiftly_link::{Link, LinkError, NodeNow, Purpose, Role, Tls, connect};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::shard::ShardSet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Before an ingester that was not reached is dialled again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The pause doubles up to this.
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// Longer than an ingester takes to answer.
const GIVEN_TIMEOUT: Duration = HAND_IN_TIMEOUT.saturating_add(DURABLE_TIMEOUT).saturating_add(Duration::from_secs(5));
/// Lines that wait to be given again, each time some.
const WAITING_GIVES: usize = 8;

/// Whom to dial by TCP, and as whom.
#[derive(Clone)]
pub struct Dial {
    /// Where.
    pub address: String,
    /// Which ingester that is.
    pub ingester: Role,
    /// Our certificate.
    pub tls: Tls,
    /// What we say of ourselves.
    pub us: NodeNow,
}

/// How it stands with an ingester.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FollowState {
    /// Its journal, as far as that was ever heard.
    pub journal: Option<JournalId>,
    /// Whether there is a link.
    pub is_linked: bool,
    /// Its counters, as they were told last.
    pub stats: Option<IngestStats>,
    /// Why there is no link.
    pub trouble: Option<String>,
}

/// Lines to be given again, and who waits for what becomes of them.
struct Ask {
    journal: JournalId,
    lines: Vec<GivenLine>,
    answer: oneshot::Sender<Result<Epoch, HandInError>>,
}

/// What session and handle share.
struct Shared {
    held: Arc<Held>,
    shards: ShardSet,
    state: Mutex<FollowState>,
    /// What a journal need not keep any more.
    released: watch::Sender<Option<(JournalId, Epoch)>>,
}

/// Follows an ingester's journal until it is dropped.
pub struct Following {
    shared: Arc<Shared>,
    asks: mpsc::Sender<Ask>,
    task: JoinHandle<()>,
}

impl Following {
    /// Follows by TCP. Of the journal these shards are wanted, which are ours.
    pub fn start(dial: Dial, shards: ShardSet, held: Arc<Held>) -> Self {
        let dial = Arc::new(dial);
        let dial_again = move || {
            let dial = Arc::clone(&dial);
            async move {
                let us = (dial.us)();
                connect(dial.address.clone(), &dial.tls, &dial.ingester, Purpose::Ship, &us).await
            }
        };
        Self::start_with(dial_again, shards, held)
    }

    /// The same, by whatever makes a link.
    pub fn start_with<D, F, S>(dial: D, shards: ShardSet, held: Arc<Held>) -> Self
    where
        D: Fn() -> F + Send + 'static,
        F: Future<Output = Result<Link<S>, LinkError>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (asks, asked) = mpsc::channel(WAITING_GIVES);
        let shared = Arc::new(Shared { held, shards, state: Mutex::default(), released: watch::Sender::new(None) });
        let task = tokio::spawn(follow(Arc::clone(&shared), dial, asked));
        Self { shared, asks, task }
    }

    /// How it stands.
    pub fn state(&self) -> FollowState {
        self.shared.state.lock().clone()
    }

    /// This journal need not keep these epochs any more: all shards have them stored. Process 0 alone may say so.
    pub fn release(&self, journal: JournalId, through: Epoch) {
        self.shared.released.send_replace(Some((journal, through)));
    }

    /// Gives quarantined lines of this journal again: all of them or none. Returns when they are on the disk there: the
    /// epoch that holds the last of them.
    ///
    /// # Panics
    /// If they are none, or more or longer than may be given at once.
    pub async fn give(&self, journal: JournalId, lines: Vec<GivenLine>) -> Result<Epoch, HandInError> {
        assert!(may_be_given(&lines), "{} lines at once", lines.len());
        if !self.shared.state.lock().is_linked {
            return Err(HandInError::Stopped);
        }
        let (answer, answered) = oneshot::channel();
        self.asks.try_send(Ask { journal, lines, answer }).map_err(|_| HandInError::Busy)?;
        match timeout(GIVEN_TIMEOUT, answered).await {
            Ok(Ok(outcome)) => outcome,
            // They may have gone out, and it is not known how far they came.
            Ok(Err(_)) | Err(_) => Err(HandInError::Undetermined),
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    /// Notes why there is no link; told once as long as it stays the same.
    fn note_trouble(&self, error: &ShipError) {
        let trouble = error.to_string();
        let mut state = self.state.lock();
        if state.is_linked || state.trouble.as_ref() != Some(&trouble) {
            tracing::warn!(journal = ?state.journal, "not linked to an ingester: {trouble}");
        }
        (state.is_linked, state.trouble) = (false, Some(trouble));
    }
}

async fn follow<D, F, S>(shared: Arc<Shared>, dial: D, mut asked: mpsc::Receiver<Ask>)
where
    D: Fn() -> F,
    F: Future<Output = Result<Link<S>, LinkError>>,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match dial().await {
            Ok(link) => Session::new(&shared).run(link, &mut asked).await,
            Err(error) => error.into(),
        };
        if shared.state.lock().is_linked {
            pause = FIRST_PAUSE;
        }
        shared.note_trouble(&error);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}
