//! What each API key did: view 7 of SPEC §5. Keys join on (customer, fingerprint); the fingerprint alone collides.

use crate::ids::CustomerId;
use crate::record::Record;
use crate::time::UnixMillis;
use crate::usage::TrafficClass;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// A key as lines name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyRef {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which of theirs; never 0, which is none.
    pub api_key_fp: u32,
}

impl KeyRef {
    /// The key that a record was made with, if it names one.
    pub fn of(record: &Record) -> Option<Self> {
        let customer_id = record.customer_id.filter(|_| record.api_key_fp != 0)?;
        Some(Self { customer_id, api_key_fp: record.api_key_fp })
    }
}

/// A key within one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyHour {
    /// Which key.
    pub key: KeyRef,
    /// The hour's first instant.
    pub hour: UnixMillis,
}

impl KeyHour {
    /// The key that a record was made with, if it names one, and the hour in which.
    pub fn of(record: &Record) -> Option<Self> {
        Some(Self { key: KeyRef::of(record)?, hour: record.timestamp.hour() })
    }
}

/// What a key did within some span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyCounts {
    /// Requests made with it.
    pub requests: i64,
    /// Of them, client and server errors and rejections.
    pub errors: i64,
}

impl From<&KeyActivity> for KeyCounts {
    fn from(did: &KeyActivity) -> Self {
        Self { requests: did.requests, errors: did.errors }
    }
}

impl AddAssign<&Self> for KeyCounts {
    fn add_assign(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
    }
}

/// What a key did. Counts add; the last use only moves forward, also under corrections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyActivity {
    /// Requests made with it.
    pub requests: i64,
    /// Of them, client and server errors and rejections.
    pub errors: i64,
    /// The latest request's instant.
    pub last_used_at: UnixMillis,
}

impl KeyActivity {
    /// What a record adds.
    pub const fn of(record: &Record) -> Self {
        let repeat = record.repeat as i64;
        let errors = match TrafficClass::of(record.traffic_type, record.status_code) {
            TrafficClass::Rejected | TrafficClass::ClientError | TrafficClass::ServerError => repeat,
            TrafficClass::Guaranteed | TrafficClass::Burst | TrafficClass::Other => 0,
        };
        Self { requests: repeat, errors, last_used_at: record.timestamp }
    }
}

impl AddAssign<&Self> for KeyActivity {
    fn add_assign(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.errors = self.errors.saturating_add(other.errors);
        self.last_used_at = self.last_used_at.max(other.last_used_at);
    }
}
