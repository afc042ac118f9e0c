//! `suiftly log-format check`: a format explained, and tried on lines.

use super::{FramingOption, Input, READ_BUFFER_BYTES, ReplayError, read_some};
use crate::frame::Step;
use crate::haproxy::{
    log_format::{LogFormat, Slots},
    system,
};
use crate::syslog;
use std::io::Write;
use suiftly_schema::time::UnixMillis;

/// So many lines that fail are shown.
const MAX_SHOWN: u64 = 5;

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Lines that were tried.
    pub lines: u64,
    /// Lines of the format.
    pub read: u64,
    /// HAProxy's own messages, which no format describes.
    pub system: u64,
    /// Lines that are not of the format.
    pub failed: u64,
}

/// Explains a format, tries it on every line of the inputs, and writes both to `out`, with the first lines that fail.
pub fn check(
    format: &LogFormat,
    inputs: Vec<Input>,
    received_at: UnixMillis,
    out: &mut dyn Write,
) -> Result<Checked, ReplayError> {
    for line in format.explain() {
        writeln!(out, "{line}").map_err(ReplayError::Write)?;
    }
    let with_lines = !inputs.is_empty();
    let mut check = Check { format, received_at, slots: Slots::default(), checked: Checked::default(), out };
    for input in inputs {
        check.read_input(input)?;
    }
    let Checked { lines, read, system, failed } = check.checked;
    if with_lines {
        writeln!(check.out, "{read} read + {system} system messages + {failed} failed = {lines} lines")
            .map_err(ReplayError::Write)?;
    }
    Ok(check.checked)
}

struct Check<'a> {
    format: &'a LogFormat,
    received_at: UnixMillis,
    slots: Slots,
    checked: Checked,
    out: &'a mut dyn Write,
}

impl Check<'_> {
    fn read_input(&mut self, input: Input) -> Result<(), ReplayError> {
        let name = input.name();
        let mut reader = input.open()?;
        let mut framer = FramingOption::Auto.framer();
        let mut buffer = vec![0; READ_BUFFER_BYTES];
        let (mut start, mut end, mut number) = (0, 0, 0);
        loop {
            let (frame, consumed) = match framer.next(&buffer[start..end]) {
                Step::Frame { range, consumed } => (Some(start + range.start..start + range.end), consumed),
                Step::Oversize { consumed, .. } | Step::Skip { consumed } => (None, consumed),
                Step::Broken(source) => return Err(ReplayError::Framing { name, offset: 0, source }),
                Step::NeedMore => {
                    buffer.copy_within(start..end, 0);
                    (start, end) = (0, end - start);
                    let read = read_some(&mut *reader, &mut buffer[end..]);
                    let read = read.map_err(|source| ReplayError::Read { name: name.clone(), source })?;
                    end += read;
                    if read > 0 {
                        continue;
                    }
                    if let Step::Frame { range, .. } = framer.finish(&buffer[..end]) {
                        self.try_line(&buffer[range], &name, number + 1)?;
                    }
                    return Ok(());
                }
            };
            if let Some(range) = frame {
                number += 1;
                self.try_line(&buffer[range], &name, number)?;
            }
            start += consumed;
        }
    }

    fn try_line(&mut self, frame: &[u8], name: &str, number: u64) -> Result<(), ReplayError> {
        self.checked.lines += 1;
        let line = syslog::parse(frame, self.received_at);
        let body = line.as_ref().map_or(frame, |line| line.body);
        let Err(mismatch) = self.format.read(body, &mut self.slots) else {
            self.checked.read += 1;
            return Ok(());
        };
        if line.is_ok_and(|line| system::is_own_message(&line)) || system::is_connection_error(body) {
            self.checked.system += 1;
            return Ok(());
        }
        self.checked.failed += 1;
        if self.checked.failed > MAX_SHOWN {
            return Ok(());
        }
        let what = self.format.describe(&mismatch);
        let [shown, mark] = self.format.mark(body, &mismatch);
        writeln!(self.out, "{name}:{number}: {what}\n  {shown}\n  {mark}").map_err(ReplayError::Write)
    }
}
