use super::*;
use crate::journal::JournalId;
use crate::source::Fingerprint;
use proptest::prelude::*;
use std::net::{IpAddr, SocketAddr};

fn source(port: u16) -> Source {
    Source::udp(([192, 0, 2, 7], port).into())
}

fn block_of(frames: &[(Source, i64, Vec<u8>)]) -> Block {
    let mut builder = BlockBuilder::default();
    for (source, at, bytes) in frames {
        builder.push(source, UnixMillis(*at), bytes).unwrap();
    }
    builder.seal(7, UnixMillis(99), 1_000)
}

/// Puts a right checksum on bytes that were changed.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let crc = checksum(&bytes).to_le_bytes();
    bytes[CHECKED_HEADER_BYTES..BLOCK_HEADER_BYTES].copy_from_slice(&crc);
    bytes
}

fn any_source() -> impl Strategy<Value = Source> {
    let ip = prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
    let peer = (ip, any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port));
    let known_by = any::<[u8; 16]>().prop_map(Fingerprint);
    prop_oneof![
        peer.clone().prop_map(Source::udp),
        peer.clone().prop_map(Source::tcp),
        peer.prop_map(Source::tls),
        known_by.clone().prop_map(Source::TlsClient),
        known_by.prop_map(Source::Unix),
        Just(Source::File),
        any::<u64>().prop_map(|offset| Source::Quarantine { offset }),
        any::<([u8; 16], u16)>().prop_map(|(id, no)| Source::Cut { journal: JournalId(id), no }),
    ]
}

fn any_frames() -> impl Strategy<Value = Vec<(Source, i64, Vec<u8>)>> {
    let sources = prop::collection::vec(any_source(), 1..4);
    let frame = (any::<prop::sample::Index>(), -2i64..2, prop::collection::vec(any::<u8>(), 0..40));
    (sources, prop::collection::vec(frame, 0..30)).prop_map(|(sources, frames)| {
        frames.into_iter().map(|(index, at, bytes)| (*index.get(&sources), at, bytes)).collect()
    })
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(frames in any_frames()) {
        let block = block_of(&frames);
        let again = Block::from_bytes(block.bytes().to_vec()).unwrap();
        prop_assert_eq!(&again, &block);
        prop_assert_eq!(block.end, 1_000 + block.bytes().len() as u64);
        prop_assert_eq!(block.frame_count() as usize, frames.len());
        let out: Vec<_> = again.frames().map(|f| (f.source, f.received_at.0, f.bytes.to_vec())).collect();
        prop_assert_eq!(out, frames);
        for frame in again.frames() {
            let at = usize::try_from(frame.offset - block.start).unwrap();
            prop_assert_eq!(&block.bytes()[at..at + frame.bytes.len()], frame.bytes);
        }
    }

    #[test]
    fn any_changed_byte_is_noticed(frames in any_frames(), at in any::<prop::sample::Index>(), change in 1u8..) {
        let mut bytes = block_of(&frames).into_buffer();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(Block::from_bytes(bytes).is_err());
    }

    #[test]
    fn any_shortened_block_is_noticed(frames in any_frames(), at in any::<prop::sample::Index>()) {
        let mut bytes = block_of(&frames).into_buffer();
        bytes.truncate(at.index(bytes.len()));
        prop_assert!(Block::from_bytes(bytes).is_err());
    }

    #[test]
    fn hostile_payloads_never_panic(payload in prop::collection::vec(any::<u8>(), 0..200), frames in 0u32..4) {
        let mut bytes = BlockBuilder::default().seal(1, UnixMillis(0), 0).into_buffer();
        bytes.extend_from_slice(&payload);
        bytes[4..8].copy_from_slice(&length_u32(payload.len()).to_le_bytes());
        bytes[40..44].copy_from_slice(&frames.to_le_bytes());
        if let Ok(block) = Block::from_bytes(resealed(bytes)) {
            prop_assert_eq!(block.frames().count(), frames as usize);
        }
    }

    #[test]
    fn hostile_lines_groups_never_panic(mut payload in prop::collection::vec(any::<u8>(), 33..80), frames in 0u32..4) {
        payload[..2].copy_from_slice(&[KIND_LINES, 1]);
        payload[GROUP_COUNT_AT..GROUP_HEADER_BYTES].copy_from_slice(&frames.to_le_bytes());
        let mut bytes = BlockBuilder::default().seal(1, UnixMillis(0), 0).into_buffer();
        bytes.extend_from_slice(&payload);
        bytes[4..8].copy_from_slice(&length_u32(payload.len()).to_le_bytes());
        bytes[40..44].copy_from_slice(&frames.to_le_bytes());
        if let Ok(block) = Block::from_bytes(resealed(bytes)) {
            prop_assert_eq!(block.frames().count(), frames as usize);
        }
    }
}

