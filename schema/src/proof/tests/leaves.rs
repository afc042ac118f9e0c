//! Encodings of records and parts: as the vectors have them, and no two the same.

use crate::ids::{Network, Service};
use crate::proof::{Hash, Hex, Line, Part, REQUEST_BYTES_MAX, RecordLeaf, Tree};
use crate::record::{LineId, Record, ShortText, Timers};
use crate::time::UnixMillis;
use data_encoding::HEXLOWER;
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
struct Vectors {
    records: Vec<RecordVector>,
    parts: Vec<PartVector>,
}

#[derive(Deserialize)]
struct RecordVector {
    record: RecordLeaf,
    encoded: String,
    leaf: Hash,
}

#[derive(Deserialize)]
struct PartVector {
    part: Part,
    count: u64,
    root: Hash,
    encoded: String,
    leaf: Hash,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../tests/data/proof/leaves.json")).unwrap()
}

#[test]
fn the_vectors() {
    let vectors = vectors();
    assert_eq!((vectors.records.len(), vectors.parts.len()), (6, 3));
    for RecordVector { record, encoded, leaf } in vectors.records {
        assert_eq!((HEXLOWER.encode(&record.encoded()), record.hash()), (encoded, leaf), "{record:?}");
        assert!(record.is_in_bounds(), "{record:?}");
    }
    for PartVector { part, count, root, encoded, leaf } in vectors.parts {
        let records = Tree { count, root };
        assert_eq!((HEXLOWER.encode(&part.encoded(records)), part.hash(records)), (encoded, leaf), "{part:?}");
        assert!(part.is_in_bounds(count), "{part:?}");
    }
}

#[test]
fn what_a_record_gives() {
    let line_id = Some(LineId { server_id: 17, boot: UnixMillis(1_795_100_000_123), seq: 4_242 });
    let record = Record {
        timestamp: UnixMillis(1_795_298_477_199),
        customer_id: crate::ids::CustomerId::new(42),
        path_prefix: Some(ShortText::new("v1/fetch_key")),
        config_hex: Some(7),
        network: Some(Network::Mainnet),
        server_id: Some(17),
        service: Some(Service::Seal),
        api_key_fp: 0xdead_beef,
        frontend: None,
        traffic_type: 1,
        event_type: 0,
        client_ip: Some([192, 0, 2, 1].into()),
        key_metadata: None,
        status_code: 200,
        bytes_sent: 1_234,
        timers: Timers::default(),
        backend_id: 1,
        termination: ShortText::new("--"),
        repeat: 1,
        line_id,
        journal_offset: 99,
    };
    let expected = vectors().records[0].record;
    assert_eq!(RecordLeaf::of(&record, Some(b"6931CC2D199-2F1A-000A")), expected);
    let unnamed = RecordLeaf { request_id: None, ..expected };
    let too_long = [b'x'; REQUEST_BYTES_MAX + 1];
    for name in [&b""[..], b"a b", b"a\n", b"\xff", "é".as_bytes(), &too_long] {
        assert_eq!(RecordLeaf::of(&record, Some(name)), unnamed, "{name:?}");
    }
    let longest = RecordLeaf::of(&record, Some(&too_long[1..]));
    assert_eq!(longest.request_id.map(|name| name.as_str().len()), Some(REQUEST_BYTES_MAX));
    assert_eq!(longest.encoded().len(), 73 + REQUEST_BYTES_MAX);
    // Whose it is, where it came from, and where it lies in a journal are no part of it.
    let other = Record { customer_id: None, client_ip: None, journal_offset: 0, key_metadata: Some(1), ..record };
    assert_eq!(RecordLeaf::of(&other, None), unnamed);
    let unnumbered = RecordLeaf::of(&Record { line_id: None, ..record }, None);
    assert_eq!((unnumbered.line, unnumbered.server_id), (None, Some(17)));
}

#[test]
fn what_is_missing_is_not_what_is_empty() {
    let full = vectors().records[0].record;
    let (nothing, zero) = (ShortText::new(""), UnixMillis(0));
    let variants = [
        full,
        RecordLeaf { server_id: None, ..full },
        RecordLeaf { server_id: Some(0), ..full },
        RecordLeaf { line: None, ..full },
        RecordLeaf { line: Some(Line { boot: zero, seq: 0 }), ..full },
        RecordLeaf { service: None, ..full },
        RecordLeaf { network: None, ..full },
        RecordLeaf { network: Some(Network::Testnet), ..full },
        RecordLeaf { path_prefix: None, ..full },
        RecordLeaf { path_prefix: Some(nothing), ..full },
        RecordLeaf { path_prefix: Some(ShortText::new("\0")), ..full },
        RecordLeaf { path_prefix: Some(ShortText::new("v1/fetch_")), ..full },
        RecordLeaf { request_id: None, ..full },
        RecordLeaf { request_id: Some(ShortText::new("")), ..full },
        RecordLeaf { request_id: Some(ShortText::new("6931CC2D199-2F1A-000")), ..full },
    ];
    let encoded: std::collections::HashSet<_> = variants.iter().map(RecordLeaf::encoded).collect();
    assert_eq!(encoded.len(), variants.len());
}

