//! Counted records, over the wire.

use serde::Serialize;
use suiftly_store::accounts::admin::{RawGroup, RawGroupSums};
use utoipa::ToSchema;

/// Records, counted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordSummary {
    /// The first instant.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after it.
    #[schema(format = DateTime)]
    pub to: String,
    /// Requests.
    pub requests: i64,
    /// Customers whose requests they are.
    #[schema(value_type = i64)]
    pub customers: usize,
    /// What the requests that ended in a server error, and were not billed for it, would have cost by the book in force:
    /// each customer's of a service by themselves.
    pub not_billed_micro_usd: i64,
    /// Those with the most requests first.
    pub groups: Vec<RecordGroup>,
    /// Groups with fewer requests than these.
    pub groups_left_out: i64,
}

/// Records of one group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordGroup {
    /// Which.
    pub group: RecordLabels,
    /// Requests.
    pub requests: i64,
    /// When the first began.
    #[schema(format = DateTime)]
    pub first_at: String,
    /// When the last began.
    #[schema(format = DateTime)]
    pub last_at: String,
}

/// What a group is of: the dimensions of `group_by`, and none else. `null` is the unknown.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct RecordLabels {
    /// The gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, required = false)]
    pub server_id: Option<Option<i16>>,
    /// The backend: 0 none, 1–9 local, 10–19 backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub backend_id: Option<i16>,
    /// HTTP status; −1 when the client left before one was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub status_code: Option<i16>,
    /// The event: 0 is success.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub event_type: Option<i16>,
    /// HAProxy's termination state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub termination_state: Option<String>,
    /// Whose key it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, required = false)]
    pub customer_id: Option<Option<i64>>,
    /// The key's fingerprint; 0 = none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub api_key_fp: Option<i64>,
}

impl From<RawGroup> for RecordLabels {
    fn from(group: RawGroup) -> Self {
        let RawGroup { server_id, backend_id, status_code, event_type, termination_state, customer_id, api_key_fp } =
            group;
        Self { server_id, backend_id, status_code, event_type, termination_state, customer_id, api_key_fp }
    }
}

impl From<RawGroupSums> for RecordGroup {
    fn from(sums: RawGroupSums) -> Self {
        Self {
            group: sums.group.into(),
            requests: sums.requests,
            first_at: sums.first_at.rfc3339(),
            last_at: sums.last_at.rfc3339(),
        }
    }
}
