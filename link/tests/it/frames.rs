//! Frames as bytes: what comes back, and what is refused before it costs anything.

use crate::support::noise;
use bytes::BytesMut;
use proptest::prelude::*;
use std::io::Write;
use suiftly_link::{Frame, FrameError, HEADER_BYTES, Kind, MAX_PAYLOAD_BYTES, take_frame};

const PACKED: u8 = 1;
const PROOF_ONLY: u8 = 2;

fn header(length: u32, kind: u8, flags: u8, reserved: u16, crc: u32) -> Vec<u8> {
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&reserved.to_le_bytes());
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// A frame whose checksum is right, whatever is in it.
fn framed(kind: Kind, flags: u8, payload: &[u8]) -> BytesMut {
    let length = u32::try_from(payload.len()).unwrap();
    let mut bytes = header(length, kind.number(), flags, 0, crc32c::crc32c(payload));
    bytes.extend_from_slice(payload);
    BytesMut::from(&bytes[..])
}

fn take(bytes: &[u8]) -> Result<Option<Frame>, FrameError> {
    take_frame(&mut BytesMut::from(bytes), MAX_PAYLOAD_BYTES)
}

fn unpacked(packed: &[u8]) -> Result<usize, FrameError> {
    let frame = take(&framed(Kind::Part, PACKED, packed))?;
    Ok(frame.unwrap().payload.len())
}

/// Text that packs well.
fn text(length: usize) -> Vec<u8> {
    b"GET /v1/objects?limit=50 200 ".iter().copied().cycle().take(length).collect()
}

#[test]
fn a_frame_comes_back_whole_however_it_is_cut() {
    let mut frames: Vec<Frame> = Kind::ALL.into_iter().map(|kind| Frame::new(kind, text(300))).collect();
    for length in [0, 1, 255, 4_096, 4_097, 70_000] {
        frames.push(Frame { is_proof_only: true, ..Frame::new(Kind::Part, text(length)) });
        frames.push(Frame::new(Kind::Part, noise(length)));
    }
    for frame in &frames {
        for bytes in [frame.encode().unwrap(), frame.encode_packed().unwrap()] {
            for step in [1, 7, 1_000, bytes.len()] {
                let (mut buffer, mut taken) = (BytesMut::new(), None);
                for piece in bytes.chunks(step) {
                    assert_eq!(taken, None, "taken before its end");
                    buffer.extend_from_slice(piece);
                    taken = take_frame(&mut buffer, MAX_PAYLOAD_BYTES).unwrap();
                }
                assert_eq!(taken.as_ref(), Some(frame));
                assert!(buffer.is_empty());
            }
        }
    }
}

#[test]
fn frames_that_came_together_are_taken_one_by_one() {
    let frames: Vec<Frame> = [40, 5_000, 0, 9_000, 12].map(|length| Frame::new(Kind::Part, text(length))).into();
    let mut buffer = BytesMut::new();
    for frame in &frames {
        buffer.extend_from_slice(&frame.encode_packed().unwrap());
    }
    for frame in &frames {
        assert_eq!(take_frame(&mut buffer, MAX_PAYLOAD_BYTES).unwrap().as_ref(), Some(frame));
    }
    assert_eq!(take_frame(&mut buffer, MAX_PAYLOAD_BYTES), Ok(None));
}

#[test]
fn only_what_becomes_shorter_is_packed() {
    for (payload, is_packed) in [(text(70_000), true), (noise(70_000), false), (text(100), false)] {
        let frame = Frame::new(Kind::Deltas, payload);
        let (plain, packed) = (frame.encode().unwrap(), frame.encode_packed().unwrap());
        assert_eq!(packed.len() < plain.len() / 10, is_packed);
        assert_eq!(packed == plain, !is_packed);
    }
}

#[test]
fn a_hostile_length_is_refused_by_its_header_alone() {
    for length in [MAX_PAYLOAD_BYTES + 1, 1 << 30, 0xffff_ffff] {
        let length = u32::try_from(length).unwrap();
        let found = take(&header(length, Kind::Part.number(), 0, 0, 0));
        assert_eq!(found, Err(FrameError::Length(u64::from(length))));
    }
    let too_long = header(4_097, Kind::Hello.number(), 0, 0, 0);
    assert_eq!(take_frame(&mut BytesMut::from(&too_long[..]), 4_096), Err(FrameError::Length(4_097)));
    // The longest is waited for, and no room is taken before its bytes are there.
    let longest = header(u32::try_from(MAX_PAYLOAD_BYTES).unwrap(), Kind::Part.number(), 0, 0, 0);
    let mut buffer = BytesMut::from(&longest[..]);
    let capacity = buffer.capacity();
    assert_eq!(take_frame(&mut buffer, MAX_PAYLOAD_BYTES), Ok(None));
    assert_eq!((buffer.len(), buffer.capacity()), (HEADER_BYTES, capacity));
}

