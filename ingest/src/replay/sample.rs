//! A sample of lines looked at: how many can be read, why others cannot, what of an SF1 line is never set, which
//! gateways' clocks are off. For `suiftly doctor`, over a file or over the newest lines of a journal in use. It
//! decides nothing.

use super::{Input, ReplayError};
use crate::decode::{DecodeConfig, Decoded, Decoder};
use crate::frame::Step;
use crate::haproxy::sf1;
use crate::journal::{JournalError, JournalReader};
use crate::replay::FramingOption;
use crate::source::Transport;
use crate::syslog;
use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::Path;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;

/// Lines that are looked at, at most.
pub const SAMPLE_LINES_MAX: usize = 20_000;
/// Bytes of a file that are looked at, at most.
const SAMPLE_BYTES_MAX: u64 = 16 << 20;
/// So much of a line that cannot be read is shown.
const SHOWN_CHARS: usize = 160;
/// Clocks are compared by so many lines of a server, at most.
const CLOCKS_MAX: usize = 1_024;
/// Servers that are told apart, at most: hostile lines could name any.
const SERVERS_MAX: usize = 4_096;

/// Lines of one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedSample {
    /// How many.
    pub lines: u64,
    /// The beginning of the first of them, without control characters.
    pub first: String,
}

/// Lines of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSample {
    /// How many.
    pub lines: u64,
    /// How far its clock was ahead of ours when they were written: the way of the line makes it less.
    clocks_ms: Vec<i64>,
}

impl ServerSample {
    /// How far its clock is ahead, by the median line; `None` for lines that do not say when they were written.
    pub fn clock_ahead_ms(&self) -> Option<i64> {
        let mut sorted = self.clocks_ms.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Lines looked at.
    pub lines: u64,
    /// Those that are requests, whether seen for the first time or again.
    pub read: u64,
    /// HAProxy's own messages.
    pub system: u64,
    /// Those that cannot be read, by the word of the reason.
    pub rejected: BTreeMap<&'static str, RejectedSample>,
    /// SF1 lines.
    pub sf1_lines: u64,
    /// Of them, how often a token is unset, by its name.
    pub sf1_unset: BTreeMap<&'static str, u64>,
    /// Requests whose line has no identity: one that comes twice counts twice, and one that is lost is not known.
    pub without_identity: u64,
    /// Requests that are of no customer.
    pub without_customer: u64,
    /// Requests without a traffic type, which are not billable unless a price book says so.
    pub without_traffic: u64,
    /// By server.
    pub servers: BTreeMap<i16, ServerSample>,
}

/// Looks at the first lines of files.
pub fn sample_files(config: &DecodeConfig, inputs: Vec<Input>, now: UnixMillis) -> Result<Sample, ReplayError> {
    let mut decoder = Decoder::new(DecodeConfig { time_window: None, ..config.clone() });
    decoder.begin_epoch(1, UnixMillis::MIN);
    let mut sample = Sample::default();
    for input in inputs {
        let (name, mut content) = (input.name(), Vec::new());
        let read = input.open()?.take(SAMPLE_BYTES_MAX).read_to_end(&mut content);
        read.map_err(|source| ReplayError::Read { name: name.clone(), source })?;
        each_frame(&content, &name, |frame| {
            sample.take(frame, &decoder.decode_frame(frame, now), None);
            sample.lines < SAMPLE_LINES_MAX as u64
        })?;
    }
    Ok(sample)
}

/// Looks at the newest lines of a journal, from the segment on that may hold something cut at `since` or later.
pub fn sample_journal(dir: &Path, config: &DecodeConfig, since: UnixMillis) -> Result<Sample, JournalError> {
    let (mut newest, mut lines) = (VecDeque::new(), 0);
    for block in JournalReader::of_all(dir, None, Some(since))? {
        let block = block?;
        lines += block.frame_count() as usize;
        newest.push_back(block);
        while newest.len() > 1
            && newest.front().is_some_and(|first| lines - first.frame_count() as usize >= SAMPLE_LINES_MAX)
        {
            lines -= newest.pop_front().map_or(0, |first| first.frame_count() as usize);
        }
    }
    let (mut decoder, mut sample) = (Decoder::new(config.clone()), Sample::default());
    for block in newest {
        decoder.inspect(&block, |frame, became| {
            // What was given again, and what is ours, says nothing of the gateways.
            if Transport::LIVE.contains(&frame.source.transport()) && frame.source.transport() != Transport::Quarantine
            {
                sample.take(frame.bytes, became, Some(frame.received_at));
            }
        });
    }
    Ok(sample)
}

/// Gives every frame on until it is enough. What is cut off at the end of the sample is no line.
fn each_frame(content: &[u8], name: &str, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), ReplayError> {
    let mut framer = FramingOption::Auto.framer();
    let mut start = 0;
    loop {
        let consumed = match framer.next(&content[start..]) {
            Step::Frame { range, consumed } => {
                if !take(&content[start + range.start..start + range.end]) {
                    return Ok(());
                }
                consumed
            }
            Step::Oversize { consumed, .. } | Step::Skip { consumed } => consumed,
            Step::Broken(source) => {
                return Err(ReplayError::Framing { name: name.to_owned(), offset: start as u64, source });
            }
            Step::NeedMore => break,
        };
        start += consumed;
    }
    if let Step::Frame { range, .. } = framer.finish(&content[start..]) {
        take(&content[start + range.start..start + range.end]);
    }
    Ok(())
}

impl Sample {
    /// A line, what it became, and when it came if that is known.
    fn take(&mut self, frame: &[u8], became: &Decoded<'_>, received_at: Option<UnixMillis>) {
        self.lines += 1;
        let body = syslog::parse(frame, received_at.unwrap_or(UnixMillis::MIN)).map_or(frame, |line| line.body);
        if body.starts_with(b"SF1 ") {
            self.sf1_lines += 1;
            for name in sf1::unset(body) {
                *self.sf1_unset.entry(name).or_default() += 1;
            }
        }
        match became {
            Decoded::Accepted(record, _) => self.take_record(record, body, received_at),
            Decoded::SecondHome | Decoded::Duplicate => self.read += 1,
            Decoded::System(_) => self.system += 1,
            Decoded::Rejected(reject) => {
                let of = self
                    .rejected
                    .entry(reject.word())
                    .or_insert_with(|| RejectedSample { lines: 0, first: shown(frame) });
                of.lines += 1;
            }
        }
    }

