//! What the frames of an epoch became, on their way into a batch.

use super::sums::PartialSums;
use super::tally::{Quarantine, Tally};
use super::terms::{Origin, Terms};
use super::{Decoded, MAX_SYSTEM_MESSAGE_BYTES};
use crate::block::Frame;
use crate::syslog::SyslogLine;
use suiftly_schema::batch::{Batch, SystemMessage};
use suiftly_schema::ids::Epoch;
use suiftly_schema::partial::Partials;
use suiftly_schema::quarantine::Requeued;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;

/// An epoch's frames so far.
#[derive(Debug)]
pub(super) struct Gathered {
    tally: Tally,
    quarantine: Quarantine,
    records: Vec<Record>,
    record_journals: Vec<(u16, u32)>,
    /// Which of the records are for the sums alone, in order.
    for_sums: Vec<usize>,
    system: Vec<SystemMessage>,
    requeued: Vec<Requeued>,
    oldest_received_at: UnixMillis,
}

impl Gathered {
    /// Nothing yet of an epoch with this clock, and room for so many records.
    pub(super) fn new(cut_at: UnixMillis, records: usize) -> Self {
        Self {
            tally: Tally::default(),
            quarantine: Quarantine::default(),
            records: Vec::with_capacity(records),
            record_journals: Vec::new(),
            for_sums: Vec::new(),
            system: Vec::new(),
            requeued: Vec::new(),
            oldest_received_at: cut_at,
        }
    }

    /// Something was received then.
    #[inline]
    pub(super) fn meet(&mut self, received_at: UnixMillis) {
        self.oldest_received_at = self.oldest_received_at.min(received_at);
    }

    /// Takes what a frame of this journal became.
    #[inline]
    pub(super) fn take(
        &mut self,
        frame: &Frame<'_>,
        journal_no: u16,
        terms: &Terms<'_>,
        decoded: Decoded<'_>,
        sums: &mut PartialSums,
    ) {
        self.tally.count(&decoded);
        if let Origin::Quarantine { offset } = terms.origin {
            self.requeued.push(Requeued { journal_no, journal_offset: offset, outcome: decoded.word() });
        }
        match decoded {
            Decoded::Accepted(record, _) => {
                self.push(record, frame.offset, sums);
                if journal_no != 0 {
                    self.count_record_of(journal_no);
                }
            }
            Decoded::System(line) => self.system.push(system_message(&line, terms, frame.received_at)),
            Decoded::Rejected(reject) if !matches!(terms.origin, Origin::Quarantine { .. }) => {
                self.quarantine.take(frame, journal_no, reject);
            }
            Decoded::SecondHome | Decoded::Duplicate | Decoded::Rejected(_) => {}
        }
    }

    /// The same where all that is stored of the frame was stored before: others may lack its part of their sums.
    pub(super) fn take_for_sums(&mut self, frame: &Frame<'_>, decoded: &Decoded<'_>, sums: &mut PartialSums) {
        if let Decoded::Accepted(record, _) = decoded {
            self.for_sums.push(self.records.len());
            self.push(*record, frame.offset, sums);
        }
    }

    /// What is summed.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// The batch of this epoch, with this clock and end in its journal; without reference changes, windows and streams.
    pub(super) fn into_batch(
        self,
        (epoch, cut_at, journal_end): (Epoch, UnixMillis, u64),
        partials: Partials,
    ) -> Batch {
        let mut records = self.records;
        if !self.for_sums.is_empty() {
            let (mut for_sums, mut at) = (self.for_sums.into_iter().peekable(), 0..);
            records.retain(|_| {
                let at = at.next();
                for_sums.next_if(|next| Some(*next) == at).is_none()
            });
        }
        Batch {
            epoch,
            cut_at,
            journal_end,
            oldest_received_at: self.oldest_received_at,
            records,
            record_journals: self.record_journals,
            partials,
            reference: Vec::new(),
            windows: Vec::new(),
            folded: Vec::new(),
            streams: Vec::new(),
            ended: Vec::new(),
            system: self.system,
            quarantined: self.quarantine.into_lines(),
            requeued: self.requeued,
            counts: self.tally.into_counts(),
        }
    }

    #[inline]
    fn push(&mut self, mut record: Record, offset: u64, sums: &mut PartialSums) {
        record.journal_offset = offset;
        sums.note(&record);
        self.records.push(record);
    }

    fn count_record_of(&mut self, journal_no: u16) {
        match self.record_journals.last_mut() {
            Some((no, records)) if *no == journal_no => *records += 1,
            _ => self.record_journals.push((journal_no, 1)),
        }
    }
}

/// A date that is far off is not believed: it would be kept, and be in the way, for as long.
fn system_message(line: &SyslogLine<'_>, terms: &Terms<'_>, received_at: UnixMillis) -> SystemMessage {
    let cut = &line.body[..line.body.len().min(MAX_SYSTEM_MESSAGE_BYTES)];
    let mut message = String::from_utf8_lossy(cut).into_owned();
    message.truncate(message.floor_char_boundary(MAX_SYSTEM_MESSAGE_BYTES));
    let believed = |at: &UnixMillis| terms.time_window.is_none_or(|window| window.holds(*at, received_at));
    let timestamp = line.timestamp().filter(believed).unwrap_or(received_at);
    SystemMessage { timestamp, server_id: terms.server(), message }
}
