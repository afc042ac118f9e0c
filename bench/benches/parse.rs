//! What each step of reading a line costs: frame, syslog header, SF1, httplog, httpslog, tcplog, the same by compiled
//! `log-format` strings, dedup, and a whole block decoded. On real HAProxy output, or made of it. Each figure is the
//! processor time of **one line**, which others on the machine disturb less than they do the clock on the wall; the
//! throughput is in bytes of the lines.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use liblzma::read::XzDecoder;
use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::io::Read;
use std::time::Duration;
use suiftly_ingest::{
    block::{Block, BlockBuilder},
    decode::{DecodeConfig, Decoder},
    dedup::{Dedup, Home, Limits, body_hash},
    frame::{Framer, Step},
    haproxy::{
        httplog::{self, SingleCapture},
        log_format::{Attribution, HTTPLOG, LogFormat, RecordFormat, SF1, Slots, httpslog, tcplog},
        sf1,
    },
    source::Source,
    syslog,
};
use suiftly_schema::{record::LineId, time::UnixMillis};

/// About when the samples were taken.
const RECEIVED: UnixMillis = UnixMillis(1_795_298_487_000);
/// Numbers that go through dedup in one run.
const DEDUP_SEQS: u32 = 100_000;
/// Lines of one read of a busy ring: 256 KiB.
const READ_LINES: usize = 1_000;

struct Sample {
    name: &'static str,
    raw: Vec<u8>,
    lines: Vec<Vec<u8>>,
}

impl Sample {
    fn read(name: &'static str) -> Self {
        let path = format!("{}/../ingest/tests/data/{name}.log.xz", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::File::open(&path).expect("ingest's samples stand beside this crate");
        let mut raw = Vec::new();
        XzDecoder::new(file).read_to_end(&mut raw).expect("the sample is an .xz file");
        let lines = raw.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect();
        Self { name, raw, lines }
    }

    fn bodies(&self) -> Vec<&[u8]> {
        let body = |line| syslog::parse(line, RECEIVED).expect("a sample's header can be read").body;
        self.lines.iter().map(|line| body(line)).collect()
    }

    fn block(&self) -> Block {
        let mut builder = BlockBuilder::default();
        for line in &self.lines {
            builder.push(&Source::File, RECEIVED, line).expect("a sample fits a block");
        }
        builder.seal(1, RECEIVED, 0)
    }
}

fn samples() -> [Sample; 3] {
    ["sf1-rfc5424", "httplog-rfc3164", "httplog-rfc5424"].map(Sample::read)
}

/// Of this thread, so far.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every thread has such a clock").into()
}

/// Measures passes over so many lines of so many bytes, and tells of one line.
fn per_line(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    (lines, bytes): (usize, usize),
    mut pass: impl FnMut() -> Duration,
) {
    let lines = lines as u64;
    group.throughput(Throughput::BytesDecimal(bytes as u64 / lines));
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let passes = iterations.div_ceil(lines);
            let total: Duration = (0..passes).map(|_| pass()).sum();
            total.mul_f64(iterations as f64 / (passes * lines) as f64)
        });
    });
}

/// The same, of what is done to each line.
fn each_line<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    lines: &[T],
    bytes: usize,
    mut of_line: impl FnMut(&T),
) {
    per_line(group, name, (lines.len(), bytes), || {
        let began = cpu_time();
        lines.iter().for_each(&mut of_line);
        cpu_time() - began
    });
}

fn bytes_of(lines: &[impl AsRef<[u8]>]) -> usize {
    lines.iter().map(|line| line.as_ref().len()).sum()
}

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    let ring = |sample: &Sample| {
        let counted = |line: &Vec<u8>| [format!("{} ", line.len()).as_bytes(), line].concat();
        sample.lines.iter().flat_map(counted).collect::<Vec<u8>>()
    };
    for sample in samples() {
        for (framing, stream) in [("line", sample.raw.clone()), ("octet-count", ring(&sample))] {
            let name = format!("{framing}/{}", sample.name);
            per_line(&mut group, &name, (sample.lines.len(), stream.len()), || {
                let began = cpu_time();
                black_box(count_frames(&stream));
                cpu_time() - began
            });
        }
    }
    group.finish();
}

fn count_frames(stream: &[u8]) -> usize {
    let mut framer = Framer::detect();
    let (mut at, mut frames) = (0, 0);
    loop {
        match framer.next(&stream[at..]) {
            Step::Frame { range, consumed } => {
                frames += usize::from(!black_box(range).is_empty());
                at += consumed;
            }
            Step::Skip { consumed } | Step::Oversize { consumed, .. } => at += consumed,
            Step::NeedMore | Step::Broken(_) => return frames,
        }
    }
}

fn headers(c: &mut Criterion) {
    let mut group = c.benchmark_group("syslog");
    for sample in samples() {
        each_line(&mut group, sample.name, &sample.lines, bytes_of(&sample.lines), |line| {
            let _ = black_box(syslog::parse(line, RECEIVED));
        });
    }
    group.finish();
}

fn bodies(c: &mut Criterion) {
    let mut group = c.benchmark_group("body");
    for sample in samples() {
        let bodies = sample.bodies();
        each_line(&mut group, sample.name, &bodies, bytes_of(&bodies), |body| {
            if sample.name.starts_with("sf1") {
                let _ = black_box(sf1::parse(body));
            } else {
                let _ = black_box(httplog::parse(body, SingleCapture::Request));
            }
        });
    }
    group.finish();
}

