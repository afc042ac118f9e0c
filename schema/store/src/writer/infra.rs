//! The rows of infra: few, and put whole, sums and histograms alike.

use super::memory::Remembered;
use super::statements::{UPSERT_ROWS_MAX, execute};
use crate::StoreError;
use crate::codec::{NO_SERVER, Timestamptz, histogram_of, network_number, service_number, without_nul};
use std::collections::{BTreeMap, HashMap};
use suiftly_schema::infra::{InfraSpanKey, InfraSums, Phase, PhaseName, Termination};
use suiftly_schema::record::ShortText;
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Client, Row, Statement, Transaction};

/// What names a row, and its type.
const KEY: [(&str, &str); 7] = [
    ("server_id", "smallint"),
    ("start", "timestamptz"),
    ("service_type", "smallint"),
    ("network", "smallint"),
    ("backend_id", "smallint"),
    ("event_type", "smallint"),
    ("status_class", "smallint"),
];
/// Where the phases' histograms begin among the values.
const TIMES_AT: usize = 2 + PhaseName::ALL.len();
const TERMINATIONS_AT: usize = TIMES_AT + PhaseName::ALL.len();

/// What a row holds, and its type: counts, the phases' sums, their histograms, terminations.
pub(crate) fn infra_values() -> Vec<(String, &'static str)> {
    let of_phases = |suffix: &'static str, kind: &'static str| {
        PhaseName::ALL.into_iter().map(move |phase| (format!("{}{suffix}", phase.word()), kind))
    };
    let mut values = vec![("requests".to_owned(), "bigint"), ("bytes_sent".to_owned(), "bigint")];
    values.extend(of_phases("_ms_sum", "bigint"));
    values.extend(of_phases("_times", "bytea"));
    values.push(("terminations".to_owned(), "jsonb"));
    values
}

/// One of the three tables.
pub(super) struct InfraTable {
    read: Statement,
    put: Statement,
}

