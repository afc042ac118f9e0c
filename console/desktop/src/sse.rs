//! Cuts a byte stream into server-sent events (WHATWG HTML §9.2.6), without I/O.
//!
//! It promises the same events however the bytes are cut into chunks, and bounded memory whatever the server sends.
//! `retry:` is ignored: waits are the console's own ([`crate::link`]).

use crate::Error;

/// Longest line accepted, in bytes. A snapshot with its minutes, or the pipeline with a thousand workers, is one line
/// of about 150 KB.
pub const MAX_LINE_BYTES: usize = 2 * 1024 * 1024;
/// Largest event accepted: the bytes of its `data` lines together.
pub const MAX_EVENT_BYTES: usize = 2 * MAX_LINE_BYTES;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One event as the server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's type; `message` where the server names none.
    pub name: String,
    /// The id this very event carries. Ids of earlier events are not repeated here.
    pub id: Option<String>,
    /// The data lines, joined by newlines.
    pub data: String,
}

/// The state between two chunks.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    name: String,
    id: Option<String>,
    data: String,
    started: bool,
    /// The last byte was a CR, so an LF right after it ends no second line.
    after_cr: bool,
}

impl Parser {
    /// Takes the next bytes and answers the events they complete, in order.
    ///
    /// # Errors
    /// If a line or an event is over its bound, or is not UTF-8. The stream must then be given up: the parser's
    /// state is in the middle of it.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        let mut rest = chunk;
        while let Some(&first) = rest.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let Some(end) = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r') else {
                self.extend_line(rest)?;
                break;
            };
            self.extend_line(&rest[..end])?;
            self.after_cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            events.extend(self.end_line()?);
        }
        Ok(events)
    }

    fn extend_line(&mut self, part: &[u8]) -> Result<(), Error> {
        if self.line.len() + part.len() > MAX_LINE_BYTES {
            return Err(Error::LineTooLong);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<Event>, Error> {
        let mut bytes = std::mem::take(&mut self.line);
        let first = !std::mem::replace(&mut self.started, true);
        let skip = if first && bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let line = std::str::from_utf8(&bytes[skip..]).map_err(|_| Error::NotUtf8)?;
        let event = if line.is_empty() {
            self.dispatch()
        } else {
            self.take_field(line)?;
            None
        };
        bytes.clear();
        self.line = bytes;
        Ok(event)
    }

    fn take_field(&mut self, line: &str) -> Result<(), Error> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            // An id with a NUL must not be used as a header's value.
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "data" => {
                if self.data.len() + value.len() + 1 > MAX_EVENT_BYTES {
                    return Err(Error::EventTooLarge);
                }
                self.data.push_str(value);
                self.data.push('\n');
            }
            // A comment (empty field), `retry`, or a field of a later standard.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let id = self.id.take();
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        let name = if name.is_empty() { "message".to_owned() } else { name };
        Some(Event { name, id, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Vec<Event> {
        Parser::default().push(bytes).expect("within bounds")
    }

    fn event(name: &str, id: Option<&str>, data: &str) -> Event {
        Event { name: name.into(), id: id.map(Into::into), data: data.into() }
    }

    #[test]
    fn streams_become_events() {
        let cases: &[(&str, &[u8], Vec<Event>)] = &[
            ("named, with id", b"event: delta\nid: 815\ndata: {}\n\n", vec![event("delta", Some("815"), "{}")]),
            ("no name", b"data: x\n\n", vec![event("message", None, "x")]),
            ("lines of data are joined", b"data: a\ndata: b\n\n", vec![event("message", None, "a\nb")]),
            ("CR LF", b"event: reset\r\ndata: a\r\n\r\n", vec![event("reset", None, "a")]),
            ("CR alone", b"event: reset\rdata: a\r\r", vec![event("reset", None, "a")]),
            ("a comment keeps the line open", b": still here\n\ndata: a\n\n", vec![event("message", None, "a")]),
            (
                "one space is dropped, no more",
                b"data:  a\n\ndata:b\n\n",
                vec![event("message", None, " a"), event("message", None, "b")],
            ),
            ("a byte order mark", b"\xef\xbb\xbfdata: a\n\n", vec![event("message", None, "a")]),
            (
                "no data, no event, and its name is gone",
                b"event: delta\nid: 1\n\ndata: a\n\n",
                vec![event("message", None, "a")],
            ),
            ("empty data is data", b"data:\n\n", vec![event("message", None, "")]),
            ("a field without a colon", b"data\n\n", vec![event("message", None, "")]),
            ("an id with NUL is ignored", b"id: 1\x002\ndata: a\n\n", vec![event("message", None, "a")]),
            ("unknown fields are ignored", b"retry: 5\nfoo: 1\ndata: a\n\n", vec![event("message", None, "a")]),
            ("unfinished", b"data: a\n", vec![]),
        ];
        for (what, bytes, expected) in cases {
            assert_eq!(&parse(bytes), expected, "{what}");
        }
    }

    #[test]
    fn a_line_without_end_is_refused_at_its_bound() {
        let mut parser = Parser::default();
        let chunk = vec![b'x'; MAX_LINE_BYTES];
        assert!(parser.push(&chunk).expect("at the bound").is_empty());
        assert!(matches!(parser.push(b"x"), Err(Error::LineTooLong)));
    }

    #[test]
    fn an_event_without_end_is_refused_at_its_bound() {
        let mut line = b"data: ".to_vec();
        line.resize(1024 * 1024, b'x');
        line.push(b'\n');
        let mut parser = Parser::default();
        let refused = (0..8).find_map(|_| parser.push(&line).err());
        assert!(matches!(refused, Some(Error::EventTooLarge)));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        assert!(matches!(Parser::default().push(b"data: \xff\n"), Err(Error::NotUtf8)));
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(
            text in "([ -~é]{0,6}|data: [a-z]{0,4}|id: [0-9]|event: [a-z]{1,3}|\r\n|\n|\r){0,24}",
            cuts in proptest::collection::vec(0usize..400, 0..8),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut parser = Parser::default();
            let mut events = Vec::new();
            let mut from = 0;
            for to in cuts.into_iter().chain([bytes.len()]) {
                events.extend(parser.push(&bytes[from..to]).expect("within bounds"));
                from = to;
            }
            prop_assert_eq!(events, parse(bytes));
        }
    }
}
