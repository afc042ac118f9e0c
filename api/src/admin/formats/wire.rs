//! Published formats over the wire, and what one makes of lines.

use crate::admin::tail::RecordLine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_store::accounts::admin::FormatRow;
use utoipa::ToSchema;

/// Published formats.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FormatList {
    /// Those in force first, in the order in which lines are tried.
    pub items: Vec<FormatItem>,
}

/// A published format.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FormatItem {
    /// What operators call it.
    pub name: String,
    /// The string as it stands in haproxy.cfg, or `httplog`, `httpslog`, `tcplog` for the stock ones.
    pub log_format: String,
    /// Which field says what: `customer` from `hr[1]`.
    pub attribution: BTreeMap<String, String>,
    /// `in_force`, `retired`.
    pub state: &'static str,
    /// When it was published as it is.
    #[schema(format = DateTime)]
    pub published_at: String,
    /// By whom.
    pub published_by: String,
}

impl From<FormatRow> for FormatItem {
    fn from(row: FormatRow) -> Self {
        Self {
            name: row.name,
            log_format: row.log_format,
            attribution: row.attribution,
            state: if row.is_in_force { "in_force" } else { "retired" },
            published_at: row.published_at.rfc3339(),
            published_by: row.published_by,
        }
    }
}

/// A format to publish.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormatRequest {
    /// The string as it stands in haproxy.cfg, or `httplog`, `httpslog`, `tcplog` for the stock ones.
    #[schema(min_length = 1, max_length = 8_192)]
    pub log_format: String,
    /// Which field says what: `customer`, `key`, `key_metadata`, `service`, `network`, `server`, `frontend`, `traffic`,
    /// `event`, `config`, `client`, `path`, `began`, `boot`, `seq`; each from a field's name, a capture (`hr[1]`), or
    /// always the same (`=seal`).
    #[serde(default)]
    #[schema(required = false)]
    pub attribution: BTreeMap<String, String>,
}

/// A format to try, and on which quarantined lines: those at `offsets`, or the newest of a `reason` that have not become
/// anything. Without either the format alone is looked at.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryFormatRequest {
    /// The string as it stands in haproxy.cfg, or `httplog`, `httpslog`, `tcplog` for the stock ones.
    #[schema(min_length = 1, max_length = 8_192)]
    pub log_format: String,
    /// Which field says what, as it would be published.
    #[serde(default)]
    #[schema(required = false)]
    pub attribution: BTreeMap<String, String>,
    /// Where the lines stand in the journal. One that is not in the quarantine is left out.
    #[schema(required = false, value_type = Option<Vec<i64>>, max_items = 100)]
    pub offsets: Option<Vec<u64>>,
    /// Lines of this reason.
    #[schema(required = false, pattern = "^[a-z0-9_]{1,64}$")]
    pub reason: Option<String>,
    /// At most so many of the reason. Default 20.
    #[schema(required = false, minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    /// In a cluster: lines of this ingester's journal; without it of the first journal that has any.
    #[schema(required = false)]
    pub journal: Option<String>,
}

/// What a format makes of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct TryFormatView {
    /// Why the format cannot be used; then no line was tried.
    pub error: Option<FormatError>,
    /// What may go wrong with lines of it, in the order of the string.
    pub warnings: Vec<FormatWarning>,
    /// What an attribution may name. Captured headers are counted by the lines.
    pub fields: Vec<String>,
    /// The lines, in the order they were asked for; of a reason the newest first.
    pub lines: Vec<TriedLine>,
    /// How many it reads.
    #[schema(value_type = i64)]
    pub read: usize,
    /// How many it does not.
    #[schema(value_type = i64)]
    pub failed: usize,
}

/// Why a format cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormatError {
    /// `log_format`, or the entry that is wrong: `attribution.customer`.
    pub field: String,
    /// The character of `log_format`, counted from 1; of an entry it says nothing and is 1.
    #[schema(value_type = i64)]
    pub position: usize,
    /// What is wrong.
    pub message: String,
}

/// Something that may go wrong with lines of a format that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FormatWarning {
    /// The character of `log_format`, counted from 1.
    #[schema(value_type = i64)]
    pub position: usize,
    /// What may happen, and what would prevent it.
    pub text: String,
}

/// A line, and what the format makes of it: a record or a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TriedLine {
    /// Where it stands in the journal, in bytes: what it is known by.
    #[schema(value_type = i64)]
    pub offset: u64,
    /// The line, whole; what is no UTF-8 is replaced.
    pub text: String,
    /// The request that it would be.
    pub record: Option<RecordLine>,
    /// Why it cannot be read, and at which character.
    pub problem: Option<String>,
    /// The character of `text` where it stops fitting, counted from 1; null where no place is to blame.
    #[schema(value_type = Option<i64>)]
    pub stops_at: Option<usize>,
}
