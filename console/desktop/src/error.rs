//! What can fail before or while the console follows a server. Each message is one line an operator can act on, and
//! none carries a token.

use std::path::PathBuf;

/// An operating error of the console.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address given is no address of a server.
    #[error("“{given}” is not a server's address: {reason}")]
    Address {
        /// What was given.
        given: String,
        /// What is wrong with it, in plain words.
        reason: &'static str,
    },
    /// The token given cannot be one.
    #[error("the token is not usable: {reason}")]
    Token {
        /// What is wrong with it, in plain words.
        reason: &'static str,
    },
    /// The file that should hold the token could not be read.
    #[error("could not read the token file {}: {source}", path.display())]
    TokenFile {
        /// The file named.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The page asked for what is no path of the API.
    #[error("“{given}” cannot be asked for: {reason}")]
    Path {
        /// What was given, up to 80 characters.
        given: String,
        /// What is wrong with it, in plain words.
        reason: &'static str,
    },
    /// The file of certificate authorities is unusable.
    #[error("could not read certificate authorities from {}: {reason}", path.display())]
    Authority {
        /// The file named.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS could not be set up.
    #[error("could not set up TLS: {0}")]
    Tls(rustls::Error),
    /// The HTTP client could not be set up.
    #[error("could not set up the HTTP client: {0}")]
    Client(reqwest::Error),
    /// The stream held a line longer than [`crate::sse::MAX_LINE_BYTES`].
    #[error("the server sent a line of more than {} bytes", crate::sse::MAX_LINE_BYTES)]
    LineTooLong,
    /// The stream held an event larger than [`crate::sse::MAX_EVENT_BYTES`].
    #[error("the server sent an event of more than {} bytes", crate::sse::MAX_EVENT_BYTES)]
    EventTooLarge,
    /// The stream held bytes that are not UTF-8.
    #[error("the server sent text that is not UTF-8")]
    NotUtf8,
    /// There is no display, or it does not let us in.
    #[error("there is no display to open a window on: set DISPLAY or WAYLAND_DISPLAY, or run under xvfb-run")]
    NoDisplay,
    /// The window could not be opened.
    #[error("could not open the window: {0}")]
    Window(tauri::Error),
}
