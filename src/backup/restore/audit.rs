//! Holds what was restored against itself: documents by the audit's own code against the restored journal, open months' bills
//! the same way, the ledger and the escrow by the reconciliation's, stored lines against the journal's.

use super::verdict::Verdict;
use crate::audit::{Audited, Auditor};
use crate::backup::manifest::{Manifest, Reach};
use crate::check;
use crate::commands::blocking;
use crate::money::Money;
use anyhow::Context;
use std::path::Path;
use std::sync::Arc;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_schema::ids::Epoch;
use suiftly_schema::invoice::ExportedInvoice;
use suiftly_settlement::escrow::EMBEDDED;
use suiftly_store::config::StoreConfig;
use suiftly_store::maintenance::RAW_KEPT;
use suiftly_store::money::DOCUMENTS_MAX;

/// The epoch of a journal's first block.
const FIRST_EPOCH: Epoch = 1;
/// Lines of a journal that stored lines are compared with one by one: the identity of each is remembered.
const COMPARED_LINES_MAX: u64 = 20_000_000;

pub(super) async fn audit(
    journal: &Path,
    store: &StoreConfig,
    decode: &DecodeConfig,
    (manifest, reach): (&Manifest, Reach),
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let money = Money::to_read(store).await?;
    let auditor = Arc::new(Auditor::new(journal, decode));
    documents(&money, &auditor, reach, verdict).await?;
    drafts(&money, &auditor, reach, verdict).await?;
    books(&money, verdict).await?;
    if !manifest.has_records {
        verdict.note("lines are not compared: raw records are not in this backup".to_owned());
        return Ok(());
    }
    lines(journal, store, reach, verdict).await
}

/// Every closed invoice and note.
async fn documents(money: &Money, auditor: &Arc<Auditor>, reach: Reach, verdict: &mut Verdict) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    let mut before = None;
    loop {
        let page = money.store.invoices(None, None, before, DOCUMENTS_MAX).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for row in &page {
            let stored = money.store.invoice(&row.number).await?;
            let exported = stored.with_context(|| format!("there is no document {}", row.number))?.exported;
            tally.add(&row.number, held(auditor, exported).await?);
        }
    }
    tally.tell("closed invoices and notes are what the journal comes to", reach, verdict);
    Ok(())
}

/// Every bill of a month that is open: computed out of the restored database, and held against the journal.
async fn drafts(money: &Money, auditor: &Arc<Auditor>, reach: Reach, verdict: &mut Verdict) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    let mut after = 0;
    loop {
        let page = money.store.customers(after).await?;
        let Some(last) = page.last() else { break };
        after = last.customer_id.get();
        for customer in &page {
            for month in customer.months.iter().filter(|month| month.payable.is_none()) {
                let draft = money.settlement.draft_document(customer.customer_id, month.month).await?;
                let Some(draft) = draft else { continue };
                let name = format!("the bill of customer {} for {}", customer.customer_id.get(), month.month);
                tally.add(&name, held(auditor, draft.exported).await?);
            }
        }
    }
    tally.tell("bills of open months are what the journal comes to", reach, verdict);
    Ok(())
}

async fn held(auditor: &Arc<Auditor>, exported: ExportedInvoice) -> anyhow::Result<Audited> {
    let auditor = Arc::clone(auditor);
    blocking(move || anyhow::Ok(auditor.audit(&exported))).await
}

/// What became of many.
#[derive(Default)]
struct Tally {
    holds: u64,
    differences: Vec<String>,
    /// Those that could not be counted again.
    failed: Vec<String>,
}

impl Tally {
    fn add(&mut self, name: &str, audited: Audited) {
        match audited {
            Audited::Holds => self.holds += 1,
            Audited::Differs(says) => self.differences.push(format!("{name}: {says}")),
            Audited::Failed(says) => self.failed.push(format!("{name}: {says}")),
        }
    }

    fn tell(self, says: &str, reach: Reach, verdict: &mut Verdict) {
        let Self { holds, mut differences, failed } = self;
        if reach.first_epoch > FIRST_EPOCH && !failed.is_empty() {
            // Its oldest segments had been given up before the backup was made.
            verdict.note(format!("{} cannot be counted again, the journal begins later: {}", failed.len(), failed[0]));
        } else {
            differences.extend(failed);
        }
        verdict.step(differences.is_empty(), format!("{holds} {says}"), &differences);
    }
}

/// Ledger, what is kept beside it, and the escrow.
async fn books(money: &Money, verdict: &mut Verdict) -> anyhow::Result<()> {
    let ledger = money.settlement.ledger_check().await?;
    let found = ledger.differences.iter().map(|found| format!("the ledger: {found:?}")).collect::<Vec<_>>();
    verdict.step(ledger.count == 0, "the ledger agrees with everything that is kept beside it".to_owned(), &found);
    if money.store.escrows_used().await?.iter().any(|used| used != EMBEDDED) {
        // The chain has gone on since: what the database has not is what the next start mirrors.
        let said = "the escrow is not in this backup: once the server runs, `suiftly billing reconcile` compares it";
        verdict.note(said.to_owned());
        return Ok(());
    }
    let reconciled = money.settlement.reconcile().await?;
    let found = reconciled.findings.iter().map(|found| format!("{} {}: {}", found.check, found.of, found.difference));
    let (accounts, events) = (reconciled.accounts, reconciled.events);
    let said = format!("escrow, charges and ledger agree: {accounts} accounts, {events} events");
    verdict.step(reconciled.count == 0, said, &found.collect::<Vec<_>>());
    Ok(())
}

/// Line by line, where all lines of the journal are still stored.
async fn lines(journal: &Path, store: &StoreConfig, reach: Reach, verdict: &mut Verdict) -> anyhow::Result<()> {
    let segments = suiftly_ingest::journal::survey(journal, None)?;
    let count: u64 = segments.iter().map(|segment| segment.lines).sum();
    let first_cut_at = segments.iter().find_map(|segment| segment.first_cut_at);
    let is_young = first_cut_at.zip(reach.last_cut_at).is_none_or(|(first, last)| {
        u128::try_from(last.0.saturating_sub(first.0)).is_ok_and(|age_ms| age_ms < RAW_KEPT.as_millis())
    });
    if !is_young || reach.first_epoch > FIRST_EPOCH || count > COMPARED_LINES_MAX {
        verdict.note(format!(
            "{count} lines are not compared one by one: raw records are kept for two days, the journal longer"
        ));
        return Ok(());
    }
    let (figures, holds) = check::check(journal, store).await?;
    let said = format!("every line of the journal is stored once: {} lines", figures["distinct"]);
    verdict.step(holds, said, &[format!("stored lines are not the journal's: {figures}")]);
    Ok(())
}
