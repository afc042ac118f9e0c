//! Map files, written as HAProxy's: a key and a value a line, parted by blanks; the value goes on to the line's end;
//! lines that begin with `#`, and empty ones, say nothing. So the file that HAProxy routes by can say here whose a
//! request is. Keys are matched whole, as they stand in the log line.
//!
//! Other than HAProxy, which takes the first, a key that has two different values is refused: one of them is wrong.

use rustc_hash::FxHashMap;
use std::fmt;

/// A map of more entries is refused.
pub const MAX_MAP_ENTRIES: usize = 1 << 20;
/// A file of more bytes is refused.
pub const MAX_MAP_BYTES: usize = 64 << 20;

/// Why a text is no map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// More bytes than [`MAX_MAP_BYTES`].
    #[error("a map is at most {MAX_MAP_BYTES} bytes long")]
    TooLong,
    /// More entries than [`MAX_MAP_ENTRIES`].
    #[error("line {0}: a map has at most {MAX_MAP_ENTRIES} entries")]
    TooMany(u32),
    /// A key alone.
    #[error("line {0}: a value is missing behind the key")]
    NoValue(u32),
    /// The same key with another value.
    #[error("line {line}: the key has another value in line {first}")]
    Twice {
        /// Where it stands again, counted from 1.
        line: u32,
        /// Where it stood first.
        first: u32,
    },
}

/// What a text stands for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TextMap {
    entries: FxHashMap<Box<[u8]>, Entry>,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    value: Box<[u8]>,
    /// In the file, counted from 1.
    line: u32,
}

impl TextMap {
    /// Reads a map file's content.
    pub fn parse(content: &[u8]) -> Result<Self, MapError> {
        if content.len() > MAX_MAP_BYTES {
            return Err(MapError::TooLong);
        }
        let mut map = Self::default();
        for (text, line) in content.split(|byte| *byte == b'\n').zip(1..) {
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let entry = text.trim_ascii();
            if !text.starts_with(b"#") && !entry.is_empty() {
                map.add(entry, line)?;
            }
        }
        Ok(map)
    }

    fn add(&mut self, entry: &[u8], line: u32) -> Result<(), MapError> {
        let end = entry.iter().position(|byte| matches!(byte, b' ' | b'\t')).ok_or(MapError::NoValue(line))?;
        let (key, value) = (&entry[..end], entry[end..].trim_ascii());
        match self.entries.get(key) {
            Some(first) if *first.value != *value => return Err(MapError::Twice { line, first: first.line }),
            Some(_) => return Ok(()),
            None if self.entries.len() == MAX_MAP_ENTRIES => return Err(MapError::TooMany(line)),
            None => {}
        }
        self.entries.insert(key.into(), Entry { value: value.into(), line });
        Ok(())
    }

    /// What a key stands for.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.get(key).map(|entry| &*entry.value)
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first line whose value is not as it should be.
    pub(super) fn first_wrong(&self, is_right: impl Fn(&[u8]) -> bool) -> Option<u32> {
        self.entries.values().filter(|entry| !is_right(&entry.value)).map(|entry| entry.line).min()
    }
}

impl fmt::Debug for TextMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextMap of {} entries", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_as_haproxy_reads_it() {
        let map =
            TextMap::parse(b"# customers\nkey1 1\n\n  key2\t\t22  \r\nkey3 a b \nkey#4 4\n #5 5\nkey1   1").unwrap();
        let cases: [(&[u8], Option<&[u8]>); 7] = [
            (b"key1", Some(b"1")),
            (b"key2", Some(b"22")),
            (b"key3", Some(b"a b")),
            (b"key#4", Some(b"4")),
            (b"#5", Some(b"5")),
            (b"key", None),
            (b"KEY1", None),
        ];
        for (key, value) in cases {
            assert_eq!(map.get(key), value, "{}", String::from_utf8_lossy(key));
        }
        assert_eq!((map.len(), map.is_empty()), (5, false));
        assert!(TextMap::parse(b"# nothing\n").unwrap().is_empty());
        assert_eq!(map.first_wrong(|value| value.iter().all(u8::is_ascii_digit)), Some(5));
    }

    #[test]
    fn what_is_no_map_says_where() {
        let cases: [(&[u8], &str); 2] = [
            (b"a 1\nb\n", "line 2: a value is missing behind the key"),
            (b"a 1\n\na 2", "line 3: the key has another value in line 1"),
        ];
        for (content, message) in cases {
            assert_eq!(TextMap::parse(content).unwrap_err().to_string(), message);
        }
        assert_eq!(TextMap::parse(&vec![b'#'; MAX_MAP_BYTES + 1]), Err(MapError::TooLong));
        let many: Vec<u8> = (0..=MAX_MAP_ENTRIES).flat_map(|n| format!("{n:x} 1\n").into_bytes()).collect();
        let line = u32::try_from(MAX_MAP_ENTRIES).unwrap() + 1;
        assert_eq!(TextMap::parse(&many), Err(MapError::TooMany(line)));
    }
}
