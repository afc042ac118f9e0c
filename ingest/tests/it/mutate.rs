//! Damaged lines of every format, through real blocks: none panics, all are counted. And damaged streams.
//!
//! What a run decodes follows from its seed and its number of lines alone. `cargo xtask fuzz --mutated N` runs the same
//! with more of them, by the variables read below.

use crate::samples::{self, Random};
use suiftly_ingest::block::{Block, BlockBuilder, MAX_FRAME_BYTES};
use suiftly_ingest::decode::{DecodeConfig, Decoder, MAX_SYSTEM_MESSAGE_BYTES};
use suiftly_ingest::frame::{Framer, Step};
use suiftly_ingest::haproxy::Format;
use suiftly_ingest::haproxy::log_format::{Attribution, LogFormat, RecordFormat};
use suiftly_ingest::source::Source;
use suiftly_schema::batch::Batch;
use suiftly_schema::loss::LineCounts;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::UsageSums;

/// How many lines, and the seed, unless `SUIFTLY_MUTATED_LINES` and `SUIFTLY_MUTATED_SEED` say otherwise.
const MUTATED_LINES: u64 = 300_000;
const SEED: u64 = 20_261_121;
const LINES_PER_BLOCK: u64 = 1_000;
const NOW: UnixMillis = UnixMillis(1_795_298_487_000);

/// A format, what reads it, and lines of it.
struct Kind {
    name: String,
    config: DecodeConfig,
    lines: Vec<Vec<u8>>,
}

/// What tells itself, as live traffic; the stock formats by name; and every `log-format` a real HAProxy wrote lines of.
fn kinds() -> Vec<Kind> {
    let of = |name: &str, config, lines| Kind { name: name.to_owned(), config, lines };
    let named = |format| DecodeConfig { format, ..DecodeConfig::LIVE };
    let mut itself: Vec<Vec<u8>> = samples::ring_frames().into_iter().map(String::into_bytes).collect();
    for name in [samples::SF1, samples::HTTPLOG_3164, samples::HTTPLOG_5424] {
        itself.extend(samples::lines(name).into_iter().map(String::into_bytes));
    }
    // As many as make a difference among the others.
    (0..100).for_each(|_| itself.extend(own_messages()));
    let httpslog = samples::lines(samples::HTTPLOG_5424).into_iter();
    let httpslog = httpslog.map(|line| format!("{line} 0/0/0/0/0 a.example/TLSv1.3/TLS_AES_256_GCM_SHA384"));
    let mut kinds = vec![
        of("by its shape", DecodeConfig::LIVE, itself),
        of("httpslog", named(Format::Httpslog), httpslog.map(String::into_bytes).collect()),
        of("tcplog", named(Format::Tcplog), tcplog()),
    ];
    for (text, bodies) in crate::log_format::real() {
        let format = LogFormat::compile(&text).unwrap();
        let format = RecordFormat::new(format, &Attribution::default()).unwrap();
        let config = DecodeConfig { time_window: None, ..named(Format::Compiled(Box::leak(Box::new(format)))) };
        let with_header = |body: &Vec<u8>| [b"<134>Nov 22 00:36:14 haproxy[4783]: ", body.as_slice()].concat();
        kinds.push(of(&text, config, bodies.iter().map(with_header).collect()));
    }
    kinds
}

fn own_messages() -> Vec<Vec<u8>> {
    [
        "<13>1 2026-11-21T22:01:17Z gw haproxy 1 - [meta a=\"b\\\"c\"][x y=\"z\"] Proxy fe started.",
        "<133>Nov 21 20:54:59 haproxy[1]: backend be has no server available!",
        "<133>Nov 21 20:54:59 gw haproxy[1]: message repeated 3 times: [ backend be has no server available!]",
    ]
    .map(|line| line.as_bytes().to_vec())
    .into()
}

fn tcplog() -> Vec<Vec<u8>> {
    let line = |n: u32| {
        format!(
            "<134>Nov 21 20:54:59 haproxy[26830]: 127.0.0.1:{} [21/Nov/2026:20:54:5{}.9{}] fe_tcp be/s{} {}/{}/{} {} -- 30/17/16/5/0 0/0",
            35_000 + n,
            n % 10,
            10 + n,
            n % 9,
            n,
            n + 1,
            n + 9,
            n * 37
        )
    };
    (0..40).map(|n| line(n).into_bytes()).collect()
}

/// One to five damages to a line: bits, bytes, cuts, doubled and borrowed parts, swapped tokens, huge numbers, separators.
fn mutate(line: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    const TELLING: &[u8] = b" -+/:|{}[]\"<>0123456789\n\0\xc3\xff";
    const NUMBERS: [&str; 7] =
        ["18446744073709551616", "9223372036854775807", "-1", "4294967295", "00", "99999999999999999999999", "1e9"];
    for _ in 0..=random.below(4) {
        let at = random.below(line.len());
        let byte = if random.below(2) == 0 {
            TELLING[random.below(TELLING.len())]
        } else {
            u8::try_from(random.below(256)).unwrap()
        };
        match random.below(11) {
            _ if line.is_empty() => line.push(byte),
            0 => line.insert(at, byte),
            1 => drop(line.remove(at)),
            2 => line.truncate(at),
            3 => {
                let part = line[at..(at + 12).min(line.len())].to_vec();
                line.splice(at..at, part);
            }
            4 => line[at] ^= 1 << random.below(8),
            5 => drop(line.splice(at..at, vec![byte; 1 + random.below(40)])),
            6 => {
                let from = random.below(other.len().max(1)).min(other.len());
                line.splice(at.., other[from..].iter().copied());
            }
            7 => swap_tokens(line, random),
            8 => replace_token(line, NUMBERS[random.below(NUMBERS.len())].as_bytes(), random),
            _ => line[at] = byte,
        }
    }
    line.truncate(MAX_FRAME_BYTES);
}

