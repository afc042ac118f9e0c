//! What operators see and do: customers, money, jobs, notifications, the vault, raw lines. Over connections that see
//! everybody's rows, by design: who may do what is decided before, by role.
//!
//! Each act is one transaction with its row in the activity log, or not at all.

mod acts;
mod customer;
mod customers;
mod lines;
mod money;
mod records;
mod running;
mod vault;

pub use acts::{ActRefused, StatusChange};
pub use customer::{
    ALERTS_SHOWN_MAX, AlertRow, CustomerDetail, CustomerProfile, KEYS_SHOWN_MAX, KeyRow, OpenSession,
    SESSIONS_SHOWN_MAX, ServiceRow,
};
pub use customers::{CUSTOMERS_PAGE_MAX, CustomerQuery, CustomerRow};
pub use lines::{SYSTEM_LINES_MAX, SystemLine, SystemPlace, SystemQuery};
pub use money::Granted;
pub use records::{RAW_RECORDS_MAX, RAW_SPAN_MAX_MS, RawPlace, RawQuery};
pub use running::{JobStand, RunQuery};
pub use vault::{VAULT_PAGE_MAX, VaultAccess, VaultGrant, VaultPlace, VaultQuery};
