//! The writer's side: where the records of a commit stand, noted in the same transaction.
//!
//! A raw record is found by its time (partitions, BRIN) and its place in its journal, for which there is no index; so a
//! note is of one journal and hour, and as narrow as its records. A record that is a day late has a note of its own.

use crate::StoreError;
use crate::codec::{Timestamptz, to_bigint};
use crate::writer::{CLOSED_AFTER_MS, PARTITIONED_AHEAD_MS};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

/// Records of one note at most: it is read and sent whole.
const SPAN_RECORDS_MAX: usize = super::PAGE_RECORDS;
const HOUR_MS: i64 = 3_600_000;

const NOTE: &str = "INSERT INTO firehose_spans (journal_id, epoch_before, epoch, process, journal_no, oldest, newest, \
    first_offset, last_offset, records) \
    SELECT $1::text, $2::bigint, $3::bigint, $4::smallint, * FROM unnest($5::smallint[], $6::timestamptz[], \
        $7::timestamptz[], $8::bigint[], $9::bigint[], $10::integer[])";

/// Some records of one journal and hour, by their times and places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    /// The journal's number in the cluster; 0 is the process's own.
    journal_no: u16,
    oldest: UnixMillis,
    newest: UnixMillis,
    first_offset: u64,
    last_offset: u64,
    records: usize,
}

/// A transaction, as its notes tell of it.
pub(crate) struct Noted<'a> {
    pub(crate) journal_id: &'a str,
    /// The watermark before it and after it.
    pub(crate) epochs: (Epoch, Epoch),
    /// Whose it is: the process's number in its cluster, 0 for a process alone.
    pub(crate) process: u16,
    /// Its clock.
    pub(crate) cut_at: UnixMillis,
}

/// Notes where a transaction's records stand: each with its journal's number.
pub(crate) async fn note<'a>(
    transaction: &Transaction<'_>,
    noted: &Noted<'_>,
    records: impl Iterator<Item = (u16, &'a Record)>,
) -> Result<(), StoreError> {
    let spans = cut(records, noted.cut_at, SPAN_RECORDS_MAX);
    if spans.is_empty() {
        return Ok(());
    }
    let journals: Vec<_> = spans.iter().map(|span| span.journal_no.cast_signed()).collect();
    let oldest: Vec<_> = spans.iter().map(|span| Timestamptz(span.oldest)).collect();
    let newest: Vec<_> = spans.iter().map(|span| Timestamptz(span.newest)).collect();
    let first: Vec<_> = spans.iter().map(|span| to_bigint(span.first_offset)).collect();
    let last: Vec<_> = spans.iter().map(|span| to_bigint(span.last_offset)).collect();
    let counts: Vec<_> = spans.iter().map(|span| i32::try_from(span.records).expect("a bounded span")).collect();
    let (from, to, process) = (to_bigint(noted.epochs.0), to_bigint(noted.epochs.1), noted.process.cast_signed());
    let parameters: [&(dyn ToSql + Sync); 10] =
        [&noted.journal_id, &from, &to, &process, &journals, &oldest, &newest, &first, &last, &counts];
    let noted = transaction.execute(NOTE, &parameters).await;
    noted.map_err(StoreError::database("note what the firehose has to send")).map(|_| ())
}

/// Cuts records, ascending by their places in each journal, into spans. However wild their times are, they make no more
/// spans of a journal than there are hours that records are kept for, two, and one for each `most` records.
fn cut<'a>(records: impl Iterator<Item = (u16, &'a Record)>, cut_at: UnixMillis, most: usize) -> Vec<Span> {
    let partitioned = cut_at.0.saturating_sub(CLOSED_AFTER_MS)..=cut_at.0.saturating_add(PARTITIONED_AHEAD_MS);
    let (first_hour, last_hour) = (partitioned.start().div_euclid(HOUR_MS), partitioned.end().div_euclid(HOUR_MS));
    let mut open = BTreeMap::<(u16, i64), Span>::new();
    let mut spans = Vec::new();
    for (journal_no, record) in records {
        let (at, offset) = (record.timestamp, record.journal_offset);
        let key = (journal_no, at.0.div_euclid(HOUR_MS).clamp(first_hour - 1, last_hour + 1));
        let fresh = Span { journal_no, oldest: at, newest: at, first_offset: offset, last_offset: offset, records: 0 };
        let span = open.entry(key).or_insert(fresh);
        (span.oldest, span.newest) = (span.oldest.min(at), span.newest.max(at));
        (span.first_offset, span.last_offset) = (span.first_offset.min(offset), span.last_offset.max(offset));
        span.records += 1;
        if span.records == most {
            spans.extend(open.remove(&key));
        }
    }
    spans.extend(open.into_values());
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use suiftly_schema::record::{ShortText, Timers};

    const NOW: UnixMillis = UnixMillis(1_795_298_400_000);

    fn record(timestamp: UnixMillis, journal_offset: u64) -> Record {
        Record {
            timestamp,
            customer_id: None,
            path_prefix: None,
            config_hex: None,
            network: None,
            server_id: None,
            service: None,
            api_key_fp: 0,
            frontend: None,
            traffic_type: 0,
            event_type: 0,
            client_ip: None,
            key_metadata: None,
            status_code: 200,
            bytes_sent: 0,
            timers: Timers::default(),
            backend_id: 0,
            termination: ShortText::new("--"),
            repeat: 1,
            line_id: None,
            journal_offset,
        }
    }

    proptest! {
        /// Every record is in one span, and no span is too long or of two hours.
        #[test]
        fn spans_hold_each_record_once(
            ages_ms in prop::collection::vec(prop_oneof![
                0_i64..10_000, -2 * HOUR_MS..400 * HOUR_MS, Just(i64::from(i32::MAX) * 100)
            ], 0..300),
            most in 1_usize..50,
            journals in 1_u64..4,
        ) {
            let records = ages_ms.iter().zip(1..).map(|(age, place)| record(NOW.plus_ms(-age), place * 100));
            let no = |record: &Record| u16::try_from(record.journal_offset / 100 % journals).unwrap();
            let records: Vec<_> = records.map(|record| (no(&record), record)).collect();
            let spans = cut(records.iter().map(|(no, record)| (*no, record)), NOW, most);
            for (no, record) in &records {
                let holding = spans.iter().filter(|span| {
                    span.journal_no == *no
                        && (span.oldest..=span.newest).contains(&record.timestamp)
                        && (span.first_offset..=span.last_offset).contains(&record.journal_offset)
                });
                prop_assert_eq!(holding.count(), 1);
            }
            prop_assert_eq!(spans.iter().map(|span| span.records).sum::<usize>(), records.len());
            for span in &spans {
                prop_assert!((1..=most).contains(&span.records));
                let is_wild = span.newest.0 < NOW.0 - CLOSED_AFTER_MS || span.oldest.0 > NOW.0 + PARTITIONED_AHEAD_MS;
                let hours = (span.oldest.0.div_euclid(HOUR_MS), span.newest.0.div_euclid(HOUR_MS));
                prop_assert!(is_wild || hours.0 == hours.1);
            }
        }
    }

    #[test]
    fn wild_times_make_few_spans() {
        let records: Vec<_> =
            (1..5_000_u32).map(|n| record(UnixMillis(NOW.0 / 5_000 * i64::from(n)), n.into())).collect();
        assert!(cut(records.iter().map(|record| (0, record)), NOW, 10_000).len() <= 2);
    }
}