#[test]
fn what_may_not_be_sent_is_not_encoded() {
    let too_long = Frame::new(Kind::Part, vec![0_u8; MAX_PAYLOAD_BYTES + 1]);
    let expected = Err(FrameError::Length(MAX_PAYLOAD_BYTES as u64 + 1));
    assert_eq!((too_long.encode(), too_long.encode_packed()), (expected.clone(), expected));
    let longest = Frame::new(Kind::Part, vec![0_u8; MAX_PAYLOAD_BYTES]);
    assert_eq!(longest.encode().unwrap().len(), HEADER_BYTES + MAX_PAYLOAD_BYTES);
    let flagged = Frame { is_proof_only: true, ..Frame::new(Kind::Stats, text(10)) };
    assert_eq!(flagged.encode(), Err(FrameError::Flags(PROOF_ONLY)));
}

#[test]
fn a_changed_bit_of_payload_or_checksum_is_seen() {
    let bytes = Frame::new(Kind::Deltas, text(500)).encode_packed().unwrap();
    for at in HEADER_BYTES - 4..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << bit;
            assert_eq!(take(&changed), Err(FrameError::Checksum), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn what_this_version_does_not_know_is_an_error() {
    let part = Kind::Part.number();
    for (bytes, error) in [
        (header(0, 0, 0, 0, 0), FrameError::Kind(0)),
        (header(0, 16, 0, 0, 0), FrameError::Kind(16)),
        (header(0, 255, 0, 0, 0), FrameError::Kind(255)),
        (header(0, part, 4, 0, 0), FrameError::Flags(4)),
        (header(0, part, 0x83, 0, 0), FrameError::Flags(0x83)),
        (header(0, Kind::Want.number(), PROOF_ONLY, 0, 0), FrameError::Flags(PROOF_ONLY)),
        (header(0, part, 0, 0x0100, 0), FrameError::Reserved(0x0100)),
    ] {
        assert_eq!(take(&bytes), Err(error));
    }
}

#[test]
fn a_bomb_is_not_unpacked() {
    let zeros = |length| zstd::bulk::compress(&vec![0_u8; length], 1).unwrap();
    assert_eq!(unpacked(&zeros(MAX_PAYLOAD_BYTES)), Ok(MAX_PAYLOAD_BYTES));
    assert_eq!(unpacked(&zeros(MAX_PAYLOAD_BYTES + 1)), Err(FrameError::Packed));
    // One that does not say how long it is.
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..64 {
        encoder.write_all(&vec![0_u8; 1 << 20]).unwrap();
    }
    let silent = encoder.finish().unwrap();
    assert!(silent.len() < 64 << 10, "{} bytes", silent.len());
    assert_eq!(unpacked(&silent), Err(FrameError::Packed));
    // What is unpacked is held to the same limit as what comes: a hello's is short.
    let mut hello = framed(Kind::Hello, PACKED, &zeros(5_000));
    assert_eq!(take_frame(&mut hello, 4_096), Err(FrameError::Packed));
}

#[test]
fn what_was_not_packed_as_one_whole_is_refused() {
    let whole = zstd::bulk::compress(&text(5_000), 1).unwrap();
    assert_eq!(unpacked(&whole), Ok(5_000));
    // The two bytes behind the frame's descriptor say how long it is unpacked.
    let mut lying = whole.clone();
    lying[5] ^= 1;
    for (bad, what) in [
        (lying, "another length"),
        (whole[..whole.len() - 1].to_vec(), "cut"),
        ([&whole[..], b"x"].concat(), "more behind it"),
        ([&whole[..], &whole[..]].concat(), "two"),
        (Vec::new(), "nothing"),
        (text(100), "not packed"),
        (vec![0x1e, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0], "of a format before 1.0"),
        (vec![0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], "a frame to skip"),
    ] {
        assert_eq!(unpacked(&bad), Err(FrameError::Packed), "{what}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_not_yet_or_never(
        kind in any::<u8>(),
        flags in 0_u8..4,
        length in 0_usize..300,
        content in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let crc = content.get(..length).map_or(0, crc32c::crc32c);
        let mut buffer = BytesMut::from(&header(u32::try_from(length).unwrap(), kind, flags, 0, crc)[..]);
        buffer.extend_from_slice(&content);
        match take_frame(&mut buffer, 4_096) {
            Ok(Some(frame)) => {
                prop_assert_eq!(frame.kind.number(), kind);
                prop_assert!(frame.payload.len() <= 4_096);
                prop_assert_eq!(buffer.len(), content.len() - length);
            }
            Ok(None) => prop_assert!(content.len() < length),
            Err(FrameError::Kind(unknown)) => prop_assert!(unknown == kind && Kind::from_number(kind).is_none()),
            Err(error) => prop_assert!(flags != 0, "{}", error),
        }
    }
}
