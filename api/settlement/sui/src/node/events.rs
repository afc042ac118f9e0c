//! The contract's events in a range of checkpoints, page by page.

use super::answer::{At, Head};
use super::{Failure, Node, NodeError};
use crate::Contract;
use std::ops::Range;
use sui_rpc::field::{FieldMask, FieldMaskUtil as _};
use sui_rpc::proto::sui::rpc::v2::filter::event::event_type;
use sui_rpc::proto::sui::rpc::v2::{
    Event, EventFilter, ListEventsRequest, ListEventsResponse, QueryEndReason, QueryOptions,
};
use sui_sdk_types::{Digest, StructTag};
use tokio::time::{Instant, timeout_at};
use tonic::{Status, Streaming};

/// Events that are read at once, if they are more than one checkpoint's; what is beyond is left for the next time.
pub const EVENTS_MAX: usize = 10_000;
/// A checkpoint has to be read as a whole, and whoever likes can fill one with entries of accounts of their own. One with
/// more than these, a hundred of the largest transactions, is told of, and people decide.
pub const CHECKPOINT_EVENTS_MAX: usize = 100_000;
/// Events a page.
const PAGE: u32 = 1_000;
/// A list has so much more time than another call; and so much again for each [`EVENTS_MAX`] that it has brought.
const PATIENCE: usize = 4;

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
    /// `upgrades` say. To the end, or as far as the node has come, or as many as [`EVENTS_MAX`]; but the first checkpoint
    /// whole, up to [`CHECKPOINT_EVENTS_MAX`].
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
        self.pages(request, &checkpoints).await
    }

    async fn pages(&self, mut request: ListEventsRequest, checkpoints: &Range<u64>) -> Result<At<Listed>, NodeError> {
        let (mut listed, began) = (Listed::default(), Instant::now());
        loop {
            let until = began + self.timeout * times(listed.events.len());
            let page = timeout_at(until, self.page(request.clone(), &mut listed)).await;
            let page = page.map_err(|_| self.error(Failure::Lost("its list was not there in time".to_owned())))??;
            let is_full = is_full(listed.events.len(), listed.covered, checkpoints.start);
            let is_full = is_full.map_err(|failure| self.error(failure))?;
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

/// How many times as long as another call a list may take that has brought so many events.
fn times(events: usize) -> u32 {
    u32::try_from(PATIENCE * (1 + events / EVENTS_MAX)).unwrap_or(u32::MAX)
}

/// Whether no more is read. What is not a whole checkpoint yet could not be used: it would be read again for ever.
fn is_full(events: usize, covered: Option<u64>, start: u64) -> Result<bool, Failure> {
    let is_usable = covered.is_some_and(|covered| covered >= start);
    if !is_usable && events > CHECKPOINT_EVENTS_MAX {
        return Err(Failure::TooMany(format!("checkpoint {start} has more than {CHECKPOINT_EVENTS_MAX} events")));
    }
    Ok(is_usable && events >= EVENTS_MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_with_a_whole_checkpoint_and_not_before() {
        let (few, full, many) = (EVENTS_MAX - 1, EVENTS_MAX, CHECKPOINT_EVENTS_MAX);
        let cases = [
            (few, None, false),
            (few, Some(7), false),
            (full, Some(7), true),
            (many + 1, Some(8), true),
            // Nothing of the first checkpoint would be of use.
            (full, None, false),
            (full, Some(6), false),
            (many, None, false),
        ];
        for (events, covered, expected) in cases {
            assert_eq!(is_full(events, covered, 7), Ok(expected), "{events} {covered:?}");
        }
        let told = is_full(many + 1, Some(6), 7).unwrap_err();
        assert!(told.is_alarming() && told.to_string().contains("checkpoint 7 has more than 100000 events"), "{told}");
        assert_eq!((times(0), times(few), times(full), times(many)), (4, 4, 8, 44));
    }
}
