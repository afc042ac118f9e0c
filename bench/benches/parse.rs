//! What each step of reading a line costs: frame, syslog header, SF1, httplog, dedup, and a whole block decoded. On real
//! HAProxy output; throughput is in bytes of it, so that ns a line and GB/s both follow.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use liblzma::read::XzDecoder;
use std::hint::black_box;
use std::io::Read;
use suiftly_ingest::{
    block::{Block, BlockBuilder},
    decode::{DecodeConfig, Decoder},
    dedup::{Dedup, Limits, body_hash},
    frame::{Framer, Step},
    haproxy::{
        httplog::{self, SingleCapture},
        log_format::{Attribution, HTTPLOG, LogFormat, RecordFormat, SF1, Slots},
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

    fn throughput(&self) -> Throughput {
        Throughput::Bytes(self.raw.len() as u64)
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

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    let ring = |sample: &Sample| {
        let counted = |line: &Vec<u8>| [format!("{} ", line.len()).as_bytes(), line].concat();
        sample.lines.iter().flat_map(counted).collect::<Vec<u8>>()
    };
    for sample in samples() {
        group.throughput(sample.throughput());
        for (framing, stream) in [("line", sample.raw.clone()), ("octet-count", ring(&sample))] {
            let id = BenchmarkId::new(framing, sample.name);
            group.bench_with_input(id, &stream, |b, stream| b.iter(|| count_frames(stream)));
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
        group.throughput(sample.throughput());
        group.bench_function(sample.name, |b| {
            b.iter(|| {
                for line in &sample.lines {
                    let _ = black_box(syslog::parse(line, RECEIVED));
                }
            });
        });
    }
    group.finish();
}

fn bodies(c: &mut Criterion) {
    let mut group = c.benchmark_group("body");
    for sample in samples() {
        let bodies = sample.bodies();
        group.throughput(Throughput::Bytes(bodies.iter().map(|body| body.len() as u64).sum()));
        group.bench_function(sample.name, |b| {
            b.iter(|| {
                for body in &bodies {
                    if sample.name.starts_with("sf1") {
                        let _ = black_box(sf1::parse(body));
                    } else {
                        let _ = black_box(httplog::parse(body, SingleCapture::Request));
                    }
                }
            });
        });
    }
    group.finish();
}

/// The same bodies by compiled `log-format` strings, beside the hand-written parsers of `body`.
fn compiled(c: &mut Criterion) {
    let mut group = c.benchmark_group("compiled format");
    for sample in samples() {
        let bodies = sample.bodies();
        let (text, attribution) =
            if sample.name.starts_with("sf1") { (SF1, Attribution::sf1()) } else { (HTTPLOG, Attribution::default()) };
        let format = LogFormat::compile(text).expect("the stock strings can be compiled");
        let format = RecordFormat::new(format, &attribution).expect("their fields are there");
        let mut slots = Slots::default();
        group.throughput(Throughput::Bytes(bodies.iter().map(|body| body.len() as u64).sum()));
        group.bench_function(sample.name, |b| {
            b.iter(|| {
                for body in &bodies {
                    let _ = black_box(format.parse(body, || None, &mut slots));
                }
            });
        });
    }
    group.finish();
}

fn dedup(c: &mut Criterion) {
    let mut group = c.benchmark_group("dedup");
    group.throughput(Throughput::Elements(DEDUP_SEQS.into()));
    let in_order: Vec<u32> = (1..=DEDUP_SEQS).collect();
    // As HAProxy's threads send them: neighbours change places.
    let swapped: Vec<u32> = in_order.chunks(32).flat_map(|run| run.iter().rev().copied()).collect();
    let lossy: Vec<u32> = in_order.iter().copied().filter(|seq| seq % 100 != 0).collect();
    for (name, seqs) in [("in order", &in_order), ("32 reversed", &swapped), ("1 % lost", &lossy)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut dedup = Dedup::new(Limits::LIVE);
                for seq in seqs {
                    black_box(dedup.observe(LineId { server_id: 17, boot: RECEIVED, seq: *seq }, *seq));
                }
            });
        });
    }
    group.finish();

    let sample = Sample::read("sf1-rfc5424");
    let bodies = sample.bodies();
    let mut group = c.benchmark_group("body hash");
    group.throughput(Throughput::Bytes(bodies.iter().map(|body| body.len() as u64).sum()));
    group.bench_function(sample.name, |b| {
        b.iter(|| bodies.iter().fold(0, |hash, body| hash ^ body_hash(black_box(body))));
    });
    group.finish();
}

fn blocks(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode a block");
    for sample in samples() {
        let block = sample.block();
        group.throughput(sample.throughput());
        group.bench_function(sample.name, |b| {
            // A decoder of its own for each run: a block decoded twice is all duplicates.
            let fresh = || Decoder::new(DecodeConfig::REPLAY);
            b.iter_batched_ref(fresh, |decoder| decoder.decode(&block), BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(parse, frames, headers, bodies, compiled, dedup, blocks);
criterion_main!(parse);
