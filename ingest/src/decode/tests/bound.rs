//! Which source may speak for which server, and in which format.

use super::*;
use crate::binding::{Sender, SourceRule};
use crate::haproxy::log_format::{Attribution, LogFormat, RecordFormat};
use crate::source::Fingerprint;
use proptest::prelude::*;

/// An httplog body, which says nothing of its server.
const HTTPLOG: &str = "127.0.0.1:35200 [21/Nov/2026:22:01:21.969] fe be/app1 0/1/2/5/8 200 89 - - ---- 1/1/1/1/0 0/0 \
                       \"GET /x HTTP/1.1\"";

fn udp(ip: [u8; 4]) -> Source {
    Source::udp(SocketAddr::from((ip, 51_234)))
}

fn sf1_of(server: i16, seq: u32) -> String {
    sf1(seq, NOW.0, "12345", 200, 100).replace(" 17 1 1 2 ", &format!(" {server} 1 1 2 "))
}

/// 10.1.2.3 speaks for 17, 10.1.0.0/16 for 17 and 18, 10.2.0.1 for all, the Unix socket for 19 in a format of its own.
fn config() -> DecodeConfig {
    let format = LogFormat::compile("%[date(0,ms)] %ST %B %[var(txn.cid)]").unwrap();
    let attribution = Attribution { customer: Some("var(txn.cid)".parse().unwrap()), ..Attribution::default() };
    let format = Format::Compiled(Box::leak(Box::new(RecordFormat::new(format, &attribution).unwrap())));
    let rule = |from: &str, servers: &[i16]| SourceRule {
        from: Sender::Address(from.parse().unwrap()),
        servers: servers.to_vec(),
        format: None,
    };
    let unix = SourceRule { from: Sender::unix("/run/x".as_ref()), servers: vec![19], format: Some(format) };
    let rules = vec![rule("10.1.2.3", &[17]), rule("10.1.0.0/16", &[17, 18]), rule("10.2.0.1", &[]), unix];
    DecodeConfig { sources: Some(Arc::new(SourceRules::new(rules).unwrap())), ..DecodeConfig::LIVE }
}

#[test]
fn who_may_speak_for_whom() {
    let unix = Source::Unix(Fingerprint::of_path("/run/x".as_ref()));
    let (gateway, net, any, stranger) =
        (udp([10, 1, 2, 3]), udp([10, 1, 9, 9]), udp([10, 2, 0, 1]), udp([10, 3, 0, 1]));
    let (s17, s18, compiled) = (sf1_of(17, 1), sf1_of(18, 1), format!("{} 200 7 42", NOW.0));
    let started = "<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.";
    // The word of what became of it, and the server that its record or message got.
    let cases: [(Source, &str, &str, Option<i16>); 20] = [
        (gateway, &s17, "accepted", Some(17)),
        (gateway, &s18, "source", None),
        (gateway, HTTPLOG, "accepted", Some(17)),
        (gateway, started, "system", Some(17)),
        (net, &s17, "accepted", Some(17)),
        (net, &s18, "accepted", Some(18)),
        (net, &sf1_of(19, 1), "source", None),
        (net, HTTPLOG, "accepted", None),
        (net, started, "system", None),
        (any, &sf1_of(19, 1), "accepted", Some(19)),
        (stranger, &s17, "source", None),
        (stranger, HTTPLOG, "source", None),
        (stranger, started, "source", None),
        (stranger, "what is this", "source", None),
        (unix, &compiled, "accepted", Some(19)),
        (unix, &s17, "format_value", None),
        (any, &compiled, "unknown_format", None),
        // An operator's own: bound to nothing, any date goes, and every format is tried on what is given again.
        (Source::File, &sf1(1, 5, "1", 200, 1), "accepted", Some(17)),
        (Source::Quarantine { offset: 9 }, &sf1_of(18, 1), "accepted", Some(18)),
        (Source::Quarantine { offset: 9 }, &compiled, "accepted", None),
    ];
    for (source, line, word, server) in cases {
        let batch = Decoder::new(config()).decode(&block_of(1, [(source, line)]));
        let counts = &batch.counts;
        let became = match (counts.accepted, counts.system, counts.rejected.first_key_value()) {
            (1, 0, None) => "accepted",
            (0, 1, None) => "system",
            (0, 0, Some((reason, 1))) => reason,
            _ => panic!("{counts:?}"),
        };
        assert_eq!(became, word, "{source}: {line}");
        let record = batch.records.first().map(|record| record.server_id);
        let message = batch.system.first().map(|message| message.server_id);
        assert_eq!(record.or(message).flatten(), server, "{source}: {line}");
    }
}

#[test]
fn a_line_of_a_stranger_leaves_no_trace_in_dedup() {
    let (forged, own) = (sf1(1, NOW.0, "666", 200, 9), sf1_of(17, 1));
    let (stranger, gateway) = (udp([10, 3, 0, 1]), udp([10, 1, 2, 3]));
    let mut decoder = Decoder::new(config());
    let first = block_of(1, [(stranger, forged.as_str())]);
    assert_eq!(decoder.decode(&first).windows, []);
    let second = block_of(2, [(gateway, own.as_str())]);
    assert_eq!(decoder.decode(&second).counts.accepted, 1);
    // Nor when its body is looked at again after a restart.
    let mut restored = Decoder::restore(config(), &decoder.windows(), 0, PriceBooks::v1()).unwrap();
    [&first, &second].into_iter().for_each(|block| restored.rewarm(block));
    let again = restored.decode(&block_of(3, [(gateway, own.as_str()), (stranger, forged.as_str())]));
    assert_eq!((again.counts.duplicates, again.counts.rejected_total()), (1, 1));
    assert_eq!(restored.forgotten().duplicates_unproven, 0);
}

proptest! {
    /// What becomes of a line depends on its source, not on what came before from others.
    #[test]
    fn binding_does_not_depend_on_the_order(order in Just((0..24usize).collect::<Vec<_>>()).prop_shuffle()) {
        let sources = [udp([10, 1, 2, 3]), udp([10, 1, 9, 9]), udp([10, 2, 0, 1]), udp([10, 3, 0, 1])];
        let line = |n: usize| (sources[n % 4], sf1_of(17 + i16::try_from(n / 4 % 3).unwrap(), u32::try_from(n).unwrap() + 1));
        let became = |order: &[usize]| {
            let lines: Vec<_> = order.iter().map(|n| line(*n)).collect();
            let batch = Decoder::new(config()).decode(&block_of(1, lines.iter().map(|(s, l)| (*s, l.as_str()))));
            let mut seqs: Vec<_> = batch.records.iter().map(|record| record.line_id).collect();
            seqs.sort_unstable();
            (seqs, batch.counts)
        };
        prop_assert_eq!(became(&order), became(&(0..24).collect::<Vec<_>>()));
    }
}
