//! Views as tables, kept by adding the deltas: what the store does.

use crate::oracle::{Cells, InfraRow, MONTH_EDGE, Tables, UsageRow};
use std::collections::BTreeMap;
use suiftly_schema::histogram::{Histogram, bounds_of};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::infra::{InfraSpanKey, InfraSums};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{Usage, UsageKey};
use suiftly_schema::view::EpochDeltas;

/// Adds an epoch's deltas.
pub(crate) fn integrate(tables: &mut Tables, deltas: &EpochDeltas) {
    for (key, usage) in &deltas.minutes {
        add_usage(&mut tables.minutes, (key.usage, key.minute), usage);
    }
    for (key, usage) in &deltas.hours {
        add_usage(&mut tables.hours, (key.usage, key.hour), usage);
    }
    let spans = [&deltas.infra_minutes, &deltas.infra_hours, &deltas.infra_days];
    for (rows, span) in tables.infra.iter_mut().zip(spans) {
        span.iter().for_each(|(key, sums)| add_infra(rows, key, sums));
    }
    for (key, activity) in &deltas.keys {
        let row = tables.keys.entry((key.customer_id.get(), key.api_key_fp)).or_default();
        row.0 += activity.requests;
        row.1 += activity.errors;
    }
    for (of, did) in &deltas.key_hours {
        let row = tables.key_hours.entry((of.key.customer_id.get(), of.key.api_key_fp, of.hour.0)).or_default();
        row.0 += did.requests;
        row.1 += did.errors;
    }
    for (key, sums) in &deltas.rated {
        let december = key.month.start().0 >= MONTH_EDGE;
        let row = tables.rated.entry((key.customer_id.get(), key.service, december, key.price_book)).or_default();
        row.0 += sums.billable_requests;
        row.1 += sums.billable_bytes;
        row.2 += sums.rated.0;
    }
    for (customer_id, spend) in &deltas.spend {
        let before = tables.states.insert(customer_id.get(), spend.state.word());
        assert_ne!(before, Some(spend.state.word()), "only changes are told");
    }
    integrate_vault(tables, deltas);
    tables.drop_empty();
}

/// What is taken back goes first: a changed row is one of each.
fn integrate_vault(tables: &mut Tables, deltas: &EpochDeltas) {
    for sign in [-1, 1] {
        for (grant, _) in deltas.key_grants.iter().filter(|(_, diff)| *diff == sign) {
            let row = (grant.customer_id.get(), grant.api_key_fp, grant.state == KeyLife::Active);
            put(&mut tables.key_grants, grant.key_sha256.clone(), row, sign);
        }
        for (grant, _) in deltas.access_grants.iter().filter(|(_, diff)| *diff == sign) {
            let limits = (grant.guaranteed_per_second, grant.burst_per_second);
            let row = (grant.is_enabled, grant.state.word(), limits.0, limits.1, grant.allowlist.clone());
            put(&mut tables.access, (grant.customer_id.get(), grant.service), row, sign);
        }
    }
}

fn put<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(rows: &mut BTreeMap<K, V>, key: K, row: V, sign: i8) {
    if sign > 0 {
        assert!(rows.insert(key, row).is_none(), "granted twice");
    } else {
        assert_eq!(rows.remove(&key), Some(row), "what is taken back was there");
    }
}

fn add_usage(rows: &mut BTreeMap<crate::oracle::UsageId, UsageRow>, (key, at): (UsageKey, UnixMillis), usage: &Usage) {
    assert!(!usage.is_zero(), "no delta is zero");
    let row = rows.entry((key.customer_id.map(CustomerId::get), key.service, key.network, at.0)).or_default();
    row.sums.iter_mut().zip(usage.sums.to_array()).for_each(|(sum, more)| *sum += more);
    add_cells(&mut row.cells, &usage.times);
}

fn add_infra(rows: &mut BTreeMap<crate::oracle::InfraId, InfraRow>, key: &InfraSpanKey, sums: &InfraSums) {
    assert!(!sums.is_zero(), "no delta is zero");
    let of = &key.infra;
    let class = of.status_class.number();
    let id = (of.server_id, of.service, of.network, of.backend_id, of.event_type, class, key.start.0);
    let row = rows.entry(id).or_default();
    row.requests += sums.requests;
    row.bytes += sums.bytes_sent;
    for ((sum, cells), phase) in row.phases.iter_mut().zip(&sums.phases) {
        *sum += phase.sum_ms;
        add_cells(cells, &phase.times);
    }
    for (state, count) in sums.terminations.iter() {
        *row.terminations.entry(state.text().as_str().to_owned()).or_default() += count;
    }
}

fn add_cells(cells: &mut Cells, histogram: &Histogram) {
    for (cell, count) in histogram.cells() {
        *cells.entry(bounds_of(cell).0).or_default() += count;
    }
}
