//! How often the window is answered: at once when there is news, but no more than four times a second, and at least
//! once a second even if there is none.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The window is answered at most this often: it repaints four times a second.
pub const MIN_PULL_INTERVAL: Duration = Duration::from_millis(250);
/// A window that waits is answered at least this often, so that it can tell a quiet server from a dead console.
pub const MAX_PULL_WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct State {
    /// Something the window has not been told.
    news: bool,
    /// When the window was last answered.
    answered: Option<Instant>,
}

/// Wakes a window that waits for news.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    state: Mutex<State>,
    rung: Notify,
}

impl Pace {
    /// There is news.
    pub(crate) fn ring(&self) {
        self.state.lock().news = true;
        self.rung.notify_waiters();
    }

    /// Waits for news, up to [`MAX_PULL_WAIT`], and until [`MIN_PULL_INTERVAL`] after the last answer.
    pub(crate) async fn wait(&self) {
        self.wait_for_news().await;
        let answered = self.state.lock().answered;
        if let Some(answered) = answered {
            tokio::time::sleep_until(answered + MIN_PULL_INTERVAL).await;
        }
    }

    /// The window is being answered; `with_all` says that it is told all there is.
    pub(crate) fn answered(&self, with_all: bool) {
        let mut state = self.state.lock();
        state.answered = Some(Instant::now());
        state.news &= !with_all;
    }

    async fn wait_for_news(&self) {
        let deadline = Instant::now() + MAX_PULL_WAIT;
        loop {
            // Registered before the look, so that news in between is not missed.
            let rung = self.rung.notified();
            if self.state.lock().news || tokio::time::timeout_at(deadline, rung).await.is_err() {
                return;
            }
        }
    }
}
