//! Parts by themselves.

use super::{Ingesting, raw};
use proptest::prelude::*;
use std::net::IpAddr;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::ship::{Part, Placement};
use suiftly_ingest::source::Source;
use suiftly_link::{Frame, Kind};
use suiftly_schema::shard::{Shard, ShardSet};
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

/// Anything, and what looks like the gateway's own lines.
fn any_block() -> impl Strategy<Value = Block> {
    let source = (any::<u8>(), any::<u16>()).prop_map(|(host, port)| Source::udp(([192, 0, 2, host % 4], port).into()));
    let head = "SF1 1795298482100 1795298482000 1795290000000 0 7";
    let rest = "1 1 1 1 0 42 9 - - 192.0.2.9 /a 200 10 5 0 0 1 2 3 ---- be/s1 192.0.2.9 id";
    let line = (0i16..40).prop_map(move |server| format!("{head} {server} {rest}"));
    let bytes = prop_oneof![prop::collection::vec(any::<u8>(), 0..40), line.prop_map(String::into_bytes)];
    prop::collection::vec((source, 0i64..3, bytes), 0..40).prop_map(|frames| {
        let mut builder = BlockBuilder::default();
        for (source, at, bytes) in &frames {
            builder.push(source, UnixMillis(*at), bytes).unwrap();
        }
        builder.seal(7, UnixMillis(99), 1_000)
    })
}

/// A frame with this payload, as it comes over a link.
fn came(payload: Vec<u8>) -> Frame {
    Frame::new(Kind::Part, payload)
}

/// Whatever is taken for a part can be read, and stands within its block.
fn is_sound_if_taken(frame: &Frame) {
    let Ok(part) = Part::decode(frame) else { return };
    let mut free = part.start;
    for frame in part.frames() {
        assert!(frame.offset > free && frame.offset + frame.bytes.len() as u64 <= part.end, "{part:?}");
        free = frame.offset + frame.bytes.len() as u64;
    }
    assert_eq!(part.frames().count(), part.frame_count() as usize);
    assert!(part.frame_count() <= part.frames_in_block);
    assert_eq!(part.encode(), *frame);
}

proptest! {
    #[test]
    fn any_split_of_shards_adds_up_to_the_block(block in any_block(), owners in prop::collection::vec(0usize..4, 256)) {
        let placement = Placement::default();
        let set = |owner: usize| Shard::all().filter(|shard| owners[shard.index()] == owner).collect::<ShardSet>();
        let parts: Vec<Part> = (0..4).map(|owner| Part::cut(&block, &placement, &set(owner))).collect();
        for (owner, part) in parts.iter().enumerate() {
            prop_assert_eq!((part.epoch, part.cut_at, part.start, part.end), (7, UnixMillis(99), 1_000, block.end));
            prop_assert_eq!(part.frames_in_block, block.frame_count());
            prop_assert!(part.is_within(&set(owner)));
            prop_assert_eq!(&Part::decode(&part.encode()).unwrap(), part);
            prop_assert_eq!(&Part::cut(&block, &placement, &set(owner)), part, "a part is a function of its block");
        }
        let mut frames: Vec<_> = parts.iter().flat_map(Part::shards).collect();
        frames.sort_by_key(|(_, frame)| frame.offset);
        let placed: Vec<_> = block.frames().map(|frame| (placement.of(&frame.source, frame.bytes), frame)).collect();
        prop_assert_eq!(frames, placed);
    }

    #[test]
    fn hostile_bytes_are_refused_or_sound(
        block in any_block(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
    ) {
        let mut payload = Part::cut(&block, &Placement::default(), &ShardSet::ALL).encode().payload.to_vec();
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        is_sound_if_taken(&came(payload.clone()));
        payload.truncate(length.index(payload.len() + 1));
        is_sound_if_taken(&came(payload));
    }

    #[test]
    fn noise_is_refused_or_sound(
        head in prop::collection::vec(any::<u8>(), 0..36),
        groups in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        is_sound_if_taken(&came([head, groups.clone()].concat()));
        // Behind a head that could be.
        let block = BlockBuilder::default().seal(1, UnixMillis(0), 0);
        let empty = Part::cut(&block, &Placement::default(), &ShardSet::ALL);
        is_sound_if_taken(&came([&empty.encode().payload[..], &groups].concat()));
    }
}

/// A part of two frames, of which one number is another: where it stands in the payload, and its bytes.
fn with(at: usize, bytes: &[u8]) -> Frame {
    let mut builder = BlockBuilder::default();
    for line in ["one", "two"] {
        builder.push(&Source::File, UnixMillis(1), line.as_bytes()).unwrap();
    }
    let block = builder.seal(7, UnixMillis(99), 1_000);
    let mut payload = Part::cut(&block, &Placement::default(), &ShardSet::ALL).encode().payload.to_vec();
    payload[at..at + bytes.len()].copy_from_slice(bytes);
    came(payload)
}

#[test]
fn what_no_block_has_is_refused() {
    let (head, group, frame) = (36, 32, 4 + 2 + 1 + 3);
    assert_eq!(Part::decode(&with(0, &7u64.to_le_bytes())).unwrap().frame_count(), 2);
    for (what, frame) in [
        ("a time before all", with(8, &(-1i64).to_le_bytes())),
        ("a time after all", with(8, &i64::MAX.to_le_bytes())),
        ("a start behind the end", with(16, &9_999u64.to_le_bytes())),
        ("a start too far from the end", with(24, &u64::MAX.to_le_bytes())),
        ("an end within the frames", with(24, &1_090u64.to_le_bytes())),
        ("fewer frames than there are", with(32, &1u32.to_le_bytes())),
        ("an unknown kind of group", with(head, &[2])),
        ("an unknown kind of source", with(head + 1, &[200])),
        ("a receipt that cannot be", with(head + 20, &i64::MIN.to_le_bytes())),
        ("no frame in a group", with(head + 28, &0u32.to_le_bytes())),
        ("a frame too few", with(head + 28, &1u32.to_le_bytes())),
        ("a frame too many", with(head + 28, &3u32.to_le_bytes())),
        ("a frame in the block's header", with(head + group, &48u32.to_le_bytes())),
        ("a frame behind the block", with(head + group + frame, &4_000u32.to_le_bytes())),
        ("a frame within the one before", with(head + group + frame, &84u32.to_le_bytes())),
        ("a frame longer than there is", with(head + group + 4, &60_000u16.to_le_bytes())),
    ] {
        assert!(Part::decode(&frame).is_err(), "{what}");
    }
}

#[test]
fn lines_of_a_gateway_are_of_one_shard_by_whatever_way_they_come() {
    let dir = TempDir::new().unwrap();
    let mut ingesting = Ingesting::open(dir.path(), raw(1 << 20));
    let block = ingesting.seal(200);
    let placement = Placement::default();
    let shards_of = |host: u8| {
        let of_host =
            block.frames().filter(|frame| frame.source.address().unwrap().ip() == IpAddr::from([192, 0, 2, host]));
        let mut shards: Vec<_> = of_host.map(|frame| placement.of(&frame.source, frame.bytes)).collect();
        assert!(shards.len() > 10);
        shards.dedup();
        shards
    };
    for (host, server_id) in (0..4).zip([17, 18, 33, 49]) {
        assert_eq!(shards_of(host), [Shard::of_server(server_id)]);
    }
    let away = Source::tcp(([198, 51, 100, 1], 9).into());
    for frame in block.frames().filter(|frame| frame.bytes.windows(4).any(|four| four == b"SF1 ")) {
        assert_eq!(placement.of(&away, frame.bytes), placement.of(&frame.source, frame.bytes));
    }
}
