//! What the reader answers, against a plain recount of the records.

use crate::model::{HOUR_MS, MINUTE_MS, Model, everything, some_records, start};
use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::UsageSums;
use suiftly_store::StoreError;
use suiftly_store::reader::{
    Bucket, Filter, KEYS_MAX, KeyQuery, PartKey, PartQuery, PipelineTotals, Reader, TimeRange, UsageQuery, Watermark,
};
use suiftly_store::testing::{TestDatabase, on_each_store};
use suiftly_store::writer::Writer;

const JOURNAL: &str = "reader";

fn filters() -> Vec<Filter> {
    let customer_id = CustomerId::new(2);
    let (service, network) = (Some(Service::Grpc), Some(Network::Mainnet));
    let all = Filter::default();
    vec![
        all,
        Filter { customer_id, ..all },
        Filter { service, ..all },
        Filter { network, ..all },
        Filter { customer_id, service, network },
        Filter { customer_id: CustomerId::new(99), ..all },
    ]
}

async fn filled(database: &TestDatabase) -> (Model, Reader) {
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    let mut model = Model::default();
    let commits: Vec<_> = (0..4).map(|seed| model.commit(some_records(seed, 500, model.now()))).collect();
    writer.commit(&commits).await.unwrap();
    (model, Reader::new(database.config(), JOURNAL).unwrap())
}

fn watermark(model: &Model) -> Watermark {
    Watermark { epoch: model.epoch, cut_at: model.now(), journal_end: model.epoch * 1_000 }
}

#[tokio::test]
async fn parts_rate_to_the_stored_price() {
    on_each_store(async |database| {
        let (model, reader) = filled(database).await;
        let books = PriceBooks::v1();
        let this_month = start().month();
        let last_month = UnixMillis(this_month.start().0 - 1).month();
        for month in [this_month, last_month] {
            for filter in filters() {
                let found = reader.rated_month(&filter, month).await.unwrap();
                let span = TimeRange::new(month.start(), month.end());
                assert_eq!(found.watermark, watermark(&model));
                assert_eq!(found.rated, model.rated_in(&filter, month), "{filter:?} {month}");
                assert_eq!(found.sums, model.sums(&filter, span));
                if filter.network.is_some() {
                    continue;
                }
                let mut price = MicroUsd(0);
                for (part, sums) in parts(&reader, filter, span).await {
                    assert_eq!(part.month, month);
                    if part.customer_id.is_some() {
                        let book = books.version(part.price_book).unwrap();
                        price += book.rate(part.service, sums.billable_requests, sums.billable_bytes);
                    }
                }
                assert_eq!(price, found.rated, "{filter:?} {month}");
            }
        }
        assert!(model.rated_in(&Filter::default(), this_month).0 > 0);
        assert!(model.rated_in(&Filter::default(), last_month).0 > 0);
    })
    .await;
}

#[tokio::test]
async fn snapshots_equal_the_recount() {
    on_each_store(async |database| {
        let (model, reader) = filled(database).await;
        for filter in filters() {
            let (since, month) = (start().plus_ms(-HOUR_MS), start().month());
            let found = reader.stream_snapshot(&filter, month, since).await.unwrap();
            assert_eq!(found.watermark, watermark(&model));
            assert_eq!(found.month_sums, model.sums(&filter, TimeRange::new(month.start(), month.end())));
            assert_eq!(found.rated, model.rated_in(&filter, month));
            let minutes: Vec<_> = found.minutes.iter().map(|point| (point.start, point.sums)).collect();
            assert_eq!(minutes, model.series(&filter, MINUTE_MS, TimeRange::new(since, UnixMillis::MAX)));
        }
    })
    .await;
}

#[tokio::test]
async fn counts_without_times_are_the_same() {
    let database = TestDatabase::create().await;
    let (model, reader) = filled(&database).await;
    for filter in filters() {
        for bucket in Bucket::ALL {
            let query = UsageQuery { filter, bucket, span: everything(), times: false };
            let rows = reader.rows(&query).await.unwrap();
            assert_eq!(rows.watermark(), watermark(&model));
            let found: Vec<_> = rows.into_sums(model.now()).into_iter().map(|(at, usage)| (at, usage.sums)).collect();
            assert_eq!(found, model.series(&filter, bucket.width_ms(), everything()), "{filter:?} {bucket:?}");
        }
    }
}

