//! The window and the three commands its page may call: `open`, `connect` and `pull`.
//!
//! The page pulls; nothing is pushed at it, so a page that hangs costs no memory. The token comes in by `connect` or
//! from the command line, and there is no command that gives it out.

use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::Client;
use serde::Serialize;
use tauri::State;
use tauri::async_runtime::JoinHandle;

use crate::Error;
use crate::args::Start;
use crate::feed::{Batch, Feed, Session, Status};
use crate::link::{self, Link};
use crate::target::{Address, Target, Token};

/// What the page is told when it starts to follow.
#[derive(Debug, Serialize)]
pub struct Opened {
    /// The session to pull.
    session: Session,
    /// The server followed, or the one to offer in the form.
    address: String,
    /// The token crosses the network unencrypted.
    unencrypted: bool,
}

/// The console's state: what is followed, and by which task.
pub struct Console {
    client: Client,
    feed: Arc<Feed>,
    following: Mutex<Following>,
}

struct Following {
    address: Address,
    target: Option<Target>,
    link: Option<JoinHandle<()>>,
}

impl Console {
    /// A console that follows nothing until the page opens it.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn new(start: Start) -> Result<Self, Error> {
        let following = Following { address: start.address, target: start.target, link: None };
        Ok(Self { client: link::client()?, feed: Arc::default(), following: Mutex::new(following) })
    }

    /// Begins a session on the target, if there is one.
    fn begin(&self, following: &mut Following) -> Opened {
        if let Some(link) = following.link.take() {
            link.abort();
        }
        let status = if following.target.is_some() { Status::Connecting } else { Status::Idle };
        let session = self.feed.begin(status);
        if let Some(target) = following.target.clone() {
            let link = Link::new(self.client.clone(), target, Arc::clone(&self.feed), session);
            following.link = Some(tauri::async_runtime::spawn(link.run()));
        }
        Opened { session, address: following.address.to_string(), unencrypted: following.address.leaves_machine() }
    }
}

/// Begins anew on the server known: at the page's start, and when told to try again.
#[tauri::command]
async fn open(console: State<'_, Console>) -> Result<Opened, String> {
    Ok(console.begin(&mut console.following.lock()))
}

/// Follows another server. The token is kept in memory only.
#[tauri::command]
async fn connect(console: State<'_, Console>, address: &str, token: &str) -> Result<Opened, String> {
    let address = Address::parse(address).map_err(|error| error.to_string())?;
    let token = Token::parse(token).map_err(|error| error.to_string())?;
    let mut following = console.following.lock();
    following.address = address.clone();
    following.target = Some(Target { address, token });
    Ok(console.begin(&mut following))
}

/// Answers with what is new, after a while also with nothing.
#[tauri::command]
async fn pull(console: State<'_, Console>, session: Session) -> Result<Batch, String> {
    Ok(console.feed.pull(session).await)
}

/// Opens the window and runs until it is closed.
///
/// # Errors
/// If there is no display, or the web view cannot be made.
pub fn run(start: Start) -> Result<(), Error> {
    // Tauri would panic where this is refused.
    #[cfg(target_os = "linux")]
    gtk::init().map_err(|_| Error::NoDisplay)?;
    tauri::Builder::default()
        .manage(Console::new(start)?)
        .invoke_handler(tauri::generate_handler![open, connect, pull])
        .run(tauri::generate_context!())
        .map_err(Error::Window)
}
