//! A plain recount: keeps every record and every reference change ever given and computes all views from scratch, with its
//! own classes, cells and prices. It shares the schema's types with the dataflow, and none of its sums.

use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Epoch, Network, Service};
use suiftly_schema::record::Record;
use suiftly_schema::reference::{AccountStatus, Entity, EntityId, KeyLife, KeyState};
use suiftly_schema::time::UnixMillis;

/// 2026-11-30T22:00:00Z: the generated minutes cross two hours, a price book and, at its third hour, a month.
pub(crate) const START: i64 = 1_796_076_000_000;
pub(crate) const MONTH_EDGE: i64 = START + 2 * HOUR;
/// From when the second book holds: 23:00, an hour before the month ends.
pub(crate) const BOOK_2_FROM: i64 = START + HOUR;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An event as it was given: when, what, and whether it was taken back.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Line(Record, i64),
    Change(Entity),
}

pub(crate) type Cells = BTreeMap<u32, i64>;
pub(crate) type UsageId = (Option<i64>, Option<Service>, Option<Network>, i64);
pub(crate) type InfraId = (Option<i16>, Option<Service>, Option<Network>, i16, u8, u8, i64);
/// Customer, service, month (whether it is December), price book.
pub(crate) type RatedId = (i64, Option<Service>, bool, u32);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsageRow {
    /// Six classes, billable requests, bytes, billable bytes, milliseconds.
    pub(crate) sums: [i64; 10],
    pub(crate) cells: Cells,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InfraRow {
    pub(crate) requests: i64,
    pub(crate) bytes: i64,
    /// Sum and cells of each phase.
    pub(crate) phases: [(i64, Cells); 5],
    pub(crate) terminations: BTreeMap<String, i64>,
}

/// All views as whole tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(crate) minutes: BTreeMap<UsageId, UsageRow>,
    pub(crate) hours: BTreeMap<UsageId, UsageRow>,
    /// By span: minute, hour, day.
    pub(crate) infra: [BTreeMap<InfraId, InfraRow>; 3],
    /// Requests, errors.
    pub(crate) keys: BTreeMap<(i64, u32), (i64, i64)>,
    /// The same, by hour.
    pub(crate) key_hours: BTreeMap<(i64, u32, i64), (i64, i64)>,
    /// Requests, bytes, micro-dollars.
    pub(crate) rated: BTreeMap<RatedId, (i64, i64, i64)>,
    pub(crate) states: BTreeMap<i64, &'static str>,
    pub(crate) key_grants: BTreeMap<String, (i64, u32, bool)>,
    /// By customer and service.
    pub(crate) access: BTreeMap<(i64, Service), AccessRow>,
}

