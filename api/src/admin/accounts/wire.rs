//! Accounts over the wire.

mod acts;
mod money;
mod parts;

pub use acts::{
    CreditGranted, CreditRequest, CustomerStatus, KeyRevoked, LimitRequest, LimitSet, SessionsRevoked, SuspendRequest,
};
pub use money::{CustomerMonth, MoneyView, StatementBalances, StatementRow, StatementView};
pub use parts::{CustomerAlert, CustomerKey, CustomerService, CustomerSession, Profile};

use super::super::audit::ActivityItem;
use super::super::invoices::InvoiceItem;
use super::super::notices::NoticeItem;
use super::note::NoteView;
use serde::Serialize;
use suiftly_store::accounts::admin::CustomerRow;
use utoipa::ToSchema;

/// A page of customers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerPage {
    /// By id.
    pub items: Vec<CustomerItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A customer in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerItem {
    /// Who.
    pub customer_id: i64,
    /// Their name.
    pub display_name: String,
    /// Where alerts go.
    pub alert_email: Option<String>,
    /// Their wallet.
    pub wallet_address: String,
    /// What an operator says: `active`, `suspended`, `closed`.
    pub status: String,
    /// Whether they may be served: `active`, `monthly_limit`, `insufficient_balance`, `suspended`, `closed`; null before
    /// the spend view has heard of them.
    pub state: Option<String>,
    /// In escrow.
    pub balance_usd_cents: i64,
    /// What a month may be charged; 0 is no limit.
    pub max_monthly_usd_cents: i64,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl From<CustomerRow> for CustomerItem {
    fn from(row: CustomerRow) -> Self {
        Self {
            customer_id: row.customer_id.get(),
            display_name: row.display_name,
            alert_email: row.alert_email,
            wallet_address: row.wallet_address,
            status: row.status,
            state: row.state,
            balance_usd_cents: row.balance_usd_cents,
            max_monthly_usd_cents: row.max_monthly_usd_cents,
            created_at: row.created_at.rfc3339(),
        }
    }
}

/// A customer from all sides.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerView {
    /// Who.
    pub customer_id: i64,
    /// Who they are.
    pub profile: Profile,
    /// Where their money stands.
    pub money: MoneyView,
    /// By service.
    pub services: Vec<CustomerService>,
    /// The newest first, deleted ones too.
    pub keys: Vec<CustomerKey>,
    /// Those that can still be used.
    pub sessions: Vec<CustomerSession>,
    /// By number.
    pub alerts: Vec<CustomerAlert>,
    /// The latest.
    pub invoices: Vec<InvoiceItem>,
    /// The latest.
    pub activity: Vec<ActivityItem>,
    /// The latest that were for them.
    pub notifications: Vec<NoticeItem>,
    /// What operators keep of them; null: nothing. The customer is never shown it.
    pub note: Option<NoteView>,
}
