//! Decoding for those who only count: the same steps, without the batch.

use super::{Decoded, Decoder, Origin, TermsOfSources, decoded, take_change};
use crate::block::{Block, Frame};
use crate::haproxy::sf1;
use crate::syslog::{self, repeated};
use suiftly_schema::{record::Record, reference::ReferenceChange};

/// What a frame gave that counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Visited<'a> {
    /// A line was accepted, which came in this frame. The record's `journal_offset` is 0.
    Record(Record, Frame<'a>),
    /// A reference change that was not seen before.
    Change(ReferenceChange),
}

/// What the gateway called the request, out of the frame of a line that was accepted. Only the gateway's own format says
/// so where it is looked for.
pub fn request_id<'a>(frame: &Frame<'a>) -> Option<&'a [u8]> {
    let line = syslog::parse(frame.bytes, frame.received_at).ok()?;
    let body = repeated::parse(line.body).map_or(Ok(line.body), |repeated| repeated.map(|repeated| repeated.body));
    sf1::request_id(body.ok()?)
}

impl Decoder {
    /// Reads a block as [`Decoder::decode`] does, and gives what it accepts to `each`, in order, instead of a batch.
    /// Blocks must come in the order of their epochs, each once. What is billed is for whoever counts to say.
    pub fn visit<'b>(&mut self, block: &'b Block, mut each: impl FnMut(Visited<'b>)) {
        self.begin_epoch(block.epoch, block.cut_at);
        let Self { config, dedup, streams, published, reference_seq, .. } = self;
        let mut sources = TermsOfSources::new(config);
        let mut changes = Vec::new();
        for frame in block.frames() {
            let terms = sources.of(&frame.source);
            if terms.origin == Origin::Outbox && take_change(frame.bytes, reference_seq, &mut changes) {
                for change in changes.drain(..) {
                    published.learn(&change.entity);
                    each(Visited::Change(change));
                }
                continue;
            }
            let decoded = decoded(terms, published, dedup, streams, frame.bytes, frame.received_at);
            if let Decoded::Accepted(record, _) = decoded {
                each(Visited::Record(record, frame));
            }
        }
    }

    /// The same for who looks at every line, and not only at what counts: each with what it became.
    pub fn inspect(&mut self, block: &Block, mut each: impl FnMut(&Frame<'_>, &Decoded<'_>)) {
        self.begin_epoch(block.epoch, block.cut_at);
        let Self { config, dedup, streams, published, reference_seq, .. } = self;
        let mut sources = TermsOfSources::new(config);
        let mut changes = Vec::new();
        for frame in block.frames() {
            let terms = sources.of(&frame.source);
            if terms.origin == Origin::Outbox && take_change(frame.bytes, reference_seq, &mut changes) {
                changes.drain(..).for_each(|change: ReferenceChange| published.learn(&change.entity));
                continue;
            }
            each(&frame, &decoded(terms, published, dedup, streams, frame.bytes, frame.received_at));
        }
    }
}
