//! The quarantine's JSON.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::{KeptLine, KeptReason};
use utoipa::ToSchema;

/// Rejected lines by reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuarantineReasons {
    /// Ascending by word.
    pub reasons: Vec<QuarantineReason>,
}

/// One reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuarantineReason {
    /// Its word.
    pub reason: String,
    /// Lines rejected for it, from the journal's beginning.
    #[schema(value_type = i64)]
    pub rejected: u64,
    /// Those of them that are kept.
    #[schema(value_type = i64)]
    pub lines: u64,
    /// Their bytes.
    #[schema(value_type = i64)]
    pub bytes: u64,
    /// Those that are being given again and have no outcome yet.
    #[schema(value_type = i64)]
    pub under_way: u64,
    /// Those that are kept and have become nothing yet, among them what is under way.
    #[schema(value_type = i64)]
    pub waiting: u64,
    /// When the oldest that is kept was received.
    #[schema(format = DateTime)]
    pub oldest: Option<String>,
    /// When the newest was.
    #[schema(format = DateTime)]
    pub newest: Option<String>,
}

impl QuarantineReasons {
    /// Joins what was counted and what is kept.
    pub(super) fn new(rejected: BTreeMap<String, u64>, kept: Vec<KeptReason>) -> Self {
        let mut reasons: BTreeMap<String, QuarantineReason> = BTreeMap::new();
        for (reason, rejected) in rejected {
            reasons.entry(reason).or_default().rejected = rejected;
        }
        for KeptReason { reason, lines, bytes, under_way, waiting, oldest, newest } in kept {
            let of = reasons.entry(reason).or_default();
            (of.lines, of.bytes, of.under_way, of.waiting) = (lines, bytes, under_way, waiting);
            (of.oldest, of.newest) = (Some(oldest.rfc3339()), Some(newest.rfc3339()));
        }
        let named = reasons.into_iter().map(|(reason, of)| QuarantineReason { reason, ..of });
        Self { reasons: named.collect() }
    }
}

/// A page of quarantined lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quarantine {
    /// The newest first.
    pub lines: Vec<QuarantineLine>,
    /// Where the next page begins, if there may be one: its `before`.
    #[schema(value_type = Option<i64>)]
    pub next_before: Option<u64>,
    /// In a cluster: the ingester whose journal they stand in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub journal: Option<String>,
    /// In a cluster: all ingesters that there are, for `journal`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub journals: Vec<String>,
}

impl Quarantine {
    pub(super) fn page(lines: Vec<KeptLine>, limit: u32, (journal, journals): (Option<String>, Vec<String>)) -> Self {
        let is_full = lines.len() >= limit as usize;
        let next_before = lines.last().filter(|_| is_full).map(|line| line.journal_offset);
        let lines = lines.into_iter().map(|line| QuarantineLine::of(&line)).collect();
        Self { lines, next_before, journal, journals }
    }
}

/// A quarantined line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuarantineLine {
    /// Where it stands in the journal, in bytes: what it is known by.
    #[schema(value_type = i64)]
    pub offset: u64,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// Why it could not be read.
    pub reason: String,
    /// Who sent it.
    pub source: String,
    /// The epoch it was received in.
    #[schema(value_type = i64)]
    pub epoch: Epoch,
    /// Its length in bytes.
    #[schema(value_type = i64)]
    pub bytes: u64,
    /// The line; what is no UTF-8 is replaced. On a page cut after 1,024 bytes.
    pub text: String,
    /// When it was last asked to be given again.
    #[schema(format = DateTime)]
    pub requested_at: Option<String>,
    /// What became of it then: `accepted`, `duplicate`, `system`, or why it could not be read again.
    pub outcome: Option<String>,
    /// The epoch in which it did.
    #[schema(value_type = Option<i64>)]
    pub outcome_epoch: Option<Epoch>,
}

impl QuarantineLine {
    fn of(line: &KeptLine) -> Self {
        Self {
            offset: line.journal_offset,
            received_at: line.received_at.rfc3339(),
            reason: line.reason.clone(),
            source: line.source.clone(),
            epoch: line.epoch,
            bytes: line.line_bytes,
            text: String::from_utf8_lossy(&line.line).into_owned(),
            requested_at: line.requested_at.map(UnixMillis::rfc3339),
            outcome: line.outcome.as_ref().map(|(word, _)| word.clone()),
            outcome_epoch: line.outcome.as_ref().map(|(_, epoch)| *epoch),
        }
    }
}

/// A quarantined line, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuarantineText {
    /// The line, its text not cut.
    #[serde(flatten)]
    pub line: QuarantineLine,
    /// Its bytes, verbatim, in Base64.
    #[schema(format = Byte)]
    pub base64: String,
}

impl From<KeptLine> for QuarantineText {
    fn from(line: KeptLine) -> Self {
        Self { line: QuarantineLine::of(&line), base64: BASE64.encode(&line.line) }
    }
}

/// Which lines to give again. Without `reason` and `offsets`: any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayRequest {
    /// Of this reason alone.
    #[schema(required = false)]
    pub reason: Option<String>,
    /// These alone.
    #[schema(required = false, value_type = Option<Vec<i64>>, max_items = 1_000)]
    pub offsets: Option<Vec<u64>>,
    /// Also those that were given before and could not be read then.
    #[schema(required = false)]
    pub again: bool,
    /// At most so many; and never more than 1 MiB.
    #[schema(required = false, value_type = Option<i32>, minimum = 1, maximum = 1_000)]
    pub limit: Option<u32>,
    /// In a cluster: of the journal of this ingester. It must be given where there are several.
    #[schema(required = false)]
    pub journal: Option<String>,
}

/// What was given again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Replayed {
    /// How many lines.
    #[schema(value_type = i64)]
    pub lines: u64,
    /// The epoch that holds the last of them, durable in the journal: outcomes stand when the store has it. In a cluster
    /// epochs of a journal are its own: what became of a line stands in its `outcome` alone.
    #[schema(value_type = Option<i64>)]
    pub epoch: Option<Epoch>,
}

/// Which lines to throw away; one of both must be given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscardRequest {
    /// Of this reason alone.
    #[schema(required = false)]
    pub reason: Option<String>,
    /// These alone.
    #[schema(required = false, value_type = Option<Vec<i64>>, max_items = 1_000)]
    pub offsets: Option<Vec<u64>>,
    /// In a cluster: of the journal of this ingester. It must be given where there are several.
    #[schema(required = false)]
    pub journal: Option<String>,
}

/// What was thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Discarded {
    /// How many lines.
    #[schema(value_type = i64)]
    pub lines: u64,
}
