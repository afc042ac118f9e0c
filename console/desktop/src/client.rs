//! The HTTP clients. They follow no redirect and no proxy of the environment: the token goes to the server named and
//! nowhere else.

use std::path::Path;
use std::time::Duration;

use reqwest::{Client, redirect};

use crate::{Error, tls};

/// Longest wait for the server to take the connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest silence of a stream, in the answer's headers and between any two reads: the server says something at least
/// every second.
pub const STREAM_SILENCE: Duration = Duration::from_secs(10);
/// Longest silence of an answer, and the longest wait for a whole one ([`crate::ask`]).
pub const ANSWER_TIME: Duration = Duration::from_secs(30);

/// One client for each rhythm; all of a kind share its connections.
#[derive(Debug, Clone)]
pub struct Clients {
    /// For live streams.
    pub streams: Client,
    /// For questions that are answered once.
    pub answers: Client,
}

impl Clients {
    /// Sets both up. `ca` is a file with further certificate authorities to trust, beside the system's.
    ///
    /// # Errors
    /// If the file holds none, or the system refuses what an HTTP client needs.
    pub fn new(ca: Option<&Path>) -> Result<Self, Error> {
        let tls = tls::trusting(ca)?;
        Ok(Self { streams: client(&tls, STREAM_SILENCE)?, answers: client(&tls, ANSWER_TIME)? })
    }
}

fn client(tls: &rustls::ClientConfig, silence: Duration) -> Result<Client, Error> {
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(silence)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("suiftly-console/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Error::Client)
}

/// Why there is no answer, in plain words. The library's own would repeat the address with its query.
#[must_use]
pub fn explain(error: &reqwest::Error, address: &impl std::fmt::Display, silence: Duration) -> String {
    if let Some(refused) = tls::refusal(error) {
        format!("{address} is not trusted: {refused}")
    } else if error.is_connect() {
        format!("nothing answers at {address}")
    } else if error.is_timeout() {
        format!("{address} has been silent for {} s", silence.as_secs())
    } else {
        format!("the connection to {address} broke off")
    }
}
