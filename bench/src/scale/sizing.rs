//! On paper: what is asked for, how many machines that takes, what flows and lies where, what it costs a month. Pure.

use super::costs::Costs;
use super::customers::Customers;
use super::events::{Fault, whole};

/// Homes of a gateway.
pub(super) const HOMES_MAX: usize = 2;
/// Shards that there are for ever: more workers have nothing to do.
pub(super) const SHARDS: u32 = 256;
const SECONDS_A_DAY: f64 = 86_400.0;
pub(super) const SECONDS_A_MONTH: f64 = 365.25 / 12.0 * SECONDS_A_DAY;
/// The shortest time between two commits.
pub(super) const COMMIT_MIN_S: f64 = 0.1;
/// Epochs that a commit takes in at most, unless they are added up before.
pub(super) const EPOCHS_A_COMMIT: usize = 1_024;
/// No commit is reckoned with that takes in more.
const COMMIT_MAX_S: f64 = 3_600.0;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Size {
    pub(super) gateways: u32,
    /// Lines a second, of all gateways.
    pub(super) rate: u64,
    pub(super) customers: u64,
    /// How unevenly customers are met.
    pub(super) zipf: f64,
    pub(super) regions: u32,
    /// Of each gateway: 1, or 2, the second of which is in the next region.
    pub(super) homes: u32,
    /// Of each region; `None`: as many as it takes.
    pub(super) ingesters: Option<u32>,
    pub(super) processes: Option<u32>,
    /// Of each process.
    pub(super) workers: u32,
    /// Whether raw records go into PostgreSQL, too.
    pub(super) keeps_raw: bool,
    /// Whether what waits for the database is added up while it waits.
    pub(super) adds_up: bool,
    /// One process does it all: no order, no links, one ingester and one worker.
    pub(super) is_alone: bool,
    pub(super) seconds: u64,
    /// How long gateways gather what they write: the granularity.
    pub(super) tick_us: u64,
    /// Of the day in region 0, at the beginning.
    pub(super) hour: f64,
    pub(super) seed: u64,
    pub(super) faults: Vec<Fault>,
}

impl Size {
    /// A thousand gateways, ten million requests a second and customers, three regions.
    pub(super) const INTERNET: Self = Self {
        gateways: 1_000,
        rate: 10_000_000,
        customers: 10_000_000,
        zipf: 1.0,
        regions: 3,
        homes: 2,
        ingesters: None,
        processes: None,
        workers: 8,
        keeps_raw: true,
        adds_up: false,
        is_alone: false,
        seconds: 60,
        tick_us: 10_000,
        hour: 15.0,
        seed: 1,
        faults: Vec::new(),
    };

    /// One process, one gateway, one home.
    pub(super) fn alone(rate: u64, customers: u64, seconds: u64) -> Self {
        Self {
            gateways: 1,
            rate,
            customers,
            regions: 1,
            homes: 1,
            workers: 1,
            is_alone: true,
            seconds,
            tick_us: 1_000,
            ..Self::INTERNET
        }
    }
}

/// What is asked for, and what is reckoned with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) size: Size,
    pub(super) costs: Costs,
    pub(super) customers: Customers,
}

impl Asked {
    pub(super) fn new(size: Size, costs: Costs) -> Self {
        let customers = Customers::new(size.customers, size.zipf);
        Self { size, costs, customers }
    }

    /// Lines a second.
    pub(super) fn lines_s(&self) -> f64 {
        self.size.rate as f64
    }

    /// What ingesters take a second.
    pub(super) fn copies_s(&self) -> f64 {
        self.lines_s() * f64::from(self.size.homes)
    }

    pub(super) fn epoch_s(&self) -> f64 {
        if self.size.is_alone { self.costs.cut_ms / 1e3 } else { self.costs.order_ms / 1e3 }
    }

    /// Customers that an epoch tells of, each second.
    pub(super) fn rows_s(&self) -> f64 {
        self.customers.met_in(self.lines_s() * self.epoch_s()) / self.epoch_s()
    }

    /// Cores that the views take, on average.
    pub(super) fn views_cores(&self) -> f64 {
        let second_copies = (self.copies_s() - self.lines_s()) * self.costs.decode_us;
        let parts = self.copies_s() * self.part_us();
        let views = self.costs.views_us(&self.customers, self.lines_s() * self.epoch_s());
        (self.lines_s() * views + second_copies + parts) / 1e6
    }

