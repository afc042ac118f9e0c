//! A line against the steps of its format: where each field stands. Nothing is allocated.

use super::super::scan::{find_byte, spaces};
use super::items::Field;
use super::plan::Step;
use super::slots::Slots;
use super::{LogFormat, value};
use memchr::{memchr, memchr2, memmem, memrchr};

/// So many blanks are found in one scan; later ones are searched for.
const SCANNED_BLANKS: usize = 64;
/// What a line lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This should stand here, or somewhere behind.
    Literal(String),
    /// The text is not of the field's type.
    Value,
    /// The line ends before the field does.
    Short,
    /// The line goes on where the format ends.
    Trailing,
}

/// Where a line leaves its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The byte of the line, counted from 0.
    pub at: usize,
    /// The field, where there is one.
    pub field: Option<usize>,
    /// What is wrong.
    pub trouble: Trouble,
}

/// A step failed: which, and where in the line.
struct Failed {
    step: usize,
    at: usize,
}

impl LogFormat {
    /// Reads a line and checks every field against its type.
    pub fn read(&self, line: &[u8], slots: &mut Slots) -> Result<(), Mismatch> {
        let walked = self.find_fields(line, slots);
        // A field before the one where the walk failed is the likelier culprit.
        for (number, field) in self.fields.iter().enumerate() {
            if let Some((start, end)) = slots.bounds(number)
                && !value::is_of(field.kind, line, start, end)
            {
                return Err(Mismatch { at: start, field: Some(number), trouble: Trouble::Value });
            }
        }
        walked
    }

    /// Finds where the fields stand; their types are not checked.
    #[inline]
    pub(super) fn find_fields(&self, line: &[u8], slots: &mut Slots) -> Result<(), Mismatch> {
        slots.clear(self.fields.len());
        let mut walk = Walk::new(line, slots, &self.fields);
        walk.run(&self.plan.steps).map_err(|failed| self.mismatch(line, &failed))
    }

    #[cold]
    fn mismatch(&self, line: &[u8], failed: &Failed) -> Mismatch {
        let literal = |text: &[u8]| Trouble::Literal(String::from_utf8_lossy(text).into_owned());
        let (field, trouble) = match self.plan.steps.get(failed.step) {
            None => (None, Trouble::Trailing),
            Some(Step::Literal { text, .. } | Step::BackLiteral { text } | Step::Window { end: Some(text) }) => {
                (None, literal(text))
            }
            Some(Step::Until { field, text, .. } | Step::BackUntil { field, text }) => (Some(*field), literal(text)),
            Some(Step::Captures { field, .. } | Step::BackCaptures { field, .. }) => (Some(*field), literal(b"}")),
            Some(
                Step::Run { field, .. }
                | Step::Fixed { field, .. }
                | Step::BackFixed { field, .. }
                | Step::Rest { field }
                | Step::List { field, .. }
                | Step::Take { field },
            ) => (Some(*field), Trouble::Short),
            Some(Step::Window { end: None }) => (None, Trouble::Short),
        };
        Mismatch { at: failed.at.min(line.len()), field, trouble }
    }
}

struct Walk<'a> {
    line: &'a [u8],
    slots: &'a mut Slots,
    fields: &'a [Field],
    pos: usize,
    /// Of the window: where what is read from the right ends, and where the window does.
    limit: usize,
    window_end: usize,
    blanks: [u32; SCANNED_BLANKS],
    found_blanks: usize,
    next_blank: usize,
}

impl<'a> Walk<'a> {
    #[inline]
    fn new(line: &'a [u8], slots: &'a mut Slots, fields: &'a [Field]) -> Self {
        let mut blanks = [0; SCANNED_BLANKS];
        let found_blanks = spaces(line, &mut blanks);
        let end = line.len();
        Self { line, slots, fields, pos: 0, limit: end, window_end: end, blanks, found_blanks, next_blank: 0 }
    }

    #[inline]
    fn run(&mut self, steps: &[Step]) -> Result<(), Failed> {
        for (number, step) in steps.iter().enumerate() {
            if !self.step(step) {
                return Err(Failed { step: number, at: self.pos });
            }
            if self.slots.cut {
                return Ok(());
            }
        }
        // HAProxy leaves a blank at a line's end where captures are absent.
        let rest = &self.line[self.pos.min(self.line.len())..];
        if rest.is_empty() || rest == b" " { Ok(()) } else { Err(Failed { step: steps.len(), at: self.pos }) }
    }

