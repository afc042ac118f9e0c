//! One format on one frame, for whoever mends a format: what it makes of the line, or where the line stops fitting.
//! Nothing is remembered, and nothing else is tried.

use super::terms::counted;
use crate::haproxy::log_format::{Misfit, RecordFormat, Slots};
use crate::reject::Reject;
use crate::syslog::{self, SyslogLine, repeated};
use suiftly_schema::{record::Record, time::UnixMillis};

/// Captured headers of a line that are counted at most.
const CAPTURES_MAX: usize = 32;

/// What a format makes of a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct TriedRecord {
    /// The record; its `journal_offset` is 0.
    pub record: Record,
    /// How many request headers the line has captured.
    pub request_captures: usize,
    /// How many response headers.
    pub response_captures: usize,
}

/// Reads a frame by this format alone, as if it were given again: of no source, whatever its date.
pub fn try_format(format: &RecordFormat, frame: &[u8], received_at: UnixMillis) -> Result<TriedRecord, Misfit> {
    let mut line = syslog::parse(frame, received_at).map_err(|reject| Misfit {
        at: None,
        text: format!("the syslog header cannot be read ({}): no format changes that", reject.word()),
    })?;
    let times = match repeated::parse(line.body) {
        None if !repeated::is_of_last(line.body) => 1,
        Some(Ok(repeated)) => {
            line.body = repeated.body;
            repeated.times
        }
        None | Some(Err(_)) => return Err(nowhere("a relay's word of the line before: it does not say which")),
    };
    match format.parse_of(line.body, None, || line.timestamp(), &mut Slots::default()) {
        Ok((record, captures)) => {
            let record = if record.line_id.is_some() { Some(record) } else { counted(record, times) };
            Ok(TriedRecord {
                record: record.ok_or_else(|| nowhere("repeated more often than is believed"))?,
                request_captures: count(captures.request),
                response_captures: count(captures.response),
            })
        }
        Err(reject) => Err(misfit(format, frame, &line, reject)),
    }
}

fn nowhere(text: &str) -> Misfit {
    Misfit { at: None, text: text.to_owned() }
}

fn count(captures: Option<&[u8]>) -> usize {
    captures.map_or(0, |text| text.split(|byte| *byte == b'|').count().min(CAPTURES_MAX))
}

/// Places count from the frame's beginning, not the body's.
fn misfit(format: &RecordFormat, frame: &[u8], line: &SyslogLine<'_>, reject: Reject) -> Misfit {
    let Misfit { at, text } = format.why_not(line.body, None, line.timestamp().is_some(), reject);
    let before = line.body.as_ptr().addr().saturating_sub(frame.as_ptr().addr());
    Misfit { at: at.map(|at| (before + at).min(frame.len())), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::haproxy::log_format::compile_published;

    const NOW: UnixMillis = UnixMillis(1_795_298_482_000);

    fn tried(frame: &str) -> Result<TriedRecord, Misfit> {
        let attribution = [("customer", "hr[2]"), ("traffic", "=1")].map(|(n, f)| (n.to_owned(), f.to_owned()));
        try_format(&compile_published("NEW %Ts %ST %B %hr", &attribution.into()).unwrap(), frame.as_bytes(), NOW)
    }

    #[test]
    fn a_format_is_tried_on_a_whole_frame() {
        let read = tried("<134>Nov 21 22:01:22 gw haproxy[7]: NEW 1795298482 200 10 {a|17}").unwrap();
        assert_eq!((read.record.customer_id.map(|id| id.get()), read.record.bytes_sent), (Some(17), 10));
        assert_eq!((read.request_captures, read.response_captures), (2, 0));
        let repeated = tried("message repeated 2 times: [ NEW 1795298482 200 10 {}]").unwrap().record;
        assert_eq!((repeated.status_code, repeated.repeat, repeated.bytes_sent), (200, 2, 20));
        let cases = [
            ("<134>Nov 21 22:01:22 gw haproxy[7]: NEW 1795298482 2x0 10 {}", Some(51), "not a value for %ST"),
            ("NEU 1795298482 200 10", Some(0), "\"NEW \" should stand here"),
            ("x", Some(0), "should stand here"),
            ("last message repeated 2 times", None, "does not say which"),
            ("<999>1 x", None, "syslog header"),
        ];
        for (frame, at, words) in cases {
            let misfit = tried(frame).unwrap_err();
            assert!(misfit.text.contains(words), "{frame}: {misfit:?}");
            assert_eq!(misfit.at, at, "{frame}: {misfit:?}");
        }
    }
}
