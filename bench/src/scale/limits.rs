//! Where it breaks first: how much each part that there is but once, or that has a bound, would carry. Pure.

use super::sizing::{Asked, Plan, SECONDS_A_MONTH, SHARDS};

const MIB: f64 = 1_048_576.0;
/// A gateway's number is `(region << 4) | number` in 16 bits, one of them the sign.
const SERVER_IDS: f64 = 32_767.0;
const SECONDS_A_MINUTE: f64 = 60.0;

/// A bound, and what is asked of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limit {
    pub(super) what: &'static str,
    pub(super) unit: &'static str,
    /// The most there may be of what is asked for.
    pub(super) carries: f64,
    pub(super) asked: f64,
}

impl Limit {
    /// How many times what is asked it carries: below 1 it breaks.
    pub(super) fn times(&self) -> f64 {
        self.carries / self.asked
    }
}

/// All of them, the one that breaks first at the head.
pub(super) fn limits(asked: &Asked, plan: &Plan) -> Vec<Limit> {
    let mut all = of_lines(asked, plan);
    all.extend(of_customers(asked, plan));
    all.push(limit("numbers of gateways", "gateways", SERVER_IDS, f64::from(asked.size.gateways)));
    all.sort_by(|one, other| one.times().total_cmp(&other.times()));
    all
}

const fn limit(what: &'static str, unit: &'static str, carries: f64, asked: f64) -> Limit {
    Limit { what, unit, carries, asked }
}

fn of_lines(asked: &Asked, plan: &Plan) -> Vec<Limit> {
    let (costs, rate) = (&asked.costs, asked.lines_s());
    let lines = |what, carries| limit(what, "lines/s", carries, rate);
    let record_writes = costs.record_bytes * costs.database_writes;
    let rows_a_line = asked.rows_s() / rate;
    let link_bytes_s = costs.link_gbit_s * 1e9 / 8.0;
    let a_gateway = rate / f64::from(asked.size.gateways);
    let mut all = vec![
        lines("what waits for the database, committed as fast as it fills its memory", waiting(asked, plan)),
        lines("workers: one a shard", rate * f64::from(SHARDS) / asked.views_cores()),
        lines("deltas to one API, by its network", link_bytes_s / (rows_a_line * costs.row_bytes)),
        limit("a gateway's lines, decoded by one worker", "lines/s of a gateway", 1e6 / costs.decode_us, a_gateway),
    ];
    if asked.size.keeps_raw {
        all.push(lines("raw records into one PostgreSQL, by its disk", costs.database_disk_mb_s * 1e6 / record_writes));
        let by_cores = costs.database_cores_max * 1e6 / costs.store_record_us;
        all.push(lines("raw records into one PostgreSQL, by its cores", by_cores));
    }
    all
}

/// Lines a second at which half of the memory for what waits fills as fast as the other half is committed. What is
/// added up while it waits has its bound in customers instead.
fn waiting(asked: &Asked, plan: &Plan) -> f64 {
    let half = asked.costs.waiting_mib * MIB * f64::from(plan.processes) / 2.0;
    let customers = asked.size.customers as f64;
    let lines = if !asked.size.adds_up {
        half / asked.waiting_bytes_a_line()
    } else if half >= customers * asked.costs.row_memory_bytes {
        return f64::INFINITY;
    } else {
        lines_that_meet(asked, half / asked.costs.row_memory_bytes)
    };
    plan.writers() * 1e6 / asked.costs.store_us(&asked.customers, lines, asked.size.keeps_raw)
}

/// How many lines it takes to meet so many customers.
fn lines_that_meet(asked: &Asked, customers: f64) -> f64 {
    let (mut least, mut most) = (1.0_f64, 1e15_f64);
    for _ in 0..100 {
        let middle = (least * most).sqrt();
        if asked.customers.met_in(middle) < customers { least = middle } else { most = middle }
    }
    most
}