    #[inline]
    fn step(&mut self, step: &Step) -> bool {
        match step {
            Step::Until { field, text, escaped, may_end } => self.until(*field, text, *escaped, *may_end),
            Step::Literal { text, after_captures, may_end } => self.literal(text, *after_captures, *may_end),
            Step::Fixed { field, width } => {
                let end = self.pos + width;
                self.take(*field, end) && end <= self.line.len()
            }
            Step::Rest { field } => {
                // A blank at the end is the format's own.
                let blank = self.line.ends_with(b" ") && !self.fields[*field].bytes().has(b' ');
                self.take(*field, (self.line.len() - usize::from(blank)).max(self.pos))
            }
            Step::Run { field, bytes } => {
                let rest = &self.line[self.pos..];
                let run = rest.iter().position(|byte| !bytes.has(*byte)).unwrap_or(rest.len());
                self.take(*field, self.pos + run)
            }
            Step::Captures { field, quoted } => self.captures(*field, *quoted),
            Step::List { field, quoted } => self.list(*field, *quoted),
            Step::Window { end } => self.window(end.as_deref()),
            Step::BackLiteral { text } => self.back_literal(text),
            Step::BackUntil { field, text } => {
                let Some(at) = memmem::rfind(&self.line[self.pos..self.limit], text) else {
                    return false;
                };
                self.slots.set(*field, self.pos + at + text.len(), self.limit);
                self.limit = self.pos + at;
                true
            }
            Step::BackFixed { field, width } => {
                if self.limit < self.pos + width {
                    return false;
                }
                self.slots.set(*field, self.limit - width, self.limit);
                self.limit -= width;
                true
            }
            Step::BackCaptures { field, quoted } => self.back_captures(*field, *quoted),
            Step::Take { field } => {
                self.slots.set(*field, self.pos, self.limit);
                self.pos = self.window_end;
                true
            }
        }
    }

    #[inline]
    fn take(&mut self, field: usize, end: usize) -> bool {
        if end <= self.line.len() {
            self.slots.set(field, self.pos, end);
            self.pos = end;
        }
        true
    }

    #[inline]
    fn until(&mut self, field: usize, text: &[u8], escaped: bool, may_end: bool) -> bool {
        let found = if escaped { self.find_unescaped(text) } else { self.find(text) };
        match found {
            Some(at) => {
                self.slots.set(field, self.pos, at);
                self.pos = at + text.len();
                true
            }
            None if may_end => self.take(field, self.line.len()),
            None => self.cut(field, self.line.len()),
        }
    }

    /// The line ended within the field. Where HAProxy's buffer may have ended so, what is there is kept.
    #[cold]
    fn cut(&mut self, field: usize, end: usize) -> bool {
        self.slots.cut = self.fields[field].kind.may_be_cut();
        if self.slots.cut {
            self.slots.set(field, self.pos, end);
        }
        self.slots.cut
    }

    #[inline]
    fn literal(&mut self, text: &[u8], after_captures: bool, may_end: bool) -> bool {
        let rest = &self.line[self.pos..];
        // Mostly it is of one byte or two: no call for those.
        if rest.first() == text.first() && (text.len() == 1 || rest.starts_with(text)) {
            self.pos += text.len();
            return true;
        }
        // Absent captures: HAProxy merges the blanks before and behind them, and writes none at a line's start.
        let merged = after_captures && (self.pos == 0 || self.line[self.pos - 1] == b' ');
        if merged
            && let Some(text) = text.strip_prefix(b" ")
            && rest.starts_with(text)
        {
            self.pos += text.len();
            return true;
        }
        may_end && rest.is_empty()
    }

    /// The first such text from `pos` on.
    #[inline]
    fn find(&mut self, text: &[u8]) -> Option<usize> {
        match text {
            [b' ', more @ ..] => self.find_blank(more),
            [byte] => find_byte(self.line, self.pos, *byte),
            [first, more @ ..] => {
                let mut from = self.pos;
                loop {
                    let at = find_byte(self.line, from, *first)?;
                    from = at + 1;
                    if self.line[from..].starts_with(more) {
                        return Some(at);
                    }
                }
            }
            [] => Some(self.pos),
        }
    }

