//! What all tasks of the process know of its run; and how it ends when something is lost: at once, since nothing that it
//! keeps is not in a journal or in the database. Its unit starts it again.

use crate::cluster::Seat;
use parking_lot::Mutex;
use std::fmt::Display;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_link::{Beat, Link, LinkError, LinkReceiver, LinkSender, NodeNow, Received, Role};
use suiftly_schema::time::UnixMillis;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// How a process ends that has lost another, or a part of itself: all start again from what is stored.
const LOST: i32 = 75;
/// How long the last words may take.
const GOODBYE_TIME: Duration = Duration::from_millis(500);

/// The run.
pub(super) struct Run {
    pub(super) seat: Seat,
    pub(super) started_at: UnixMillis,
    generation: AtomicU64,
    is_ending: AtomicBool,
    /// Cancelled once a process is gone while this one ends: what needs it is not waited for any longer.
    alone: CancellationToken,
    /// Links to other processes, for the last words.
    links: Mutex<Vec<LinkSender>>,
}

impl Run {
    pub(super) fn new(seat: &Seat) -> Arc<Self> {
        Arc::new(Self {
            seat: seat.clone(),
            started_at: SystemClock.now(),
            generation: AtomicU64::new(0),
            is_ending: AtomicBool::new(false),
            alone: CancellationToken::new(),
            links: Mutex::default(),
        })
    }

    /// The start that it takes part in; 0 before.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(super) fn set_generation(&self, generation: u64) {
        self.generation.store(generation, Ordering::Release);
    }

    /// This process's number.
    pub(super) fn process(&self) -> u16 {
        if let Role::Dataflow(number) = self.seat.role { number } else { 0 }
    }

    /// What it says of itself on each link.
    pub(super) fn node_now(self: &Arc<Self>) -> NodeNow {
        let run = Arc::clone(self);
        Arc::new(move || run.seat.node(run.generation()))
    }

    /// From here on nobody's end is a loss.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Release);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }

    /// Waits until a process is gone, while this one ends.
    pub(super) async fn alone(&self) {
        self.alone.cancelled().await;
    }

    /// A link to a process has ended. Never returns: what the caller holds stays as it is.
    pub(super) async fn lost(&self, who: &Role, why: &(dyn Display + Send + Sync)) {
        if !self.is_ending() {
            self.quit(&format_args!("{who} is lost: {why}"));
        }
        self.alone.cancel();
        pending::<()>().await;
    }

    /// Says why, and ends the process as it is: what is dropped could wait for threads of the dataflow for ever.
    pub(super) fn quit(&self, why: &dyn Display) -> ! {
        tracing::error!("the cluster must start again: {why}");
        std::process::exit(LOST)
    }

    /// A link to another process, which is to hear the last words.
    pub(super) fn remember(&self, to: &LinkSender) {
        self.links.lock().push(to.clone());
    }

    /// The last words to all others; who is to hear them may be gone.
    pub(super) async fn say_goodbye(&self) {
        let links = std::mem::take(&mut *self.links.lock());
        for link in links {
            let why = format!("{} stops", self.seat.role);
            tokio::spawn(async move { link.say_goodbye(&why).await });
        }
        tokio::time::sleep(GOODBYE_TIME).await;
    }
}

/// A thread that panics leaves others waiting for it.
pub(super) fn exit_on_panic() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        tracing::error!("a thread has panicked, the process ends: {panic}");
        std::process::exit(LOST);
    }));
}

/// A sign of life.
pub(super) fn pulse() -> Beat {
    Beat { clock: SystemClock.now(), ..Beat::default() }
}

/// Ends a link that was taken in.
pub(super) async fn refuse(link: Link<TcpStream>, why: &str) {
    let (to, _from) = link.start(pulse);
    let _ = to.say_goodbye(why).await;
}

/// Waits for a link's end where nothing but beats should come.
pub(super) async fn end_of(from: &mut LinkReceiver) -> LinkError {
    loop {
        match from.recv().await {
            Ok(Received::Beat(_)) => {}
            // Said too early or too late: whoever says it will say it again on another link.
            Ok(Received::Frame(frame)) => tracing::debug!(kind = ?frame.kind, "passed over on a link"),
            Err(end) => return end,
        }
    }
}
