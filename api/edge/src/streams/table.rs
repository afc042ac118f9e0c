//! HAProxy's table of what is under way, as `haproxy.cfg` keeps it: a key of what the answer's line will say, and its bytes so far.

use super::line::Name;
use crate::EdgeError;
use crate::runtime::RuntimeSocket;
use suiftly_schema::time::UnixMillis;

/// The stick table.
pub const OPEN_TABLE: &str = "open";
/// Its counter.
const BYTES: &str = "bytes_out_cnt";

/// What a worker has under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The worker's birth.
    pub boot: UnixMillis,
    /// Its answers.
    pub rows: Vec<OpenRow>,
}

/// An answer that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRow {
    /// Which of the worker's requests.
    pub rt: u32,
    /// The key.
    pub name: String,
    /// Its bytes to the client so far.
    pub bytes: u64,
}

impl Open {
    /// Asks HAProxy: its birth and the table, both of one worker. What cannot be read is no answer of `haproxy.cfg`'s.
    pub fn read(runtime: &RuntimeSocket) -> Result<Self, EdgeError> {
        let mut session = runtime.open()?;
        let (boot, mut rows) = (session.boot()?, Vec::new());
        session.rows_above_zero(OPEN_TABLE, BYTES, |row| {
            if row.uses > 0
                && let (Some(name), Some(bytes)) = (Name::of(&row.key), row.counter(BYTES))
            {
                rows.push(OpenRow { rt: name.rt, name: row.key, bytes });
            }
        })?;
        Ok(Self { boot, rows })
    }
}
