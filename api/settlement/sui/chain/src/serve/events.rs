//! `ListEvents`: ascending, by type, module or sender, a page at a time.

use super::View;
use super::lies::{is_transaction_hidden, told_event};
use crate::faults::Lie;
use crate::state::Chain;
use sui_rpc::field::FieldMaskTree;
use sui_rpc::merge::Merge as _;
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::sui::rpc::v2::event_literal::Predicate;
use sui_rpc::proto::sui::rpc::v2::{Ordering, QueryEndReason};
use sui_sdk_types::{Address, Event, StructTag};
use tonic::Status;

const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;

/// Where an event is: checkpoint, transaction in it, event in that. In this order, and so are the bytes of cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    checkpoint: u64,
    transaction: u64,
    event: u32,
}

/// What is asked for, with its bounds.
struct Bounds {
    start: u64,
    end: u64,
    after: Option<Place>,
    before: Option<Place>,
    limit: usize,
}

/// The frames that answer a request.
pub(super) fn list(
    chain: &Chain,
    view: View,
    request: &proto::ListEventsRequest,
) -> Result<Vec<proto::ListEventsResponse>, Status> {
    let mask = super::mask(request.read_mask.clone(), "*");
    let tip = view.height as u64 + 1;
    let bounds = bounds(request)?;
    let mut found = Vec::new();
    'all: for number in bounds.start..bounds.end.min(tip) {
        for (place, event) in events_of(chain, view, number) {
            let is_within = bounds.after.is_none_or(|after| place > after) && bounds.before.is_none_or(|b| place < b);
            if is_within && matches(request.filter.as_ref(), &event)? {
                found.push((place, event));
                if found.len() == bounds.limit {
                    break 'all;
                }
            }
        }
    }
    Ok(frames(chain, view, found, &bounds, tip, &mask))
}

fn bounds(request: &proto::ListEventsRequest) -> Result<Bounds, Status> {
    let options = request.options.clone().unwrap_or_default();
    if options.ordering() != Ordering::Ascending {
        return Err(Status::unimplemented("only the ascending order is listed here"));
    }
    let cursor = |bytes: Option<&[u8]>| match bytes {
        Some(bytes) => Place::read(bytes).map(Some).ok_or_else(|| Status::invalid_argument("a cursor is none of ours")),
        None => Ok(None),
    };
    Ok(Bounds {
        start: request.start_checkpoint.unwrap_or(0),
        end: request.end_checkpoint.unwrap_or(u64::MAX),
        after: cursor(options.after.as_deref())?,
        before: cursor(options.before.as_deref())?,
        limit: options.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX) as usize,
    })
}

/// A checkpoint's events, as they are told.
fn events_of(chain: &Chain, view: View, number: u64) -> Vec<(Place, Event)> {
    let Ok(at) = usize::try_from(number) else { return Vec::new() };
    let Some(checkpoint) = chain.checkpoints.get(at) else { return Vec::new() };
    let begin = chain.begin_of(at);
    let executed = chain.executed[begin..checkpoint.end].iter().zip(0..);
    let executed = executed.filter(|(executed, _)| !is_transaction_hidden(view.lie, executed));
    let events = executed.flat_map(|(executed, transaction)| {
        let events = executed.events.iter().flat_map(|events| &events.0).zip(0..);
        events.map(move |(event, event_index)| {
            let place = Place { checkpoint: number, transaction, event: event_index };
            (place, told_event(chain, view.lie, event))
        })
    });
    events.collect()
}

/// A frame an event, and one for the end unless the last event is it.
fn frames(
    chain: &Chain,
    view: View,
    found: Vec<(Place, Event)>,
    bounds: &Bounds,
    tip: u64,
    mask: &FieldMaskTree,
) -> Vec<proto::ListEventsResponse> {
    let is_full = found.len() == bounds.limit;
    let places: Vec<_> = found.iter().map(|(place, _)| *place).collect();
    let mut messages: Vec<_> = found.into_iter().map(|(place, event)| message(chain, place, event, mask)).collect();
    if view.reorder {
        messages.reverse();
    }
    let mut frames: Vec<_> = messages
        .into_iter()
        .zip(&places)
        .map(|(event, place)| {
            let mut frame = proto::ListEventsResponse::default();
            frame.event = Some(event);
            frame.watermark =
                Some(watermark(*place, place.checkpoint.checked_sub(1).filter(|last| *last >= bounds.start)));
            frame
        })
        .collect();
    let reason = if is_full {
        QueryEndReason::ItemLimit
    } else if bounds.before.is_some() {
        QueryEndReason::CursorBound
    } else if bounds.end <= tip {
        QueryEndReason::CheckpointBound
    } else {
        QueryEndReason::LedgerTip
    };
    let mut end = proto::QueryEnd::default();
    end.set_reason(reason);
    if is_full {
        if let Some(frame) = frames.last_mut() {
            frame.end = Some(end);
        }
        hide(view, &mut frames);
        return frames;
    }
    hide(view, &mut frames);
    let covered = bounds.before.map_or(bounds.end.min(tip), |before| before.checkpoint).checked_sub(1);
    let last = Place { checkpoint: covered.unwrap_or(0), transaction: u64::MAX, event: u32::MAX };
    let mut frame = proto::ListEventsResponse::default();
    frame.watermark = Some(watermark(bounds.before.unwrap_or(last), covered.filter(|last| *last >= bounds.start)));
    frame.end = Some(end);
    frames.push(frame);
    frames
}

