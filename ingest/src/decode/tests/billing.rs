//! What is billed: by the book in force in the line's hour, of those that were told among the lines.

use super::*;
use suiftly_schema::price::{BillableRule, PriceBook, StatusRange};
use suiftly_schema::reference::{Entity, ReferenceChange};

/// The hour after the lines' own, from which the second book holds.
const NEXT_HOUR: UnixMillis = UnixMillis(1_795_302_000_000);

/// Bills not-found answers too, whatever the traffic; nothing else.
fn not_found() -> BillableRule {
    BillableRule { traffic_types: vec![0, 1], statuses: vec![StatusRange { from: 404, to: 404 }] }
}

fn book(version: u32, effective_from: UnixMillis) -> PriceBook {
    PriceBook { version, effective_from, billable: not_found(), ..PriceBook::v1() }
}

fn told(seq: u64, book: PriceBook) -> String {
    serde_json::to_string(&ReferenceChange { seq, entity: Entity::PriceBook(book) }).unwrap()
}

/// A block received shortly after these instants: each is a line that is found, of 1 byte, and one that is not, of 16.
/// What is told comes last.
fn lines_at(epoch: Epoch, at: &[UnixMillis], told: &[String]) -> Block {
    let mut builder = BlockBuilder::default();
    let received_at = at.iter().copied().max().unwrap_or(NOW).plus_ms(1_000);
    for (at, n) in at.iter().zip(1u32..) {
        let seq = u32::try_from(epoch).unwrap() * 100 + n * 2;
        for line in [sf1(seq, at.0, "7", 200, 1), sf1(seq + 1, at.0, "7", 404, 16)] {
            builder.push(&GATEWAY, received_at, line.as_bytes()).unwrap();
        }
    }
    told.iter().for_each(|told| builder.push(&Source::Outbox, received_at, told.as_bytes()).unwrap());
    builder.seal(epoch, received_at, epoch * 10_000)
}

/// Billed requests and bytes by minute, ascending.
fn billed(batch: &Batch) -> Vec<(UnixMillis, i64, i64)> {
    let row = |(key, usage): &(MinuteKey, Usage)| (key.minute, usage.sums.billable_requests, usage.sums.billable_bytes);
    let mut rows: Vec<_> = batch.partials.usage.iter().map(row).collect();
    rows.sort_unstable();
    let sums = || batch.partials.usage.iter().map(|(_, usage)| usage.sums);
    assert!(sums().all(|sums| (sums.requests(), sums.client_error) == (2, 1)), "classes know no book");
    rows
}

#[test]
fn a_book_that_is_told_decides_what_is_billed_from_its_hour_on() {
    const HOUR_MS: i64 = 3_600_000;
    assert_eq!(NEXT_HOUR.hour(), NEXT_HOUR);
    let (before, after, late) = (NEXT_HOUR.plus_ms(-60_000), NEXT_HOUR, NEXT_HOUR.plus_ms(-HOUR_MS));
    // The default again.
    let third = PriceBook { version: 3, effective_from: NEXT_HOUR.plus_ms(2 * HOUR_MS), ..PriceBook::v1() };
    let (last_minute, later) = (third.effective_from.plus_ms(-60_000), third.effective_from);
    let refused = [
        told(2, book(2, NEXT_HOUR)),
        told(3, book(1, NEXT_HOUR.plus_ms(HOUR_MS))),
        told(4, book(9, NEXT_HOUR.plus_ms(1))),
        told(5, PriceBook { version: 4, ..PriceBook::v1() }),
    ];
    let epochs = [
        (lines_at(1, &[late], &[]), vec![(late, 1, 1)]),
        // A book holds for the lines beside it, wherever it stands among them.
        (lines_at(2, &[before, after], &[told(1, book(2, NEXT_HOUR))]), vec![(before, 1, 1), (after, 1, 16)]),
        (lines_at(3, &[after, late], &refused), vec![(late, 1, 1), (after, 1, 16)]),
        (lines_at(4, &[before.plus_ms(59_999), after.plus_ms(59_999)], &[]), vec![(before, 1, 1), (after, 1, 16)]),
        (lines_at(5, &[later], &[told(6, third)]), vec![(later, 1, 1)]),
        (lines_at(6, &[later, last_minute, before], &[]), vec![(before, 1, 1), (last_minute, 1, 16), (later, 1, 1)]),
    ];
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let batches: Vec<Batch> = epochs.iter().map(|(block, _)| decoder.decode(block)).collect();
    for (batch, (_, expected)) in batches.iter().zip(&epochs) {
        assert_eq!(billed(batch), *expected, "epoch {}", batch.epoch);
    }
    // A restart after any epoch, as of what is stored with it.
    for cut in 1..epochs.len() {
        let (mut stopped, mut reference) = (Decoder::new(DecodeConfig::LIVE), Vec::new());
        epochs[..cut].iter().for_each(|(block, _)| reference.append(&mut stopped.decode(block).reference));
        let seq = reference.last().map_or(0, |change| change.seq);
        let told: Vec<_> = reference.into_iter().map(|change| change.entity).collect();
        let mut restored =
            Decoder::restore(DecodeConfig::LIVE, &stopped.windows(), seq, PriceBooks::of(&told)).unwrap();
        epochs[..cut].iter().for_each(|(block, _)| restored.rewarm(block));
        for ((block, _), expected) in epochs.iter().zip(&batches).skip(cut) {
            assert_eq!(restored.decode(block), *expected, "a restart after epoch {cut}");
        }
    }
}
