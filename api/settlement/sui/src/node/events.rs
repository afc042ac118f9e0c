//! The contract's events in a range of checkpoints, page by page.

use super::answer::{At, Head};
use super::{Failure, Node, NodeError, within};
use crate::Contract;
use std::ops::Range;
use sui_rpc::field::{FieldMask, FieldMaskUtil as _};
use sui_rpc::proto::sui::rpc::v2::filter::event::event_type;
use sui_rpc::proto::sui::rpc::v2::{
    Event, EventFilter, ListEventsRequest, ListEventsResponse, QueryEndReason, QueryOptions,
};
use sui_sdk_types::{Digest, StructTag};
use tonic::{Status, Streaming};

/// Events that are read at once; what is beyond is left for the next time.
pub const EVENTS_MAX: usize = 10_000;
/// Events a page.
const PAGE: u32 = 1_000;
/// A list has so much more time than another call.
const PATIENCE: u32 = 4;

const EVENT: [&str; 6] =
    ["event_type", "contents", "checkpoint", "transaction_digest", "transaction_index", "event_index"];

/// An event with its place. They are ordered by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Emitted {
    /// The checkpoint that it is in.
    pub checkpoint: u64,
    /// The transaction's place in the checkpoint.
    pub transaction_index: u64,
    /// The event's place in the transaction.
    pub event_index: u32,
    /// The transaction.
    pub transaction: Digest,
    /// Its type.
    pub event_type: StructTag,
    /// Its fields in BCS.
    pub contents: Vec<u8>,
}

/// The contract's events from the beginning of a range up to what is covered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The last checkpoint whose events are all here; `None`: not even the first's are known.
    pub covered: Option<u64>,
    /// The events, in their order.
    pub events: Vec<Emitted>,
}

impl Listed {
    /// Only what a shorter list covers.
    #[must_use]
    pub fn up_to(mut self, covered: Option<u64>) -> Self {
        self.covered = self.covered.min(covered);
        let covered = self.covered;
        self.events.retain(|event| Some(event.checkpoint) <= covered);
        self
    }
}

/// A page: what it adds, and where to go on.
struct Page {
    head: Head,
    reason: QueryEndReason,
    cursor: Option<Vec<u8>>,
}

impl Node {
    /// What the contract emitted in these checkpoints: entries of its coin, and all that its modules `house` and
    /// `upgrades` say. To the end, or as far as the node has come, or as many as [`EVENTS_MAX`].
    pub async fn events(&self, contract: &Contract, checkpoints: Range<u64>) -> Result<At<Listed>, NodeError> {
        let filter = EventFilter::any([
            event_type(contract.entry_type()),
            event_type(format!("{}::house", contract.origin)),
            event_type(format!("{}::upgrades", contract.origin)),
        ]);
        let request = ListEventsRequest::default()
            .with_read_mask(FieldMask::from_paths(EVENT))
            .with_start_checkpoint(checkpoints.start)
            .with_end_checkpoint(checkpoints.end)
            .with_filter(filter)
            .with_options(QueryOptions::default().with_limit(PAGE));
        let all = async { Ok(self.pages(request, &checkpoints).await) };
        within(self.timeout * PATIENCE, all).await.map_err(|status| self.failed(&status))?
    }

    async fn pages(&self, mut request: ListEventsRequest, checkpoints: &Range<u64>) -> Result<At<Listed>, NodeError> {
        let mut listed = Listed::default();
        loop {
            let page = self.page(request.clone(), &mut listed).await?;
            let is_full = listed.events.len() >= EVENTS_MAX;
            match (page.reason, page.cursor) {
                (QueryEndReason::CheckpointBound, _) => listed.covered = checkpoints.end.checked_sub(1),
                (QueryEndReason::LedgerTip, _) => {}
                (QueryEndReason::ItemLimit | QueryEndReason::ScanLimit, _) if is_full => {}
                (QueryEndReason::ItemLimit | QueryEndReason::ScanLimit, Some(cursor)) => {
                    request.options_mut().set_after(cursor);
                    continue;
                }
                (reason, _) => return Err(self.error(Failure::Lost(format!("its list ends by {reason:?}")))),
            }
            let listed = sorted(listed, checkpoints).map_err(|failure| self.error(failure))?;
            return Ok(At { head: page.head, value: listed });
        }
    }

    /// Adds a page's events, and says how far the list is complete.
    async fn page(&self, request: ListEventsRequest, listed: &mut Listed) -> Result<Page, NodeError> {
        let failed = |status: Status| self.failed(&status);
        let answer = self.client.clone().ledger_client().list_events(request).await.map_err(failed)?;
        let head = self.stands(&answer)?;
        let mut frames: Streaming<ListEventsResponse> = answer.into_inner();
        let mut cursor = None;
        while let Some(frame) = frames.message().await.map_err(failed)? {
            if let Some(event) = frame.event.as_ref() {
                listed.events.push(emitted(event).map_err(|failure| self.error(failure))?);
            }
            if let Some(watermark) = frame.watermark {
                listed.covered = listed.covered.max(watermark.checkpoint);
                cursor = watermark.cursor.map(Vec::from).or(cursor);
            }
            if let Some(end) = frame.end {
                return Ok(Page { head, reason: end.reason(), cursor });
            }
        }
        Err(self.error(Failure::Lost("its list has no end".to_owned())))
    }
}

/// In their order, each once, all of them in the range, and only where every event is known.
fn sorted(mut listed: Listed, checkpoints: &Range<u64>) -> Result<Listed, Failure> {
    listed.events.sort();
    let place = |event: &Emitted| (event.checkpoint, event.transaction_index, event.event_index);
    if let Some(two) = listed.events.windows(2).find(|two| place(&two[0]) == place(&two[1])) {
        return Err(Failure::Lying(format!("two events at one place of transaction {}", two[0].transaction)));
    }
    if let Some(event) = listed.events.iter().find(|event| !checkpoints.contains(&event.checkpoint)) {
        let (checkpoint, Range { start, end }) = (event.checkpoint, checkpoints);
        return Err(Failure::Lying(format!("an event of checkpoint {checkpoint} among those of {start} to {end}")));
    }
    let covered = listed.covered;
    Ok(listed.up_to(covered))
}

fn emitted(event: &Event) -> Result<Emitted, Failure> {
    let read = || {
        Some(Emitted {
            checkpoint: event.checkpoint?,
            transaction_index: event.transaction_index?,
            event_index: event.event_index?,
            transaction: event.transaction_digest.as_ref()?.parse().ok()?,
            event_type: event.event_type.as_ref()?.parse().ok()?,
            contents: event.contents.as_ref()?.value.as_ref()?.to_vec(),
        })
    };
    read().ok_or_else(|| Failure::Lost("an event it lists cannot be read".to_owned()))
}
