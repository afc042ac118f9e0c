//! Everything that is held about a customer, as NDJSON: a row a line, section after section, a page at a time.

use crate::app::App;
use crate::customer::download::{self, Pieces};
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Customer;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use suiftly_schema::ids::CustomerId;
use suiftly_store::accounts::{AccountStore, EXPORT_SECTIONS, ExportPlace};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The form of what is exported, for whoever reads it.
const FORMAT: u32 = 1;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export))
}

/// Everything that is held about the account.
///
/// NDJSON: each line is `{"section": …, "row": {…}}`. The first section is `export` (format and time), the last is `end`
/// with the number of rows between: what does not end so is not whole. Sections: `account`, `services`, `api_keys`,
/// `seal_keys`, `seal_packages`, `sessions`, `alerts`, `webhooks`, `deliveries`, `subscription_items`, `billing_months`,
/// `invoices`, `charges`, `ledger`, `transactions`, `withdrawals`, `usage_by_hour`, `rated`, `key_activity`, `activity`,
/// `notifications`. Keys and secrets themselves are not in it. Each page stands at its own moment.
#[utoipa::path(get, path = "/account/export", operation_id = "export_account", tag = "account", responses(
    (status = 200, description = "A row a line", body = String, content_type = "application/x-ndjson"),
    GuardedProblems,
))]
async fn export(State(app): State<App>, customer: Customer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let now = app.parts.accounts.settlement.now().rfc3339();
    let head = serde_json::json!({"section": "export", "row": {"format": FORMAT, "exported_at": now}});
    let rows = Rows {
        store: app.parts.accounts.store.clone(),
        customer: customer.id,
        head: Some(format!("{head}\n")),
        section: 0,
        after: None,
        rows: 0,
        is_ended: false,
    };
    let name = format!("suiftly-account-{}.ndjson", now.get(..10).unwrap_or_default());
    download::begin(&app, rows, "application/x-ndjson", &name).await
}

/// The rows that are left.
struct Rows {
    store: AccountStore,
    customer: CustomerId,
    head: Option<String>,
    section: usize,
    after: Option<ExportPlace>,
    rows: u64,
    is_ended: bool,
}

impl Pieces for Rows {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let mut out = self.head.take().unwrap_or_default();
        while out.is_empty() || self.rows == 0 {
            let Some(section) = EXPORT_SECTIONS.get(self.section) else {
                if !std::mem::replace(&mut self.is_ended, true) {
                    out += &format!("{{\"section\":\"end\",\"row\":{{\"rows\":{}}}}}\n", self.rows);
                }
                break;
            };
            let page = self.store.export_page(self.customer, section, self.after.as_ref()).await?;
            self.rows += page.rows.len() as u64;
            for row in &page.rows {
                out += &format!("{{\"section\":\"{}\",\"row\":{row}}}\n", section.name());
            }
            self.section += usize::from(page.next.is_none());
            self.after = page.next;
        }
        Ok(Some(out).filter(|out| !out.is_empty()).map(Bytes::from))
    }
}
