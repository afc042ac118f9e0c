//! `suiftly replay`: usage out of log files, without a database. Files are read as a stream, in the order given, through
//! the same [`Decoder`] as live traffic, so that a line that stands in two of them counts once (if it has an identity:
//! SF1) and the totals are those that live traffic would have had.
//!
//! What is kept is bounded: one read buffer, dedup's state, and a row per customer, service, network and hour, at most
//! [`Options::max_groups`]. Either the whole input is totalled, or there is an error and no totals: a part of the truth
//! that looks like the whole is worse than none.

mod check;
mod input;
mod journal;
mod output;
mod sample;
mod totals;

use crate::decode::{DecodeConfig, Decoded, Decoder, Tally};
use crate::dedup::Forgotten;
use crate::frame::{FrameError, Framer, Framing, MIN_BUFFER_BYTES, Step};
use crate::haproxy::{Format, httplog::SingleCapture};
use crate::journal::JournalError;
use crate::reject::Reject;
pub use check::{Checked, check};
pub use input::Input;
pub use journal::run_journal;
pub use output::Output;
pub use sample::{RejectedSample, SAMPLE_LINES_MAX, Sample, ServerSample, sample_files, sample_journal};
use std::io::{self, Read, Write};
use std::str::FromStr;
use suiftly_schema::{loss::LineCounts, time::UnixMillis};
use totals::Totals;

/// How much is read at once: large reads are cheap ones.
const READ_BUFFER_BYTES: usize = 256 * 1024;
const _: () = assert!(READ_BUFFER_BYTES >= MIN_BUFFER_BYTES);
/// Dedup orders workers by epoch; in files, so many lines are one.
const EPOCH_LINES: u64 = 65_536;

/// How frames are told apart in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FramingOption {
    /// By each input's first bytes.
    #[default]
    Auto,
    /// One line, one frame.
    Line,
    /// As a TCP ring with `log-proto octet-count` sends them.
    OctetCount,
}

impl FramingOption {
    fn framer(self) -> Framer {
        match self {
            Self::Auto => Framer::detect(),
            Self::Line => Framer::of(Framing::Newline),
            Self::OctetCount => Framer::of(Framing::OctetCount),
        }
    }
}

impl FromStr for FramingOption {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "line" => Ok(Self::Line),
            "octet-count" => Ok(Self::OctetCount),
            _ => Err(format!("no framing is called {word:?}; there are auto, line and octet-count")),
        }
    }
}

/// What to read and how to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How frames are told apart.
    pub framing: FramingOption,
    /// Which formats are read; other lines are rejected.
    pub format: Format,
    /// Which captured request header is the customer, counted from 1 (stock formats). `None`: nobody's.
    pub customer_capture: Option<usize>,
    /// What a single block of captures is.
    pub single_capture: SingleCapture,
    /// How totals are written.
    pub output: Output,
    /// Lends its year to dates without one (RFC 3164 headers of system messages): now, or when the file was written.
    pub received_at: UnixMillis,
    /// At most so many rows. Default [`Options::MAX_GROUPS`].
    pub max_groups: usize,
}

impl Options {
    /// Rows by default: some 600 MB at worst.
    pub const MAX_GROUPS: usize = 4_000_000;

    /// Everything found out by itself, as a table.
    pub fn new(received_at: UnixMillis) -> Self {
        Self {
            framing: FramingOption::Auto,
            format: Format::Auto,
            customer_capture: None,
            single_capture: SingleCapture::Request,
            output: Output::Table,
            received_at,
            max_groups: Self::MAX_GROUPS,
        }
    }
}