#[tokio::test]
async fn more_rows_than_may_be_read_are_refused() {
    let database = TestDatabase::create().await;
    let (_, reader) = filled(&database).await;
    let customer_id = CustomerId::new(3).unwrap();
    let many = format!(
        "INSERT INTO key_activity SELECT 3, fp, 1, 0, now() FROM generate_series(1, {}) AS fp ON CONFLICT DO NOTHING",
        KEYS_MAX
    );
    let client = database.client().await;
    client.batch_execute(&many).await.unwrap();
    // One for certain is there by a number above.
    let refused = reader.rows(&KeyQuery { customer_id, hours_from: None }).await.err();
    assert!(matches!(refused, Some(StoreError::TooManyRows { rows_max: KEYS_MAX, .. })), "{refused:?}");
    client.batch_execute("DELETE FROM key_activity WHERE api_key_fp > 1000000").await.unwrap();
    assert_eq!(reader.rows(&KeyQuery { customer_id, hours_from: None }).await.unwrap().len(), KEYS_MAX as usize);
}

async fn parts(reader: &Reader, filter: Filter, span: TimeRange) -> BTreeMap<PartKey, UsageSums> {
    let query = PartQuery { filter, span, books: PriceBooks::v1().into() };
    reader.rows(&query).await.unwrap().into_sums(UnixMillis::MIN)
}

#[tokio::test]
async fn a_month_with_two_price_books_comes_in_two_parts() {
    let database = TestDatabase::create().await;
    let (model, reader) = filled(&database).await;
    let later = "INSERT INTO price_books (version, effective_from, book) \
        SELECT 2, '2026-11-30 23:00+00', jsonb_set(book, '{version}', '2') FROM price_books";
    database.client().await.batch_execute(later).await.unwrap();
    let mut per_book = [UsageSums::default(); 2];
    for (part, sums) in parts(&reader, Filter::default(), everything()).await {
        per_book[part.price_book as usize - 1] += &sums;
    }
    let change = UnixMillis::parse_rfc3339("2026-11-30T23:00:00Z").unwrap();
    let before = TimeRange::new(UnixMillis::MIN, change);
    assert_eq!(per_book[0], model.sums(&Filter::default(), before));
    assert_eq!(per_book[1], model.sums(&Filter::default(), TimeRange::new(change, UnixMillis::MAX)));
    assert!(per_book.iter().all(|sums| sums.requests() > 0));
}

#[tokio::test]
async fn pipeline_and_counts() {
    on_each_store(async |database| {
        let stranger = Reader::new(database.config(), "never wrote").unwrap();
        assert_eq!(stranger.pipeline_totals().await.unwrap(), PipelineTotals::default());
        let query = PartQuery { filter: Filter::default(), span: everything(), books: PriceBooks::v1().into() };
        let nothing = stranger.rows(&query).await.unwrap();
        assert_eq!((nothing.len(), nothing.watermark()), (0, Watermark::default()));

        let (model, reader) = filled(database).await;
        let found = reader.pipeline_totals().await.unwrap();
        assert_eq!(found.watermark, watermark(&model));
        assert_eq!(found.counts, model.counts);
        assert_eq!(found.records, 2_000);
        let mut window = model.window();
        window.seen.clear();
        window.homes.iter_mut().for_each(|of| of.seen.clear());
        assert_eq!(found.workers, [window]);
        assert_eq!(reader.count_records().await.unwrap(), 2_000);
    })
    .await;
}

#[tokio::test]
async fn a_reader_outlives_its_connections() {
    on_each_store(async |database| {
        let (_, reader) = filled(database).await;
        let end = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        database.client().await.query(end, &[]).await.unwrap();
        let failed = reader.count_records().await;
        assert!(failed.as_ref().map_or_else(|error| error.is_unavailable(), |&count| count == 2_000), "{failed:?}");
        assert_eq!(reader.count_records().await.unwrap(), 2_000);
    })
    .await;
}
