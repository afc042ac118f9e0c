//! What can go wrong with a link. Each is one clear line for an operator.

use crate::beat::SILENCE;
use crate::frame::MAX_PAYLOAD_BYTES;
use crate::hello::{MAX_PROCESSES, Versions};
use crate::kind::Kind;
use crate::link::HANDSHAKE_TIMEOUT;
use crate::role::{Purpose, Role};
use rustls::server::VerifierBuilderError;
use std::io;
use std::path::PathBuf;

/// Why there is no link, or none any more.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nobody there.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// No TLS: a stranger's certificate, say, or another name than was asked for.
    #[error("no TLS: {0}")]
    Tls(#[source] io::Error),
    /// Its certificate does not say who it is.
    #[error("the other side's certificate cannot be used: {0}")]
    Role(#[from] RoleError),
    /// Connecting, or TLS and hello, took too long.
    #[error("no link within {HANDSHAKE_TIMEOUT:?}")]
    TimedOut,
    /// The first frame is another one.
    #[error("the other side began with a frame of kind {0:?}, not with a hello")]
    NoHello(Kind),
    /// The two do not belong together.
    #[error(transparent)]
    Hello(#[from] HelloError),
    /// What came is no frame.
    #[error("what the other side sent is no frame: {0}")]
    Frame(#[from] FrameError),
    /// A frame that who has this role has no right to send.
    #[error("{role} may not send a frame of kind {kind:?} on this link")]
    NotTheirs {
        /// Its kind.
        kind: Kind,
        /// Who sent it.
        role: Role,
    },
    /// Nothing came.
    #[error("nothing was heard for {SILENCE:?}")]
    Silent,
    /// Nothing was taken.
    #[error("nothing that is sent was taken for {SILENCE:?}")]
    Stalled,
    /// The other side said why it goes.
    #[error("the other side ended the link: {why}")]
    Bye {
        /// In its words.
        why: String,
    },
    /// The other side went without a word.
    #[error("the other side ended the link without a word")]
    Ended,
    /// The connection failed.
    #[error("the link broke: {0}")]
    Broken(#[source] io::Error),
    /// This side ended it, or its end was told before.
    #[error("the link is over")]
    Over,
}

/// Why bytes are no frame. Nothing after it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than it may be here, and never than [`MAX_PAYLOAD_BYTES`].
    #[error("{0} bytes are too long (a frame is at most {MAX_PAYLOAD_BYTES})")]
    Length(u64),
    /// A kind this version does not know.
    #[error("kind {0} is not known")]
    Kind(u8),
    /// A flag this version does not know, or one of another kind.
    #[error("flags {0:#04x} are not known there")]
    Flags(u8),
    /// What should be zero is not.
    #[error("{0:#06x} stands where nothing should")]
    Reserved(u16),
    /// The payload is not the one that was sent.
    #[error("its checksum does not fit its content")]
    Checksum,
    /// The payload cannot be unpacked, or would be too long.
    #[error("it cannot be unpacked")]
    Packed,
    /// The payload is not what its kind wants.
    #[error("the content of a frame of kind {0:?} cannot be")]
    Content(Kind),
}

/// Why two processes do not belong together. "Ours" is the side that says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// It does not begin as a hello does.
    #[error("the other side does not say hello")]
    Magic,
    /// It is too short, or longer than its version says.
    #[error("a hello of {0} bytes cannot be")]
    Length(usize),
    /// No version is known to both.
    #[error("no common version: this side speaks {ours}, the other {theirs}")]
    Versions {
        /// What we speak.
        ours: Versions,
        /// What they speak.
        theirs: Versions,
    },
    /// A purpose this version does not know.
    #[error("a link's purpose {0} is not known")]
    UnknownPurpose(u8),
    /// The answer is to another question.
    #[error("a link to {} was asked for, the answer is for {}", .ours.word(), .theirs.word())]
    OtherPurpose {
        /// What was asked for.
        ours: Purpose,
        /// What came back.
        theirs: Purpose,
    },
    /// These two have no such link.
    #[error("there is no link to {} between {ours} and {theirs}", .purpose.word())]
    Roles {
        /// What it would be for.
        purpose: Purpose,
        /// Who we are.
        ours: Role,
        /// Who they are.
        theirs: Role,
    },
    /// Another cluster's.
    #[error("the other side belongs to another cluster")]
    Cluster,
    /// One of them is left over from a run before.
    #[error("this side is of generation {ours}, the other of {theirs}: one is left over from a run before")]
    Generation {
        /// Ours.
        ours: u64,
        /// Theirs.
        theirs: u64,
    },
    /// Its number is not its certificate's, or not among the processes.
    #[error("{role} says that it is process {process} of {processes} (at most {MAX_PROCESSES})")]
    Process {
        /// By its certificate.
        role: Role,
        /// What it says.
        process: u16,
        /// Of how many.
        processes: u16,
    },
    /// The processes of a cluster are as many for each, with as many threads.
    #[error("{what} differ: {ours} here, {theirs} there")]
    Differ {
        /// Numbers of what.
        what: &'static str,
        /// Ours.
        ours: u16,
        /// Theirs.
        theirs: u16,
    },
    /// Lines would be read in another way.
    #[error("bindings and formats of the two sides are not the same: give both the same configuration")]
    Formats,
    /// Timely's bytes are of one build only.
    #[error("the two sides are not of the same build")]
    Build,
}

/// Why a certificate does not say who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// There is none.
    #[error("there is none")]
    NoCertificate,
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable,
    /// It has no name, or several.
    #[error("it must have one name, the role, and no other")]
    NotOneName,
    /// It names something else.
    #[error("{0:?} is no role: a role is ingest-NAME, dataflow-NUMBER or api")]
    NoRole(String),
}

/// Why certificates or a key cannot be had from a file.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// A file cannot be read.
    #[error("cannot read the {what} {}: {source}", .path.display())]
    Read {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file does not hold what it should. It is not told what it holds instead: that may be secret.
    #[error("there is no {what} in {}: it must be PEM", .path.display())]
    Content {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        path: PathBuf,
    },
}

/// Why TLS cannot be had from the files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or does not hold what it should.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// Certificate and key cannot be used together.
    #[error("cannot use the certificate {} with the key {}: {source}", .certificate.display(), .key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// A certificate in the CA's file is none of a CA.
    #[error("cannot check the other side by {}: {source}", .path.display())]
    Ca {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// No verifier can be made of the CA's certificates.
    #[error("cannot check the other side by {}: {source}", .path.display())]
    Verifier {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: VerifierBuilderError,
    },
    /// The own certificate does not say who this process is.
    #[error("cannot use the certificate {}: {source}", .path.display())]
    Role {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: RoleError,
    },
}
