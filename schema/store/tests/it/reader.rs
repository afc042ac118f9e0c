//! What the reader answers, against a plain recount of the records.

use crate::model::{HOUR_MS, MINUTE_MS, Model, everything, some_records, start};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::UsageSums;
use suiftly_store::reader::{Bucket, Filter, PipelineTotals, Point, Reader, TimeRange, Watermark};
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
async fn totals_equal_the_recount() {
    on_each_store(async |database| {
        let (model, reader) = filled(database).await;
        let at = |minutes: i64, ms: i64| start().plus_ms(minutes * MINUTE_MS + ms);
        let spans = [
            everything(),
            TimeRange::new(at(-90, 0), at(30, 0)),
            TimeRange::new(at(-100, 0), at(-7, 0)),
            TimeRange::new(at(-20, 0), at(-10, 0)),
            TimeRange::new(at(-100, 17), at(-7, 17)),
            TimeRange::new(at(5, 0), at(5, 0)),
        ];
        for span in spans {
            for filter in filters() {
                let found = reader.usage_totals(&filter, span).await.unwrap();
                assert_eq!(found.watermark, watermark(&model));
                assert!(found.covered.from <= span.from && span.to <= found.covered.to, "{span:?}");
                assert_eq!(found.sums, model.sums(&filter, found.covered), "{filter:?} {span:?}");
                let mut sums = UsageSums::default();
                for part in &found.parts {
                    sums += &part.sums;
                    let one = Filter { customer_id: part.customer_id, ..filter };
                    assert!(
                        part.customer_id.is_none() || filter.customer_id.is_none_or(|id| Some(id) == one.customer_id)
                    );
                }
                assert_eq!(sums, found.sums);
            }
        }
        let exact = TimeRange::new(at(-100, 0), at(-7, 0));
        assert_eq!(reader.usage_totals(&Filter::default(), exact).await.unwrap().covered, exact);
    })
    .await;
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
                for part in reader.usage_totals(&filter, span).await.unwrap().parts {
                    assert_eq!(part.month, month);
                    if part.customer_id.is_some() {
                        let book = books.version(part.price_book).unwrap();
                        price += book.rate(part.service, part.sums.billable_requests, part.sums.billable_bytes);
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
async fn series_and_snapshot_equal_the_recount() {
    on_each_store(async |database| {
        let (model, reader) = filled(database).await;
        let points =
            |found: Vec<Point>| -> Vec<_> { found.into_iter().map(|point| (point.start, point.sums)).collect() };
        let span = TimeRange::new(start().plus_ms(-2 * HOUR_MS), start().plus_ms(-HOUR_MS));
        for filter in filters() {
            for (bucket, width) in [(Bucket::Minute, MINUTE_MS), (Bucket::Hour, HOUR_MS)] {
                for span in [everything(), span] {
                    let found = reader.usage_series(&filter, bucket, span).await.unwrap();
                    assert_eq!(found.watermark, watermark(&model));
                    assert_eq!(points(found.points), model.series(&filter, width, span), "{filter:?} {bucket:?}");
                }
            }
            let since = start().plus_ms(-HOUR_MS);
            let month = start().month();
            let found = reader.stream_snapshot(&filter, month, since).await.unwrap();
            assert_eq!(found.watermark, watermark(&model));
            assert_eq!(found.month_sums, model.sums(&filter, TimeRange::new(month.start(), month.end())));
            assert_eq!(found.rated, model.rated_in(&filter, month));
            let last_hour = TimeRange::new(since, UnixMillis::MAX);
            assert_eq!(points(found.minutes), model.series(&filter, MINUTE_MS, last_hour));
        }
    })
    .await;
}

#[tokio::test]
async fn a_month_with_two_price_books_comes_in_two_parts() {
    let database = TestDatabase::create().await;
    let (model, reader) = filled(&database).await;
    let later = "INSERT INTO price_books (version, effective_from, book) \
        SELECT 2, '2026-11-30 23:00+00', jsonb_set(book, '{version}', '2') FROM price_books";
    database.client().await.batch_execute(later).await.unwrap();
    let found = reader.usage_totals(&Filter::default(), everything()).await.unwrap();
    assert_eq!(found.sums, model.sums(&Filter::default(), everything()));
    let mut per_book = [UsageSums::default(); 2];
    for part in &found.parts {
        per_book[part.price_book as usize - 1] += &part.sums;
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
        let nothing = stranger.usage_totals(&Filter::default(), everything()).await.unwrap();
        assert_eq!((nothing.sums, nothing.watermark), (UsageSums::default(), Watermark::default()));

        let (model, reader) = filled(database).await;
        let found = reader.pipeline_totals().await.unwrap();
        assert_eq!(found.watermark, watermark(&model));
        assert_eq!(found.counts, model.counts);
        assert_eq!(found.records, 2_000);
        let mut window = model.window();
        window.seen.clear();
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