    /// The first blank with `more` behind it, out of those that the scan has found.
    #[inline]
    fn find_blank(&mut self, more: &[u8]) -> Option<usize> {
        while self.next_blank < self.found_blanks {
            let at = self.blanks[self.next_blank] as usize;
            self.next_blank += 1;
            let follows = || self.line.get(at + 1) == more.first() && self.line[at + 1..].starts_with(more);
            if at >= self.pos && (more.is_empty() || follows()) {
                return Some(at);
            }
        }
        if self.found_blanks < SCANNED_BLANKS {
            return None;
        }
        let scanned = self.blanks[SCANNED_BLANKS - 1] as usize + 1;
        let mut from = self.pos.max(scanned);
        while let Some(at) = memchr(b' ', &self.line[from..]).map(|at| from + at) {
            if self.line[at + 1..].starts_with(more) {
                return Some(at);
            }
            from = at + 1;
        }
        None
    }

    /// The first such text that no backslash stands before.
    fn find_unescaped(&self, text: &[u8]) -> Option<usize> {
        let mut at = self.pos;
        loop {
            at += memchr2(b'\\', *text.first()?, self.line.get(at..)?)?;
            if self.line[at..].starts_with(text) {
                return Some(at);
            }
            at += if self.line[at] == b'\\' { 2 } else { 1 };
        }
    }

    fn captures(&mut self, field: usize, quoted: bool) -> bool {
        let (open, close): (&[u8], &[u8]) = if quoted { (b"\"{", b"}\"") } else { (b"{", b"}") };
        if !self.line[self.pos..].starts_with(open) {
            return true;
        }
        self.pos += open.len();
        match memmem::find(&self.line[self.pos..], close) {
            Some(at) => {
                self.slots.set(field, self.pos, self.pos + at);
                self.pos += at + close.len();
                true
            }
            // In a block that was cut the last value is not whole and is left out.
            None => match memrchr(b'|', &self.line[self.pos..]) {
                Some(last) => self.cut(field, self.pos + last),
                None => {
                    self.slots.cut = true;
                    true
                }
            },
        }
    }

    fn list(&mut self, field: usize, quoted: bool) -> bool {
        let start = self.pos;
        if !quoted {
            return self.take(field, self.line.len());
        }
        let mut end = self.pos;
        while self.line.get(end) == Some(&b'"') {
            let Some(close) = memchr(b'"', &self.line[end + 1..]) else {
                return self.cut(field, self.line.len());
            };
            self.pos = end + close + 2;
            end = self.pos + usize::from(self.line.get(self.pos) == Some(&b' '));
        }
        if self.pos > start {
            self.slots.set(field, start, self.pos);
        }
        true
    }

    fn window(&mut self, end: Option<&[u8]>) -> bool {
        let found = match end {
            Some(text) => self.find(text),
            // A blank at the end is HAProxy's, for captures that are absent.
            None => Some(self.line.len()),
        };
        if let Some(end) = found {
            (self.limit, self.window_end) = (end, end);
            // The literal that closes the window is looked at once more, by its own step.
            self.next_blank = self.next_blank.saturating_sub(1);
        }
        found.is_some()
    }

    fn back_literal(&mut self, text: &[u8]) -> bool {
        let region = &self.line[self.pos..self.limit];
        // Behind it captures were absent, and their blank stands for both.
        let merged = self.line.get(self.limit) == Some(&b' ');
        let length = match text.strip_suffix(b" ").filter(|_| merged) {
            _ if region.ends_with(text) => text.len(),
            Some(less) if region.ends_with(less) => less.len(),
            _ => return false,
        };
        self.limit -= length;
        true
    }

    fn back_captures(&mut self, field: usize, quoted: bool) -> bool {
        let (open, close): (&[u8], &[u8]) = if quoted { (b"\"{", b"}\"") } else { (b"{", b"}") };
        let region = &self.line[self.pos..self.limit];
        let Some(inner) = region.strip_suffix(close) else {
            return true;
        };
        let Some(at) = memmem::rfind(inner, open) else {
            return false;
        };
        self.slots.set(field, self.pos + at + open.len(), self.pos + inner.len());
        self.limit = self.pos + at;
        true
    }
}
