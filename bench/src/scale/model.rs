//! The simulation: lines from the gateways' rings over ingesters, the order and the workers into the database, and what
//! breaks on the way. Pure: its randomness comes from the seed, its clock is its own.
//!
//! Lines are not told apart but by their numbers: what a gateway writes within a tick goes its way as one [`Span`] a
//! home, and is parted only where a ring is full or an ingester has no more time. What is counted in whole lines adds
//! up to all that were made ([`Outcome`]). Customers are not told apart at all: epochs and commits know how many there
//! would be in so many lines.

mod database;
mod dataflow;
mod faults;
mod ingest;

use super::events::{Calendar, Event, SECOND_US, micros, whole};
use super::lines::{Ranges, Span};
use super::sizing::{Asked, HOMES_MAX, Plan, SHARDS};
use super::tally::{Busy, Cores, Loss, Outcome};
use database::Database;
use dataflow::Dataflow;
use ingest::Ingester;
use std::f64::consts::TAU;
use suiftly_ingest::simulate::Random;

/// Of the day: when a region is busiest, by its own clock.
const BUSIEST_HOUR: f64 = 15.0;
/// Lines that are counted later than this are late: it is not serving as it should.
const LATE_US: u64 = SECOND_US;
/// Spreads gateways over shards: 2³² by the golden ratio.
const SPREAD: u32 = 0x9E37_79B1;

/// Simulates so many seconds.
pub(super) fn simulate(asked: &Asked) -> Outcome {
    let mut system = System::new(asked);
    system.run();
    system.outcome()
}

/// What is written at a gateway goes into a ring for each of its homes.
struct Gateway {
    region: usize,
    /// Its share of its region's lines.
    share: f64,
    /// Which worker decodes them.
    worker: usize,
    /// Ingesters.
    homes: Vec<usize>,
    /// The number of its next line.
    next: u64,
    /// What is left of a line.
    owed: f64,
    /// Lines that each home has not taken.
    waiting: [u64; HOMES_MAX],
    /// Numbers that are in an epoch.
    seen: Ranges,
    /// Numbers that each home will never have.
    gone: [Ranges; HOMES_MAX],
}

impl Gateway {
    /// Which of its homes this ingester is.
    fn home(&self, ingester: usize) -> usize {
        usize::from(self.homes[0] != ingester)
    }
}

/// What keeps a region from its work.
#[derive(Default)]
struct Region {
    away: u32,
    /// Its clients have gone to the others.
    has_moved: bool,
}

/// Times in microseconds, as the costs have them.
struct Pace {
    cut: u64,
    order: u64,
    hub: u64,
    near: u64,
    far: u64,
}

struct System<'a> {
    asked: &'a Asked,
    plan: Plan,
    pace: Pace,
    now: u64,
    end: u64,
    calendar: Calendar,
    random: Random,
    regions: Vec<Region>,
    gateways: Vec<Gateway>,
    ingesters: Vec<Ingester>,
    dataflow: Dataflow,
    database: Database,
    /// Lines that were made, and are neither counted by the views nor lost.
    on_the_way: u64,
    /// That, summed over the microseconds.
    way_us: f64,
    /// When the views told of lines for the last time, when late ones, and by which fault: the last that struck.
    told_us: u64,
    late_us: Vec<u64>,
    struck: Option<usize>,
    outcome: Outcome,
}

impl<'a> System<'a> {
    fn new(asked: &'a Asked) -> Self {
        let Asked { size, costs, .. } = asked;
        let plan = Plan::of(asked);
        let ms = |ms: f64| micros(ms / 1e3);
        let pace = Pace {
            cut: ms(costs.cut_ms).max(1),
            order: ms(costs.order_ms).max(1),
            hub: ms(costs.hub_ms).max(1),
            near: ms(costs.near_ms),
            far: ms(costs.far_ms),
        };
        let mut random = Random::new(size.seed);
        let regions = size.regions as usize;
        let ingesters = (0..regions * plan.ingesters as usize).map(|number| Ingester::new(number, &plan, regions));
        let mut system = Self {
            asked,
            plan,
            pace,
            now: 0,
            end: size.seconds * SECOND_US,
            calendar: Calendar::default(),
            regions: (0..regions).map(|_| Region::default()).collect(),
            gateways: gateways(asked, &plan, &mut random),
            ingesters: ingesters.collect(),
            dataflow: Dataflow::new(plan.all_workers() as usize),
            database: Database::default(),
            random,
            on_the_way: 0,
            way_us: 0.0,
            told_us: 0,
            late_us: vec![0; size.faults.len()],
            struck: None,
            outcome: Outcome::default(),
        };
        system.note_first();
        system
    }

    fn note_first(&mut self) {
        self.calendar.note(self.asked.size.tick_us, Event::Tick);
        self.calendar.note(self.pace.order, Event::Order);
        self.calendar.note(SECOND_US / 10, Event::Commit(0));
        for number in 0..self.ingesters.len() {
            // Not all at the same instant.
            let first = 1 + self.random.below(self.pace.cut);
            self.calendar.note(first, Event::Cut(number));
        }
        for (number, fault) in self.asked.size.faults.iter().enumerate() {
            self.calendar.note(fault.at_us, Event::Strike(number));
        }
    }

