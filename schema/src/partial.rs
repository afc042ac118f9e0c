//! Partial sums: what an epoch's records add to each view, summed per key before the dataflow sees them. It is given
//! thousands of updates an epoch, not a million lines.

use crate::activity::{KeyActivity, KeyHour};
use crate::infra::{InfraSpanKey, InfraSums};
use crate::usage::{MinuteKey, Usage};

/// An epoch's partial sums, in no particular order; a key may come more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partials {
    /// Usage per minute.
    pub usage: Vec<(MinuteKey, Usage)>,
    /// Infra per minute.
    pub infra: Vec<(InfraSpanKey, InfraSums)>,
    /// What each API key did, by hour.
    pub keys: Vec<(KeyHour, KeyActivity)>,
}
