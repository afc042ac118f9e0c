//! The whole system on this machine, as a child of the console: `suiftly up`, for a look without a server.
//!
//! There is one at most. It ends with the console: it is asked to, and killed where it does not within its time.

pub mod log;
pub mod places;
mod process;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::Client;
use serde::Serialize;
use tokio::sync::watch;

use crate::Error;
use crate::target::{Address, Target, Token};
use log::Log;
use places::Ports;
use process::{Ended, Supervised};

/// How many lines of its log the page is shown.
const SHOWN_LINES: usize = 50;
/// What this program reads itself; the other may not have the token, and takes unknown names for mistakes.
const OWN_VARIABLES: [&str; 4] = ["SUIFTLY_URL", "SUIFTLY_TOKEN", "SUIFTLY_TOKEN_FILE", "SUIFTLY_CA"];
const ABSENT: &str = "there is no program `suiftly` beside the console or in the path: install Suiftly's server, or put \
                      its folder into PATH";

/// What to run and where.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program, if it was found.
    pub program: Option<PathBuf>,
    /// Where it keeps its data.
    pub data_dir: PathBuf,
    /// Which ports it takes.
    pub ports: Ports,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is no program to start.
    Absent,
    /// It is not running.
    Stopped,
    /// It runs and does not serve yet.
    Starting,
    /// It serves.
    Running,
    /// It could not be started, or ended by itself.
    Failed,
}

/// What the page is told of it.
#[derive(Debug, Clone, Serialize)]
pub struct LocalStatus {
    /// How it stands.
    pub state: State,
    /// Why, where there is more to say.
    pub reason: Option<String>,
    /// The last it said.
    pub log: Vec<String>,
    /// Where its data is.
    pub data_dir: String,
    /// The program, if it was found.
    pub binary: Option<String>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Since the last start, if there was one.
    child: Option<Supervised>,
    /// Why the last start failed.
    failure: Option<String>,
}

/// The system, running or not.
#[derive(Debug)]
pub struct Local {
    plan: Plan,
    address: Address,
    client: Client,
    log: Arc<Log>,
    inner: Mutex<Inner>,
}

impl Local {
    /// Nothing is started yet.
    ///
    /// # Errors
    /// If its operators' port makes no address.
    pub fn new(plan: Plan, client: Client) -> Result<Self, Error> {
        let address = Address::parse(&plan.ports.admin.to_string())?;
        Ok(Self { plan, address, client, log: Arc::default(), inner: Mutex::default() })
    }

    /// How it stands now.
    pub fn status(&self) -> LocalStatus {
        let inner = self.inner.lock();
        let (state, reason) = self.state(&inner);
        LocalStatus {
            state,
            reason,
            log: self.log.last(SHOWN_LINES),
            data_dir: self.plan.data_dir.display().to_string(),
            binary: self.plan.program.as_ref().map(|program| program.display().to_string()),
        }
    }

    fn state(&self, inner: &Inner) -> (State, Option<String>) {
        if self.plan.program.is_none() {
            return (State::Absent, Some(ABSENT.into()));
        }
        match (&inner.failure, &inner.child) {
            (Some(failure), _) => (State::Failed, Some(failure.clone())),
            (None, None) => (State::Stopped, None),
            (None, Some(child)) => match child.ended() {
                Some(Ended::AsTold) => (State::Stopped, None),
                Some(Ended::Alone(reason)) => (State::Failed, Some(reason)),
                None if child.is_told() => (State::Running, Some("stopping: it stores what it has read".into())),
                None if child.is_ready() => (State::Running, None),
                None => (State::Starting, None),
            },
        }
    }

    /// Starts it, unless it runs.
    pub fn start(&self) -> LocalStatus {
        let mut inner = self.inner.lock();
        let runs = inner.child.as_ref().is_some_and(|child| child.ended().is_none());
        if let Some(program) = self.plan.program.clone().filter(|_| !runs) {
            self.log.clear();
            let spawned = self.spawn(program);
            inner.failure = spawned.as_ref().err().cloned();
            inner.child = spawned.ok();
        }
        drop(inner);
        self.status()
    }

    fn spawn(&self, program: PathBuf) -> Result<Supervised, String> {
        self.plan.ports.check_free()?;
        let mut command = tokio::process::Command::new(program);
        command.args(["up", "--data-dir"]).arg(&self.plan.data_dir).envs(self.plan.ports.variables());
        for name in OWN_VARIABLES {
            command.env_remove(name);
        }
        // A group of its own: an interrupt typed at the console's terminal is the console's to pass on.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let ready = self.address.ready();
        Supervised::spawn(command, Arc::clone(&self.log), (self.client.clone(), ready))
    }

    /// Ends it, and answers once it has ended.
    pub async fn stop(&self) -> LocalStatus {
        let ended: Option<watch::Receiver<_>> = self.inner.lock().child.as_ref().map(Supervised::tell);
        if let Some(mut ended) = ended {
            // Nobody who says it means that the task is gone, and the child with it.
            let _ = ended.wait_for(Option::is_some).await;
        }
        self.status()
    }

    /// Its address and the operator's token that it keeps in its data directory.
    ///
    /// # Errors
    /// If it does not serve, or the token cannot be read.
    pub fn target(&self) -> Result<Target, String> {
        if self.status().state != State::Running {
            return Err("the local system is not running".into());
        }
        let token = Token::read(&self.plan.data_dir.join("operator-token")).map_err(|error| error.to_string())?;
        Ok(Target { address: self.address.clone(), token })
    }
}
