//! Lines rendered before, in one buffer, and where in them the times and the number stand. Sending one is a copy with
//! these put in, some tens of nanoseconds; what `%rt` and `%ID` say repeats, which no receiver may look at.

use std::ops::Range;
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_schema::time::UnixMillis;

/// Lines rendered; then they come again, with other times and numbers. 16 MB, so that no cache holds them all.
const LINES: usize = 65_536;
/// What stands before the header's date: `<134>1 `.
const DATE_AT: usize = 7;
/// `2026-11-21T22:01:17.204`: the date as far as it is put in; the microseconds after it stay.
const DATE_BYTES: usize = 23;
/// Digits of a time in milliseconds, from 2001 to 2286.
const MS_DIGITS: usize = 13;
const MAX_SEQ_DIGITS: usize = 10;
/// Between header and body.
const BODY_MARK: &[u8] = b" - - SF1 ";

/// Where things stand in a line, from its start.
#[derive(Clone, Debug)]
struct Slots {
    line: Range<usize>,
    written: usize,
    /// When the request began: where, and how long before the line was written. `-` has none.
    began: Option<(usize, i64)>,
    boot: usize,
    seq: Range<usize>,
}

/// The time, as lines write it.
#[derive(Clone, Debug)]
pub struct Stamp {
    now_ms: i64,
    written: [u8; MS_DIGITS],
    date: [u8; DATE_BYTES],
}

impl Stamp {
    /// This moment.
    pub fn at(now: UnixMillis) -> Self {
        let ms = now.0.rem_euclid(1_000);
        let second = UnixMillis(now.0 - ms).rfc3339();
        let mut date = *b"0000-00-00T00:00:00.000";
        let shown = second.as_bytes();
        date[..19].copy_from_slice(&shown[..19]);
        put_digits(&mut date[20..], ms);
        Self { now_ms: now.0, written: ms_digits(now.0), date }
    }
}

/// The rendered lines.
pub struct Templates {
    text: Vec<u8>,
    slots: Vec<Slots>,
}

impl Templates {
    /// Renders the lines of this gateway, born and writing now.
    pub fn render(gateway: &GatewayOptions, now: UnixMillis) -> Self {
        Self::render_lines(gateway, now, LINES)
    }

    fn render_lines(gateway: &GatewayOptions, now: UnixMillis, lines: usize) -> Self {
        let mut gateway = SimulatedGateway::new(gateway, now);
        let (mut text, mut slots) = (Vec::new(), Vec::new());
        for _ in 0..lines {
            let start = text.len();
            gateway.line(now, &mut text);
            slots.push(Slots::find(start, &text[start..], now));
        }
        Self { text, slots }
    }

    /// All lines are from now on of a worker born then.
    pub fn born_at(&mut self, boot: UnixMillis) {
        let boot = ms_digits(boot.0);
        for slots in &self.slots {
            let at = slots.line.start + slots.boot;
            self.text[at..at + MS_DIGITS].copy_from_slice(&boot);
        }
    }

    /// Length of the line of this number, in bytes.
    pub fn len_bytes(&self, seq: u64) -> usize {
        let slots = self.slots_of(seq);
        slots.line.len() - slots.seq.len() + decimal_digits(seq)
    }

    /// Appends the line of this number, written then. Numbers are below 2³².
    #[inline]
    pub fn line(&self, seq: u64, stamp: &Stamp, out: &mut Vec<u8>) {
        let slots = self.slots_of(seq);
        let line = &self.text[slots.line.clone()];
        let start = out.len();
        out.extend_from_slice(&line[..slots.seq.start]);
        let head = &mut out[start..];
        head[DATE_AT..DATE_AT + DATE_BYTES].copy_from_slice(&stamp.date);
        head[slots.written..slots.written + MS_DIGITS].copy_from_slice(&stamp.written);
        if let Some((at, before)) = slots.began {
            head[at..at + MS_DIGITS].copy_from_slice(&ms_digits(stamp.now_ms - before));
        }
        push_decimal(seq, out);
        out.extend_from_slice(&line[slots.seq.end..]);
    }

    fn slots_of(&self, seq: u64) -> &Slots {
        &self.slots[usize::try_from(seq).unwrap_or_default() % self.slots.len()]
    }
}