    fn take_record(&mut self, record: &Record, body: &[u8], received_at: Option<UnixMillis>) {
        self.read += 1;
        self.without_identity += u64::from(record.line_id.is_none());
        self.without_customer += u64::from(record.customer_id.is_none());
        self.without_traffic += u64::from(record.traffic_type == 0);
        let Some(server) = record.server_id else { return };
        if !self.servers.contains_key(&server) && self.servers.len() >= SERVERS_MAX {
            return;
        }
        let of = self.servers.entry(server).or_default();
        of.lines += 1;
        let written = sf1::written(body).zip(received_at);
        if let Some((written, received_at)) = written.filter(|_| of.clocks_ms.len() < CLOCKS_MAX) {
            of.clocks_ms.push(written.0.saturating_sub(received_at.0));
        }
    }
}

fn shown(frame: &[u8]) -> String {
    let text = String::from_utf8_lossy(frame);
    text.chars().take(SHOWN_CHARS).map(|char| if char.is_control() { '?' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_298_482_000);

    fn line(boot: &str, seq: &str, customer: &str, traffic: &str, status: &str) -> String {
        let head = format!("SF1 1795298482000 1795298481990 {boot} 3 {seq} 17 1 1 2 {traffic} 0 {customer}");
        format!(
            "<134>1 2026-11-21T22:01:22Z gw haproxy 7 - - {head} 7 2900 - 192.0.2.7 v1 {status} 900 /v1 1 0 1 7 9 -- o/s1 192.0.2.7 x\n"
        )
    }

    fn of(lines: &[String]) -> Sample {
        let input = Input::Reader("lines".to_owned(), Box::new(std::io::Cursor::new(lines.concat().into_bytes())));
        sample_files(&DecodeConfig::LIVE, vec![input], NOW).unwrap()
    }

    #[test]
    fn what_is_read_what_is_not_and_what_is_never_set() {
        let sample = of(&[
            line("1795298400000", "1", "42", "1", "200"),
            line("1795298400000", "2", "-", "-", "401"),
            line("1795298400000", "2", "-", "-", "401"),
            line("-", "3", "42", "1", "200"),
            line("1795298400000", "5", "42", "1", "2x0"),
            "<134>1 2026-11-21T22:01:22Z gw haproxy 7 - - something else\n".to_owned(),
        ]);
        assert_eq!((sample.lines, sample.read, sample.sf1_lines), (6, 3, 5), "{sample:?}");
        assert_eq!((sample.without_customer, sample.without_traffic, sample.without_identity), (1, 1, 0));
        let rejected: Vec<_> = sample.rejected.iter().map(|(word, of)| (*word, of.lines)).collect();
        assert_eq!(rejected, [("sf1_identity", 1), ("sf1_number", 1), ("unknown_format", 1)]);
        assert!(sample.rejected["unknown_format"].first.ends_with("something else"));
        assert_eq!(sample.sf1_unset["customer"], 2);
        assert_eq!((sample.sf1_unset["boot"], sample.sf1_unset["config"]), (1, 5));
        assert_eq!(sample.servers[&17].lines, 2);
        assert_eq!(sample.servers[&17].clock_ahead_ms(), None, "a file does not say when its lines came");
    }

    #[test]
    fn a_clock_is_told_by_the_median_line() {
        let mut sample = Sample::default();
        let mut decoder = Decoder::new(DecodeConfig::LIVE);
        decoder.begin_epoch(1, UnixMillis::MIN);
        for (seq, delay_ms) in [4, 6, 90_000].into_iter().enumerate() {
            let line = line("1795298400000", &(seq + 1).to_string(), "42", "1", "200");
            let (frame, received_at) = (line.trim_end().as_bytes(), UnixMillis(NOW.0 + delay_ms));
            sample.take(frame, &decoder.decode_frame(frame, received_at), Some(received_at));
        }
        assert_eq!(sample.servers[&17].clock_ahead_ms(), Some(-6));
    }

    #[test]
    fn an_endless_file_is_looked_at_in_part() {
        let many: Vec<String> =
            (1..=SAMPLE_LINES_MAX + 10).map(|n| line("1795298400000", &n.to_string(), "42", "1", "200")).collect();
        assert_eq!(of(&many).lines, SAMPLE_LINES_MAX as u64);
    }
}
