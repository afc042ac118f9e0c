//! Cuts lines out of bytes as they come, none longer than a frame may be. Pure.

use suiftly_schema::vault::frame::FRAME_BYTES_MAX;

/// A line is longer than a frame may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line of the stream is longer than {FRAME_BYTES_MAX} bytes")]
pub struct LineTooLong;

/// Bytes that are no line yet. Holds no more than a longest line and what was pushed last.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    /// Where the next line begins.
    begin: usize,
    /// Up to where there is no line's end.
    scanned: usize,
}

impl Lines {
    /// More bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.begin);
        self.scanned -= self.begin;
        self.begin = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next line, without its end; `None` until more is pushed.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>, LineTooLong> {
        let found = self.bytes[self.scanned..].iter().position(|byte| *byte == b'\n');
        let end = found.map_or(self.bytes.len(), |at| self.scanned + at);
        if end - self.begin > FRAME_BYTES_MAX {
            return Err(LineTooLong);
        }
        let line = found.map(|_| self.bytes[self.begin..end].to_vec());
        self.scanned = end + usize::from(line.is_some());
        if line.is_some() {
            self.begin = self.scanned;
        }
        Ok(line)
    }

    /// Whether nothing of a line is left over.
    pub fn is_empty(&self) -> bool {
        self.begin == self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(lines: &mut Lines) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| lines.next_line().unwrap()).collect()
    }

    proptest! {
        #[test]
        fn however_the_bytes_come(texts in prop::collection::vec("[a-z]{0,9}", 0..9), cuts in prop::collection::vec(1usize..7, 1..40)) {
            let text: String = texts.iter().map(|line| format!("{line}\n")).collect();
            let (mut lines, mut found, mut rest) = (Lines::default(), Vec::new(), text.as_bytes());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, after) = rest.split_at((*cut).min(rest.len()));
                lines.push(chunk);
                found.extend(all(&mut lines));
                prop_assert_eq!(lines.is_empty(), chunk.ends_with(b"\n"));
                rest = after;
            }
            let expected: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_line_that_never_ends_is_not_gathered_for_ever() {
        let mut lines = Lines::default();
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..FRAME_BYTES_MAX >> 20 {
            lines.push(&chunk);
            assert_eq!(lines.next_line(), Ok(None));
        }
        lines.push(b"\n");
        assert_eq!(lines.next_line().map(|line| line.map(|line| line.len())), Ok(Some(FRAME_BYTES_MAX)));
        (0..=FRAME_BYTES_MAX >> 20).for_each(|_| lines.push(&chunk));
        assert_eq!(lines.next_line(), Err(LineTooLong));
    }
}
