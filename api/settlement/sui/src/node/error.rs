//! Why a node's word is not to be had, or not to be taken. Nothing here is final for what was sent.

use std::fmt;
use sui_sdk_types::Digest;
use tonic::{Code, Status};

/// A call of a node without an answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node {node} {failure}")]
pub struct NodeError {
    /// Which node: host and port.
    pub node: String,
    /// What there was instead.
    pub failure: Failure,
}

impl NodeError {
    pub(crate) fn new(node: &str, failure: Failure) -> Self {
        Self { node: node.to_owned(), failure }
    }
}

/// What there was instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or none that can be read: what was sent may have been done. It is sent again, elsewhere too.
    Lost(String),
    /// It does not take what was sent: a signature, a price, an epoch that is over. Not sent again at once.
    Refused(String),
    /// It does not serve this kind of call.
    Unable(String),
    /// It is of another chain: not asked again.
    OtherChain(Digest),
    /// What it says cannot be.
    Lying(String),
    /// It says more than can be read.
    TooMany(String),
    /// It has no such address.
    Url(String),
}

impl Failure {
    /// Whether somebody should look at the node, however often it answers well.
    pub const fn is_alarming(&self) -> bool {
        matches!(self, Self::OtherChain(_) | Self::Lying(_) | Self::TooMany(_))
    }
}

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        let cause = format!("{}: {}", status.code(), status.message());
        match status.code() {
            Code::InvalidArgument | Code::FailedPrecondition | Code::PermissionDenied | Code::Unauthenticated => {
                Self::Refused(cause)
            }
            Code::Unimplemented => Self::Unable(cause),
            _ => Self::Lost(cause),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(cause) => write!(f, "gives no answer: {cause}"),
            Self::Refused(cause) => write!(f, "refuses: {cause}"),
            Self::Unable(cause) => write!(f, "cannot serve this: {cause}"),
            Self::OtherChain(chain) => write!(f, "is of another chain: {chain}"),
            Self::Lying(what) => write!(f, "says what cannot be: {what}"),
            Self::TooMany(what) => write!(f, "says more than is read: {what}"),
            Self::Url(cause) => write!(f, "has no address: {cause}"),
        }
    }
}
