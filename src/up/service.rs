//! What systemd is told of a unit with `Type=notify`: when it serves, how it is, that its threads go on, when it ends.
//! Whoever was not started by systemd tells nobody and is not watched.
//!
//! The watchdog is fed only while ingest runs and batches come out of the dataflow: a process whose threads hang is ended
//! by systemd and started anew, and goes on from the journal. A database or a disk that is away feeds it all the same:
//! another start would not bring it back.

use super::live::Vitals;
use sd_notify::NotifyState;
use std::time::{Duration, Instant};
use suiftly_schema::time::UnixMillis;

/// How often the process is looked at; more often if systemd asks for it.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Systemd is told this many times within the time it waits.
const LOOKS_A_WATCHDOG: u32 = 3;
/// How much longer a start may take from each look on, while the journal is read.
const START_EXTENSION_US: u32 = 60_000_000;
/// A batch that has been in the dataflow for so long will not come out.
const STUCK_AFTER: Duration = Duration::from_secs(120);

/// Tells systemd from now on, until it is aborted; nothing to be done if nobody is there to be told.
pub(super) fn tell(vitals: impl Fn() -> Vitals + Send + 'static) -> impl Future<Output = ()> + Send + 'static {
    let mut watchdog_us = 0;
    let watched = sd_notify::watchdog_enabled(false, &mut watchdog_us);
    let within = watched.then(|| Duration::from_micros(watchdog_us) / LOOKS_A_WATCHDOG);
    let mut every = tokio::time::interval(within.map_or(LOOK_EVERY, |within| within.min(LOOK_EVERY)));
    let mut watcher = Watcher::default();
    async move {
        if std::env::var_os("NOTIFY_SOCKET").is_none() {
            return;
        }
        loop {
            every.tick().await;
            say(&watcher.look(&vitals(), Instant::now()));
        }
    }
}

/// The end has begun: what was received is still brought home.
pub(super) fn tell_stopping() {
    let status = NotifyState::Status("taking in what was received");
    if let Err(error) = sd_notify::notify(false, &[NotifyState::Stopping, status]) {
        tracing::warn!(%error, "systemd was not told of the end");
    }
}

fn say(news: &News) {
    let mut states = vec![NotifyState::Status(&news.status)];
    states.extend(news.is_ready.then_some(NotifyState::Ready));
    states.extend(news.is_starting.then_some(NotifyState::ExtendTimeoutUsec(START_EXTENSION_US)));
    states.extend(news.is_alive.then_some(NotifyState::Watchdog));
    if let Err(error) = sd_notify::notify(false, &states) {
        tracing::warn!(%error, "systemd was not told how it is");
    }
}

/// What there is to tell.
#[derive(Debug, PartialEq, Eq)]
struct News {
    status: String,
    /// It has just become ready.
    is_ready: bool,
    is_starting: bool,
    is_alive: bool,
}

/// Remembers what it saw.
#[derive(Debug, Default)]
struct Watcher {
    was_ready: bool,
    /// The oldest batch in the dataflow, and since when it is the oldest.
    oldest: Option<(UnixMillis, Instant)>,
}

impl Watcher {
    fn look(&mut self, vitals: &Vitals, now: Instant) -> News {
        let news =
            |status: &str| News { status: status.to_owned(), is_ready: false, is_starting: false, is_alive: false };
        match vitals {
            Vitals::Starting => News { is_starting: true, is_alive: true, ..news("starting") },
            Vitals::Recovering { stored_epoch } => {
                let status = format!("reading the journal after epoch {stored_epoch}, which the database has");
                News { is_starting: true, is_alive: true, ..news(&status) }
            }
            Vitals::Stopped => news("ingest has stopped"),
            Vitals::Live { lines_per_second, stored_epoch, oldest } => {
                let is_ready = !std::mem::replace(&mut self.was_ready, true);
                if self.is_stuck(*oldest, now) {
                    return News { is_ready, ..news("no batch comes out of the dataflow any more") };
                }
                let status = format!("{lines_per_second:.0} lines a second; stored up to epoch {stored_epoch}");
                News { is_ready, is_alive: true, ..news(&status) }
            }
        }
    }

    /// By a clock of its own: the wall clock may be moved.
    fn is_stuck(&mut self, oldest: Option<UnixMillis>, now: Instant) -> bool {
        let since = self.oldest.filter(|(known, _)| Some(*known) == oldest).map_or(now, |(_, since)| since);
        self.oldest = oldest.map(|oldest| (oldest, since));
        self.oldest.is_some_and(|(_, since)| now.duration_since(since) > STUCK_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn live(oldest: Option<i64>) -> Vitals {
        let oldest = match oldest {
            Some(at) => Some(UnixMillis(at)),
            None => None,
        };
        Vitals::Live { lines_per_second: 12.4, stored_epoch: 7, oldest }
    }

    #[test]
    fn ready_is_told_once_and_only_when_the_journal_is_read() {
        let (mut watcher, now) = (Watcher::default(), Instant::now());
        for vitals in [Vitals::Starting, Vitals::Recovering { stored_epoch: 3 }] {
            let news = watcher.look(&vitals, now);
            assert!(news.is_starting && news.is_alive && !news.is_ready, "{news:?}");
        }
        let news = watcher.look(&live(None), now);
        assert!(news.is_ready && news.is_alive && !news.is_starting, "{news:?}");
        assert_eq!(news.status, "12 lines a second; stored up to epoch 7");
        assert!(!watcher.look(&live(None), now).is_ready);
    }

    #[test]
    fn the_watchdog_starves_when_nothing_comes_out_or_ingest_has_stopped() {
        let (mut watcher, start) = (Watcher::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        for (seconds, vitals, is_alive) in [
            (0, live(Some(1)), true),
            (119, live(Some(1)), true),
            // Another one: the first came out.
            (121, live(Some(2)), true),
            (240, live(Some(2)), true),
            (242, live(Some(2)), false),
            (250, live(None), true),
            (500, live(Some(2)), true),
            (501, Vitals::Stopped, false),
        ] {
            assert_eq!(watcher.look(&vitals, after(seconds)).is_alive, is_alive, "after {seconds} s: {vitals:?}");
        }
    }
}
