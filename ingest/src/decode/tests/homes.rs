//! Gateways that send each line twice: who a home is by its source, and what becomes of the copies.

use super::*;
use crate::source::Fingerprint;
use proptest::prelude::*;

fn at(ip: [u8; 4], port: u16) -> SocketAddr {
    SocketAddr::from((ip, port))
}

/// What the same line is that comes by the one source and then by the other.
fn second_of(first: Source, second: Source) -> LineCounts {
    let line = sf1(1, NOW.0, "7", 200, 10);
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    assert_eq!(decoder.decode(&block_of(1, [(first, line.as_str())])).counts.accepted, 1, "{first}");
    let counts = decoder.decode(&block_of(2, [(second, line.as_str())])).counts;
    assert_all_counted(&counts);
    counts
}

fn assert_all_counted(counts: &LineCounts) {
    let became = counts.accepted + counts.second_home + counts.duplicates + counts.system + counts.rejected_total();
    assert_eq!(counts.received, became, "{counts:?}");
}

#[test]
fn a_home_is_the_way_and_the_sender_without_its_port() {
    let print = |byte| Fingerprint([byte; 16]);
    let (here, there) = ([10, 1, 2, 3], [10, 1, 2, 4]);
    let same = [
        (Source::udp(at(here, 1)), Source::udp(at(here, 2))),
        (Source::tcp(at(here, 1)), Source::tcp(at(here, 2))),
        (Source::tls(at(here, 1)), Source::tls(at(here, 2))),
        (Source::TlsClient(print(1)), Source::TlsClient(print(1))),
        (Source::Unix(print(1)), Source::Unix(print(1))),
        // What an operator reads or gives again comes by no home.
        (Source::udp(at(here, 1)), Source::Quarantine { offset: 9 }),
        (Source::Quarantine { offset: 9 }, Source::udp(at(here, 1))),
        (Source::udp(at(here, 1)), Source::File),
        (Source::File, Source::File),
    ];
    for (first, second) in same {
        let counts = second_of(first, second);
        assert_eq!((counts.second_home, counts.duplicates), (0, 1), "{first}, {second}");
    }
    let two = [
        (Source::tcp(at(here, 1)), Source::tls(at(here, 1))),
        (Source::tcp(at(here, 1)), Source::udp(at(here, 1))),
        (Source::tcp(at(here, 1)), Source::tcp(at(there, 1))),
        (Source::TlsClient(print(1)), Source::TlsClient(print(2))),
        (Source::TlsClient(print(1)), Source::Unix(print(1))),
    ];
    for (first, second) in two {
        let counts = second_of(first, second);
        assert_eq!((counts.second_home, counts.duplicates), (1, 0), "{first}, {second}");
    }
}

/// A line that comes by one of two homes, as it was sent or with other bytes, or out of the quarantine.
fn arrival() -> impl Strategy<Value = (Source, String)> {
    let sources = prop_oneof![
        6 => Just(Source::tcp(at([10, 1, 2, 3], 1))),
        1 => Just(Source::tcp(at([10, 1, 2, 3], 2))),
        6 => Just(Source::tls(at([10, 1, 2, 3], 1))),
        1 => Just(Source::Quarantine { offset: 9 }),
    ];
    let lines = prop_oneof![
        20 => (1..60u32).prop_map(|seq| sf1(seq, NOW.0, "7", 200, 10)),
        2 => (1..60u32).prop_map(|seq| sf1(seq, NOW.0, "7", 200, 11)),
        1 => Just("<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.".to_owned()),
        1 => Just("what is this".to_owned()),
    ];
    (sources, lines)
}

proptest! {
    /// Every line is counted once; and a restart anywhere, with the journal before it, makes no difference to which
    /// home's copy is which.
    #[test]
    fn a_replay_tells_homes_apart_as_live_traffic_did(
        arrivals in prop::collection::vec(prop::collection::vec(arrival(), 0..40), 2..8),
        cut in 1..7usize,
    ) {
        let cut = cut.min(arrivals.len() - 1);
        let blocks: Vec<Block> = (1..)
            .zip(&arrivals)
            .map(|(epoch, lines)| block_of(epoch, lines.iter().map(|(source, line)| (*source, line.as_str()))))
            .collect();
        let mut live = Decoder::new(DecodeConfig::LIVE);
        let expected: Vec<Batch> = blocks.iter().map(|block| live.decode(block)).collect();
        expected.iter().for_each(|batch| assert_all_counted(&batch.counts));

        let mut before = Decoder::new(DecodeConfig::LIVE);
        blocks[..cut].iter().for_each(|block| _ = before.decode(block));
        let mut restored = Decoder::restore(DecodeConfig::LIVE, &before.windows(), 0, PriceBooks::v1()).unwrap();
        blocks[..cut].iter().for_each(|block| restored.rewarm(block));
        let replayed: Vec<Batch> = blocks[cut..].iter().map(|block| restored.decode(block)).collect();
        prop_assert_eq!(replayed, &expected[cut..]);
    }
}