    /// CPU of the dataflow for a copy's way from its ingester; one process has no links.
    pub(super) const fn part_us(&self) -> f64 {
        if self.size.is_alone { 0.0 } else { self.costs.part_us }
    }

    /// Memory that a line takes while it waits for the database, if nothing is added up.
    pub(super) fn waiting_bytes_a_line(&self) -> f64 {
        let record = if self.size.keeps_raw { self.costs.record_memory_bytes } else { 0.0 };
        record + self.costs.row_memory_bytes * self.rows_s() / self.lines_s()
    }

    /// The share of journals that are in another region than the dataflow.
    fn elsewhere(&self) -> f64 {
        1.0 - 1.0 / f64::from(self.size.regions)
    }
}

/// How many of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    /// Of each region.
    pub(super) ingesters: u32,
    pub(super) processes: u32,
    /// Of each process.
    pub(super) workers: u32,
    pub(super) database_cores: u32,
    /// Seconds of lines that a commit takes in.
    pub(super) commit_s: f64,
    /// Cores that the database is busy with.
    pub(super) database_busy: f64,
}

impl Plan {
    pub(super) fn of(asked: &Asked) -> Self {
        let Asked { size, costs, .. } = asked;
        let processes = size.processes.unwrap_or_else(|| {
            count(asked.views_cores() / costs.aim_share / f64::from(size.workers)).min(SHARDS / size.workers)
        });
        let processes = if size.is_alone { 1 } else { processes.max(1) };
        let writers = f64::from(processes).min(costs.database_cores_max);
        let (commit_s, database_busy) = commits(asked, writers);
        let database_cores = count((database_busy / costs.aim_share).max(writers).min(costs.database_cores_max));
        let ingesters = if size.is_alone { 1 } else { size.ingesters.unwrap_or_else(|| ingesters(asked)) };
        Self { ingesters, processes, workers: size.workers, database_cores, commit_s, database_busy }
    }

    pub(super) const fn all_workers(&self) -> u32 {
        self.processes * self.workers
    }

    /// Transactions that are made at the same time: one a process, each on a core.
    pub(super) fn writers(&self) -> f64 {
        f64::from(self.processes.min(self.database_cores))
    }
}

/// So many in each region that the others carry a lost one in their worst hour.
fn ingesters(asked: &Asked) -> u32 {
    let Asked { size, costs, .. } = asked;
    let regions = f64::from(size.regions);
    let after_a_loss = if size.regions > 1 { regions / (regions - 1.0) } else { 1.0 };
    let worst = asked.copies_s() / regions * (1.0 + costs.day_swing) * after_a_loss;
    let least = if size.regions == 1 { size.homes } else { 1 };
    count(worst / (costs.full_share * costs.ingester_lines_s)).max(least)
}

/// How many seconds of lines a commit takes in, and the cores it keeps busy: it rests four times as long as it took,
/// five seconds at most, so the slower it is, the more it takes in. Where it cannot keep up, that has no end.
fn commits(asked: &Asked, writers: f64) -> (f64, f64) {
    let Costs { pauses, rest_s, .. } = asked.costs;
    let most = if asked.size.adds_up { COMMIT_MAX_S } else { EPOCHS_A_COMMIT as f64 * asked.epoch_s() };
    let (mut every, mut took) = (1.0_f64, 0.0_f64);
    for _ in 0..200 {
        let lines = asked.lines_s() * every;
        took = lines * asked.costs.store_us(&asked.customers, lines, asked.size.keeps_raw) / 1e6 / writers;
        let next = (took + (pauses * took).min(rest_s)).max(COMMIT_MIN_S);
        every = f64::midpoint(every, next).min(most);
    }
    (every, (took / every).min(1.0) * writers)
}

/// The least whole number that is no less; at least 1.
fn count(value: f64) -> u32 {
    u32::try_from(whole(value.ceil())).unwrap_or(u32::MAX).max(1)
}

/// A figure of the plan.
pub(super) struct Figure {
    pub(super) what: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: f64,
}