    fn run(&mut self) {
        while let Some((at, event)) = self.calendar.take()
            && at <= self.end
        {
            self.pass(at);
            self.happen(event);
            self.outcome.most_not_counted = self.outcome.most_not_counted.max(self.on_the_way);
        }
        self.pass(self.end);
    }

    fn pass(&mut self, to: u64) {
        self.way_us += self.on_the_way as f64 * (to - self.now) as f64;
        self.now = to;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick => self.tick(),
            Event::Cut(number) => self.cut(number),
            Event::Synced(number, generation) => self.synced(number, generation),
            Event::Order => {
                self.calendar.note(self.now + self.pace.order, Event::Order);
                self.order();
            }
            Event::Counted(generation) => self.counted(generation),
            Event::Commit(turn) => self.commit(turn),
            Event::Committed(generation) => self.committed(generation),
            Event::Strike(number) => self.strike(number),
            Event::Heal(number) => self.heal(number),
            Event::Moved(number) => self.moved(number),
            Event::Promoted => self.promoted(),
            Event::Started => self.started(),
        }
    }

    /// Gateways write what came since the last tick: around their share, never the same.
    fn tick(&mut self) {
        let tick_us = self.asked.size.tick_us;
        self.calendar.note(self.now + tick_us, Event::Tick);
        let rates = self.rates();
        for number in 0..self.gateways.len() {
            let around = 0.5 + unit(&mut self.random);
            let gateway = &mut self.gateways[number];
            if self.regions[gateway.region].away > 0 {
                continue;
            }
            gateway.owed += rates[gateway.region] * gateway.share * tick_us as f64 / 1e6 * around;
            let lines = whole(gateway.owed.floor());
            gateway.owed -= lines as f64;
            let from = gateway.next;
            gateway.next += lines;
            self.outcome.made += lines;
            self.on_the_way += lines;
            self.send(Span { gateway: number, from, to: from + lines, made_us: self.now - tick_us / 2 });
        }
    }

    /// Lines a second that each region's gateways write now: together always as many as are asked for, unless a region
    /// is lost whose clients have not moved yet.
    fn rates(&self) -> Vec<f64> {
        let (size, costs) = (&self.asked.size, &self.asked.costs);
        let hour = size.hour + self.now as f64 / 3_600e6;
        let regions = self.regions.len() as f64;
        let busy = |number: usize| {
            let its_hour = hour + 24.0 * number as f64 / regions;
            1.0 + costs.day_swing * (TAU * (its_hour - BUSIEST_HOUR) / 24.0).cos()
        };
        let rates: Vec<f64> = (0..self.regions.len()).map(busy).collect();
        let all: f64 = rates.iter().sum();
        let stay = |number: &usize| !self.regions[*number].has_moved;
        let here: f64 = (0..rates.len()).filter(stay).map(|number| rates[number]).sum();
        let times = if here > 0.0 { all / here } else { 0.0 };
        let of_all = |(number, rate): (usize, &f64)| if stay(&number) { rate * times / all } else { 0.0 };
        rates.iter().enumerate().map(of_all).map(|share| share * self.asked.lines_s()).collect()
    }

    /// Into the rings; what has no room there is not sent.
    fn send(&mut self, span: Span) {
        let ring_lines = whole(self.asked.costs.ring_lines);
        for home in 0..self.gateways[span.gateway].homes.len() {
            let gateway = &mut self.gateways[span.gateway];
            let room = ring_lines.saturating_sub(gateway.waiting[home]);
            let (kept, over) = span.split(span.lines().min(room));
            gateway.waiting[home] += kept.lines();
            let (ingester, region) = (gateway.homes[home], gateway.region);
            if kept.lines() > 0 {
                let arrives = self.now + self.link_us(region, self.ingesters[ingester].region);
                self.ingesters[ingester].links[region].push_back((arrives, kept));
            }
            self.lose(over, home, Loss::Ring);
        }
    }

    /// A home will never have these. They are lost if no other will either.
    fn lose(&mut self, span: Span, home: usize, why: Loss) {
        if span.lines() == 0 {
            return;
        }
        let gateway = &mut self.gateways[span.gateway];
        let lost = match gateway.homes.len() {
            1 => span.lines(),
            _ => gateway.gone[1 - home].count(span.from, span.to),
        };
        gateway.gone[home].add(span.from, span.to);
        self.outcome.lost[why as usize] += lost;
        self.on_the_way -= lost;
    }

    /// One way.
    fn link_us(&self, from: usize, to: usize) -> u64 {
        match (self.asked.size.is_alone, from == to) {
            (true, _) => 0,
            (false, true) => self.pace.near,
            (false, false) => self.pace.far,
        }
    }

    /// How long a disk takes for a sync.
    fn sync_us(&mut self) -> u64 {
        let costs = &self.asked.costs;
        let (stalls, where_within) = (unit(&mut self.random) < costs.stall_share, unit(&mut self.random));
        let (least, most) =
            if stalls { (costs.sync_max_ms, costs.stall_max_ms) } else { (costs.sync_min_ms, costs.sync_max_ms) };
        micros((least + where_within * (most - least)) / 1e3)
    }

    fn outcome(mut self) -> Outcome {
        let (seconds, size) = (self.asked.size.seconds as f64, &self.asked.size);
        let counted = self.outcome.counted.lines();
        self.outcome.seconds = seconds;
        self.outcome.stored = self.database.stored;
        self.outcome.not_stored = counted - self.database.stored;
        self.outcome.not_counted = self.dataflow.not_told() + self.alive(true);
        self.outcome.parked = self.alive(false);
        self.outcome.mean_on_the_way = self.way_us / self.end as f64;
        self.outcome.busy = self.busy();
        self.outcome.cores = self.cores();
        self.outcome.recoveries =
            size.faults.iter().enumerate().map(|(number, fault)| (*fault, self.recovered(number))).collect();
        self.outcome
    }

    /// Lines that no epoch has, in rings and journals that can be reached, or of what is left in the others. Each
    /// counts once: they are taken for seen.
    fn alive(&mut self, can_be_reached: bool) -> u64 {
        let Self { ingesters, gateways, .. } = self;
        let those = ingesters.iter().filter(|ingester| (ingester.away == 0) == can_be_reached);
        those.flat_map(Ingester::spans).map(|span| gateways[span.gateway].seen.add(span.from, span.to)).sum()
    }

    fn busy(&self) -> Busy {
        let (seconds, end) = (self.asked.size.seconds as f64, self.end as f64);
        let could = self.asked.costs.ingester_lines_s * seconds;
        let workers = &self.dataflow.busy_us;
        Busy {
            ingester: most(self.ingesters.iter().map(|ingester| ingester.taken as f64 / could)),
            worker: most(workers.iter().map(|busy| *busy as f64 / end)),
            workers: workers.iter().sum::<u64>() as f64 / end / workers.len() as f64,
            database: self.database.busy_us / end / f64::from(self.plan.database_cores),
            database_disk: self.database.disk_us / end,
        }
    }

    fn cores(&self) -> Cores {
        let costs = &self.asked.costs;
        let seconds = self.asked.size.seconds as f64;
        let taken = self.ingesters.iter().map(|ingester| ingester.taken).sum::<u64>() as f64;
        let wakes = self.ingesters.len() as f64 * costs.wake_cores;
        Cores {
            ingest: taken * (costs.ingest_us - costs.decode_us) / 1e6 / seconds + wakes,
            dataflow: self.dataflow.busy_us.iter().sum::<u64>() as f64 / self.end as f64,
            database: self.database.busy_us / self.end as f64,
        }
    }

    /// Seconds from a fault until no line was late any more; `None` if that was not to be seen.
    fn recovered(&self, number: usize) -> Option<f64> {
        let is_served = self.end - self.told_us <= LATE_US && self.told_us > self.late_us[number];
        let after = self.late_us[number].saturating_sub(self.asked.size.faults[number].at_us);
        is_served.then_some(after as f64 / SECOND_US as f64)
    }
}