impl Slots {
    fn find(start: usize, line: &[u8], written_at: UnixMillis) -> Self {
        let mark = line.windows(BODY_MARK.len()).position(|window| window == BODY_MARK);
        let body = mark.expect("a simulated line has an SF1 body") + BODY_MARK.len();
        // `ms began boot rt seq`, each up to its space.
        let mut tokens = [const { 0..0 }; 5];
        let mut at = body;
        for token in &mut tokens {
            let end = at + line[at..].iter().position(|byte| *byte == b' ').expect("an SF1 body has 30 tokens");
            *token = at..end;
            at = end + 1;
        }
        let [written, began, boot, _, seq] = tokens;
        assert!(written.len() == MS_DIGITS && boot.len() == MS_DIGITS, "times of 13 digits");
        let began_ms = std::str::from_utf8(&line[began.clone()]).ok().and_then(|text| text.parse::<i64>().ok());
        let began = began_ms.map(|ms| (began.start, written_at.0 - ms));
        Self { line: start..start + line.len(), written: written.start, began, boot: boot.start, seq }
    }
}

fn ms_digits(ms: i64) -> [u8; MS_DIGITS] {
    let mut digits = [0; MS_DIGITS];
    put_digits(&mut digits, ms);
    digits
}

/// Fills all of `into` with the number's last digits.
fn put_digits(into: &mut [u8], number: i64) {
    let mut rest = number.unsigned_abs();
    for digit in into.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
}

/// Appends a number in decimal digits.
pub(super) fn push_decimal(number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; MAX_SEQ_DIGITS];
    put_digits(&mut digits, number.cast_signed());
    out.extend_from_slice(&digits[MAX_SEQ_DIGITS - decimal_digits(number)..]);
}

fn decimal_digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_ingest::{haproxy::sf1, syslog};

    const BORN: UnixMillis = UnixMillis(1_795_298_477_199);

    #[test]
    fn every_line_parses_with_its_number_and_times() {
        let mut templates = Templates::render_lines(&GatewayOptions::default(), BORN, 3_000);
        let boot = BORN.plus_ms(86_400_000);
        templates.born_at(boot);
        let mut line = Vec::new();
        for (n, seq) in (1..=7_000).chain([99_999, 100_000, u64::from(u32::MAX)]).enumerate() {
            let now = boot.plus_ms(i64::try_from(n).unwrap() * 7);
            line.clear();
            templates.line(seq, &Stamp::at(now), &mut line);
            let text = String::from_utf8(line.clone()).unwrap();
            assert_eq!(line.len(), templates.len_bytes(seq), "{text}");
            let header = syslog::parse(&line, now).unwrap();
            assert_eq!(header.timestamp(), Some(now), "{text}");
            let record = sf1::parse(header.body).unwrap_or_else(|reject| panic!("{reject:?}: {text}"));
            let id = record.line_id.unwrap();
            assert_eq!((u64::from(id.seq), id.boot, id.server_id), (seq, boot, 17), "{text}");
            let before = if record.timestamp == now { 0 } else { record.timers.total_ms };
            assert_eq!(record.timestamp, now.plus_ms(-i64::from(before)), "{text}");
        }
    }

    #[test]
    fn but_for_times_and_number_a_line_is_as_the_gateway_wrote_it() {
        let options = GatewayOptions { seed: 5, ..GatewayOptions::default() };
        let templates = Templates::render_lines(&options, BORN, 500);
        let mut gateway = SimulatedGateway::new(&options, BORN);
        let (mut own, mut real) = (Vec::new(), Vec::new());
        // The gateway's numbers begin with 1 at slot 0, ours take the slot of their number.
        for seq in 1..=400u64 {
            real.clear();
            gateway.line(BORN, &mut real);
            own.clear();
            templates.line(seq + 499, &Stamp::at(BORN), &mut own);
            let own = String::from_utf8(own.clone()).unwrap();
            let with_seq = own.replacen(&format!(" {} 17 ", seq + 499), &format!(" {seq} 17 "), 1);
            assert_eq!(with_seq, String::from_utf8(real.clone()).unwrap());
        }
    }

    #[test]
    fn numbers_as_text() {
        for number in [0, 1, 9, 10, 99, 100, 4_294_967_295] {
            let mut out = b"x".to_vec();
            push_decimal(number, &mut out);
            assert_eq!(out, format!("x{number}").as_bytes());
        }
        assert_eq!(&Stamp::at(UnixMillis(1_795_298_477_009)).date, b"2026-11-21T22:01:17.009");
    }
}