impl InfraTable {
    /// Prepares its statements.
    pub(super) async fn prepare(client: &Client, table: &str) -> Result<Self, StoreError> {
        let prepare = async |sql: String| {
            client.prepare(&sql).await.map_err(StoreError::database("prepare the writer's statements"))
        };
        Ok(Self { read: prepare(read(table)).await?, put: prepare(put(table)).await? })
    }
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// By the primary key, row by row.
fn read(table: &str) -> String {
    let arrays = joined(KEY.iter().enumerate().map(|(at, (_, kind))| format!("${}::{kind}[]", at + 1)), ", ");
    let keys = joined(KEY.iter().map(|(name, _)| (*name).to_owned()), ", ");
    let equal = joined(KEY.iter().map(|(name, _)| format!("t.{name} = k.{name}")), " AND ");
    let values = joined(infra_values().into_iter().map(|(name, _)| format!("t.{name}")), ", ");
    format!(
        "SELECT {values}, k.at FROM unnest({arrays}) WITH ORDINALITY AS k ({keys}, at) \
         CROSS JOIN LATERAL (SELECT * FROM {table} AS t WHERE {equal} OFFSET 0) AS t"
    )
}

fn put(table: &str) -> String {
    let (keys, values) = (KEY.iter().map(|(name, kind)| ((*name).to_owned(), *kind)), infra_values());
    let all: Vec<_> = keys.clone().chain(values.iter().cloned()).collect();
    let names = joined(all.iter().map(|(name, _)| name.clone()), ", ");
    let arrays = joined(all.iter().enumerate().map(|(at, (_, kind))| format!("${}::{kind}[]", at + 1)), ", ");
    let keys = joined(keys.map(|(name, _)| name), ", ");
    let set = joined(values.iter().map(|(name, _)| format!("{name} = excluded.{name}")), ", ");
    format!("INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) ON CONFLICT ({keys}) DO UPDATE SET {set}")
}

/// Adds to the table's rows; answers them as they are then.
pub(super) async fn add_infra(
    transaction: &Transaction<'_>,
    table: &InfraTable,
    memory: &Remembered<InfraSpanKey, InfraSums>,
    rows: &BTreeMap<InfraSpanKey, InfraSums>,
) -> Result<Vec<(InfraSpanKey, InfraSums)>, StoreError> {
    let unknown: Vec<_> = rows.keys().copied().filter(|key| memory.is_unknown(key)).collect();
    let mut stored = read_sums(transaction, table, &unknown).await?;
    let mut put = Vec::with_capacity(rows.len());
    for (key, delta) in rows {
        let before = memory.get(key).cloned().or_else(|| stored.remove(key));
        let mut sums = before.unwrap_or_default();
        sums += delta;
        put.push((*key, sums));
    }
    for put in put.chunks(UPSERT_ROWS_MAX) {
        put_rows(transaction, table, put).await?;
    }
    Ok(put)
}

async fn read_sums(
    transaction: &Transaction<'_>,
    table: &InfraTable,
    keys: &[InfraSpanKey],
) -> Result<HashMap<InfraSpanKey, InfraSums>, StoreError> {
    let mut stored = HashMap::new();
    for keys in keys.chunks(UPSERT_ROWS_MAX) {
        let columns = KeyColumns::of(keys.iter());
        let found = transaction
            .query(&table.read, &columns.parameters())
            .await
            .map_err(StoreError::database("read rows of infra"))?;
        for row in found {
            let at = usize::try_from(row.get::<_, i64>(TERMINATIONS_AT + 1) - 1).expect("an ordinal counts from one");
            stored.insert(keys[at], infra_sums_of(&row, 0)?);
        }
    }
    Ok(stored)
}

/// The sums of a row that has [`infra_values`] from its column `first` on.
pub(crate) fn infra_sums_of(row: &Row, first: usize) -> Result<InfraSums, StoreError> {
    let mut sums = InfraSums { requests: row.get(first), bytes_sent: row.get(first + 1), ..InfraSums::default() };
    for (at, phase) in sums.phases.iter_mut().enumerate() {
        *phase = Phase { sum_ms: row.get(first + 2 + at), times: histogram_of(row.get(first + TIMES_AT + at))? };
    }
    let counts: Json<BTreeMap<String, i64>> = row
        .try_get(first + TERMINATIONS_AT)
        .map_err(|error| StoreError::Row { what: "termination states", cause: error.to_string() })?;
    counts
        .0
        .iter()
        .for_each(|(state, times)| sums.terminations.count(Termination::new(&ShortText::new(state)), *times));
    Ok(sums)
}

async fn put_rows(
    transaction: &Transaction<'_>,
    table: &InfraTable,
    rows: &[(InfraSpanKey, InfraSums)],
) -> Result<(), StoreError> {
    let keys = KeyColumns::of(rows.iter().map(|(key, _)| key));
    let requests: Vec<i64> = rows.iter().map(|(_, sums)| sums.requests).collect();
    let bytes: Vec<i64> = rows.iter().map(|(_, sums)| sums.bytes_sent).collect();
    let mut ms_sums: [Vec<i64>; PhaseName::ALL.len()] = Default::default();
    let mut times: [Vec<Vec<u8>>; PhaseName::ALL.len()] = Default::default();
    for (_, sums) in rows {
        for (at, phase) in sums.phases.iter().enumerate() {
            ms_sums[at].push(phase.sum_ms);
            times[at].push(phase.times.encode());
        }
    }
    let terminations: Vec<_> = rows.iter().map(|(_, sums)| Json(terminations(sums))).collect();
    let mut parameters: Vec<&(dyn ToSql + Sync)> = keys.parameters().to_vec();
    parameters.extend([&requests as &(dyn ToSql + Sync), &bytes]);
    parameters.extend(ms_sums.iter().map(|column| column as &(dyn ToSql + Sync)));
    parameters.extend(times.iter().map(|column| column as &(dyn ToSql + Sync)));
    parameters.push(&terminations);
    execute(transaction, &table.put, &parameters, "put infra").await?;
    Ok(())
}

/// A line may carry a zero byte, which JSON in a database cannot.
fn terminations(sums: &InfraSums) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::<String, i64>::new();
    for (state, times) in sums.terminations.iter() {
        let sum = counts.entry(without_nul(state.text().as_str()).into_owned()).or_default();
        *sum = sum.saturating_add(times);
    }
    counts
}

/// Keys as columns, in the order of [`KEY`].
#[derive(Default)]
struct KeyColumns {
    servers: Vec<i16>,
    starts: Vec<Timestamptz>,
    /// Services, networks, backends, events, status classes.
    numbers: [Vec<i16>; 5],
}

impl KeyColumns {
    fn of<'a>(keys: impl Iterator<Item = &'a InfraSpanKey>) -> Self {
        let mut columns = Self::default();
        for InfraSpanKey { infra, start } in keys {
            columns.servers.push(infra.server_id.unwrap_or(NO_SERVER));
            columns.starts.push(Timestamptz(*start));
            let numbers = [
                service_number(infra.service),
                network_number(infra.network),
                infra.backend_id,
                i16::from(infra.event_type),
                i16::from(infra.status_class.number()),
            ];
            columns.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.push(number));
        }
        columns
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); KEY.len()] {
        let [services, networks, backends, events, classes] = &self.numbers;
        [&self.servers, &self.starts, services, networks, backends, events, classes]
    }
}