/// Enabled, state, limits, allowlist.
pub(crate) type AccessRow = (bool, &'static str, u32, u32, Vec<String>);

/// Everything given so far, recounted. `now` is the last epoch's clock.
pub(crate) fn recount(given: &[(Epoch, Given)], now: UnixMillis) -> Tables {
    let mut tables = Tables::default();
    let mut entities = BTreeMap::new();
    for (_, given) in given {
        match given {
            Given::Line(record, sign) => add_line(&mut tables, record, *sign),
            Given::Change(entity) => {
                entities.insert(entity.id(), entity.clone());
            }
        }
    }
    for (id, row) in &mut tables.rated {
        row.2 = price(id, row.0, row.1);
    }
    tables.drop_empty();
    states(&mut tables, &entities, now);
    vault(&mut tables, &entities);
    tables
}

impl Tables {
    pub(crate) fn drop_empty(&mut self) {
        let none = |cells: &Cells| cells.values().all(|count| *count == 0);
        for rows in [&mut self.minutes, &mut self.hours] {
            rows.values_mut().for_each(|row| row.cells.retain(|_, count| *count != 0));
            rows.retain(|_, row| row.sums != [0; 10] || !none(&row.cells));
        }
        for rows in &mut self.infra {
            for row in rows.values_mut() {
                row.phases.iter_mut().for_each(|(_, cells)| cells.retain(|_, count| *count != 0));
                row.terminations.retain(|_, count| *count != 0);
            }
            rows.retain(|_, row| *row != InfraRow::default());
        }
        self.rated.retain(|_, row| *row != (0, 0, 0));
    }
}

fn add_line(tables: &mut Tables, record: &Record, sign: i64) {
    let at = record.timestamp.0;
    let times = i64::from(record.repeat) * sign;
    let bytes = i64::try_from(record.bytes_sent).unwrap() * sign;
    let customer = record.customer_id.map(CustomerId::get);
    let (class, is_error) = class(record);
    let billable = [1, 2, 7].contains(&record.traffic_type) && (100..400).contains(&record.status_code);
    for (rows, span) in [(&mut tables.minutes, MINUTE), (&mut tables.hours, HOUR)] {
        let row = rows.entry((customer, record.service, record.network, at / span * span)).or_default();
        row.sums[class] += times;
        row.sums[6] += if billable { times } else { 0 };
        row.sums[7] += bytes;
        row.sums[8] += if billable { bytes } else { 0 };
        row.sums[9] += i64::from(record.timers.total_ms) * times;
        *row.cells.entry(cell(record.timers.total_ms)).or_default() += times;
    }
    for (rows, span) in tables.infra.iter_mut().zip([MINUTE, HOUR, DAY]) {
        add_infra(rows, record, at / span * span, (times, bytes));
    }
    let Some(customer) = customer else { return };
    if record.api_key_fp != 0 {
        let errors = if is_error { times } else { 0 };
        let hour = tables.key_hours.entry((customer, record.api_key_fp, at / HOUR * HOUR)).or_default();
        *hour = (hour.0 + times, hour.1 + errors);
        let row = tables.keys.entry((customer, record.api_key_fp)).or_default();
        *row = (row.0 + times, row.1 + errors);
    }
    if billable {
        let book = if at >= BOOK_2_FROM { 2 } else { 1 };
        let row = tables.rated.entry((customer, record.service, at >= MONTH_EDGE, book)).or_default();
        row.0 += times;
        row.1 += bytes;
    }
}

fn add_infra(rows: &mut BTreeMap<InfraId, InfraRow>, record: &Record, start: i64, (times, bytes): (i64, i64)) {
    let status = u8::try_from(record.status_code / 100).ok().filter(|first| (1..=5).contains(first)).unwrap_or(0);
    let key = (record.server_id, record.service, record.network, record.backend_id, record.event_type, status, start);
    let row = rows.entry(key).or_default();
    row.requests += times;
    row.bytes += bytes;
    *row.terminations.entry(record.termination.as_str().to_owned()).or_default() += times;
    let t = &record.timers;
    let phases = [t.request_ms, t.queue_ms, t.connect_ms, t.response_ms, Some(t.total_ms)];
    for (phase, ms) in row.phases.iter_mut().zip(phases) {
        if let Some(ms) = ms {
            phase.0 += i64::from(ms) * times;
            *phase.1.entry(cell(ms)).or_default() += times;
        }
    }
}

/// Which of the six classes, and whether it is an error.
fn class(record: &Record) -> (usize, bool) {
    let status = record.status_code;
    if (3..=6).contains(&record.traffic_type) {
        (2, true)
    } else if (400..500).contains(&status) {
        (3, true)
    } else if (500..600).contains(&status) {
        (4, true)
    } else if (200..300).contains(&status) && record.traffic_type == 1 {
        (0, false)
    } else if (200..300).contains(&status) && record.traffic_type == 2 {
        (1, false)
    } else {
        (5, false)
    }
}

/// The lowest value of the cell that a value is in: exact to 127, then 64 cells a doubling.
fn cell(ms: i32) -> u32 {
    let (mut value, mut shift) = (ms.unsigned_abs(), 0);
    while value > 127 {
        value /= 2;
        shift += 1;
    }
    value << shift
}

/// $1 (book 2: $3) per 10,000 requests, $0.06 per GiB of gRPC and GraphQL, rounded down once.
fn price(id: &RatedId, requests: i64, bytes: i64) -> i64 {
    let per_request = if id.3 == 2 { 300 } else { 100 };
    let bytes = if matches!(id.1, Some(Service::Grpc | Service::Graphql)) { bytes } else { 0 };
    let whole = i128::from(requests * per_request) + (i128::from(bytes) * 60_000).div_euclid(1 << 30);
    whole.try_into().unwrap()
}

fn states(tables: &mut Tables, entities: &BTreeMap<EntityId, Entity>, now: UnixMillis) {
    let is_december = now.0 >= MONTH_EDGE;
    for entity in entities.values() {
        let Entity::Account(account) = entity else { continue };
        let id = account.customer_id.get();
        let of = |december: Option<bool>| -> i64 {
            let rows = tables.rated.iter();
            let mine = rows.filter(|(key, _)| key.0 == id && december.is_none_or(|december| key.2 == december));
            mine.map(|(_, row)| row.2).sum()
        };
        let fixed: i64 = account.fixed.iter().filter(|(month, _)| *month == now.month()).map(|(_, sum)| sum.0).sum();
        let owed = of(None) + account.fixed_in_all.0 - account.charged_in_all.0 - account.credited_in_all.0;
        let limit = account.max_monthly.0;
        let state = match account.status {
            AccountStatus::Closed => "closed",
            AccountStatus::Suspended => "suspended",
            AccountStatus::Active if limit > 0 && of(Some(is_december)) + fixed >= limit => "monthly_limit",
            AccountStatus::Active if owed >= account.balance.0 => "insufficient_balance",
            AccountStatus::Active => "active",
        };
        tables.states.insert(id, state);
    }
}

fn vault(tables: &mut Tables, entities: &BTreeMap<EntityId, Entity>) {
    for entity in entities.values() {
        match entity {
            Entity::Key(KeyState { state: KeyLife::Deleted, .. })
            | Entity::Account(_)
            | Entity::PriceBook(_)
            | Entity::LogFormat(_) => {}
            Entity::Key(key) => {
                let row = (key.customer_id.get(), key.api_key_fp, key.state == KeyLife::Active);
                tables.key_grants.insert(key.key_sha256.clone(), row);
            }
            Entity::Service(access) => {
                let id = access.customer_id.get();
                let Some(state) = tables.states.get(&id) else { continue };
                let limits = (access.guaranteed_per_second, access.burst_per_second);
                let row = (access.is_enabled, *state, limits.0, limits.1, access.allowlist.clone());
                tables.access.insert((id, access.service), row);
            }
        }
    }
}
