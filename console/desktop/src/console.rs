//! The console's state: which server is followed, by which link, under which name. Each public method is what one
//! command of the page does; the window ([`crate::window`]) only passes them on.

mod follow;
mod names;
mod tails;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::Error;
use crate::args::Start;
use crate::ask::{Answer, Asker, Question};
use crate::client::Clients;
use crate::feed::{Batch, Feed, Session};
use crate::keychain::Keychain;
use crate::local::{Local, Plan};
use crate::profiles::Profiles;
use crate::save::{self, Saved};
use crate::status::{Status, UNKNOWN_TOKEN};
use crate::target::{Address, Target, Token};
pub use names::Listed;
use tails::Tail;

const NO_SERVER: &str = "no server is followed: name one and its token first";

/// Where things are on this machine.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder for the console's own configuration.
    pub config: PathBuf,
    /// The user's folder for downloads.
    pub downloads: PathBuf,
    /// The local system.
    pub local: Plan,
}

/// What the page is told when it starts to follow.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// The session to pull.
    pub session: Session,
    /// The server followed, or the one to offer in the form.
    pub address: String,
    /// The token crosses the network unencrypted.
    pub unencrypted: bool,
    /// The name it is kept under.
    pub profile: Option<String>,
    /// The keychain has the token: it outlives the console.
    pub kept: bool,
}

/// The console's state.
pub struct Console {
    clients: Clients,
    asker: Asker,
    feed: Arc<Feed>,
    following: Mutex<Following>,
    tail: Mutex<Tail>,
    profiles: Profiles,
    keychain: Box<dyn Keychain>,
    /// Tokens of profiles, as long as the console runs.
    remembered: Mutex<HashMap<String, Token>>,
    local: Local,
    downloads: PathBuf,
}

struct Following {
    address: Address,
    target: Option<Target>,
    profile: Option<String>,
    kept: bool,
    session: Session,
    link: Option<JoinHandle<()>>,
    /// The profile followed last is to be followed again: nothing else was named.
    resumes: bool,
}

impl Console {
    /// A console that follows nothing until the page opens it.
    ///
    /// # Errors
    /// If the HTTP clients cannot be set up.
    pub fn new(start: Start, places: Places, keychain: Box<dyn Keychain>) -> Result<Self, Error> {
        let clients = Clients::new(start.ca.as_deref())?;
        let resumes = !start.is_named && start.target.is_none();
        let following = Following {
            address: start.address,
            target: start.target,
            profile: None,
            kept: false,
            session: 0,
            link: None,
            resumes,
        };
        Ok(Self {
            asker: Asker::new(clients.answers.clone()),
            feed: Arc::default(),
            following: Mutex::new(following),
            tail: Mutex::default(),
            profiles: Profiles::new(places.config),
            keychain,
            remembered: Mutex::default(),
            local: Local::new(places.local, clients.answers.clone())?,
            downloads: places.downloads,
            clients,
        })
    }

    /// Answers with what is new, after a while also with nothing.
    pub async fn pull(&self, session: Session) -> Batch {
        self.feed.pull(session).await
    }

    /// Asks the server followed.
    ///
    /// # Errors
    /// If there is no answer: in one sentence.
    pub async fn ask(&self, question: Question) -> Result<Answer, String> {
        let (target, session) = self.target()?;
        let answer = self.asker.ask(&target, question).await?;
        if answer.status == 401 {
            self.refuse(session);
        }
        Ok(answer)
    }

    /// Puts what a path answers into the download folder.
    ///
    /// # Errors
    /// If there is no good answer, or it cannot be written: in one sentence.
    pub async fn save(&self, path: &str, name: &str) -> Result<Saved, String> {
        let (target, _) = self.target()?;
        save::save(&self.clients.answers, &target, path, name, &self.downloads).await
    }

    /// The system on this machine.
    #[must_use]
    pub const fn local(&self) -> &Local {
        &self.local
    }

    /// The server followed, and the session it is followed in.
    fn target(&self) -> Result<(Target, Session), String> {
        let following = self.following.lock();
        let target = following.target.clone().ok_or(NO_SERVER)?;
        Ok((target, following.session))
    }

    /// The server does not know the token any more: nothing is tried again with it.
    fn refuse(&self, session: Session) {
        let mut following = self.following.lock();
        if following.session != session {
            return;
        }
        if let Some(link) = following.link.take() {
            link.abort();
        }
        // The session is the current one: it changes under this lock alone.
        let _ = self.feed.set_status(session, Status::Refused { reason: UNKNOWN_TOKEN.into() });
    }
}
