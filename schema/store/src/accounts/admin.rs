//! What operators see and do: customers, money, jobs, notifications, the vault, raw lines. Over connections that see
//! everybody's rows, by design: who may do what is decided before, by role.
//!
//! Each act is one transaction with its row in the activity log, or not at all.

mod acts;
mod customer;
mod customers;
mod formats;
mod lines;
mod marks;
mod money;
mod notes;
mod records;
mod running;
mod vault;
mod versions;

pub use acts::{ActRefused, StatusChange};
pub use customer::{
    ALERTS_SHOWN_MAX, AlertRow, CustomerDetail, CustomerProfile, KEYS_SHOWN_MAX, KeyRow, OpenSession,
    SESSIONS_SHOWN_MAX, ServiceRow,
};
pub use customers::{CUSTOMERS_PAGE_MAX, CustomerQuery, CustomerRow, NAMES_MAX};
pub use formats::{FormatRefused, FormatRow};
pub use lines::{SYSTEM_LINES_MAX, SystemLine, SystemPlace, SystemQuery};
pub use marks::Marks;
pub use money::Granted;
pub use notes::{CustomerNote, NOTE_CHARS_MAX};
pub use records::{
    RAW_DIMENSIONS_MAX, RAW_GROUPS_MAX, RAW_RECORDS_MAX, RAW_SPAN_MAX_MS, RawDimension, RawFilter, RawGroup,
    RawGroupSums, RawPart, RawPlace, RawQuery, RawRecord, RawSummary, RawSummaryQuery,
};
pub use running::{JobStand, RunQuery};
pub use vault::{VAULT_PAGE_MAX, VaultAccess, VaultGrant, VaultPlace, VaultQuery};
pub use versions::{VERSIONS_KEPT, VERSIONS_PAGE_MAX, VaultControl, VaultFreeze, VersionPlace, VersionRow};
