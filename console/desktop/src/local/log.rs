//! What a program says, the last of it: bounded by lines and by their length, however long it runs.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// Most lines kept.
pub const MAX_LINES: usize = 500;
/// Most of a line that is kept, in bytes.
pub const MAX_LINE_BYTES: usize = 2 * 1024;

/// The last lines.
#[derive(Debug, Default)]
pub struct Log(Mutex<VecDeque<String>>);

impl Log {
    /// Adds a line, in the place of the oldest where there is no room.
    pub fn push(&self, line: String) {
        let mut lines = self.0.lock();
        if lines.len() >= MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The last so many.
    #[must_use]
    pub fn last(&self, count: usize) -> Vec<String> {
        let lines = self.0.lock();
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// Takes all lines of a program until it closes its end. A line without end takes no more room than a long one.
    pub async fn follow(&self, mut from: impl AsyncBufRead + Unpin) {
        let mut line = Vec::new();
        loop {
            let Ok(read) = from.fill_buf().await else { return };
            if read.is_empty() {
                break;
            }
            let end = read.iter().position(|&byte| byte == b'\n');
            let part = &read[..end.unwrap_or(read.len())];
            let room = MAX_LINE_BYTES - line.len().min(MAX_LINE_BYTES);
            line.extend_from_slice(&part[..part.len().min(room)]);
            let used = end.map_or(read.len(), |end| end + 1);
            from.consume(used);
            if end.is_some() {
                self.push(plain(&line));
                line.clear();
            }
        }
        if !line.is_empty() {
            self.push(plain(&line));
        }
    }
}

/// Without what only a terminal understands.
fn plain(line: &[u8]) -> String {
    let mut text = String::new();
    let line = String::from_utf8_lossy(line);
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            // A colour: `ESC [ … m`.
            '\u{1b}' => {
                if chars.next() == Some('[') {
                    let _ = chars.find(|char| char.is_ascii_alphabetic());
                }
            }
            '\t' => text.push(' '),
            char if char.is_control() => {}
            char => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_kept_plain() {
        let log = Log::default();
        log.follow(&b"one\r\n\x1b[32mINFO\x1b[0m two\n\xff\nno end"[..]).await;
        assert_eq!(log.last(50), ["one", "INFO two", "\u{fffd}", "no end"]);
        assert_eq!(log.last(1), ["no end"]);
        log.clear();
        assert!(log.last(50).is_empty());
    }

    #[tokio::test]
    async fn neither_many_lines_nor_a_long_one_grow_it() {
        let log = Log::default();
        let many: String = (0..100_000).map(|number| format!("line {number}\n")).collect();
        log.follow(many.as_bytes()).await;
        log.follow(&vec![b'x'; 10_000_000][..]).await;
        let lines = log.last(usize::MAX);
        assert_eq!(lines.len(), MAX_LINES);
        assert_eq!(lines[MAX_LINES - 2], "line 99999");
        assert_eq!(lines[MAX_LINES - 1].len(), MAX_LINE_BYTES);
    }
}
