//! Suiftly's ingest: listener, frame, syslog, HAProxy, dedup, journal, batch. The only sockets for logs.
//!
//! ```text
//! UDP, TCP, TLS, Unix ── listener ── frame ──▶ sequencer ──▶ block ──▶ journal (written, synced in groups)
//!                                                 │                        │ durable
//!                                                 └──▶ decode ──▶ batch ───┴──▶ the caller's queue
//!                                  journal's tail ────────▲  syslog · haproxy · dedup · sums per minute
//! ```
//!
//! [`live`] puts it together. The [`listener`] cuts frames out of what its sockets deliver ([`frame`]) and hands them,
//! in chunks, to the sequencer, which alone decides their order and cuts them into blocks ([`block`]): one block is one
//! epoch. The [`journal`] puts blocks on the disk while [`decode`] turns the same block into a batch ([`syslog`] reads
//! the header, [`haproxy`] the body, [`dedup`] drops what came before). A batch leaves only when its block is durable,
//! in the order of epochs, so everything behind ingest can be made again from the journal. A start reads its sockets at
//! once and decodes the journal's tail after the caller's watermark meanwhile; [`replay`] runs files through the same decoder
//! without a journal; [`audit`] counts a journal again, [`proof`] makes it provable; [`simulate`] makes traffic.
//! In a cluster [`ship`] brings the lines of each journal to the processes that have their shards.
//!
//! Between any two stages stands a queue with a bound. When the disk is slow the queues fill backwards until TCP
//! connections are not read any more; UDP then overflows in the kernel, which is counted. When the caller is slow, decoding
//! falls behind the journal and goes on there: no sender waits for it.

pub mod audit;
pub mod binding;
pub mod block;
mod calendar;
mod clock;
pub mod counters;
pub mod decode;
pub mod dedup;
pub mod error;
pub mod frame;
pub mod hand_in;
pub mod haproxy;
pub mod journal;
pub mod listener;
pub mod live;
pub mod order;
pub mod proof;
mod rate;
pub mod reject;
pub mod replay;
mod sequencer;
pub mod ship;
pub mod simulate;
pub mod source;
pub mod stats;
pub mod syslog;
pub mod tail;