fn text<const N: usize>() -> impl Strategy<Value = ShortText<N>> {
    // Of few characters, so that texts are often beginnings of one another.
    "[ab\0é]{0,12}".prop_map(|text| ShortText::new(&text))
}

prop_compose! {
    fn record()(
        timestamp in 0i64..4, server_id in prop::option::of(-1i16..2),
        line in prop::option::of((0i64..3, 0u32..3)), kinds in (0u8..8, 0u8..5, 0u8..3, 0u8..3),
        status_code in -1i16..2, bytes_sent in 0u64..3, counts in (0u32..3, 0u32..3),
        path_prefix in prop::option::of(text()), request_id in prop::option::of(text()),
    ) -> RecordLeaf {
        RecordLeaf {
            timestamp: UnixMillis(timestamp),
            server_id,
            line: line.map(|(boot, seq)| Line { boot: UnixMillis(boot), seq }),
            service: Service::from_number(kinds.0),
            network: Network::from_number(kinds.1),
            traffic_type: kinds.2,
            event_type: kinds.3,
            status_code,
            bytes_sent,
            repeat: counts.0,
            api_key_fp: counts.1,
            path_prefix,
            request_id,
        }
    }
}

prop_compose! {
    fn part()(
        account in text(), journal in prop::array::uniform16(0u8..2), hour in 0i64..3,
        epochs in (0u64..3, 0u64..3), sums in (0u64..3, 0u64..3),
        count in 0u64..3, root in prop::array::uniform32(0u8..2),
    ) -> (Part, Tree) {
        let ((first_epoch, last_epoch), (requests, bytes)) = (epochs, sums);
        let (journal, hour) = (Hex(journal), UnixMillis(hour));
        let part = Part { account, journal, hour, first_epoch, last_epoch, requests, bytes };
        (part, Tree { count, root: Hex(root) })
    }
}

proptest! {
    #[test]
    fn records_that_differ_have_other_bytes(records in prop::collection::vec(record(), 2..60)) {
        let mut seen = HashMap::new();
        for record in records {
            let before = *seen.entry(record.encoded()).or_insert(record);
            prop_assert_eq!(before, record);
        }
    }

    #[test]
    fn one_field_changed_is_other_bytes(one in record(), other in record()) {
        let mixed = [
            RecordLeaf { timestamp: other.timestamp, ..one },
            RecordLeaf { server_id: other.server_id, ..one },
            RecordLeaf { line: other.line, ..one },
            RecordLeaf { service: other.service, ..one },
            RecordLeaf { network: other.network, ..one },
            RecordLeaf { traffic_type: other.traffic_type, ..one },
            RecordLeaf { event_type: other.event_type, ..one },
            RecordLeaf { status_code: other.status_code, ..one },
            RecordLeaf { bytes_sent: other.bytes_sent, ..one },
            RecordLeaf { repeat: other.repeat, ..one },
            RecordLeaf { api_key_fp: other.api_key_fp, ..one },
            RecordLeaf { path_prefix: other.path_prefix, ..one },
            RecordLeaf { request_id: other.request_id, ..one },
            other,
        ];
        for mixed in mixed {
            prop_assert_eq!(mixed == one, mixed.encoded() == one.encoded(), "{:?} {:?}", mixed, one);
        }
    }

    #[test]
    fn parts_that_differ_have_other_bytes(one in part(), other in part()) {
        prop_assert_eq!(one == other, one.0.encoded(one.1) == other.0.encoded(other.1));
        let (part, records) = one;
        let mixed = [
            (Part { account: other.0.account, ..part }, records),
            (Part { journal: other.0.journal, ..part }, records),
            (Part { hour: other.0.hour, ..part }, records),
            (Part { first_epoch: other.0.first_epoch, ..part }, records),
            (Part { last_epoch: other.0.last_epoch, ..part }, records),
            (Part { requests: other.0.requests, ..part }, records),
            (Part { bytes: other.0.bytes, ..part }, records),
            (part, Tree { count: other.1.count, ..records }),
            (part, Tree { root: other.1.root, ..records }),
        ];
        for mixed in mixed {
            prop_assert_eq!(mixed == one, mixed.0.encoded(mixed.1) == part.encoded(records));
        }
    }
}
