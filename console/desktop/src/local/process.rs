//! One run of the program: watched by a task that owns it, from its start to its end.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, Url};
use tokio::io::{AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::log::Log;

/// How often it is asked whether it serves.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// It promises to end within 30 s of being asked.
const FAREWELL: Duration = Duration::from_secs(35);
/// What it said last is waited for no longer than this: a child of its own may hold the pipe.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was told to.
    AsTold,
    /// It was not: why, in plain words.
    Alone(String),
}

/// A run, and how it stands.
#[derive(Debug)]
pub(super) struct Supervised {
    shared: Arc<Shared>,
    ended: watch::Receiver<Option<Ended>>,
}

#[derive(Debug, Default)]
struct Shared {
    is_ready: AtomicBool,
    is_told: AtomicBool,
    told: Notify,
}

impl Supervised {
    /// Starts the command and the task that watches it. `ready` answers once it serves.
    pub(super) fn spawn(mut command: Command, log: Arc<Log>, ready: (Client, Url)) -> Result<Self, String> {
        let program = command.as_std().get_program().display().to_string();
        let mut child = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
        let readers =
            [child.stdout.take().map(|pipe| follow(&log, pipe)), child.stderr.take().map(|pipe| follow(&log, pipe))];
        let (told_end, ended) = watch::channel(None);
        let shared = Arc::<Shared>::default();
        let watched = Arc::clone(&shared);
        tokio::spawn(async move {
            let status = watch(&mut child, &watched, ready).await;
            for reader in readers.into_iter().flatten() {
                let _ = tokio::time::timeout(LAST_WORDS, reader).await;
            }
            let told = watched.is_told.load(Ordering::Acquire);
            let end = if told { Ended::AsTold } else { Ended::Alone(in_words(status, &log)) };
            told_end.send_replace(Some(end));
        });
        Ok(Self { shared, ended })
    }

    pub(super) fn is_ready(&self) -> bool {
        self.shared.is_ready.load(Ordering::Acquire)
    }

    pub(super) fn is_told(&self) -> bool {
        self.shared.is_told.load(Ordering::Acquire)
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended.borrow().clone()
    }

    /// Tells it to end; what is answered says when it has.
    pub(super) fn tell(&self) -> watch::Receiver<Option<Ended>> {
        if self.ended().is_none() {
            self.shared.is_told.store(true, Ordering::Release);
            self.shared.told.notify_one();
        }
        self.ended.clone()
    }
}

fn follow(log: &Arc<Log>, pipe: impl AsyncRead + Unpin + Send + 'static) -> JoinHandle<()> {
    let log = Arc::clone(log);
    tokio::spawn(async move { log.follow(BufReader::new(pipe)).await })
}

/// Until the child has ended.
async fn watch(child: &mut Child, shared: &Shared, (client, url): (Client, Url)) -> std::io::Result<ExitStatus> {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            status = child.wait() => return status,
            () = shared.told.notified() => return end(child).await,
            _ = look.tick(), if !shared.is_ready.load(Ordering::Acquire) => {
                let asked = client.get(url.clone()).timeout(LOOK_EVERY * 4).send();
                let serves = asked.await.is_ok_and(|answer| answer.status().is_success());
                shared.is_ready.store(serves, Ordering::Release);
            }
        }
    }
}

async fn end(child: &mut Child) -> std::io::Result<ExitStatus> {
    // Its number is its own until it has been waited for.
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    match tokio::time::timeout(FAREWELL, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            tracing::warn!("the local system has not ended within {} s: it is killed", FAREWELL.as_secs());
            child.start_kill()?;
            child.wait().await
        }
    }
}

fn in_words(status: std::io::Result<ExitStatus>, log: &Log) -> String {
    let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    match log.last(1).pop() {
        Some(line) => format!("it ended by itself ({how}): {line}"),
        None => format!("it ended by itself ({how})"),
    }
}
