//! Streams and datagrams into frames. However a stream is split into reads, the frames are the same; a buffer of
//! [`MIN_BUFFER_BYTES`] always suffices; each step stays within what it was given and goes on.
//!
//! Input: the stream, then four bytes that choose the splits. `0xfe n` stands for n × 256 letters, so that lines beyond
//! the bound are short inputs.

use crate::Random;
use suiftly_ingest::frame::{FrameError, Framer, Framing, MAX_STREAM_FRAME_BYTES, MIN_BUFFER_BYTES, Step, datagram};

/// Expanded streams are cut here: the framer's own bound three times over.
const STREAM_BYTES_MAX: usize = 3 * MIN_BUFFER_BYTES;
/// A stream is read in about so many parts at most.
const READS_MAX: usize = 512;

/// Runs the target.
pub fn check(data: &[u8]) {
    let Some((input, seed)) = data.split_last_chunk::<4>() else { return };
    let stream = expand(input);
    if let Some(frame) = datagram(&stream) {
        assert!(!frame.is_empty() && stream.starts_with(frame));
    }
    let most = [1, 7, 300, 20_000][usize::from(seed[0] % 4)].max(stream.len() / READS_MAX);
    for framer in [Framer::detect(), Framer::of(Framing::OctetCount), Framer::of(Framing::Newline)] {
        let whole = cut(framer.clone(), &stream, stream.len().max(1), |left| left);
        let mut random = Random::new(*seed);
        let split = cut(framer, &stream, MIN_BUFFER_BYTES, |_| 1 + random.below(most));
        assert_eq!(whole, split, "the frames depend on how the stream is split");
    }
}

fn expand(input: &[u8]) -> Vec<u8> {
    let mut stream = Vec::with_capacity(input.len());
    let mut bytes = input.iter();
    while let Some(byte) = bytes.next().filter(|_| stream.len() < STREAM_BYTES_MAX) {
        match (byte, bytes.clone().next()) {
            (0xfe, Some(count)) => {
                let length = stream.len() + usize::from(*count) * 256;
                stream.resize(length.min(STREAM_BYTES_MAX), b'x');
                bytes.next();
            }
            _ => stream.push(*byte),
        }
    }
    stream
}

#[derive(Debug, PartialEq, Eq)]
enum Event {
    Frame(Vec<u8>),
    Oversize(Vec<u8>),
    Broken(FrameError),
}

/// Reads a stream through a buffer of so many bytes, as a connection does.
fn cut(mut framer: Framer, stream: &[u8], buffer_bytes: usize, mut read: impl FnMut(usize) -> usize) -> Vec<Event> {
    let mut events = Vec::new();
    let mut buffer: Vec<u8> = Vec::new();
    let mut left = stream;
    while !left.is_empty() {
        let room = buffer_bytes - buffer.len();
        assert!(room > 0, "a full buffer and no frame in it");
        let count = read(left.len()).min(room).min(left.len());
        let (now, later) = left.split_at(count);
        buffer.extend_from_slice(now);
        left = later;
        if !steps(&mut framer, &mut buffer, &mut events) {
            return events;
        }
    }
    match framer.finish(&buffer) {
        Step::NeedMore => panic!("nothing comes after the end"),
        step => {
            take(step, &buffer, &mut events);
        }
    }
    events
}

/// All steps in the buffer; whether the stream goes on.
fn steps(framer: &mut Framer, buffer: &mut Vec<u8>, events: &mut Vec<Event>) -> bool {
    let mut at = 0;
    loop {
        let rest = &buffer[at..];
        match framer.next(rest) {
            Step::NeedMore => break,
            step => match take(step, rest, events) {
                Some(consumed) => at += consumed,
                None => return false,
            },
        }
    }
    buffer.drain(..at);
    true
}

/// Notes a step; what it consumed, or nothing if the stream is broken.
fn take(step: Step, buffer: &[u8], events: &mut Vec<Event>) -> Option<usize> {
    let consumed = match step {
        Step::Frame { range, consumed } => {
            assert!(!range.is_empty() && range.len() <= MAX_STREAM_FRAME_BYTES && range.end <= consumed);
            events.push(Event::Frame(buffer[range].to_vec()));
            consumed
        }
        Step::Oversize { range, consumed } => {
            assert!(range.len() == MAX_STREAM_FRAME_BYTES && range.end <= consumed);
            events.push(Event::Oversize(buffer[range].to_vec()));
            consumed
        }
        Step::Skip { consumed } => consumed,
        Step::Broken(error) => {
            events.push(Event::Broken(error));
            return None;
        }
        Step::NeedMore => return None,
    };
    assert!(consumed <= buffer.len(), "consumed more than there is");
    assert!(consumed > 0 || buffer.is_empty(), "a step that does not go on");
    Some(consumed)
}
