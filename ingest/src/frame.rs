//! Frames: one line's bytes, cut out of what a transport delivers. Sans-I/O and without copying: the caller keeps the
//! buffer, [`Framer::next`] says where the next frame stands in it.
//!
//! A stream is framed by octet counting or by newlines (RFC 6587), found out from its first bytes ([`detect`]); a
//! datagram is one frame. Whatever arrives, nothing here panics, allocates or waits: a frame is at most [`MAX_STREAM_FRAME_BYTES`]
//! long, and every step but [`Step::NeedMore`] and [`Step::Broken`] consumes something.
//!
//! How the bytes are split into reads makes no difference to the frames: a property the tests hold it to.

mod detect;

use detect::detect;
use memchr::memchr;
use std::ops::Range;

/// The longest frame a stream may carry. HAProxy is told `len 2048` (SPEC §3.1) and cuts a request line at 1,024
/// bytes, so eight times that leaves room for large captures, while a connection's buffer stays small. Datagrams have
/// their own bound in what UDP can carry.
pub const MAX_STREAM_FRAME_BYTES: usize = 16 * 1024;
/// Digits of an octet count: enough for [`MAX_STREAM_FRAME_BYTES`].
pub const MAX_COUNT_DIGITS: usize = 5;
/// A caller's buffer must hold this much unconsumed input, or a whole frame with its delimiters, and the count behind
/// it by which the framing is found out, could never stand in it.
pub const MIN_BUFFER_BYTES: usize = MAX_STREAM_FRAME_BYTES + 2 * (MAX_COUNT_DIGITS + 1) + 1;

/// How frames are told apart in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `LENGTH SP FRAME`, nothing between (RFC 6587 §3.4.1); HAProxy's `log-proto octet-count`.
    OctetCount,
    /// Each frame ends in LF or CR LF (RFC 6587 §3.4.2).
    Newline,
}

/// Why a stream cannot be read on. Octet counting has no mark to find the next frame by, so the stream must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Something other than a count of at most [`MAX_COUNT_DIGITS`] digits stands where a frame should begin.
    #[error("no octet count where a frame should begin")]
    Count,
    /// The count is above [`MAX_STREAM_FRAME_BYTES`].
    #[error("an octet count of {0}, above the bound of {MAX_STREAM_FRAME_BYTES}")]
    TooLong(u32),
    /// The stream ended within a frame.
    #[error("the stream ended within a frame")]
    Truncated,
}

impl FrameError {
    /// A stable word for counting.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Count => "frame_count",
            Self::TooLong(_) => "frame_length",
            Self::Truncated => "frame_truncated",
        }
    }
}

/// What stands next in the buffer. Ranges and counts are relative to the buffer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A frame; never empty.
    Frame {
        /// Its bytes.
        range: Range<usize>,
        /// How much of the buffer is done with.
        consumed: usize,
    },
    /// A line longer than [`MAX_STREAM_FRAME_BYTES`]: its first so many bytes. The rest is skipped. Count it.
    Oversize {
        /// Its first bytes.
        range: Range<usize>,
        /// How much of the buffer is done with.
        consumed: usize,
    },
    /// Nothing worth telling (an empty line, the rest of an oversize one).
    Skip {
        /// How much of the buffer is done with.
        consumed: usize,
    },
    /// No whole frame yet: read more behind what is there, then ask again.
    NeedMore,
    /// The stream makes no sense from here on: close it. Count it.
    Broken(FrameError),
}

/// Cuts one stream into frames.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    framing: Option<Framing>,
    /// Bytes at the buffer's start that are known to hold no LF.
    scanned: usize,
    /// Within the rest of an oversize line.
    discarding: bool,
}

impl Framer {
    /// Finds the framing out by itself.
    pub fn detect() -> Self {
        Self::default()
    }

    /// Knows the framing.
    pub fn of(framing: Framing) -> Self {
        Self { framing: Some(framing), ..Self::default() }
    }

    /// The framing, once known.
    pub const fn framing(&self) -> Option<Framing> {
        self.framing
    }

    /// Whether what comes next is the rest of a line that was too long.
    pub const fn is_discarding(&self) -> bool {
        self.discarding
    }

