//! The httplog body. An accepted record is sound, captures borrow the line, and the compiled format makes the same
//! record of it where it reads it as well.

use crate::is_within;
use crate::record::assert_sound;
use std::sync::LazyLock;
use suiftly_ingest::haproxy::httplog::{self, SingleCapture};
use suiftly_ingest::haproxy::log_format::{Attribution, HTTPLOG, LogFormat, RecordFormat, Slots};

static COMPILED: LazyLock<RecordFormat> = LazyLock::new(|| {
    let format = LogFormat::compile(HTTPLOG).expect("a stock format");
    RecordFormat::new(format, &Attribution::default()).expect("a stock format")
});

/// Runs the target. Input: a body.
pub fn check(data: &[u8]) {
    let _ = httplog::is_shaped(data);
    for single in [SingleCapture::Request, SingleCapture::Response] {
        let Ok((record, captures)) = httplog::parse(data, single) else { continue };
        assert_sound(&record);
        assert_eq!(record.line_id, None);
        for capture in [captures.request, captures.response].into_iter().flatten() {
            assert!(is_within(capture, data));
        }
        for number in 0..4 {
            assert!(captures.request_header(number).is_none_or(|value| is_within(value, data)));
        }
        if let Ok((mut compiled, _)) = COMPILED.parse(data, || None, &mut Slots::default()) {
            // What stands where captures should, and is none, hides the request from one of them.
            compiled.path_prefix = record.path_prefix;
            assert_eq!(compiled, record, "the compiled format reads it otherwise");
        }
    }
}
