//! What-if: what a month would have cost each customer by another price book, on the usage that there is.

use crate::{Settlement, SettlementError};
use suiftly_schema::price::{PriceBook, WhatIf, what_if};
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// The answer, and which book it is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIfAnswer {
    /// The version of the book that was, or is, in force at the month's end, as far as it has come.
    pub before_version: u32,
    /// The month.
    pub month: BillingMonth,
    /// Who would pay what.
    pub what_if: WhatIf,
}

impl Settlement {
    /// What a month's usage, and the subscriptions that are in force now for a whole month, would cost by `book`, beside the
    /// book in force at the month's end, or now if that is earlier. Nothing is changed or published. A book that bills other
    /// requests is refused: what is stored counts those that were billed.
    pub async fn what_if(
        &self,
        book: &PriceBook,
        month: BillingMonth,
        now: UnixMillis,
    ) -> Result<WhatIfAnswer, SettlementError> {
        let books = self.store.price_books().await?;
        let before = books.in_force(now.min(month.end().plus_ms(-1)));
        if before.billable != book.billable {
            return Err(SettlementError::OtherRule { version: before.version });
        }
        let customers = self.store.customer_months(month).await?;
        Ok(WhatIfAnswer { before_version: before.version, month, what_if: what_if(before, book, customers) })
    }
}