fn swap_tokens(line: &mut Vec<u8>, random: &mut Random) {
    let mut tokens: Vec<Vec<u8>> = line.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
    let (one, another) = (random.below(tokens.len()), random.below(tokens.len()));
    tokens.swap(one, another);
    *line = tokens.join(&b' ');
}

fn replace_token(line: &mut Vec<u8>, with: &[u8], random: &mut Random) {
    let mut tokens: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let at = random.below(tokens.len());
    tokens[at] = with;
    *line = tokens.join(&b' ');
}

/// A block of mutated lines as it comes out of the journal.
fn block(kind: &Kind, lines: u64, epoch: u64, start: u64, random: &mut Random) -> Block {
    let mut builder = BlockBuilder::default();
    let source = Source::udp(([192, 0, 2, 7], 514).into());
    for _ in 0..lines {
        let mut line = kind.lines[random.below(kind.lines.len())].clone();
        mutate(&mut line, &kind.lines[random.below(kind.lines.len())], random);
        builder.push(&source, NOW, &line).unwrap();
    }
    Block::from_bytes(builder.seal(epoch, NOW, start).into_buffer()).unwrap()
}

fn assert_counted(batch: &Batch, block: &Block, told: &str) {
    let counts = &batch.counts;
    assert_eq!(counts.received, u64::from(block.frame_count()), "{told}");
    assert_eq!(
        counts.received,
        counts.accepted + counts.came_again() + counts.system + counts.rejected_total(),
        "{told}: {counts:?}"
    );
    assert_eq!(counts.accepted, batch.records.len() as u64, "{told}");
    assert!(batch.quarantined.len() as u64 <= counts.rejected_total(), "{told}");
    assert!(batch.system.iter().all(|message| message.message.len() <= MAX_SYSTEM_MESSAGE_BYTES), "{told}");
    let mut sums = UsageSums::default();
    for record in &batch.records {
        assert!((-1..=999).contains(&record.status_code) && record.traffic_type <= 8, "{told}: {record:?}");
        assert!((block.start..block.end).contains(&record.journal_offset), "{told}: {record:?}");
        sums += &UsageSums::of(record);
    }
    let mut by_minute = UsageSums::default();
    batch.partials.usage.iter().for_each(|(_, minute)| by_minute += &minute.sums);
    assert_eq!(sums, by_minute, "{told}");
}

/// Says which block it was, if decoding it panics.
struct Told<'a>(&'a str);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was {}", self.0);
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
#[allow(clippy::print_stdout, reason = "the counts are what the long run is for")]
fn mutated_lines_never_panic_and_all_are_counted() {
    let (lines, seed) = (setting("SUIFTLY_MUTATED_LINES", MUTATED_LINES), setting("SUIFTLY_MUTATED_SEED", SEED));
    let kinds = kinds();
    let mut decoders: Vec<Decoder> = kinds.iter().map(|kind| Decoder::new(kind.config.clone())).collect();
    let mut totals = vec![LineCounts::default(); kinds.len()];
    let mut start = 0;
    for epoch in 1..=lines.div_ceil(LINES_PER_BLOCK) {
        // Every other block is of what tells itself, which is most of what there is to get wrong.
        let mut random = Random::new(seed ^ epoch.wrapping_mul(0x9e37_79b9));
        let at = if epoch % 2 == 1 { 0 } else { 1 + random.below(kinds.len() - 1) };
        let told = format!("block {epoch} of seed {seed}, {}", kinds[at].name);
        let _told = Told(&told);
        let count = LINES_PER_BLOCK.min(lines - (epoch - 1) * LINES_PER_BLOCK);
        let block = block(&kinds[at], count, epoch, start, &mut random);
        let batch = decoders[at].decode(&block);
        assert_counted(&batch, &block, &told);
        totals[at].add(&batch.counts);
        start = block.end;
    }
    let mut all = LineCounts::default();
    totals.iter().for_each(|counts| all.add(counts));
    println!("mutated lines of seed {seed}: {all:?}");
    assert_eq!(all.received, lines);
    for (what, count) in [
        ("accepted", all.accepted),
        ("duplicates", all.duplicates),
        ("system", all.system),
        ("conflict", all.rejected["conflict"]),
    ] {
        assert!(count > 0, "the mutations never lead to {what}");
    }
    for ((kind, counts), decoder) in kinds.iter().zip(&totals).zip(&decoders) {
        assert!(counts.accepted > 0 && counts.rejected_total() > 0, "{}: {counts:?}", kind.name);
        let windows = decoder.windows();
        let restored = Decoder::restore(kind.config.clone(), &windows, 0, PriceBooks::v1()).unwrap();
        assert_eq!(restored.windows(), windows, "{}", kind.name);
    }
}

#[test]
fn mutated_streams_never_panic_and_end() {
    let ring = samples::bytes(samples::RING);
    let lines = samples::bytes(samples::SF1);
    let mut random = Random::new(7);
    for _ in 0..2_000 {
        let source = if random.below(2) == 0 { &ring } else { &lines };
        let from = random.below(source.len() / 2);
        let mut stream = source[from..from + random.below(4_000)].to_vec();
        mutate(&mut stream, &ring[..200], &mut random);
        let mut framer = Framer::detect();
        let mut at = 0;
        while let Step::Frame { consumed, .. } | Step::Oversize { consumed, .. } | Step::Skip { consumed } =
            framer.next(&stream[at..])
        {
            assert!(consumed > 0, "a step consumes something");
            at += consumed;
        }
        framer.finish(&stream[at..]);
    }
}