const fn figure(what: &'static str, unit: &'static str, value: f64) -> Figure {
    Figure { what, unit, value }
}

/// How many of each, and how much they have to do.
pub(super) fn machines(asked: &Asked, plan: &Plan) -> Vec<Figure> {
    let Asked { size, costs, .. } = asked;
    let all = f64::from(plan.ingesters * size.regions);
    let sockets = asked.copies_s() * (costs.ingest_us - costs.decode_us) / 1e6 + all * costs.wake_cores;
    vec![
        figure("ingesters", "of all regions", all),
        figure("ingesters: sockets and journal", "cores busy", sockets),
        figure("ingesters: archiving", "cores busy", asked.copies_s() * costs.archive_us / 1e6),
        figure("dataflow: processes", "processes", f64::from(plan.processes)),
        figure("dataflow: workers", "workers", f64::from(plan.all_workers())),
        figure("dataflow: decoding, views and all else of the process", "cores busy", asked.views_cores()),
        figure("dataflow: shards of a worker", "shards", f64::from(SHARDS) / f64::from(plan.all_workers())),
        figure("database: commits", "cores busy", plan.database_busy),
        figure("database: lines of a commit", "seconds", plan.commit_s),
    ]
}

/// Cores to pay for.
fn cores(asked: &Asked, plan: &Plan) -> f64 {
    let busy: f64 = machines(asked, plan).iter().filter(|of| of.unit == "cores busy").map(|of| of.value).sum();
    busy / asked.costs.aim_share
}

/// What flows, in bytes a second.
struct Flows {
    /// Lines of gateways to a home in another region.
    rings: f64,
    /// Journals to the region of the dataflow, compressed.
    parts: f64,
    /// What the database writes, to its replica.
    replica: f64,
}

fn flows(asked: &Asked, plan: &Plan) -> Flows {
    let Asked { size, costs, .. } = asked;
    let goes_away = size.homes > 1 && size.regions > 1;
    let rings = if goes_away { asked.lines_s() * costs.line_bytes } else { 0.0 };
    let parts = asked.copies_s() * asked.elsewhere() * costs.packed_bytes;
    let replica = if size.regions > 1 { stored_s(asked, plan) } else { 0.0 };
    Flows { rings, parts, replica }
}

/// Bytes that a second of lines becomes in the database, the log not counted.
fn stored_s(asked: &Asked, plan: &Plan) -> f64 {
    let rows = asked.customers.met_in(asked.lines_s() * plan.commit_s) / plan.commit_s;
    let records = if asked.size.keeps_raw { asked.lines_s() * asked.costs.record_bytes } else { 0.0 };
    records + rows * asked.costs.row_bytes
}

/// What lies where, in bytes.
struct Kept {
    journal_a_day: f64,
    archive: f64,
    records: f64,
    minutes: f64,
    hours: f64,
}

fn kept(asked: &Asked) -> Kept {
    let Asked { size, costs, customers } = asked;
    let journal_a_day = asked.copies_s() * costs.packed_bytes * SECONDS_A_DAY;
    let records = asked.lines_s() * costs.record_bytes * SECONDS_A_DAY * costs.raw_days;
    let active = |seconds: f64| customers.met_in(asked.lines_s() * seconds) * costs.row_bytes;
    Kept {
        journal_a_day,
        archive: journal_a_day * costs.archive_days,
        records: if size.keeps_raw { records } else { 0.0 },
        minutes: active(60.0) * 60.0 * costs.minutes_hours,
        hours: active(3_600.0) * 24.0 * costs.hours_days,
    }
}

/// Bytes, where and by when.
pub(super) fn bytes(asked: &Asked, plan: &Plan) -> Vec<Figure> {
    let (flows, kept, costs) = (flows(asked, plan), kept(asked), &asked.costs);
    let keys = asked.size.customers as f64 * costs.keys_a_customer;
    let a_gateway = asked.lines_s() / f64::from(asked.size.gateways);
    vec![
        figure("lines to each home", "MB/s", asked.lines_s() * costs.line_bytes / 1e6),
        figure("rings to another region", "MB/s", flows.rings / 1e6),
        figure("journals to the dataflow's region", "MB/s", flows.parts / 1e6),
        figure("the database's replica", "MB/s", flows.replica / 1e6),
        figure("journal of all homes, compressed", "TB a day", kept.journal_a_day / 1e12),
        figure("archive", "TB", kept.archive / 1e12),
        figure("raw records", "TB", kept.records / 1e12),
        figure("usage by minute", "TB", kept.minutes / 1e12),
        figure("usage by hour", "TB", kept.hours / 1e12),
        figure("memory at each gateway for keys", "GB", keys * costs.edge_key_bytes / 1e9),
        figure("a gateway's ring bridges", "s", costs.ring_lines / a_gateway),
    ]
}