fn most(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}

/// From 0 up to, but without, 1.
fn unit(random: &mut Random) -> f64 {
    (random.next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Spread over regions and ingesters in turns; none is as busy as another.
fn gateways(asked: &Asked, plan: &Plan, random: &mut Random) -> Vec<Gateway> {
    let regions = asked.size.regions as usize;
    let mut all: Vec<Gateway> = (0..asked.size.gateways)
        .map(|number| Gateway {
            region: number as usize % regions,
            share: 0.5 + unit(random),
            worker: worker(number, plan.all_workers()),
            homes: homes(asked, plan, number as usize),
            next: 1,
            owed: 0.0,
            waiting: [0; HOMES_MAX],
            seen: Ranges::default(),
            gone: Default::default(),
        })
        .collect();
    for region in 0..regions {
        let sum: f64 = all.iter().filter(|gateway| gateway.region == region).map(|gateway| gateway.share).sum();
        all.iter_mut().filter(|gateway| gateway.region == region).for_each(|gateway| gateway.share /= sum);
    }
    all
}

/// By its shard, as [`SHARDS`] are dealt out in runs.
const fn worker(gateway: u32, workers: u32) -> usize {
    let shard = (gateway + 1).wrapping_mul(SPREAD) >> 24;
    (shard * workers / SHARDS) as usize
}

/// One in its region; the other in the next, or beside it where there is but one.
fn homes(asked: &Asked, plan: &Plan, gateway: usize) -> Vec<usize> {
    let (regions, ingesters) = (asked.size.regions as usize, plan.ingesters as usize);
    let (region, number) = (gateway % regions, gateway / regions);
    let first = region * ingesters + number % ingesters;
    let second =
        if regions > 1 { (region + 1) % regions * ingesters + number % ingesters } else { (number + 1) % ingesters };
    if asked.size.homes == 1 { vec![first] } else { vec![first, second] }
}
