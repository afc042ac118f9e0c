//! Damaged lines: none panics, all are counted.

use crate::samples::{self, Random};
use suiftly_ingest::decode::{DecodeConfig, Decoded, Decoder};
use suiftly_ingest::frame::{Framer, Step};
use suiftly_schema::time::UnixMillis;

const MUTATED_LINES: usize = 200_000;
const NOW: UnixMillis = UnixMillis(1_795_298_487_000);

fn originals() -> Vec<String> {
    let mut lines = samples::ring_frames();
    for name in [samples::SF1, samples::HTTPLOG_3164, samples::HTTPLOG_5424] {
        lines.extend(samples::lines(name));
    }
    lines.push("<13>1 2026-11-21T22:01:17Z gw haproxy 1 - [meta a=\"b\\\"c\"][x y=\"z\"] Proxy fe started.".to_owned());
    lines.push("<133>Nov 21 20:54:59 haproxy[1]: backend be has no server available!".to_owned());
    lines
}

/// Some bytes changed, put in, taken out, doubled; or the line cut.
fn mutate(line: &mut Vec<u8>, random: &mut Random) {
    const TELLING: &[u8] = b" -+/:|{}[]\"<>0123456789\n\0\xc3\xff";
    for _ in 0..=random.below(4) {
        let at = random.below(line.len());
        let byte = if random.below(2) == 0 {
            TELLING[random.below(TELLING.len())]
        } else {
            u8::try_from(random.below(256)).unwrap()
        };
        match random.below(6) {
            _ if line.is_empty() => line.push(byte),
            0 => line.insert(at, byte),
            1 => drop(line.remove(at)),
            2 => line.truncate(at),
            3 => {
                let part = line[at..(at + 12).min(line.len())].to_vec();
                line.splice(at..at, part);
            }
            _ => line[at] = byte,
        }
    }
}

#[test]
fn mutated_lines_never_panic_and_all_are_counted() {
    let originals = originals();
    let mut random = Random::new(20_261_121);
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let (mut accepted, mut duplicates, mut system, mut rejected) = (0, 0, 0, 0);
    for epoch in 0..MUTATED_LINES {
        decoder.begin_epoch(epoch as u64 / 1_000);
        let mut line = originals[random.below(originals.len())].clone().into_bytes();
        mutate(&mut line, &mut random);
        match decoder.decode_frame(&line, NOW) {
            Decoded::Accepted(record, _) => {
                assert!((-1..=999).contains(&record.status_code) && record.traffic_type <= 8);
                assert!(record.timestamp <= NOW.plus_ms(600_000));
                accepted += 1;
            }
            Decoded::Duplicate => duplicates += 1,
            Decoded::System(_) => system += 1,
            Decoded::Rejected(_) => rejected += 1,
        }
    }
    assert_eq!(accepted + duplicates + system + rejected, MUTATED_LINES);
    for (what, count) in
        [("accepted", accepted), ("duplicates", duplicates), ("system", system), ("rejected", rejected)]
    {
        assert!(count > 0, "the mutations never lead to {what}");
    }
    let windows = decoder.windows();
    assert_eq!(Decoder::restore(DecodeConfig::LIVE, &windows).unwrap().windows(), windows);
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
        mutate(&mut stream, &mut random);
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