/// Leaves the last event out where that is the lie. Its frame stays: a page that is full has to end with one.
fn hide(view: View, frames: &mut Vec<proto::ListEventsResponse>) {
    if view.lie == Some(Lie::HiddenEvent) {
        let hidden = frames.len().checked_sub(if frames.last().is_some_and(|last| last.end.is_some()) { 2 } else { 1 });
        if let Some(hidden) = hidden {
            frames.remove(hidden);
        }
    }
}

fn message(chain: &Chain, place: Place, event: Event, mask: &FieldMaskTree) -> proto::Event {
    let mut full = proto::Event::merge_from(event, &FieldMaskTree::new_wildcard());
    let begin = usize::try_from(place.checkpoint).map_or(0, |number| chain.begin_of(number));
    let at = usize::try_from(place.transaction).map_or(0, |transaction| begin + transaction);
    full.checkpoint = Some(place.checkpoint);
    full.transaction_digest = chain.executed.get(at).map(|executed| executed.digest.to_string());
    full.transaction_index = Some(place.transaction);
    full.event_index = Some(place.event);
    proto::Event::merge_from(&full, mask)
}

fn watermark(place: Place, covered: Option<u64>) -> proto::Watermark {
    let mut watermark = proto::Watermark::default();
    watermark.cursor = Some(place.bytes().into());
    watermark.checkpoint = covered;
    watermark
}

impl Place {
    fn bytes(self) -> Vec<u8> {
        [&self.checkpoint.to_be_bytes()[..], &self.transaction.to_be_bytes(), &self.event.to_be_bytes()].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (checkpoint, rest) = bytes.split_first_chunk()?;
        let (transaction, rest) = rest.split_first_chunk()?;
        Some(Self {
            checkpoint: u64::from_be_bytes(*checkpoint),
            transaction: u64::from_be_bytes(*transaction),
            event: u32::from_be_bytes(rest.try_into().ok()?),
        })
    }
}

/// Whether an event is one that is asked for: any of the terms, all of whose literals are so.
fn matches(filter: Option<&proto::EventFilter>, event: &Event) -> Result<bool, Status> {
    let Some(filter) = filter else { return Ok(true) };
    for term in &filter.terms {
        let mut is_all = true;
        for literal in &term.literals {
            is_all &= is_so(literal, event)? != literal.negated;
        }
        if is_all {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_so(literal: &proto::EventLiteral, event: &Event) -> Result<bool, Status> {
    let wrong = || Status::invalid_argument("a filter cannot be read");
    match &literal.predicate {
        Some(Predicate::Sender(sender)) => Ok(super::address(sender.address.as_deref(), "sender")? == event.sender),
        Some(Predicate::EmitModule(path)) => {
            let (package, module) = split(path.module()).ok_or_else(wrong)?;
            Ok(package == event.package_id && module.is_none_or(|module| module == event.module.as_str()))
        }
        Some(Predicate::EventType(of)) => is_type(of.event_type(), &event.type_).ok_or_else(wrong),
        _ => Err(Status::unimplemented("a filter is of a kind that is not known here")),
    }
}

/// Whether a type is `address[::module[::Name[<types>]]]`. None: that cannot be read.
pub(super) fn is_type(path: &str, tag: &StructTag) -> Option<bool> {
    let (address, rest) = split(path)?;
    let Some((module, name)) = rest.map(|rest| rest.split_once("::").map_or((rest, None), |(m, n)| (m, Some(n))))
    else {
        return Some(address == *tag.address());
    };
    let is_module = address == *tag.address() && module == tag.module().as_str();
    match name {
        None => Some(is_module),
        Some(name) if !name.contains('<') => Some(is_module && name == tag.name().as_str()),
        Some(_) => path.parse::<StructTag>().ok().map(|path| path == *tag),
    }
}

/// An address, and what follows it.
fn split(path: &str) -> Option<(Address, Option<&str>)> {
    let (address, rest) = path.split_once("::").map_or((path, None), |(address, rest)| (address, Some(rest)));
    Some((address.parse().ok()?, rest))
}
