//! How frames are laid out in bytes. Pure. All numbers are little-endian.
//!
//! ```text
//! length u32 (of the payload, ≤ 8 MiB) · kind u8 · flags u8 · 0 u16 · CRC-32C u32 of the payload · payload
//! ```
//!
//! Flag 1: the payload is packed by zstd; checksum and length are then of what is on the wire. Flag 2, of a part alone:
//! its lines are from before the watermark and only prove what is known. What is not known is an error, never skipped.

use crate::error::FrameError;
use crate::kind::Kind;
use bytes::{Buf, Bytes, BytesMut};

/// A payload is at most this long, packed and unpacked: room for a part of the longest block.
pub const MAX_PAYLOAD_BYTES: usize = 8 << 20;
/// Bytes of a frame before its payload.
pub const HEADER_BYTES: usize = 12;

const PACKED: u8 = 1;
const PROOF_ONLY: u8 = 2;
/// zstd's level: links are inside a data centre or between two.
const PACK_LEVEL: i32 = 1;
/// Shorter payloads are not worth a try.
const WORTH_PACKING_BYTES: usize = 256;
/// A payload so short is copied out, or whoever keeps it would keep all that was read with it.
const COPIED_BYTES: usize = 4 << 10;
/// How what zstd has written since 1.0 begins. Its library also reads what came before, by decoders that nobody needs.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A frame: one thing that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it says.
    pub kind: Kind,
    /// Of a part: from before the watermark, for proof only.
    pub is_proof_only: bool,
    /// Its content, unpacked.
    pub payload: Bytes,
}

impl Frame {
    /// A frame without flags.
    pub fn new(kind: Kind, payload: impl Into<Bytes>) -> Self {
        Self { kind, is_proof_only: false, payload: payload.into() }
    }

    /// As it goes over the wire. Fails if the payload is longer than [`MAX_PAYLOAD_BYTES`], or the flag is of another
    /// kind.
    pub fn encode(&self) -> Result<Bytes, FrameError> {
        let flags = self.checked_flags()?;
        Ok(self.with_header(flags, &self.payload))
    }

    /// The same, packed if that makes it shorter.
    pub fn encode_packed(&self) -> Result<Bytes, FrameError> {
        let flags = self.checked_flags()?;
        if self.payload.len() >= WORTH_PACKING_BYTES
            && let Ok(packed) = zstd::bulk::compress(&self.payload, PACK_LEVEL)
            && packed.len() < self.payload.len()
        {
            return Ok(self.with_header(flags | PACKED, &packed));
        }
        Ok(self.with_header(flags, &self.payload))
    }

    fn checked_flags(&self) -> Result<u8, FrameError> {
        if self.payload.len() > MAX_PAYLOAD_BYTES {
            return Err(FrameError::Length(self.payload.len() as u64));
        }
        let flags = if self.is_proof_only { PROOF_ONLY } else { 0 };
        if are_known(flags, self.kind) { Ok(flags) } else { Err(FrameError::Flags(flags)) }
    }

    fn with_header(&self, flags: u8, payload: &[u8]) -> Bytes {
        let length = u32::try_from(payload.len()).expect("a payload is bounded far below 4 GiB");
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&[self.kind.number(), flags, 0, 0]);
        bytes.extend_from_slice(&crc32c::crc32c(payload).to_le_bytes());
        bytes.extend_from_slice(payload);
        bytes.into()
    }
}

/// Takes the next frame out of what was read; `None` if it is not all there. Its payload is at most `max_payload` long,
/// as it came and unpacked, which is looked at before its bytes are there.
///
/// After an error the stream cannot be gone on with: where the next frame begins is not known.
pub fn take_frame(buffer: &mut BytesMut, max_payload: usize) -> Result<Option<Frame>, FrameError> {
    let Some(header) = buffer.first_chunk() else { return Ok(None) };
    let header = Header::decode(header, max_payload)?;
    let end = HEADER_BYTES + header.length;
    if buffer.len() < end {
        return Ok(None);
    }
    let payload = if header.length <= COPIED_BYTES {
        let copied = Bytes::copy_from_slice(&buffer[HEADER_BYTES..end]);
        buffer.advance(end);
        copied
    } else {
        let mut taken = buffer.split_to(end);
        taken.advance(HEADER_BYTES);
        taken.freeze()
    };
    header.open(payload, max_payload).map(Some)
}

/// What stands before a payload.
struct Header {
    length: usize,
    kind: Kind,
    flags: u8,
    crc: u32,
}

impl Header {
    fn decode(bytes: &[u8; HEADER_BYTES], max_payload: usize) -> Result<Self, FrameError> {
        let [l0, l1, l2, l3, kind, flags, r0, r1, c0, c1, c2, c3] = *bytes;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if length as usize > max_payload {
            return Err(FrameError::Length(u64::from(length)));
        }
        let kind = Kind::from_number(kind).ok_or(FrameError::Kind(kind))?;
        if !are_known(flags, kind) {
            return Err(FrameError::Flags(flags));
        }
        let reserved = u16::from_le_bytes([r0, r1]);
        if reserved != 0 {
            return Err(FrameError::Reserved(reserved));
        }
        Ok(Self { length: length as usize, kind, flags, crc: u32::from_le_bytes([c0, c1, c2, c3]) })
    }

    fn open(&self, payload: Bytes, max_payload: usize) -> Result<Frame, FrameError> {
        if crc32c::crc32c(&payload) != self.crc {
            return Err(FrameError::Checksum);
        }
        let payload = if self.flags & PACKED == 0 { payload } else { unpack(&payload, max_payload)?.into() };
        Ok(Frame { kind: self.kind, is_proof_only: self.flags & PROOF_ONLY != 0, payload })
    }
}

fn are_known(flags: u8, kind: Kind) -> bool {
    let known = if kind == Kind::Part { PACKED | PROOF_ONLY } else { PACKED };
    flags & !known == 0
}

/// One frame of zstd's, and nothing behind it. What it would be unpacked to is bounded before any room is taken.
fn unpack(packed: &[u8], max_payload: usize) -> Result<Vec<u8>, FrameError> {
    let length = zstd::zstd_safe::find_frame_compressed_size(packed);
    if !packed.starts_with(&ZSTD_MAGIC) || length != Ok(packed.len()) {
        return Err(FrameError::Packed);
    }
    zstd::bulk::decompress(packed, max_payload).map_err(|_| FrameError::Packed)
}