/// Dollars a month.
pub(super) fn dollars(asked: &Asked, plan: &Plan) -> Vec<Figure> {
    let (flows, kept, costs) = (flows(asked, plan), kept(asked), &asked.costs);
    let between = |bytes_s: f64| bytes_s * SECONDS_A_MONTH / 1e9 * costs.between_gb_usd;
    let mut parts = vec![
        figure("cores", "$ a month", cores(asked, plan) * costs.core_usd),
        figure("archive", "$ a month", kept.archive / 1e9 * costs.object_gb_usd),
        figure("database's disks", "$ a month", (kept.records + kept.minutes + kept.hours) / 1e9 * costs.block_gb_usd),
        figure("rings to another region", "$ a month", between(flows.rings)),
        figure("journals to the dataflow's region", "$ a month", between(flows.parts)),
        figure("the database's replica", "$ a month", between(flows.replica)),
    ];
    let all: f64 = parts.iter().map(|part| part.value).sum();
    parts.push(figure("all of it", "$ a month", all));
    parts.push(figure("all of it", "$ a billion lines", all / (asked.lines_s() * SECONDS_A_MONTH / 1e9)));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn internet() -> Asked {
        Asked::new(Size::INTERNET, Costs::default())
    }

    fn value(figures: &[Figure], what: &str) -> f64 {
        figures.iter().find(|figure| figure.what == what).unwrap().value
    }

    #[test]
    fn a_plan_keeps_to_its_aims() {
        let asked = internet();
        let plan = Plan::of(&asked);
        let share = asked.views_cores() / f64::from(plan.all_workers());
        assert!(share <= asked.costs.aim_share && plan.all_workers() <= SHARDS, "{plan:?}");
        let capacity = f64::from(plan.ingesters * 2) * asked.costs.ingester_lines_s;
        assert!(asked.copies_s() * (1.0 + asked.costs.day_swing) <= capacity, "two regions carry what three did");
        assert!(plan.writers() <= f64::from(plan.database_cores), "{plan:?}");
    }

    #[test]
    fn what_is_known_without_a_program() {
        let asked = internet();
        let plan = Plan::of(&asked);
        let bytes = bytes(&asked, &plan);
        assert_eq!(value(&bytes, "lines to each home"), 2_500.0);
        // 10 M lines × 50 bytes × 86,400 s × 2 homes.
        assert!((value(&bytes, "journal of all homes, compressed") - 86.4).abs() < 1e-9);
        assert!((value(&bytes, "archive") - 8_640.0).abs() < 1e-6);
        assert_eq!(value(&bytes, "a gateway's ring bridges"), 6.0);
        let dollars = dollars(&asked, &plan);
        let parts: f64 = dollars[..dollars.len() - 2].iter().map(|part| part.value).sum();
        assert_eq!(value(&dollars, "all of it"), parts);
    }

    #[test]
    fn a_commit_rests_four_times_as_long_as_it_took() {
        // 4 µs a line of 50,000 a second, by one writer: 0.2 s a second of lines, and 0.8 s of rest.
        let asked = Asked::new(
            Size::alone(50_000, 1, 1),
            Costs { store_record_us: 4.0, store_row_us: 0.0, ..Costs::default() },
        );
        let (every, busy) = commits(&asked, 1.0);
        assert!((busy - 0.2).abs() < 0.01 && every > COMMIT_MIN_S, "{every} {busy}");
    }

    #[test]
    fn a_database_that_cannot_keep_up_is_busy_with_nothing_else() {
        let (every, busy) = commits(&internet(), 11.0);
        assert!((every - 20.48).abs() < 1e-9 && busy > 10.9, "{every} {busy}");
    }
}
