//! The bus of the user's desktop session. There may be none: then there is no tray and no notification, and all else
//! works.

use std::time::Duration;

use zbus::Connection;
use zbus::connection::Builder;

/// Longest wait for the bus or for one answer on it.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Connects to the session's bus.
///
/// # Errors
/// If there is none, or it does not answer.
pub async fn session() -> zbus::Result<Connection> {
    connect(Builder::session()?).await
}

/// Connects to the bus at this address.
///
/// # Errors
/// If there is none, or it does not answer.
pub async fn at(address: &str) -> zbus::Result<Connection> {
    connect(Builder::address(address)?).await
}

async fn connect(builder: Builder<'_>) -> zbus::Result<Connection> {
    let connecting = builder.method_timeout(ANSWER_TIME).build();
    match tokio::time::timeout(ANSWER_TIME, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err(zbus::Error::from(std::io::Error::from(std::io::ErrorKind::TimedOut))),
    }
}
