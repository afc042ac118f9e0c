//! The SF1 body. An accepted record is sound, says the same when it is written down and read again, does not depend on
//! where in memory its line stands, and is the record that the compiled format makes.

use crate::record::{assert_sound, to_sf1};
use std::sync::LazyLock;
use suiftly_ingest::haproxy::log_format::{Attribution, LogFormat, RecordFormat, SF1, Slots};
use suiftly_ingest::haproxy::sf1;

/// More than a register of the vectorised scan holds.
const ALIGNMENTS: usize = 33;

static COMPILED: LazyLock<RecordFormat> = LazyLock::new(|| {
    let format = LogFormat::compile(SF1).expect("the gateway's own format");
    RecordFormat::new(format, &Attribution::sf1()).expect("the gateway's own format")
});

/// Runs the target. Input: a body.
pub fn check(data: &[u8]) {
    let parsed = sf1::parse(data);
    let at = data.len() % ALIGNMENTS;
    let elsewhere = [&[b' '; ALIGNMENTS][..at], data, b" 1 2 3"].concat();
    assert_eq!(sf1::parse(&elsewhere[at..at + data.len()]), parsed, "it depends on where the line stands");
    let Ok(record) = parsed else { return };
    assert_sound(&record);
    let line = to_sf1(&record);
    // A path of `-` is what was left of a longer one; written down it is unset.
    if record.path_prefix.is_none_or(|path| path.as_str() != "-") {
        assert_eq!(sf1::parse(line.as_bytes()), Ok(record), "{line}");
    }
    if let Ok((mut compiled, _)) = COMPILED.parse(data, || None, &mut Slots::default()) {
        // It takes small numbers for seconds, since other formats' dates may be.
        compiled.timestamp = record.timestamp;
        assert_eq!(compiled, record, "the compiled format reads it otherwise");
    }
}
