//! The views' tables, held against a recount of the model's records: histograms, infra, keys, spend, vault.

use crate::model::{HOUR_MS, Model, some_records, start};
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::activity::KeyRef;
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums, PhaseName, StatusClass};
use suiftly_schema::record::{Record, ShortText};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, TrafficClass, Usage, UsageKey, UsageSums};
use suiftly_schema::view::{EpochDeltas, HourKey};
use suiftly_store::config::StoreConfig;
use suiftly_store::migrate::{drop_database, migrate, migrate_to};
use suiftly_store::testing::{connect, on_each_store};
use suiftly_store::writer::{Commit, Writer};
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Row};

/// A row as text: its key and what it holds. Instants are milliseconds, histograms their bytes.
type Rows = BTreeMap<String, String>;

/// Everything that the views' tables hold is what the model counts.
pub(crate) async fn check(config: &StoreConfig, model: &Model) {
    let client = connect(config).await;
    for (table, time, width_ms) in [("usage_per_minute", "minute", 60_000), ("usage_per_hour", "hour", HOUR_MS)] {
        assert_eq!(stored_times(&client, table, time).await, times(&model.records, width_ms), "{table}");
    }
    for (table, width_ms) in [("minute", 60_000), ("hour", HOUR_MS), ("day", 24 * HOUR_MS)] {
        let table = format!("infra_per_{table}");
        assert_eq!(stored_infra(&client, &table).await, infra(&model.records, width_ms), "{table}");
    }
    assert_eq!(stored_keys(&client).await, keys(&model.records));
    assert_eq!(stored_key_hours(&client).await, key_hours(&model.records));
    check_accounts(&client, model).await;
}

const fn ms(at: UnixMillis, width_ms: i64) -> i64 {
    at.0.div_euclid(width_ms) * width_ms
}

async fn stored_times(client: &Client, table: &str, time: &str) -> Rows {
    let select = format!(
        "SELECT concat_ws(' ', customer_id, extract(epoch FROM {time})::bigint * 1000, service_type, network), times \
         FROM {table}"
    );
    let rows = client.query(&select, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), format!("{:?}", Histogram::decode(row.get(1)).unwrap()))).collect()
}

fn times(records: &[Record], width_ms: i64) -> Rows {
    let mut rows = BTreeMap::<String, Histogram>::new();
    for record in records {
        let customer = record.customer_id.map_or(0, CustomerId::get);
        let service = record.service.map_or(0, |service| service.number());
        let network = record.network.map_or(-1, |network| i16::from(network.number()));
        let key = format!("{customer} {} {service} {network}", ms(record.timestamp, width_ms));
        let ms = u32::try_from(record.timers.total_ms).unwrap();
        rows.entry(key).or_default().count(ms, i64::from(record.repeat));
    }
    rows.into_iter().map(|(key, times)| (key, format!("{times:?}"))).collect()
}

const PHASES: [&str; 5] = ["request", "queue", "connect", "response", "total"];

/// Counts, then each phase's sum and histogram, then terminations.
#[derive(Debug, Default)]
struct Infra {
    counts: [i64; 2],
    phases: [(i64, Histogram); 5],
    terminations: BTreeMap<String, i64>,
}

async fn stored_infra(client: &Client, table: &str) -> Rows {
    let phases = PHASES.map(|phase| format!("{phase}_ms_sum, {phase}_times")).join(", ");
    let select = format!(
        "SELECT concat_ws(' ', server_id, extract(epoch FROM start)::bigint * 1000, service_type, network, backend_id, \
         event_type, status_class), requests, bytes_sent, {phases}, terminations FROM {table}"
    );
    let of = |row: &Row| Infra {
        counts: [row.get(1), row.get(2)],
        phases: std::array::from_fn(|at| (row.get(3 + 2 * at), Histogram::decode(row.get(4 + 2 * at)).unwrap())),
        terminations: row.get::<_, Json<BTreeMap<String, i64>>>(13).0,
    };
    let rows = client.query(&select, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), format!("{:?}", of(row)))).collect()
}