/// The same bodies by compiled `log-format` strings, beside the hand-written parsers of `body`; and the stock formats
/// that have no other.
fn compiled(c: &mut Criterion) {
    let mut group = c.benchmark_group("compiled format");
    for sample in samples() {
        let (text, attribution) =
            if sample.name.starts_with("sf1") { (SF1, Attribution::sf1()) } else { (HTTPLOG, Attribution::default()) };
        let format = LogFormat::compile(text).expect("the stock strings can be compiled");
        let format = RecordFormat::new(format, &attribution).expect("their fields are there");
        by_format(&mut group, sample.name, &format, &sample.bodies());
    }
    let sample = Sample::read("httplog-rfc3164");
    let https: Vec<Vec<u8>> = sample.bodies().into_iter().filter_map(as_httpslog).collect();
    by_format(&mut group, "httpslog", httpslog(), &https);
    let tcp: Vec<Vec<u8>> = sample.bodies().into_iter().filter_map(as_tcplog).collect();
    by_format(&mut group, "tcplog", tcplog(), &tcp);
    group.finish();
}

fn by_format(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, format: &RecordFormat, bodies: &[impl AsRef<[u8]>]) {
    let mut slots = Slots::default();
    let is_read = |body: &[u8]| format.parse(body, || None, &mut Slots::default()).is_ok();
    assert!(bodies.iter().all(|body| is_read(body.as_ref())), "{name}: lines that are not of the format");
    each_line(group, name, bodies, bytes_of(bodies), |body| {
        let _ = black_box(format.parse(body.as_ref(), || None, &mut slots));
    });
}

/// An httplog line with what httpslog has behind it.
fn as_httpslog(body: &[u8]) -> Option<Vec<u8>> {
    let tail = b" 0/0000000000000000/0/0/0 api.example.net/TLSv1.3/TLS_AES_256_GCM_SHA384";
    body.ends_with(b"\"").then(|| [body, tail].concat())
}

/// What tcplog would have said of the same connection.
fn as_tcplog(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let words: Vec<&str> = text.split(' ').take(12).collect();
    let [client, date, frontend, server, timers, _, bytes, _, _, flags, connections, queues] = words[..] else {
        return None;
    };
    let timers: Vec<&str> = timers.split('/').collect();
    let timers = [timers[1], timers[2], timers[4]].join("/");
    let flags = flags.get(..2)?;
    Some([client, date, frontend, server, &timers, bytes, flags, connections, queues].join(" ").into_bytes())
}

fn dedup(c: &mut Criterion) {
    let mut group = c.benchmark_group("dedup");
    let in_order: Vec<u32> = (1..=DEDUP_SEQS).collect();
    // As HAProxy's threads send them: neighbours change places.
    let swapped: Vec<u32> = in_order.chunks(32).flat_map(|run| run.iter().rev().copied()).collect();
    let lossy: Vec<u32> = in_order.iter().copied().filter(|seq| seq % 100 != 0).collect();
    for (name, seqs) in [("in order", &in_order), ("32 reversed", &swapped), ("1 % lost", &lossy)] {
        per_line(&mut group, name, (seqs.len(), seqs.len() * size_of::<LineId>()), || {
            let mut dedup = Dedup::new(Limits::LIVE);
            let began = cpu_time();
            for seq in seqs {
                black_box(dedup.observe(LineId { server_id: 17, boot: RECEIVED, seq: *seq }, *seq));
            }
            cpu_time() - began
        });
    }
    dedup_of_homes(&mut group, &in_order);
    group.finish();

    let sample = Sample::read("sf1-rfc5424");
    let bodies = sample.bodies();
    let mut group = c.benchmark_group("body hash");
    each_line(&mut group, sample.name, &bodies, bytes_of(&bodies), |body| {
        black_box(body_hash(black_box(body)));
    });
    group.finish();
}

/// The same numbers by one home, and by the two of a gateway that sends each line twice: read in turns, the second copy
/// of a line some way behind the first.
fn dedup_of_homes(group: &mut BenchmarkGroup<'_, WallTime>, in_order: &[u32]) {
    let gateway = ([192, 0, 2, 1], 514).into();
    let homes = [Source::tcp(gateway), Source::tls(gateway)].map(|source| Home::of(&source));
    for (name, homes) in [("one home", &homes[..1]), ("two homes", &homes[..])] {
        let in_turns =
            |run: &[u32]| homes.iter().flat_map(|home| run.iter().map(move |seq| (*home, *seq))).collect::<Vec<_>>();
        let lines: Vec<_> = in_order.chunks(READ_LINES).flat_map(in_turns).collect();
        per_line(group, name, (lines.len(), lines.len() * size_of::<LineId>()), || {
            let mut dedup = Dedup::new(Limits::LIVE);
            let began = cpu_time();
            for (home, seq) in &lines {
                black_box(dedup.observe_from(*home, LineId { server_id: 17, boot: RECEIVED, seq: *seq }, *seq));
            }
            cpu_time() - began
        });
    }
}

fn blocks(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode a block");
    for sample in samples() {
        let block = sample.block();
        per_line(&mut group, sample.name, (sample.lines.len(), bytes_of(&sample.lines)), || {
            // A decoder of its own for each run: a block decoded twice is all duplicates.
            let mut decoder = Decoder::new(DecodeConfig::REPLAY);
            let began = cpu_time();
            let batch = black_box(decoder.decode(&block));
            let took = cpu_time() - began;
            drop(batch);
            took
        });
    }
    group.finish();
}

criterion_group!(parse, frames, headers, bodies, compiled, dedup, blocks);
criterion_main!(parse);
