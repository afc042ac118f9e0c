//! `log-format` strings and lines of them. What cannot be compiled is said with its place; what can be is explained, and
//! reads any line or says where it leaves the format.
//!
//! Input: a string, a newline, lines.

use crate::{RECEIVED, is_within};
use suiftly_ingest::haproxy::log_format::{Attribution, LogFormat, MAX_FIELDS, RecordFormat, Slots};

/// Runs the target.
pub fn check(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Some(Ok(text)) = lines.next().map(std::str::from_utf8) else { return };
    let format = match LogFormat::compile(text) {
        Ok(format) => format,
        Err(error) => {
            assert!(error.position >= 1 && error.position <= text.chars().count() + 1, "{error} of {text:?}");
            assert!(!error.reason.is_empty());
            return;
        }
    };
    assert!(format.field_count() <= MAX_FIELDS && !format.explain().is_empty());
    let lines: Vec<&[u8]> = lines.collect();
    read(&format, &lines);
    records(&format, &lines, &Attribution::default());
    records(&format, &lines, &Attribution::sf1());
    records(&format, &lines, &of_its_own_fields(&format));
}

fn read(format: &LogFormat, lines: &[&[u8]]) {
    let mut slots = Slots::default();
    for line in lines {
        if let Err(mismatch) = format.read(line, &mut slots) {
            assert!(mismatch.at <= line.len(), "{mismatch:?}");
            assert!(!format.describe(&mismatch).is_empty());
            let [shown, mark] = format.mark(line, &mismatch);
            assert!(mark.ends_with('^') && mark.chars().count() <= shown.chars().count() + 1, "{mismatch:?}");
        }
        for field in 0..format.field_count() {
            assert!(slots.get(line, field).is_none_or(|text| is_within(text, line)));
        }
    }
}

fn records(format: &LogFormat, lines: &[&[u8]], attribution: &Attribution) {
    let Ok(format) = RecordFormat::new(format.clone(), attribution) else { return };
    let mut slots = Slots::default();
    for line in lines {
        if let Ok((record, _)) = format.parse(line, || Some(RECEIVED), &mut slots) {
            crate::record::assert_sound(&record);
        }
    }
}

/// Attribution to whatever fields there are, in their order.
fn of_its_own_fields(format: &LogFormat) -> Attribution {
    let mut fields = (0..format.field_count()).filter_map(|field| format.field_token(field)?.parse().ok());
    let mut next = || fields.next();
    Attribution {
        customer: next(),
        path: next(),
        began: next(),
        client: next(),
        config: next(),
        event: next(),
        traffic: next(),
        key: "hr[2]".parse().ok().filter(|_| format.text().contains("%hr")),
        ..Attribution::default()
    }
}