fn infra(records: &[Record], width_ms: i64) -> Rows {
    let mut rows = BTreeMap::<String, Infra>::new();
    for record in records {
        let (server, start) = (record.server_id.unwrap_or(-32_768), ms(record.timestamp, width_ms));
        let service = record.service.map_or(0, |service| service.number());
        let network = record.network.map_or(-1, |network| i16::from(network.number()));
        let class = if record.status_code < 100 { 0 } else { record.status_code / 100 };
        let (backend, event) = (record.backend_id, record.event_type);
        let row = rows.entry(format!("{server} {start} {service} {network} {backend} {event} {class}")).or_default();
        let (timers, repeat) = (&record.timers, i64::from(record.repeat));
        row.counts[0] += repeat;
        row.counts[1] += record.bytes_sent.cast_signed();
        let took = [timers.request_ms, timers.queue_ms, timers.connect_ms, timers.response_ms, Some(timers.total_ms)];
        for ((sum, times), took) in row.phases.iter_mut().zip(took) {
            let Some(took) = took else { continue };
            *sum += i64::from(took) * repeat;
            times.count(u32::try_from(took).unwrap(), repeat);
        }
        *row.terminations.entry(record.termination.as_str().to_owned()).or_default() += repeat;
    }
    rows.into_iter().map(|(key, row)| (key, format!("{row:?}"))).collect()
}

