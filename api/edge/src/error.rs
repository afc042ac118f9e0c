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
    /// Two grants contradict each other: the vault that they come from is broken.
    #[error("rendering maps: the grants contradict each other on {key} of {map}")]
    Contradiction {
        /// The map's file name.
        map: &'static str,
        /// The map's key.
        key: String,
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