/// Why there are no totals. Each says it in one line.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file could not be opened.
    #[error("cannot open {name}: {source}")]
    Open {
        /// Which.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// Reading or decompressing failed.
    #[error("cannot read {name}: {source}")]
    Read {
        /// Which.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// An octet-counted input lost its framing.
    #[error("cannot read {name}: at byte {offset}, {source}")]
    Framing {
        /// Which.
        name: String,
        /// Where, in decompressed bytes.
        offset: u64,
        /// Why.
        source: FrameError,
    },
    /// More rows than allowed.
    #[error("cannot total {name}: more than {max} combinations of customer, service, network and hour")]
    TooManyGroups {
        /// In which.
        name: String,
        /// The bound.
        max: usize,
    },
    /// More distinct text was captured than is kept.
    #[error("cannot total {name}: the captured customer names are longer than {max} bytes in all")]
    TooMuchText {
        /// In which.
        name: String,
        /// The bound.
        max: usize,
    },
    /// A journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The totals could not be written.
    #[error("cannot write the totals: {0}")]
    Write(#[source] io::Error),
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the lines became. Empty lines are none.
    pub counts: LineCounts,
    /// Rows written.
    pub groups: usize,
    /// Numbered lines (SF1) that never came, of all workers.
    pub missing: u64,
    /// Workers seen.
    pub workers: usize,
    /// What the bounds of dedup have cost.
    pub forgotten: Forgotten,
}

/// Reads all inputs, writes the totals to `out` and a summary to `err`.
pub fn run(
    options: &Options,
    inputs: Vec<Input>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Summary, ReplayError> {
    let mut replay = Replay::new(*options);
    for input in inputs {
        replay.read_input(input)?;
    }
    replay.conclude(out, err)
}

struct Replay {
    options: Options,
    decoder: Decoder,
    totals: Totals,
    tally: Tally,
    lines: u64,
    buffer: Vec<u8>,
}

impl Replay {
    fn new(options: Options) -> Self {
        let config =
            DecodeConfig { format: options.format, single_capture: options.single_capture, ..DecodeConfig::REPLAY };
        Self {
            options,
            decoder: Decoder::new(config),
            totals: Totals::new(options.max_groups),
            tally: Tally::default(),
            lines: 0,
            buffer: vec![0; READ_BUFFER_BYTES],
        }
    }

    fn conclude(self, out: &mut dyn Write, err: &mut dyn Write) -> Result<Summary, ReplayError> {
        let windows = self.decoder.windows();
        let rows = self.totals.into_rows();
        let summary = Summary {
            counts: self.tally.into_counts(),
            groups: rows.len(),
            missing: windows.iter().map(|window| window.missing).sum(),
            workers: windows.len(),
            forgotten: self.decoder.forgotten(),
        };
        output::write(self.options.output, &rows, out).map_err(ReplayError::Write)?;
        output::write_summary(&summary, err).map_err(ReplayError::Write)?;
        Ok(summary)
    }

    fn read_input(&mut self, input: Input) -> Result<(), ReplayError> {
        let name = input.name();
        let mut reader = input.open()?;
        let mut framer = self.options.framing.framer();
        // The buffer moves out while it is read from, so that frames may borrow it.
        let mut buffer = std::mem::take(&mut self.buffer);
        let (mut start, mut end, mut offset) = (0, 0, 0u64);
        loop {
            let consumed = match framer.next(&buffer[start..end]) {
                Step::NeedMore => {
                    offset += start as u64;
                    buffer.copy_within(start..end, 0);
                    (start, end) = (0, end - start);
                    let read = read_some(&mut *reader, &mut buffer[end..]);
                    let read = read.map_err(|source| ReplayError::Read { name: name.clone(), source })?;
                    end += read;
                    if read == 0 {
                        self.finish(&mut framer, &buffer[..end], &name)?;
                        break;
                    }
                    0
                }
                step => self.take_step(step, &buffer[start..end], offset + start as u64, &name)?,
            };
            start += consumed;
        }
        self.buffer = buffer;
        Ok(())
    }

    /// The input's last bytes. A frame cut off by the end is a line that cannot be read.
    fn finish(&mut self, framer: &mut Framer, rest: &[u8], name: &str) -> Result<(), ReplayError> {
        match framer.finish(rest) {
            Step::Broken(FrameError::Truncated) => {
                self.tally.count(&Decoded::Rejected(Reject::Truncated));
                Ok(())
            }
            step => self.take_step(step, rest, 0, name).map(|_| ()),
        }
    }

    /// Does what a step says; returns how much it consumed.
    fn take_step(&mut self, step: Step, buffer: &[u8], offset: u64, name: &str) -> Result<usize, ReplayError> {
        match step {
            Step::Frame { range, consumed } => {
                self.take_frame(&buffer[range], name)?;
                Ok(consumed)
            }
            Step::Oversize { consumed, .. } => {
                self.tally.count(&Decoded::Rejected(Reject::Oversize));
                Ok(consumed)
            }
            Step::Skip { consumed } => Ok(consumed),
            Step::NeedMore => Ok(0),
            Step::Broken(source) => Err(ReplayError::Framing { name: name.to_owned(), offset, source }),
        }
    }

    fn take_frame(&mut self, frame: &[u8], name: &str) -> Result<(), ReplayError> {
        if self.lines.is_multiple_of(EPOCH_LINES) {
            // Time stands still: a file's gaps may be filled by the next one's lines, however old.
            self.decoder.begin_epoch(self.lines / EPOCH_LINES + 1, UnixMillis::MIN);
        }
        self.lines += 1;
        let decoded = self.decoder.decode_frame(frame, self.options.received_at);
        self.tally.count(&decoded);
        if let Decoded::Accepted(record, captures) = &decoded {
            let by_capture = || captures.request_header(self.options.customer_capture?);
            let text = captures.customer.or_else(by_capture);
            self.totals.add(record, text).map_err(|full| full.in_input(name))?;
        }
        Ok(())
    }
}

/// A read that is not disturbed by signals.
fn read_some(reader: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
