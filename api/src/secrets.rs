//! The secrets that rotate, as the running process has them: keyrings by name. The binary reads them out of files and
//! implements [`LiveSecrets`]; the operators' API shows the numbers of the keys, never the keys, and has the files read anew.

use std::future::Future;
use std::pin::Pin;

/// A keyring in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingLive {
    /// What its file is called: `jwt-keys`.
    pub name: &'static str,
    /// The numbers of its keys, the one that is used first.
    pub ids: Vec<u16>,
}

/// Why files are not taken over: the keys in force stay, all of them. In an operator's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}; the keys in force stay")]
pub struct SecretsRefused {
    /// What is wrong with which file.
    pub cause: String,
}

/// What a reload comes to.
pub type Reload<'a> = Pin<Box<dyn Future<Output = Result<Vec<RingLive>, SecretsRefused>> + Send + 'a>>;

/// The keyrings of the process.
pub trait LiveSecrets: Send + Sync {
    /// Those in force.
    fn rings(&self) -> Vec<RingLive>;
    /// Reads the files anew and takes over what they hold: of all or of none. Those in force after it.
    fn reload(&self) -> Reload<'_>;
}