fn of_customers(asked: &Asked, plan: &Plan) -> Vec<Limit> {
    let costs = &asked.costs;
    let customers = |what, carries| limit(what, "customers", carries, asked.size.customers as f64);
    let by_keys = |what, keys: f64| customers(what, keys / costs.keys_a_customer);
    // A change walks over all grants: with twice the customers there are twice the changes, each twice as long.
    let changes = (SECONDS_A_MONTH * 1e6 / (costs.changes_a_month * costs.grant_change_us)).sqrt();
    let rows = plan.writers() * SECONDS_A_MINUTE * 1e6 / costs.store_row_us;
    let seeds = (costs.serving_max_s - costs.restart_s).max(0.0) * plan.writers() * 1e6;
    vec![
        by_keys("keys in a map of HAProxy", costs.map_entries_max),
        by_keys("a refill of the maps within its time", costs.refill_max_s * 1e6 / costs.refill_us),
        by_keys("memory of a gateway for keys", costs.edge_memory_gb * 1e9 / costs.edge_key_bytes),
        customers("changes of grants at each edge, one by one", changes),
        customers("each customer's rows into PostgreSQL once a minute", rows),
        customers(
            "the seed of a start, within the time to serve again",
            seeds / (costs.rated_rows * costs.seed_row_us),
        ),
        customers("a month closed within its grace", costs.close_max_s * 1e6 / costs.close_us),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::costs::Costs;
    use super::super::sizing::Size;
    use super::*;

    fn of(size: Size, costs: Costs) -> Vec<Limit> {
        let asked = Asked::new(size, costs);
        limits(&asked, &Plan::of(&asked))
    }

    fn named(limits: &[Limit], what: &str) -> Limit {
        limits.iter().find(|limit| limit.what == what).unwrap().clone()
    }

    #[test]
    fn what_breaks_first_is_at_the_head() {
        let limits = of(Size::INTERNET, Costs::default());
        assert!(limits.windows(2).all(|pair| pair[0].times() <= pair[1].times()), "{limits:?}");
        assert!(limits[0].times() < 1.0 && limits[limits.len() - 1].times() > 1.0, "{limits:?}");
    }

    #[test]
    fn limits_that_are_known_without_a_program() {
        let costs = Costs { database_disk_mb_s: 720.0, refill_us: 10.0, ..Costs::default() };
        let limits = of(Size::INTERNET, costs);
        assert_eq!(named(&limits, "raw records into one PostgreSQL, by its disk").carries, 1e6);
        assert_eq!(named(&limits, "keys in a map of HAProxy").carries, 8e6 / 1.2);
        assert_eq!(named(&limits, "a refill of the maps within its time").carries, 6e6 / 1.2);
        assert_eq!(named(&limits, "a gateway's lines, decoded by one worker").asked, 10_000.0);
    }

    #[test]
    fn without_raw_records_nothing_is_said_of_them() {
        let limits = of(Size { keeps_raw: false, ..Size::INTERNET }, Costs::default());
        assert!(limits.iter().all(|limit| !limit.what.contains("raw records")), "{limits:?}");
    }

    #[test]
    fn adding_up_what_waits_carries_more_and_enough_memory_has_no_bound() {
        let what = "what waits for the database, committed as fast as it fills its memory";
        let carries = |adds_up, waiting_mib| {
            let size = Size { keeps_raw: false, adds_up, ..Size::INTERNET };
            named(&of(size, Costs { waiting_mib, ..Costs::default() }), what).carries
        };
        assert!(carries(true, 512.0) > 1.5 * carries(false, 512.0));
        assert!(carries(true, 512.0).is_finite() && carries(true, 65_536.0).is_infinite());
    }

    #[test]
    fn lines_are_found_for_customers() {
        let asked = Asked::new(Size { customers: 1_000, ..Size::INTERNET }, Costs::default());
        let lines = lines_that_meet(&asked, 500.0);
        assert!((asked.customers.met_in(lines) - 500.0).abs() < 0.01);
    }
}
