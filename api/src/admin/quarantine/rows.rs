//! What the quarantine's routes ask of the store. The trait is the seam at which tests answer from memory; [`Reader`]
//! is the real one.

use futures::future::BoxFuture;
use std::sync::Arc;
use suiftly_schema::quarantine::GivenLine;
use suiftly_store::StoreError;
use suiftly_store::accounts::Act;
use suiftly_store::reader::{KeptLine, KeptReason, LineJournal, QuarantineQuery, QuarantineSelection, Reader};

/// The store's quarantine.
pub trait QuarantineRows: Send + Sync + 'static {
    /// As [`Reader::line_journals`].
    fn journals(&self) -> BoxFuture<'_, Result<Vec<LineJournal>, StoreError>>;

    /// As [`Reader::of_journal`].
    fn of_journal(&self, journal_id: &str) -> Arc<dyn QuarantineRows>;

    /// As [`Reader::quarantine_reasons`].
    fn reasons(&self) -> BoxFuture<'_, Result<Vec<KeptReason>, StoreError>>;

    /// As [`Reader::quarantine_page`].
    fn page<'a>(&'a self, query: &'a QuarantineQuery) -> BoxFuture<'a, Result<Vec<KeptLine>, StoreError>>;

    /// As [`Reader::quarantined`].
    fn line(&self, journal_offset: u64) -> BoxFuture<'_, Result<Option<KeptLine>, StoreError>>;

    /// As [`Reader::claim_quarantined`].
    fn claim<'a>(
        &'a self,
        selection: &'a QuarantineSelection,
        again: bool,
        limit: usize,
        act: &'a Act,
    ) -> BoxFuture<'a, Result<Vec<GivenLine>, StoreError>>;

    /// As [`Reader::release_quarantined`].
    fn release<'a>(&'a self, offsets: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// As [`Reader::discard_quarantined`].
    fn discard<'a>(
        &'a self,
        selection: &'a QuarantineSelection,
        act: &'a Act,
    ) -> BoxFuture<'a, Result<u64, StoreError>>;
}

impl QuarantineRows for Reader {
    fn journals(&self) -> BoxFuture<'_, Result<Vec<LineJournal>, StoreError>> {
        Box::pin(self.line_journals())
    }

    fn of_journal(&self, journal_id: &str) -> Arc<dyn QuarantineRows> {
        Arc::new(Self::of_journal(self, journal_id))
    }

    fn reasons(&self) -> BoxFuture<'_, Result<Vec<KeptReason>, StoreError>> {
        Box::pin(self.quarantine_reasons())
    }

    fn page<'a>(&'a self, query: &'a QuarantineQuery) -> BoxFuture<'a, Result<Vec<KeptLine>, StoreError>> {
        Box::pin(self.quarantine_page(query))
    }

    fn line(&self, journal_offset: u64) -> BoxFuture<'_, Result<Option<KeptLine>, StoreError>> {
        Box::pin(self.quarantined(journal_offset))
    }

    fn claim<'a>(
        &'a self,
        selection: &'a QuarantineSelection,
        again: bool,
        limit: usize,
        act: &'a Act,
    ) -> BoxFuture<'a, Result<Vec<GivenLine>, StoreError>> {
        Box::pin(self.claim_quarantined(selection, again, limit, act))
    }

    fn release<'a>(&'a self, offsets: &'a [u64]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.release_quarantined(offsets))
    }

    fn discard<'a>(
        &'a self,
        selection: &'a QuarantineSelection,
        act: &'a Act,
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.discard_quarantined(selection, act))
    }
}
