//! What can go wrong at the edge. No message carries a key.

use std::io;
use std::path::PathBuf;

/// Why an edge operation failed.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// A grant's key hash is not 64 upper-case hexadecimal digits.
    #[error("rendering maps: a key hash of customer {customer_id} is not 64 upper-case hexadecimal digits")]
    KeyHash {
        /// Whose grant it is.
        customer_id: i64,
    },
    /// An entry of an allowlist is neither an address nor a network.
    #[error("rendering maps: the allowlist of {account} holds what is neither an address nor a network")]
    Address {
        /// `customer:service`, in numbers.
        account: String,
    },
    /// A map file could not be read.
    #[error("reading the map file {}: {source}", path.display())]
    ReadMap {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A map file could not be written.
    #[error("writing the map file {}: {source}", path.display())]
    WriteMap {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The runtime socket did not take the command or did not answer in time.
    #[error("asking HAProxy at {} for `{command}`: {source}", path.display())]
    Ask {
        /// The socket.
        path: PathBuf,
        /// The command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// HAProxy has no such map, or several of that name: its configuration is not ours.
    #[error("HAProxy at {} has {count} maps whose file is named {map}, not one", path.display())]
    MapCount {
        /// The socket.
        path: PathBuf,
        /// The map's file name.
        map: &'static str,
        /// How many there are.
        count: usize,
    },
    /// What was read back is not what was written.
    #[error("HAProxy's {map} is not what was written: {what}")]
    NotWritten {
        /// The map's file name.
        map: &'static str,
        /// What differs.
        what: String,
    },
    /// Another process answers than the one that was changed.
    #[error("HAProxy was restarted or reloaded during a change of its maps")]
    Restarted,
    /// The answer is longer than the bound.
    #[error("asking HAProxy for `{command}`: the answer is longer than {bound} bytes")]
    AnswerTooLong {
        /// The command.
        command: String,
        /// The bound, in bytes.
        bound: usize,
    },
    /// HAProxy answered something else than what was asked for.
    #[error("asking HAProxy for `{command}`: unexpected answer `{answer}`")]
    Answer {
        /// The command.
        command: String,
        /// The answer's beginning.
        answer: String,
    },
}
