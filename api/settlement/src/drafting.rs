//! The draft of a month that is open: its bill as of now, by the same function that closes it.

use crate::document::InvoiceDocument;
use crate::{Settlement, SettlementError};
use suiftly_schema::bill::{Bill, BillInputs};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// What was paid for a month so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Drawn.
    pub charged: MicroUsd,
    /// In flight.
    pub in_flight: MicroUsd,
    /// Credits used.
    pub credited: MicroUsd,
    /// What is neither; below zero if corrections came after it was drawn.
    pub due: MicroUsd,
}

/// A month's bill as of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// When it was computed.
    pub at: UnixMillis,
    /// What decides it: everything that is in the store, as of its watermarks.
    pub inputs: BillInputs,
    /// What they come to.
    pub bill: Bill,
    /// What is paid of it.
    pub standing: Standing,
}

impl Settlement {
    /// The draft of a customer's month; `None` if the month is closed, or there is no such customer. What the limit would
    /// waive is told, though nothing is waived before the close; and what is carried in is known once the month before is
    /// closed.
    pub async fn draft(&self, customer: CustomerId, month: BillingMonth) -> Result<Option<Draft>, SettlementError> {
        let Some(case) = self.store.open_month(customer, month).await? else { return Ok(None) };
        let bill = case.inputs.bill();
        let due = bill.payable - case.charged - case.in_flight - case.credits;
        let standing = Standing { charged: case.charged, in_flight: case.in_flight, credited: case.credits, due };
        Ok(Some(Draft { at: self.clock.now(), inputs: case.inputs, bill, standing }))
    }

    /// A draft as a document: no number, and final in nothing.
    pub async fn draft_document(
        &self,
        customer: CustomerId,
        month: BillingMonth,
    ) -> Result<Option<InvoiceDocument>, SettlementError> {
        let Some(draft) = self.draft(customer, month).await? else { return Ok(None) };
        let Some((billed_to, paid)) = self.store.payments(customer, month).await? else { return Ok(None) };
        Ok(Some(InvoiceDocument::draft(draft, billed_to, &paid)))
    }

    /// A document by its number, to be shown or handed out.
    pub async fn document(&self, number: &str) -> Result<Option<InvoiceDocument>, SettlementError> {
        Ok(self.store.invoice(number).await?.map(InvoiceDocument::of))
    }
}
