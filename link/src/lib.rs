//! Suiftly's links: framed streams by TLS between the processes of a cluster. No database, no lines.
//!
//! ```text
//! TCP ── TLS 1.3, both sides with a certificate ── role ── hello, both ways ──▶ frames, and a beat each 500 ms
//!          of the cluster's own CA (tls)          (role)      (hello)            (frame, kind, beat, link)
//! ```
//!
//! A process has one certificate; the one name in it is its [`Role`], and from that follows what it may ask
//! ([`Purpose`]) and which frames it may send ([`Kind::may_come`]). [`Tls`] reads the files; [`Door`] takes links in,
//! [`connect`] makes one. Both sides say [`Hello`]: a stranger to the cluster, a process of the run before, one of
//! another placement or of other formats comes no further, and is told why. A [`Link`] that was started is a
//! [`LinkSender`] and a [`LinkReceiver`]. What goes wrong ends it ([`LinkError`]); nothing is ever tried again here.
//!
//! All is bounded: a frame's length before its bytes are waited for, what it is unpacked to, the frames that wait on
//! either side ([`QUEUE_FRAMES`]), a handshake's time and how many there are at once, and the silence on a link
//! ([`SILENCE`]).
//!
//! Certificates and keys come out of PEM files by [`read_certificates`] and [`read_key`], for others who speak TLS too.

mod beat;
mod bye;
mod error;
mod fields;
mod frame;
mod hello;
mod kind;
mod link;
mod pem;
mod role;
mod running;
mod tcp;
mod tls;

pub use beat::{BEAT_EVERY, Beat, SILENCE};
pub use error::{FrameError, HelloError, LinkError, PemError, RoleError, TlsError};
pub use frame::{Frame, HEADER_BYTES, MAX_PAYLOAD_BYTES, take_frame};
pub use hello::{HELLO_BYTES, Hello, MAX_PROCESSES, Node, Party, VERSIONS, Versions};
pub use kind::Kind;
pub use link::{HANDSHAKE_TIMEOUT, Link};
pub use pem::{read_certificates, read_key};
pub use role::{Purpose, Role};
pub use running::{LinkReceiver, LinkSender, QUEUE_FRAMES, Received};
pub use tcp::{Door, MAX_HANDSHAKES, NodeNow, connect};
pub use tls::{Tls, TlsFiles};
