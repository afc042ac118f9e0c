//! `cargo xtask bench freshness`: how long a line takes from the socket to the operator's screen. The real `suiftly up`
//! with PostgreSQL on the same machine takes 50,000 lines a second by TCP; a client is subscribed to the live stream.
//!
//! A line's time is from just before it is written into the socket until the event has come whole with which the
//! requests told reach its number: lines come by one connection, so their order is that of the requests. The stream
//! sends ten deltas a second at most, so half of that interval is in every median.
//!
//! Bar: p50 100 ms, p99 500 ms. Nothing is asserted of times: the machine is shared, and its disk stalls.

use crate::cpu;
use crate::loadgen::{LoadGenerator, LoadOptions};
use crate::report::{Distribution, Row, load_average};
use crate::server::{Event, Events, PATIENCE, Server};
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use serde_json::Value;
use std::ffi::OsString;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;
use suiftly_ingest::simulate::{GatewayOptions, Target};

const DEFAULT_RATE: u64 = 50_000;
const DEFAULT_SECONDS: u64 = 20;
const WARM_UP_SECONDS: u64 = 5;
/// As `bench views` has it.
const CUSTOMERS: u32 = 100_000;
/// Events that may wait to be looked at until all is sent: some twelve come each second.
const MAX_EVENTS: usize = 16_384;
/// The histogram's upper bounds.
const BOUNDS_MS: [f64; 9] = [10.0, 25.0, 50.0, 75.0, 100.0, 150.0, 250.0, 500.0, 1_000.0];

struct Options {
    rate: u64,
    seconds: u64,
}

impl Options {
    fn parse(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut options = Self { rate: DEFAULT_RATE, seconds: DEFAULT_SECONDS };
        while let Some(argument) = parser.next()? {
            match argument {
                Long("rate") => options.rate = parser.value()?.parse()?,
                Long("seconds") => options.seconds = parser.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!((100..=1_000_000).contains(&options.rate), "--rate must be 100 to 1000000");
        ensure!((1..=600).contains(&options.seconds), "--seconds must be 1 to 600");
        Ok(options)
    }
}

/// Latency quantiles and the histogram, the disk's syncs, and what CPU it took.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let options = Options::parse(arguments)?;
    let mut server = Server::prepare("freshness")?;
    server.start_database()?;
    server.start()?;
    server.wait_ready()?;
    let (sender, events) = sync_channel(MAX_EVENTS);
    let stream = server.api()?.events("/api/v1/stream")?;
    // It ends with the server.
    std::thread::spawn(move || forward(stream, &sender));
    measure(&mut server, &events, &options)
}

fn forward(stream: Events, to: &SyncSender<anyhow::Result<Event>>) {
    for event in stream {
        if to.send(event).is_err() {
            return;
        }
    }
}

fn measure(
    server: &mut Server,
    events: &Receiver<anyhow::Result<Event>>,
    options: &Options,
) -> anyhow::Result<Vec<Row>> {
    let gateway = GatewayOptions { customers: CUSTOMERS, ..GatewayOptions::default() };
    let mut generator = LoadGenerator::new(&gateway);
    let load = |seconds| LoadOptions {
        rate: Some(options.rate),
        ..LoadOptions::new(Target::Tcp(server.syslog()), options.rate * seconds)
    };
    let (warm_up, real) = (load(WARM_UP_SECONDS), load(options.seconds));
    generator.send(&warm_up)?;
    eprintln!("warm; load average {}", load_average());
    let (suiftly, database) = (server.process()?.cpu_seconds()?, server.database_cpu_seconds()?);
    let (began, own) = (Instant::now(), cpu::of_process()?);
    let mut written = Vec::new();
    let sent = generator.send_noting(&real, |line, at| written.push((warm_up.lines + line, at)))?;
    let seen = Seen::gather(events, warm_up.lines + real.lines)?;
    let seconds = began.elapsed().as_secs_f64();
    let store = server.api()?.json("/api/v1/pipeline")?["store"]["records"].as_f64();
    let not_stored =
        (warm_up.lines + real.lines) as f64 - store.context("the pipeline does not tell what is stored")?;
    let cores = [
        ("suiftly", server.process()?.cpu_seconds()? - suiftly),
        ("PostgreSQL", server.database_cpu_seconds()? - database),
        ("this benchmark, which sends and listens", cpu::of_process()? - own),
    ];
    eprintln!("{:.0} lines/s sent; load average {}", sent.per_second(), load_average());
    let latencies = latencies(&written, warm_up.lines, &seen.arrivals);
    let case = format!("{} lines/s by TCP for {} s, {CUSTOMERS} customers", options.rate, options.seconds);
    let mut rows = latencies.rows(&format!("{case}: socket to SSE delta"), "% of lines", &BOUNDS_MS);
    rows.push(Row::new("memory at most", "suiftly", "MB", vec![server.process()?.peak_megabytes()?]));
    rows.push(Row::new("lines that the database had not yet at the end", "suiftly", "lines", vec![not_stored]));
    let millions = real.lines as f64 / 1e6;
    rows.push(Row::new(&format!("{case}: lines sent"), "this benchmark", "lines/s", vec![sent.per_second()]));
    rows.push(Row::new("the journal's fdatasync p99, of each second", "disk", "ms", seen.sync_p99_ms));
    for (who, used) in cores {
        rows.push(Row::new("CPU in that time", who, "cores", vec![used / seconds]));
        rows.push(Row::new("CPU in that time", who, "CPU-s per million lines", vec![used / millions]));
    }
    Ok(rows)
}

/// What the stream told.
#[derive(Default)]
struct Seen {
    /// All requests told of by then, and when.
    arrivals: Vec<(u64, Instant)>,
    sync_p99_ms: Vec<f64>,
}

impl Seen {
    /// Until so many requests are told of.
    fn gather(events: &Receiver<anyhow::Result<Event>>, requests: u64) -> anyhow::Result<Self> {
        let mut seen = Self::default();
        while seen.requests() < requests {
            let event = events.recv_timeout(PATIENCE).context("the stream has ended, or tells nothing any more")??;
            seen.take(&event).with_context(|| format!("event {}: {}", event.name, event.data))?;
        }
        ensure!(seen.requests() == requests, "{} requests were told of {requests} lines", seen.requests());
        Ok(seen)
    }

