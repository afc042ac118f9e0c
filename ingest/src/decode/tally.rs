//! What became of frames: counts, and the bounded samples of what could not be read.

use super::Decoded;
use crate::block::Frame;
use crate::reject::Reject;
use suiftly_schema::{
    loss::LineCounts,
    quarantine::{MAX_QUARANTINED_PER_EPOCH, MAX_QUARANTINED_PER_REASON, QuarantinedLine},
};

/// How many frames became what, without allocating per frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    received: u64,
    accepted: u64,
    second_home: u64,
    duplicates: u64,
    system: u64,
    rejected: [u64; Reject::ALL.len()],
}

impl Tally {
    #[inline]
    pub(crate) fn count(&mut self, decoded: &Decoded<'_>) {
        self.received += 1;
        match decoded {
            Decoded::Accepted(..) => self.accepted += 1,
            Decoded::SecondHome => self.second_home += 1,
            Decoded::Duplicate => self.duplicates += 1,
            Decoded::System(_) => self.system += 1,
            Decoded::Rejected(reject) => self.rejected[reject.index()] += 1,
        }
    }

    /// The counts, with the reasons that occurred.
    pub(crate) fn into_counts(self) -> LineCounts {
        let occurred = Reject::ALL.into_iter().zip(self.rejected).filter(|(_, count)| *count > 0);
        LineCounts {
            received: self.received,
            accepted: self.accepted,
            second_home: self.second_home,
            duplicates: self.duplicates,
            system: self.system,
            rejected: occurred.map(|(reject, count)| (reject.word().to_owned(), count)).collect(),
        }
    }
}

/// The first rejected frames of an epoch, in their order, within the bounds of [`suiftly_schema::quarantine`].
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    lines: Vec<QuarantinedLine>,
    of_reason: [usize; Reject::ALL.len()],
}

impl Quarantine {
    #[cold]
    pub(super) fn take(&mut self, frame: &Frame<'_>, journal_no: u16, reject: Reject) {
        let of_reason = &mut self.of_reason[reject.index()];
        if self.lines.len() == MAX_QUARANTINED_PER_EPOCH || *of_reason == MAX_QUARANTINED_PER_REASON {
            return;
        }
        *of_reason += 1;
        self.lines.push(QuarantinedLine {
            journal_no,
            journal_offset: frame.offset,
            received_at: frame.received_at,
            reason: reject.word(),
            source: frame.source.to_string(),
            line: frame.bytes.to_vec(),
        });
    }

    pub(super) fn into_lines(self) -> Vec<QuarantinedLine> {
        self.lines
    }
}