#[test]
fn one_sender_at_one_time_is_one_group() {
    let frames = [(source(1), 5, b"ab".to_vec()), (source(1), 5, b"c".to_vec()), (source(2), 5, b"d".to_vec())];
    let bytes = 2 * GROUP_HEADER_BYTES + 3 * FRAME_LENGTH_BYTES + 4;
    assert_eq!(block_of(&frames).payload().len(), bytes);
}

#[test]
fn what_this_version_cannot_read_is_an_error() {
    let sound = block_of(&[(source(1), 5, b"line".to_vec())]).into_buffer();
    let payload_at = |at: usize| BLOCK_HEADER_BYTES + at;
    let cases: [(usize, &[u8], BlockError); 7] = [
        (payload_at(0), &[2], BlockError::Kind(2)),
        (payload_at(0), &[0], BlockError::Kind(0)),
        (payload_at(1), &[10], BlockError::Source(10)),
        (payload_at(GROUP_COUNT_AT), &[2, 0, 0, 0], BlockError::Truncated),
        (payload_at(GROUP_HEADER_BYTES), &[0xff, 0xff, 0xff, 0xff], BlockError::FrameLength(u32::MAX)),
        (40, &[2, 0, 0, 0], BlockError::FrameCount { announced: 2, found: 1 }),
        (0, b"X", BlockError::Magic),
    ];
    for (at, change, error) in cases {
        let mut bytes = sound.clone();
        bytes[at..at + change.len()].copy_from_slice(change);
        assert_eq!(Block::from_bytes(resealed(bytes)), Err(error));
    }
}

#[test]
fn a_block_never_passes_its_bound() {
    let frame = vec![b'x'; MAX_FRAME_BYTES];
    let mut builder = BlockBuilder::default();
    let mut pushed = 0u32;
    while builder.push(&source(1), UnixMillis(0), &frame).is_ok() {
        pushed += 1;
    }
    assert!(builder.len_bytes() <= MAX_BLOCK_BYTES && builder.len_bytes() + frame.len() + 4 > MAX_BLOCK_BYTES);
    let block = Block::from_bytes(builder.seal(1, UnixMillis(0), 0).into_buffer()).unwrap();
    assert_eq!(block.frame_count(), pushed);
    assert!(block.frames().all(|f| f.bytes == frame));

    let mut next = BlockBuilder::with_buffer(block.into_buffer());
    assert!(next.is_empty() && next.len_bytes() == BLOCK_HEADER_BYTES);
    next.push(&source(1), UnixMillis(0), b"fits again").unwrap();
    assert_eq!(next.seal(2, UnixMillis(0), 0).frame_count(), 1);
}

#[test]
fn a_length_beyond_the_bound_is_refused_before_it_is_read() {
    let mut bytes = BlockBuilder::default().seal(1, UnixMillis(0), 0).into_buffer();
    bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let announced = u64::from(u32::MAX) + BLOCK_HEADER_BYTES as u64;
    assert_eq!(BlockHeader::decode(&bytes), Err(BlockError::Length(announced)));
}