    /// The next step in `buf`, all input not consumed yet. After [`Step::NeedMore`] it must be given the same bytes
    /// and more behind them; after any other step what was consumed must be gone.
    #[inline]
    pub fn next(&mut self, buf: &[u8]) -> Step {
        match self.framing {
            Some(Framing::OctetCount) => next_counted(buf),
            Some(Framing::Newline) => self.next_line(buf),
            None => self.detect_first(buf),
        }
    }

    /// The last step, when the stream has ended and [`Framer::next`] wants more of `buf`: a last line may lack its LF,
    /// a counted frame must be whole.
    pub fn finish(&mut self, buf: &[u8]) -> Step {
        let line = trim_end(buf);
        match self.framing {
            _ if line.is_empty() => Step::Skip { consumed: buf.len() },
            Some(Framing::OctetCount) => Step::Broken(FrameError::Truncated),
            Some(Framing::Newline) if self.discarding => Step::Skip { consumed: buf.len() },
            Some(Framing::Newline) => Step::Frame { range: 0..line.len(), consumed: buf.len() },
            None => {
                let range = detect::whole_counted_frame(buf).unwrap_or(0..line.len());
                Step::Frame { range, consumed: buf.len() }
            }
        }
    }

    fn detect_first(&mut self, buf: &[u8]) -> Step {
        let Some(framing) = detect(buf) else {
            return Step::NeedMore;
        };
        self.framing = Some(framing);
        self.next(buf)
    }

    fn next_line(&mut self, buf: &[u8]) -> Step {
        let unscanned = &buf[self.scanned.min(buf.len())..];
        let Some(at) = memchr(b'\n', unscanned) else {
            return self.unfinished_line(buf);
        };
        let end = self.scanned + at;
        let consumed = end + 1;
        let cut_before = std::mem::take(&mut self.discarding);
        self.scanned = 0;
        let line = trim_end(&buf[..end]);
        match line.len() {
            _ if cut_before => Step::Skip { consumed },
            // By all bytes before the LF, trimmed or not, so that it is the same however the line was read.
            _ if end > MAX_STREAM_FRAME_BYTES => Step::Oversize { range: 0..MAX_STREAM_FRAME_BYTES, consumed },
            0 => Step::Skip { consumed },
            len => Step::Frame { range: 0..len, consumed },
        }
    }

    fn unfinished_line(&mut self, buf: &[u8]) -> Step {
        if self.discarding && !buf.is_empty() {
            return Step::Skip { consumed: buf.len() };
        }
        if buf.len() > MAX_STREAM_FRAME_BYTES {
            self.discarding = true;
            self.scanned = 0;
            return Step::Oversize { range: 0..MAX_STREAM_FRAME_BYTES, consumed: buf.len() };
        }
        self.scanned = buf.len();
        Step::NeedMore
    }
}

/// The frame in a datagram: all of it but the newline that HAProxy ends it with; `None` if nothing is left.
pub fn datagram(bytes: &[u8]) -> Option<&[u8]> {
    let frame = trim_end(bytes);
    if frame.is_empty() { None } else { Some(frame) }
}

/// Without the LFs, CRs and NULs at its end, which various senders put there.
fn trim_end(bytes: &[u8]) -> &[u8] {
    let mut end = bytes.len();
    while end > 0 && matches!(bytes[end - 1], b'\n' | b'\r' | 0) {
        end -= 1;
    }
    &bytes[..end]
}

fn next_counted(buf: &[u8]) -> Step {
    // Some senders put a newline behind a counted frame without counting it.
    let gap = buf.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
    if gap > 0 {
        return Step::Skip { consumed: gap };
    }
    let mut count = 0u32;
    let mut digits = 0;
    loop {
        match buf.get(digits) {
            None if digits <= MAX_COUNT_DIGITS => return Step::NeedMore,
            Some(b' ') if digits > 0 => break,
            Some(byte @ b'0'..=b'9') if digits < MAX_COUNT_DIGITS && (digits > 0 || *byte != b'0') => {
                count = count * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            _ => return Step::Broken(FrameError::Count),
        }
    }
    let start = digits + 1;
    let len = count as usize;
    if len > MAX_STREAM_FRAME_BYTES {
        return Step::Broken(FrameError::TooLong(count));
    }
    let consumed = start + len;
    let Some(frame) = buf.get(start..consumed) else {
        return Step::NeedMore;
    };
    match trim_end(frame).len() {
        0 => Step::Skip { consumed },
        len => Step::Frame { range: start..start + len, consumed },
    }
}

#[cfg(test)]
mod tests;