async fn stored_keys(client: &Client) -> Rows {
    let select = "SELECT concat_ws(' ', customer_id, api_key_fp), \
        concat_ws(' ', requests, errors, (extract(epoch FROM last_used_at) * 1000)::bigint) FROM key_activity";
    let rows = client.query(select, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn keys(records: &[Record]) -> Rows {
    let mut rows = BTreeMap::<String, (i64, i64, i64)>::new();
    for record in records {
        let Some(KeyRef { customer_id, api_key_fp }) = KeyRef::of(record) else { continue };
        let row = rows.entry(format!("{} {api_key_fp}", customer_id.get())).or_default();
        let class = TrafficClass::of(record.traffic_type, record.status_code);
        row.0 += i64::from(record.repeat);
        if matches!(class, TrafficClass::Rejected | TrafficClass::ClientError | TrafficClass::ServerError) {
            row.1 += i64::from(record.repeat);
        }
        row.2 = row.2.max(record.timestamp.0);
    }
    rows.into_iter().map(|(key, (requests, errors, used))| (key, format!("{requests} {errors} {used}"))).collect()
}

async fn stored_key_hours(client: &Client) -> Rows {
    let select = "SELECT concat_ws(' ', customer_id, api_key_fp, extract(epoch FROM hour)::bigint * 1000), \
        concat_ws(' ', requests, errors) FROM key_activity_per_hour";
    let rows = client.query(select, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn key_hours(records: &[Record]) -> Rows {
    let mut rows = BTreeMap::<String, (i64, i64)>::new();
    for record in records {
        let Some(KeyRef { customer_id, api_key_fp }) = KeyRef::of(record) else { continue };
        let hour = ms(record.timestamp, HOUR_MS);
        let row = rows.entry(format!("{} {api_key_fp} {hour}", customer_id.get())).or_default();
        let class = TrafficClass::of(record.traffic_type, record.status_code);
        let is_error = matches!(class, TrafficClass::Rejected | TrafficClass::ClientError | TrafficClass::ServerError);
        row.0 += i64::from(record.repeat);
        row.1 += if is_error { i64::from(record.repeat) } else { 0 };
    }
    rows.into_iter().map(|(key, (requests, errors))| (key, format!("{requests} {errors}"))).collect()
}

async fn check_accounts(client: &Client, model: &Model) {
    let texts = async |select: &str| -> Vec<String> {
        client.query(select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let spend = "SELECT concat_ws(' ', customer_id, state, month, rated_this_month_micro_usd, rated_in_all_micro_usd, \
        (extract(epoch FROM changed_at) * 1000)::bigint) FROM spend ORDER BY customer_id";
    let expected = model.accounts.spend.iter().map(|(customer, (spend, at))| {
        let (used, month) = (spend.used, &spend.month.start().rfc3339()[..10]);
        let (this_month, in_all) = (used.rated_this_month.0, used.rated_in_all.0);
        format!("{} {} {month} {this_month} {in_all} {}", customer.get(), spend.state.word(), at.0)
    });
    assert_eq!(texts(spend).await, expected.collect::<Vec<_>>());

    let keys = "SELECT concat_ws(' ', key_sha256, customer_id, service_type, network, api_key_fp, key_metadata, state) \
        FROM vault_keys ORDER BY key_sha256";
    let expected = model.accounts.keys.values().map(|grant| {
        let (service, network) = (grant.service.number(), grant.network.number());
        let (key, customer, state) = (&grant.key_sha256, grant.customer_id.get(), format!("{:?}", grant.state));
        let (fp, metadata) = (grant.api_key_fp, grant.key_metadata);
        format!("{key} {customer} {service} {network} {fp} {metadata} {}", state.to_lowercase())
    });
    assert_eq!(texts(keys).await, expected.collect::<Vec<_>>());

    let access = "SELECT concat_ws(' ', customer_id, service_type, is_enabled, state, guaranteed_per_second, \
        burst_per_second, allowlist) FROM vault_access ORDER BY customer_id";
    let expected = model.accounts.access.values().map(|grant| {
        let (customer, service, enabled) = (grant.customer_id.get(), grant.service.number(), grant.is_enabled);
        let (enabled, state) = (if enabled { "t" } else { "f" }, grant.state.word());
        let (guaranteed, burst) = (grant.guaranteed_per_second, grant.burst_per_second);
        format!("{customer} {service} {enabled} {state} {guaranteed} {burst} {:?}", grant.allowlist)
    });
    assert_eq!(texts(access).await, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn every_view_equals_a_recount_across_restarts() {
    on_each_store(async |database| {
        let mut model = Model::default();
        for run in 0..4 {
            let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
            for seed in 0..3 {
                let commits: Vec<_> =
                    (0..=seed).map(|at| model.commit(some_records(run * 9 + seed + at, 60, model.now()))).collect();
                writer.commit(&commits).await.unwrap();
                check(database.config(), &model).await;
            }
        }
    })
    .await;
}

fn record(at: UnixMillis, total_ms: i32) -> Record {
    let mut record = some_records(1, 1, start()).remove(0);
    record.timestamp = at;
    record.timers.total_ms = total_ms;
    (record.customer_id, record.service, record.repeat) = (CustomerId::new(7), Some(Service::Grpc), 1);
    record
}

/// An epoch of one record, or of its retraction.
fn epoch(epoch: u64, record: &Record, is_retraction: bool) -> Arc<Commit> {
    let (mut used, mut sums) = (Usage::default(), InfraSums::default());
    used.add(record);
    sums.add(record);
    if is_retraction {
        (used, sums) = (used.negated(), sums.negated());
    }
    let (minute, at) = (MinuteKey::of(record), record.timestamp);
    let infra = |start| vec![(InfraSpanKey { infra: InfraKey::of(record), start }, sums.clone())];
    let deltas = EpochDeltas {
        epoch,
        minutes: vec![(minute, used.clone())],
        hours: vec![(HourKey { usage: minute.usage, hour: at.hour() }, used)],
        infra_minutes: infra(at.minute()),
        infra_hours: infra(at.hour()),
        infra_days: infra(at.day()),
        ..EpochDeltas::default()
    };
    Arc::new(Commit { epoch, cut_at: start(), deltas: deltas.into(), ..Commit::default() })
}

/// Requests by row, in the order of time.
async fn requests(client: &Client, table: &str) -> Vec<i64> {
    let select = format!("SELECT requests FROM {table} ORDER BY start");
    client.query(&select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn what_is_too_old_counts_in_the_wider_span_only() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        let days = |days: i64| record(start().plus_ms(-days * 24 * HOUR_MS), 5);
        let commits: Vec<_> = (1..).zip([0, 1, 2, 29, 31]).map(|(at, age)| epoch(at, &days(age), false)).collect();
        writer.commit(&commits).await.unwrap();
        let client = connect(database.config()).await;
        assert_eq!(requests(&client, "infra_per_minute").await, [1; 2]);
        assert_eq!(requests(&client, "infra_per_hour").await, [1; 4]);
        assert_eq!(requests(&client, "infra_per_day").await, [1; 5]);
    })
    .await;
}

#[tokio::test]
async fn a_retraction_takes_histograms_back() {
    on_each_store(async |database| {
        let (one, other) = (record(start(), 5), record(start(), 70_000));
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        writer.commit(&[epoch(1, &one, false), epoch(2, &other, false)]).await.unwrap();
        writer.commit(&[epoch(3, &other, true)]).await.unwrap();
        let client = connect(database.config()).await;
        let only = std::slice::from_ref(&one);
        assert_eq!(stored_times(&client, "usage_per_hour", "hour").await, times(only, HOUR_MS));
        assert_eq!(stored_infra(&client, "infra_per_day").await, infra(only, 24 * HOUR_MS));
        // Of what was counted before the row began: less than nothing, and no reason to stop.
        let gone = record(start().plus_ms(-HOUR_MS), 5);
        writer.commit(&[epoch(4, &gone, true)]).await.unwrap();
        assert_eq!(requests(&client, "infra_per_hour").await, [-1, 1]);
    })
    .await;
}

#[tokio::test]
async fn the_oddest_keys_are_rows() {
    on_each_store(async |database| {
        let mut odd = record(start(), i32::MAX);
        (odd.event_type, odd.backend_id, odd.status_code) = (u8::MAX, i16::MIN, 599);
        odd.termination = ShortText::new("S\0");
        let mut same = odd;
        (odd.server_id, same.server_id) = (None, Some(i16::MIN));
        let (mut writer, _) = Writer::open(database.config(), "j").await.unwrap();
        writer.commit(&[epoch(1, &odd, false), epoch(2, &same, false)]).await.unwrap();
        let client = connect(database.config()).await;
        let select = "SELECT requests::text || terminations::text FROM infra_per_day WHERE server_id = -32768";
        let found: String = client.query_one(select, &[]).await.unwrap().get(0);
        assert_eq!(found, r#"2{"S": 2}"#);
        assert_eq!(InfraKey::of(&odd).status_class, StatusClass::of(500));
        assert_eq!(PhaseName::ALL.map(PhaseName::word), PHASES);
    })
    .await;
}

/// The version before these tables.
const BEFORE: i32 = 6;

#[tokio::test]
async fn an_old_database_goes_on_with_its_sums() {
    on_each_store(async |database| {
        let old = database.owner().with_database(&format!("old_{}", database.config().database()));
        migrate_to(&old, BEFORE).await.unwrap();
        let client = connect(&old).await;
        let record = record(start(), 5);
        let MinuteKey { usage: UsageKey { network, .. }, .. } = MinuteKey::of(&record);
        let network = network.map_or(-1, |network| i16::from(network.number()));
        for (table, at) in [("usage_per_minute", "2026-12-01 00:30Z"), ("usage_per_hour", "2026-12-01 00:00Z")] {
            let row = format!("INSERT INTO {table} VALUES (7, '{at}', 2, {network}, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0)");
            client.batch_execute(&row).await.unwrap();
        }
        assert!(migrate(&old).await.unwrap().applied > 0);

        let (mut writer, _) = Writer::open(&old, "j").await.unwrap();
        writer.commit(&[epoch(1, &record, false)]).await.unwrap();
        let added = UsageSums::of(&record).requests();
        for (table, time, width_ms) in [("usage_per_minute", "minute", 60_000), ("usage_per_hour", "hour", HOUR_MS)] {
            let select = format!(
                "SELECT (guaranteed + burst + rejected + client_error + server_error + other)::bigint FROM {table}"
            );
            assert_eq!(client.query_one(&select, &[]).await.unwrap().get::<_, i64>(0), 40 + added, "{table}");
            let expected = times(std::slice::from_ref(&record), width_ms);
            assert_eq!(stored_times(&client, table, time).await, expected, "of the old ones nobody knows");
        }
        drop((writer, client));
        drop_database(&old).await.unwrap();
    })
    .await;
}