    fn requests(&self) -> u64 {
        self.arrivals.last().map_or(0, |(requests, _)| *requests)
    }

    fn take(&mut self, event: &Event) -> Option<()> {
        let told = |data: &Value| data["counts"]["requests"].as_u64();
        match event.name.as_str() {
            "snapshot" => self.arrivals.push((told(&event.data)?, event.at)),
            "delta" => self.arrivals.push((self.requests() + told(&event.data)?, event.at)),
            // Those of the warm-up count too: the figure is over the last syncs, whichever.
            "pipeline" => self.sync_p99_ms.push(event.data["journal"]["sync_p99_ms"].as_f64()?),
            _ => {}
        }
        Some(())
    }
}

/// How long each line took. `written` and `arrivals` are of numbers that ascend; lines up to and with `before` do not count.
fn latencies(written: &[(u64, Instant)], before: u64, arrivals: &[(u64, Instant)]) -> Distribution {
    let (mut all, mut last, mut arrivals) = (Vec::new(), before, arrivals.iter().peekable());
    for (bundle_end, wrote) in written {
        for line in last + 1..=*bundle_end {
            while arrivals.next_if(|(told, _)| *told < line).is_some() {}
            let Some((_, came)) = arrivals.peek() else { break };
            all.push(came.saturating_duration_since(*wrote).as_secs_f64() * 1_000.0);
        }
        last = *bundle_end;
    }
    Distribution::of(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_line_has_arrived_with_the_event_that_reaches_its_number() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        // Lines 1 and 2 were warm-up. 3, 4 are written at 0 ms, 5 to 7 at 10 ms.
        let written = [(4, at(0)), (7, at(10))];
        let arrivals = [(0, at(1)), (2, at(5)), (3, at(20)), (3, at(25)), (6, at(50)), (7, at(60)), (9, at(99))];
        let expected = Distribution::of(vec![20.0, 40.0, 40.0, 50.0, 50.0]);
        assert_eq!(latencies(&written, 2, &arrivals), expected);
    }
}
